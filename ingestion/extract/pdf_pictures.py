"""Which parts of a PDF's page are pictures that may say something its text layer does not, and how they are drawn.

Looking costs two calls for each object of a page, so it is done with PDFium's bare functions; drawing is done for the
few pages that need it.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pypdfium2.raw as raw

from ingestion.extract.layout import Run
from ingestion.extract.ocr import DPI, MAX_PIXELS
from ingestion.extract.pdf_words import ADDRESS, INT, BoxTuple, Transform, quick

NEAR_SILENT = 25
"""Letters below which a page with much drawn on it is looked at as a picture; with none at all, any page."""
DRAWING = 10
"""Paths and shades from which something may have been written with them: letters that were turned into outlines."""
GARBLED = 0.3
"""Share of letters without a meaning from which a text layer is taken for broken."""
SMALLEST = 0.05
"""Share of the page from which a picture is worth reading: a chart in a report, not a logo."""
WHOLE = 0.5
"""Share of the page from which its pictures are a scan of it."""
DENSE = 1 / 1000
"""Letters of the text layer per square point over a picture from which it is a background, or was read before."""
PAPER = 0.37
"""Share of a picture's points near its commonest grey from which it is drawn or written, and not a photograph.

Pictures with words in the filings measured have .38 and more, photographs .11 to .36.
"""
MAX_OBJECTS = 20_000
MAX_DEPTH = 3

_MEANINGLESS = re.compile("[\x01\ufffd\ue000-\uefff\uf100-\uf8ff\U000f0000-\U0010ffff]")
_LETTERS = re.compile(r"\S")
_count_objects = quick(raw.FPDFPage_CountObjects, INT, ADDRESS)
_object_at = quick(raw.FPDFPage_GetObject, ADDRESS, ADDRESS, INT)
_count_inner = quick(raw.FPDFFormObj_CountObjects, INT, ADDRESS)
_inner_at = quick(raw.FPDFFormObj_GetObject, ADDRESS, ADDRESS, ctypes.c_ulong)
_type_of = quick(raw.FPDFPageObj_GetType, INT, ADDRESS)

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Picture(NamedTuple):
    """A part of the page worth reading, in points as the page is shown. `whole`: it is the page.

    `digest` tells the same picture on other pages, `replaces` that the text layer says nothing.
    """

    box: BoxTuple
    whole: bool
    digest: bytes = b""
    replaces: bool = False


def letters(runs: Iterable[Run]) -> int:
    return sum(len(_LETTERS.findall(run.text)) for run in runs)


def is_garbled(text: str) -> bool:
    """Whether a text layer's letters have lost their meaning: no Unicode values, replacement marks, private ones."""
    count = len(_LETTERS.findall(text))
    return count > 0 and len(_MEANINGLESS.findall(text)) > GARBLED * count


def pictures_of(page: Any, runs: Sequence[Run], place: Transform, width: float, height: float) -> list[Picture]:
    """What of the page is to be read as a picture: all of it, some of its pictures, or nothing."""
    handle = ctypes.cast(page.raw, ctypes.c_void_p).value or 0
    count = _count_objects(handle)
    said = letters(runs)
    garbled = is_garbled("".join(run.text for run in runs))
    everything = (0.0, 0.0, width, height)
    if garbled or not said:
        return [Picture(everything, True, replaces=garbled)] if count > 0 or _has_annotations(page) else []
    objects = (_object_at(handle, number) for number in range(min(count, MAX_OBJECTS)))
    found = list(_images(objects, _IDENTITY, 0))
    shown = [(image, box) for image, bounds in found if (box := _within(place(*bounds), width, height))]
    area = width * height
    if said < NEAR_SILENT:
        drawn_much = any(_area(box) >= SMALLEST * area for _, box in shown) or _strokes(handle, count) >= DRAWING
        return [Picture(everything, True)] if drawn_much else []
    if sum(_area(box) for _, box in shown) >= WHOLE * area:
        if said >= DENSE * area:
            return []
        return [Picture(everything, True, _digest([image for image, _ in shown]))]
    parts = [(image, box) for image, box in shown if _area(box) >= SMALLEST * area]
    return [
        Picture(box, False, _digest(images))
        for box, images in _merged(parts)
        if letters(run for run in runs if _lies_in(run, box)) < DENSE * _area(box)
    ]


def _strokes(page: int, count: int) -> int:
    kinds = (_type_of(_object_at(page, number)) for number in range(min(count, MAX_OBJECTS)))
    return sum(kind not in {raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_IMAGE} for kind in kinds)


def _has_annotations(page: Any) -> bool:
    return raw.FPDFPage_GetAnnotCount(page.raw) > 0


def _images(objects: Iterable[int], matrix: Matrix, depth: int) -> Iterable[tuple[int, BoxTuple]]:
    """Images and their bounds in the page's space, those inside of forms too."""
    for handle in objects:
        kind = _type_of(handle)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            yield handle, _bounds(handle, matrix)
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
            count = min(max(_count_inner(handle), 0), MAX_OBJECTS)
            inner = (_inner_at(handle, number) for number in range(count))
            yield from _images(inner, _times(_matrix(handle), matrix), depth + 1)


def _object(handle: int) -> Any:
    return ctypes.cast(handle, raw.FPDF_PAGEOBJECT)


def _matrix(handle: int) -> Matrix:
    found = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(_object(handle), found):
        return _IDENTITY
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, l = then  # noqa: E741
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l


def _bounds(handle: int, matrix: Matrix) -> BoxTuple:
    """Left, bottom, right and top."""
    edges = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(_object(handle), *edges)
    left, bottom, right, top = (edge.value for edge in edges)
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
    across, up = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(up), max(across), max(up)


def _within(box: BoxTuple, width: float, height: float) -> BoxTuple | None:
    left, top, right, bottom = max(box[0], 0.0), max(box[1], 0.0), min(box[2], width), min(box[3], height)
    return (left, top, right, bottom) if right - left > 1 and bottom - top > 1 else None


def _area(box: BoxTuple) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _lies_in(run: Run, box: BoxTuple) -> bool:
    x, y = (run.left + run.right) / 2, (run.top + run.bottom) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _merged(parts: Sequence[tuple[int, BoxTuple]]) -> list[tuple[BoxTuple, list[int]]]:
    """Pictures that lie over each other (a scan's paper and its ink) are one."""
    merged: list[tuple[BoxTuple, list[int]]] = []
    for image, box in parts:
        images = [image]
        for other in [entry for entry in merged if _overlap(entry[0], box)]:
            merged.remove(other)
            box = (*map(min, other[0][:2], box[:2]), *map(max, other[0][2:], box[2:]))
            images = other[1] + images
        merged.append((box, images))  # pyright: ignore[reportArgumentType]
    return merged


def _overlap(one: BoxTuple, other: BoxTuple) -> bool:
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(one[1], other[1])


def _digest(images: Sequence[int]) -> bytes:
    """Of the pictures' bytes as they are stored, so that a background is read on one page only."""
    digest = hashlib.blake2b(digest_size=16)
    for handle in images[:64]:
        length = raw.FPDFImageObj_GetImageDataRaw(_object(handle), None, 0)
        buffer = ctypes.create_string_buffer(length)
        raw.FPDFImageObj_GetImageDataRaw(_object(handle), buffer, length)
        digest.update(buffer)
    return digest.digest()


# --- drawing ----------------------------------------------------------------------------------------------------------


def drawn(page: Any, box: BoxTuple) -> tuple[Any, float] | None:
    """A part of the page as a grey Pillow picture, and its dots per inch. None where there is nothing to be seen."""
    width, height = page.get_size()
    left, top, right, bottom = box
    scale = min(DPI / 72, (MAX_PIXELS / max(_area(box), 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True, crop=(left, height - bottom, width - right, top))
    try:
        picture = bitmap.to_pil().convert("L").copy()
    finally:
        bitmap.close()
    darkest, lightest = picture.getextrema()
    return (picture, scale * 72) if lightest - darkest >= 32 else None


def is_photograph(picture: Any) -> bool:
    """Whether a grey picture has no paper: no shade that most of it is near."""
    shades = picture.histogram()
    commonest = shades.index(max(shades))
    return sum(shades[max(0, commonest - 8) : commonest + 9]) < PAPER * sum(shades)
