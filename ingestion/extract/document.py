"""What reading a file gives, whatever its format.

Pure data: it crosses the wall between the child process and the worker.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Box = tuple[float, float, float, float]
"""`(left, top, right, bottom)` in points (1/72 inch) from the top left corner of the page as it is shown."""

BlockKind = Literal["heading", "paragraph", "list_item", "table", "code"]


class Options(msgspec.Struct, frozen=True):
    """What a reader may be told besides the file.

    `password` opens a file that is locked. `ocr` says whether pictures of text are read, `ocr_languages` which
    languages Tesseract looks for, joined by `+` and named its way (`eng+deu`). `unpacked_bytes` is the most that an
    archive or a file made like one may unpack to, `ratio` how many times its size.
    """

    password: str | None = None
    ocr: bool = True
    ocr_languages: str = "eng"
    unpacked_bytes: int = 2 * 1024**3
    ratio: int = 200


PLAIN = Options()


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One printed line: `page.text[start:end]`, and where it stands."""

    start: int
    end: int
    box: Box


class Block(msgspec.Struct, frozen=True, array_like=True):
    """A paragraph, heading, list item or table: `page.text[start:end]`. Blocks are in reading order and do not overlap.

    `level` is 1 for the highest heading and 0 for everything that is not one.
    A table's rows are lines of text, its cells joined by ` | `; `header_end` is where its header row ends (or `start`).
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    header_end: int = 0


class Page(msgspec.Struct, frozen=True):
    """`number` counts from 1. A slide and a sheet are pages; a format without pages has one.

    `width` and `height` are in points, and `lines` have boxes, only where the format has a fixed layout (PDF).
    `places` are those of the words that were read in pictures: nobody else can tell where they stand.
    """

    number: int
    text: str
    blocks: list[Block]
    lines: list[Line] = []
    width: float | None = None
    height: float | None = None
    places: list[Line] = []


class Extracted(msgspec.Struct, frozen=True):
    """A file, read. `language` is an ISO 639-1 code, `und` when it cannot be told.

    `warnings` are sentences for the owner about what was left out ("2 pages have no text layer").
    """

    pages: list[Page]
    title: str | None = None
    language: str = "und"
    warnings: list[str] = []


class Chunk(msgspec.Struct, frozen=True):
    """A passage: exactly `page.text[start:end]` of page `page`.

    `section` is the path of headings above it, `context` what is put before the text when it is embedded
    (title path, and the header row of a table whose rows were split). `tokens` counts word pieces of context and text.
    `boxes` are those of its lines, in reading order; empty where the format has no layout.
    """

    ordinal: int
    page: int
    start: int
    end: int
    text: str
    section: list[str]
    context: str
    tokens: int
    boxes: list[Box]


class Reading(msgspec.Struct, frozen=True):
    """What the child process hands back: the pages as they are kept, and the passages cut from them."""

    extracted: Extracted
    chunks: list[Chunk]
