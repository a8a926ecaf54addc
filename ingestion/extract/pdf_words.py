"""Text and places out of PDFium, with as few calls as it takes.

Every call through ctypes costs about as much as a line of Python, so boxes are asked for at the ends of words only,
style at the beginning of each run of words, and the text of a page in one piece.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as pdfium

_WORD = re.compile(r"[^\s\x00-\x1f\ufffe]+[\x02\ufffe]?")
DIVIDER = "\x02"
_HYPHENS = (DIVIDER, "\ufffe")
"""What versions of PDFium write for a hyphen that divides a word at the end of a line, in place of the line's end."""

WIDE_GAP = 1.15
"""Blank between two words, in heights of their line, from which they are taken for different cells or columns.

Justified text stretches blanks to about one height; gutters of columns start at about one and a half.
"""

BoxTuple = tuple[float, float, float, float]
Transform = Callable[[float, float, float, float], BoxTuple]
"""`(left, bottom, right, top)` of PDF space to `(left, top, right, bottom)` of the page as it is shown."""


class Segment:
    """Words next to each other on one line, in one style. Coordinates in points from the top left corner."""

    __slots__ = ("bold", "bottom", "left", "right", "size", "text", "top", "upright")

    def __init__(self, box: BoxTuple, text: str, size: float, bold: bool, upright: bool) -> None:
        self.left, self.top, self.right, self.bottom = box
        self.text, self.size, self.bold, self.upright = text, size, bold, upright


class Recognized(Segment):
    """One that was read in a picture, where no text layer says where its words stand."""

    __slots__ = ()


def transform_of(page: Any) -> Transform:
    """How the boxes of a page turn into places on the page as it is shown (crop box and rotation applied)."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, box)
    left, bottom, right, top = box.left, box.bottom, box.right, box.top
    turned = pdfium.FPDFPage_GetRotation(page) % 4
    width, height = right - left, top - bottom

    def upright(l: float, b: float, r: float, t: float) -> BoxTuple:  # noqa: E741
        return l - left, top - t, r - left, top - b

    def quarter(l: float, b: float, r: float, t: float) -> BoxTuple:  # noqa: E741
        return b - bottom, l - left, t - bottom, r - left

    def half(l: float, b: float, r: float, t: float) -> BoxTuple:  # noqa: E741
        return width - r + left, b - bottom, width - l + left, t - bottom

    def three_quarters(l: float, b: float, r: float, t: float) -> BoxTuple:  # noqa: E741
        return height - t + bottom, width - r + left, height - b + bottom, width - l + left

    return (upright, quarter, half, three_quarters)[turned]


def page_text(textpage: Any) -> str:
    """The text of a page, one character of the string for each of PDFium's, so that their numbers agree."""
    count = pdfium.FPDFText_CountChars(textpage)
    if count <= 0:
        return ""
    buffer = ctypes.create_string_buffer((count + 1) * 4)
    units = pdfium.FPDFText_GetText(textpage, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
    text = buffer.raw[: max(0, units - 1) * 2].decode("utf-16-le", errors="surrogatepass")
    if len(text) == count:
        return text
    # Characters without a Unicode value are missing from the text in one piece: ask for each.
    get = pdfium.FPDFText_GetUnicode
    return "".join(chr(code) if 0 < (code := get(textpage, place)) < 0x110000 else "\x01" for place in range(count))


def quick(function: Any, result: Any, *arguments: Any) -> Any:
    """The same function without giving up and taking back the interpreter's lock, and with addresses as plain numbers.

    Three times as fast as through the generated bindings, for the calls made for every word and every run of words.
    """
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)


ADDRESS, INT = ctypes.c_void_p, ctypes.c_int
_loose_box = quick(pdfium.FPDFText_GetLooseCharBox, INT, ADDRESS, INT, ADDRESS)
_font_size = quick(pdfium.FPDFText_GetFontSize, ctypes.c_double, ADDRESS, INT)
_matrix_of = quick(pdfium.FPDFText_GetMatrix, INT, ADDRESS, INT, ADDRESS)
_shape_of = quick(pdfium.FPDFText_GetTextObject, ADDRESS, ADDRESS, INT)
_font_of = quick(pdfium.FPDFTextObj_GetFont, ADDRESS, ADDRESS)
Boxes = tuple[list[float], list[float], list[float], list[float]]


class SegmentReader:
    """Reads the segments of a document's pages. Fonts are looked at once per page."""

    def __init__(self, textpage: Any, transform: Transform) -> None:
        self.textpage = textpage
        self.transform = transform
        self.handle = ctypes.cast(textpage, ctypes.c_void_p).value or 0
        self.fonts: dict[int, bool] = {}
        self.matrix = (ctypes.c_float * 6)()
        self.matrix_address = ctypes.addressof(self.matrix)

    def read(self) -> list[Segment]:
        """Segments in the order of the file. Those of turned text have `upright` false and are whole lines."""
        text = page_text(self.textpage)
        matches = list(_WORD.finditer(text))
        if not matches:
            return []
        segments: list[Segment] = []
        left, top, right, bottom = -1.0, 0.0, -1.0, 0.0
        begun = end = 0
        upright = False
        words = zip(matches, *self._boxes([match.span() for match in matches]), strict=True)
        for match, l, t, r, b in words:  # noqa: E741
            start, stop = match.span()
            if begun < end and "\n" not in text[end:start] and text[end - 1] not in _HYPHENS:
                height = max(bottom - top, b - t, 1.0)
                beside = -0.5 * height < l - right < WIDE_GAP * height or left <= r <= right
                if not upright or (beside and min(bottom, b) - max(top, t) >= 0.3 * min(bottom - top, b - t)):
                    left, top = (l if l < left else left), (t if t < top else top)
                    right, bottom = (r if r > right else right), (b if b > bottom else bottom)
                    end = stop
                    continue
            if begun < end:
                self._close(segments, (left, top, right, bottom), text[begun:end])
            size, bold, upright = self._style(start)
            segments.append(Segment((l, t, r, b), "", size, bold, upright))
            left, top, right, bottom, begun, end = l, t, r, b, start, stop
        self._close(segments, (left, top, right, bottom), text[begun:end])
        return segments

    def _close(self, segments: list[Segment], box: BoxTuple, text: str) -> None:
        segment = segments[-1]
        segment.left, segment.top, segment.right, segment.bottom = box
        segment.text = " ".join(text.replace("\x01", "").split())

    def _boxes(self, spans: list[tuple[int, int]]) -> Boxes:
        """Left, top, right and bottom of every word, as the page is shown: the box around its first and last letter."""
        buffer = ctypes.create_string_buffer(len(spans) * 32)
        address = ctypes.addressof(buffer)
        handle = self.handle
        for first, stop in spans:
            _loose_box(handle, first, address)
            _loose_box(handle, stop - 1, address + 16)
            address += 32
        values = memoryview(buffer).cast("B").cast("f").tolist()
        # FS_RECTF is left, top, right, bottom, with the y axis pointing up.
        lefts = list(map(min, values[0::8], values[4::8]))
        tops = list(map(max, values[1::8], values[5::8]))
        rights = list(map(max, values[2::8], values[6::8]))
        bottoms = list(map(min, values[3::8], values[7::8]))
        placed = list(map(self.transform, lefts, bottoms, rights, tops))
        return tuple(map(list, zip(*placed, strict=True)))  # pyright: ignore[reportReturnType]

    def _style(self, place: int) -> tuple[float, bool, bool]:
        """Size in points with all scaling applied, whether bold, and whether read from left to right."""
        size = _font_size(self.handle, place)
        upright = True
        if _matrix_of(self.handle, place, self.matrix_address):
            a, b, c, d, _, _ = self.matrix
            size *= (c * c + d * d) ** 0.5
            left, top, right, bottom = self.transform(0.0, 0.0, a, b)
            upright = abs(right - left) >= abs(bottom - top)
        return size or 1.0, self._bold(place), upright

    def _bold(self, place: int) -> bool:
        shape = _shape_of(self.handle, place)
        font = _font_of(shape) if shape else None
        if not font:
            return False
        known = self.fonts.get(font)
        if known is None:
            known = self.fonts[font] = _is_bold(ctypes.cast(font, pdfium.FPDF_FONT))
        return known


def _is_bold(font: Any) -> bool:
    buffer = ctypes.create_string_buffer(256)
    length = pdfium.FPDFFont_GetBaseFontName(font, buffer, 256)
    name = buffer.raw[: max(0, min(length, 256) - 1)].lower()
    return b"bold" in name or b"black" in name or b"heavy" in name or pdfium.FPDFFont_GetWeight(font) >= 600


def hyphenated(text: str) -> bool:
    return text.endswith(_HYPHENS)
