"""What stands on a PDF's page without being part of its content: fields that were filled in, and comments."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pypdfium2.raw as raw

from ingestion.extract.build import clean, squeeze
from ingestion.extract.layout import Run
from ingestion.extract.pdf_words import BoxTuple, Segment, Transform

MAX_ANNOTATIONS = 5_000
"""Most annotations of one page that are looked at."""
NEAR = 40.0
"""Points within which words beside a field are its label."""
MAX_VALUE = 100_000
"""Longest value of a field or comment, in characters."""

_HIDDEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD_FIELD = 1 << 13
_COMMENTS = {
    raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_SQUIGGLY, raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_CARET,
    raw.FPDF_ANNOT_INK, raw.FPDF_ANNOT_LINE, raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE,
}  # fmt: skip
_READ = _COMMENTS | {raw.FPDF_ANNOT_WIDGET}
_TICKS = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}
_CHOICES = {raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_MADE_UP = re.compile(
    r"(?:(?:text|check|combo|list|radio|undefined|field|button|group|form)\W*(?:field|box|button)?\W*)?\d*", re.I
)


class Extras(NamedTuple):
    """Fields are segments of the page like any other; comments stand for themselves, with the place they belong to."""

    fields: list[Segment]
    comments: list[Segment]


def extras_of(page: Any, form: Any, runs: Sequence[Run], place: Transform) -> Extras:
    """`form` is the document's form environment, or None where it has none."""
    fields: list[Segment] = []
    comments: list[Segment] = []
    for note in _annotations(page):
        kind = raw.FPDFAnnot_GetSubtype(note)
        if kind not in _READ or raw.FPDFAnnot_GetFlags(note) & _HIDDEN:
            continue
        if kind != raw.FPDF_ANNOT_WIDGET:
            _add(comments, _box(note, place), _comment(note))
        elif form:
            box = _box(note, place)
            _add(fields, box, _Field(form, note, runs, box).write())
    return Extras(fields, comments)


def _add(segments: list[Segment], box: BoxTuple, text: str) -> None:
    if text:
        # A field is as high as its lines and a little more; type that small is never a heading.
        segments.append(Segment(box, text, min(max((box[3] - box[1]) * 0.6, 4.0), 10.0), False, True))


def _annotations(page: Any) -> Iterator[Any]:
    for number in range(min(raw.FPDFPage_GetAnnotCount(page.raw), MAX_ANNOTATIONS)):
        with _annotation(page, number) as note:
            if note:
                yield note


@contextmanager
def _annotation(page: Any, number: int) -> Generator[Any]:
    note = raw.FPDFPage_GetAnnot(page.raw, number)
    try:
        yield note
    finally:
        raw.FPDFPage_CloseAnnot(note)


def _box(note: Any, place: Transform) -> BoxTuple:
    rect = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(note, rect)
    left, right = sorted((rect.left, rect.right))
    bottom, top = sorted((rect.bottom, rect.top))
    return place(left, bottom, right, top)


def _string(ask: Callable[[Any, int], int]) -> str:
    """A string that PDFium hands over as UTF-16, in bytes with the zero at its end."""
    length = min(ask(None, 0), 2 * MAX_VALUE)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    ask(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    return clean(buffer.raw[:length].decode("utf-16-le", errors="surrogatepass").partition("\x00")[0]).strip()


def _entry(note: Any, key: bytes) -> str:
    return _string(lambda buffer, length: raw.FPDFAnnot_GetStringValue(note, key, buffer, length))


def _comment(note: Any) -> str:
    text = squeeze(_entry(note, b"Contents"))
    author = squeeze(_entry(note, b"T"))[:100]
    if not text or raw.FPDFAnnot_GetSubtype(note) == raw.FPDF_ANNOT_FREETEXT:
        return text
    return f"Comment by {author}: {text}" if author else f"Comment: {text}"


class _Field:
    """One field on the page: its value, and its name where the page does not print one beside it."""

    def __init__(self, form: Any, note: Any, runs: Sequence[Run], box: BoxTuple) -> None:
        self.form, self.note, self.runs, self.box = form, note, runs, box
        self.kind = raw.FPDFAnnot_GetFormFieldType(form, note)

    def write(self) -> str:
        """Write the value into the words beside the field; where there are none, return it with the field's name.

        Nothing comes of fields that are empty, and of buttons, signatures and passwords.
        """
        flags = raw.FPDFAnnot_GetFormFieldFlags(self.form, self.note)
        if self.kind in _TICKS:
            return self._tick()
        if self.kind in _CHOICES:
            return self._filled(", ".join(self._chosen()) or self._value())
        if self.kind == raw.FPDF_FORMFIELD_TEXTFIELD and not flags & _PASSWORD_FIELD:
            return self._filled(self._value())
        return ""

    def _tick(self) -> str:
        """A mark where the page says what is ticked, else the name with yes or no; of radio buttons the chosen one."""
        checked = bool(raw.FPDFAnnot_IsChecked(self.form, self.note))
        mark = "☒" if checked else "☐"
        if after := _nearest(self.runs, self.box, right=True):
            after.text, after.left = f"{mark} {after.text}", min(after.left, self.box[0])
            return ""
        if before := _nearest(self.runs, self.box):
            before.text, before.right = f"{before.text} {mark}", max(before.right, self.box[2])
            return ""
        name = self._name()
        if self.kind == raw.FPDF_FORMFIELD_RADIOBUTTON:
            export = self._ask(raw.FPDFAnnot_GetFormFieldExportValue)
            return ": ".join(part for part in (name, export) if part) if checked else ""
        return f"{name}: {'yes' if checked else 'no'}" if name else ""

    def _filled(self, value: str) -> str:
        value = squeeze(value)
        if not value:
            return ""
        if label := _nearest(self.runs, self.box):
            label.text, label.right = f"{label.text} {value}", max(label.right, self.box[2])
            return ""
        name = "" if _stands_above(self.runs, self.box) else self._name()
        return f"{name}: {value}" if name and name.casefold() != value.casefold() else value

    def _name(self) -> str:
        """What the form tells people who cannot see it, else the field's name, unless a program made it up."""
        told = squeeze(self._ask(raw.FPDFAnnot_GetFormFieldAlternateName))
        if told:
            return told.rstrip(" :")[:200]
        own = re.sub(r"\[\d+\]", "", self._ask(raw.FPDFAnnot_GetFormFieldName)).split(".")[-1]
        if _MADE_UP.fullmatch(own):
            return ""
        words = _WORDS.findall(own)
        return " ".join([words[0][:1].upper() + words[0][1:], *(_lower(word) for word in words[1:])]) if words else ""

    def _value(self) -> str:
        return self._ask(raw.FPDFAnnot_GetFormFieldValue)

    def _chosen(self) -> list[str]:
        count = min(max(raw.FPDFAnnot_GetOptionCount(self.form, self.note), 0), MAX_ANNOTATIONS)
        return [self._option(number) for number in range(count) if self._selected(number)]

    def _selected(self, number: int) -> bool:
        return bool(raw.FPDFAnnot_IsOptionSelected(self.form, self.note, number))

    def _option(self, number: int) -> str:
        return _string(
            lambda buffer, length: raw.FPDFAnnot_GetOptionLabel(self.form, self.note, number, buffer, length)
        )

    def _ask(self, function: Callable[..., int]) -> str:
        return _string(lambda buffer, length: function(self.form, self.note, buffer, length))


def _lower(word: str) -> str:
    return word if word.isupper() and len(word) > 1 else word.lower()


def _nearest(runs: Iterable[Run], box: BoxTuple, *, right: bool = False) -> Run | None:
    """The words that end close to the left of a field on its row, or begin close to its right."""
    best, distance = None, NEAR
    for run in runs:
        height = min(run.bottom - run.top, box[3] - box[1])
        if min(run.bottom, box[3]) - max(run.top, box[1]) > 0.4 * height:
            gap = run.left - box[2] if right else box[0] - run.right
            if -4 < gap < distance:
                best, distance = run, gap
    return best


def _stands_above(runs: Iterable[Run], box: BoxTuple) -> bool:
    """Whether words stand right above a field, which then name it."""
    return any(-2 < box[1] - run.bottom < 10 and run.left < box[2] and run.right > box[0] - 4 for run in runs)
