"""Putting a page together block by block, so that every block is an exact slice of the page's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from docvault.errors import DocumentError
from ingestion.extract.document import Block, BlockKind, Page

Report = Callable[[int, int], None]
"""Called with (pages done, pages in all) while a document is read."""

# PostgreSQL's text holds no NUL, UTF-8 no lone surrogates; other control characters only confuse readers.
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NEWLINES = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_SPACES = re.compile(r"[^\S\n]+")


def clean(text: str) -> str:
    """Text that every store accepts: no NUL or control characters, no lone surrogates, newlines as `\\n`."""
    if _SURROGATES.search(text):
        # Halves that belong together become one character, the others a replacement mark.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNWANTED.sub("", _NEWLINES.sub("\n", text))


def squeeze(text: str) -> str:
    """One line: every run of white space is one blank."""
    return " ".join(text.split())


def table_text(rows: Iterable[Sequence[str]]) -> tuple[str, int]:
    """Rows as lines, cells joined by ` | `; and the length of the rows at the top that name the columns.

    Empty rows, and empty cells at the end of a row, are left out. The header is the first row, with the next one when
    the first holds a single cell (a caption). A table of one row has no header.
    """
    lines: list[str] = []
    for row in rows:
        cells = [squeeze(clean(cell)) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            lines.append(" | ".join(cells))
    header = (
        "\n".join(lines[:2]) if len(lines) > 2 and " | " not in lines[0] and " | " in lines[1] else "".join(lines[:1])
    )
    return "\n".join(lines), len(header) if len(lines) > 1 else 0


class PageBuilder:
    """Collects the blocks of one page in reading order."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.blocks: list[Block] = []

    def add(self, kind: BlockKind, text: str, *, level: int = 0, header: int = 0) -> None:
        """Append a block; `header` is the length of a table's header row. Blank text is left out."""
        text = text if kind == "table" else clean(text).strip("\n").rstrip()
        if not text.strip():
            return
        if self._parts:
            tight = kind == "list_item" and self.blocks[-1].kind == "list_item"
            self._push("\n" if tight else "\n\n")
        start = self._length
        self._push(text)
        self.blocks.append(Block(kind, start, self._length, level, start + header if kind == "table" else 0))

    def add_table(self, rows: Iterable[Sequence[str]]) -> None:
        text, header = table_text(rows)
        single = "\n" not in text and " | " not in text
        self.add("paragraph" if single else "table", text, header=header)

    def add_page(self, page: Page, *, deeper: int = 0) -> None:
        """Append the blocks of another page; its headings move `deeper` levels down."""
        for block in page.blocks:
            level = block.level + deeper if block.level else 0
            header = max(0, block.header_end - block.start) if block.kind == "table" else 0
            self.add(block.kind, page.text[block.start : block.end], level=level, header=header)

    def page(self, number: int = 1) -> Page:
        return Page(number, "".join(self._parts), self.blocks)

    def _push(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def first_heading(pages: Sequence[Page]) -> str | None:
    """The highest heading of the first page that has one, as a title."""
    for page in pages[:3]:
        headings = [block for block in page.blocks if block.kind == "heading"]
        if headings:
            best = min(headings, key=lambda block: (block.level, block.start))
            return squeeze(page.text[best.start : best.end])[:300] or None
    return None


def corrupt(what: str) -> DocumentError:
    return DocumentError(
        f"{what} is damaged or incomplete and cannot be opened.",
        code="corrupt",
        hint="Open it on your own machine, save it again, and upload the new copy.",
    )


def encrypted(what: str) -> DocumentError:
    return DocumentError(f"{what} is locked with a password.", code="encrypted", hint="Retry it with its password.")


def wrong_password(what: str) -> DocumentError:
    return DocumentError(
        f"The password does not open {what[:1].lower() + what[1:]}.",
        code="wrong_password",
        hint="Retry it with another password.",
    )


def empty() -> DocumentError:
    return DocumentError("The file is empty.", code="empty", hint="Check the original and upload it again.")


def no_text(detail: str = "The file holds no text.", hint: str = "There is nothing in it to search.") -> DocumentError:
    return DocumentError(detail, code="no_text", hint=hint)
