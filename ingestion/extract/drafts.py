"""Pages with a fixed layout on their way to being kept: blocks written as text, then headings told by their style.

PDFs and pictures share it. A draft is a page before the style of the whole document's headings is known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ingestion.extract.build import clean, squeeze
from ingestion.extract.document import Block, BlockKind, Box, Line, Page
from ingestion.extract.layout import RoughBlock, Row, cells_of, is_bullet
from ingestion.extract.pdf_words import Recognized, hyphenated

_LEADERS = re.compile(r"(?:\s?[.·_…]){5,}")
_DIGITS = re.compile(r"\d+")
# Symbol fonts put their bullets into the private use area, with ticks and boxes that have no text at all.
_SYMBOLS = dict.fromkeys(range(0xE000, 0xF900)) | dict.fromkeys((0xF0A7, 0xF0B7, 0xF0D8), "•")
LETTERS = re.compile(r"[^\W\d_]{2}|[\u3040-\u9fff\uac00-\ud7af]")


class Draft(NamedTuple):
    """A block before the style of the whole document's headings is known."""

    block: Block
    size: float
    bold: bool


class DraftPage(NamedTuple):
    """`places` are those of words read in pictures. `width` and `height` are 0 where the page could not be opened."""

    text: str
    drafts: list[Draft]
    lines: list[Line]
    places: list[Line]
    width: float
    height: float


NO_PAGE = DraftPage("", [], [], [], 0.0, 0.0)


class PageWriter:
    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.parts: list[str] = []
        self.length = 0
        self.drafts: list[Draft] = []
        self.lines: list[Line] = []
        self.places: list[Line] = []
        self.blocks: list[RoughBlock] = []

    def write(self, blocks: list[RoughBlock]) -> DraftPage:
        self.blocks = blocks
        for block in blocks:
            lines = [(text, row) for row in block.rows if (text := _row_text(row, block.table))]
            if not lines:
                continue
            if self.length:
                self._push("\n\n")
            if block.table:
                self._table(lines, block.header)
            else:
                self._paragraph(lines)
        return DraftPage("".join(self.parts), self.drafts, self.lines, self.places, self.width, self.height)

    def _push(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def _line(self, text: str, row: Row) -> None:
        start = self.length
        self._push(text)
        self.lines.append(Line(start, self.length, _box(row)))
        self.places += _places(text, row, start)

    def _table(self, lines: list[tuple[str, Row]], header: int) -> None:
        start = header_end = self.length
        for number, (text, row) in enumerate(lines):
            if number:
                self._push("\n")
            self._line(_tidy(text), row)
            if number < header:
                header_end = self.length
        self.drafts.append(Draft(Block("table", start, self.length, 0, header_end), 0.0, False))

    def _paragraph(self, lines: list[tuple[str, Row]]) -> None:
        """Lines of a paragraph flow into each other; a word divided at the end of a line is put together again."""
        start = self.length
        last = len(lines) - 1
        for number, (text, row) in enumerate(lines):
            divided = hyphenated(text)
            follower = lines[number + 1][0] if number < last else ""
            if divided:
                text = text[:-1] + ("" if self._is_one_word(text, follower) else "-")
            self._line(_tidy(text), row)
            if number < last and not divided:
                self._push(" ")
        first = lines[0][1][0]
        kind: BlockKind = "list_item" if is_bullet(first.text) else "paragraph"
        bold = all(run.bold for _, row in lines for run in row)
        self.drafts.append(Draft(Block(kind, start, self.length), first.size, bold))

    def _is_one_word(self, text: str, follower: str) -> bool:
        """Whether a hyphen is there for the end of the line only: `exam-` and `ple`, not `self-` and `made`."""
        first, second = text[:-1].split(" ")[-1], follower.split(" ")[0]
        if not second[:1].islower() or not first.isalpha():
            return False
        compound = f"{first}-{second.rstrip('.,;:)')}"
        return not any(compound in run.text for block in self.blocks for row in block.rows for run in row)


def _row_text(row: Row, table: bool) -> str:
    text = " | ".join(cells_of(row)) if table else " ".join([run.text for run in row])
    return text if text.isascii() and len(text) < 5 else _tidy(text) and text


def _places(text: str, row: Row, start: int) -> list[Line]:
    """Where the words stand that were read in a picture: `text`, which begins at `start` of its page, run by run."""
    places: list[Line] = []
    at = 0
    for run in row:
        if not isinstance(run, Recognized):
            continue
        said = _tidy(run.text)
        found = text.find(said, at)
        if found < 0:  # the last word of the line, which goes on without its hyphen
            said = said[:-1]
            found = text.find(said, at)
        if not said or found < 0:
            return [Line(start, start + len(text), _box(row))]
        at = found + len(said)
        places.append(Line(start + found, start + at, _box([run])))
    return places


def _box(row: Row) -> Box:
    return (
        round(min(run.left for run in row), 1),
        round(min(run.top for run in row), 1),
        round(max(run.right for run in row), 1),
        round(max(run.bottom for run in row), 1),
    )


def _tidy(text: str) -> str:
    """Dots that only lead the eye across a table of contents say nothing; control characters neither."""
    if "..." in text or ". ." in text or "__" in text:
        text = _LEADERS.sub(" …", text).strip()
    if text.isascii() and text.isprintable():
        return text
    text = clean(text.replace("\x02", "-").replace("\ufffe", "-").translate(_SYMBOLS)).strip()
    return "" if text == "…" else text


# --- the whole document -----------------------------------------------------------------------------------------------


def first_page_title(pages: Sequence[Page], levels: Headings) -> str | None:
    for page in pages[:2]:
        headings = [block for block in page.blocks if block.kind == "heading"]
        if headings:
            best = min(headings, key=lambda block: (block.level, block.start))
            return squeeze(page.text[best.start : best.end])[:300]
    return None


class Headings:
    """Which blocks are headings, told by the style of the document's own running text.

    A heading is short and larger than the running text, or bold where that is not. The same words in the place of a
    heading on page after page are a running title, and not one.
    """

    def __init__(self, drafts: list[DraftPage]) -> None:
        weight: Counter[tuple[float, bool]] = Counter()
        for page in drafts:
            for draft in page.drafts:
                weight[(_rounded(draft.size), draft.bold)] += draft.block.end - draft.block.start
        weight = Counter({style: count for style, count in weight.items() if style[0] > 0})
        self.body, self.body_bold = weight.most_common(1)[0][0] if weight else (10.0, False)
        self.running = self._running_titles(drafts)
        sizes: Counter[float] = Counter()
        for page in drafts:
            for draft in page.drafts:
                if self._is_heading(page.text, draft):
                    sizes[_rounded(draft.size)] += 1
        larger = sorted((size for size in sizes if size > self.body * 1.1), reverse=True)
        self.levels = {size: min(place, 4) for place, size in enumerate(larger, 1)}
        self.lowest = min(len(larger) + 1, 5)

    def page(self, number: int, draft: DraftPage) -> Page:
        blocks = [self._block(draft.text, block) for block in draft.drafts]
        known = draft.width > 0
        width, height = (draft.width, draft.height) if known else (None, None)
        return Page(number, draft.text, blocks, draft.lines, width, height, draft.places)

    def _block(self, text: str, draft: Draft) -> Block:
        block = draft.block
        if not self._is_heading(text, draft):
            return block
        return Block("heading", block.start, block.end, self.levels.get(_rounded(draft.size), self.lowest))

    def _running_titles(self, drafts: list[DraftPage]) -> set[str]:
        """Words that stand in short blocks of more than three pages, and of every tenth at least."""
        seen: Counter[str] = Counter()
        for page in drafts:
            seen.update(
                {page.text[d.block.start : d.block.end] for d in page.drafts if d.block.end - d.block.start <= 120}
            )
        least = max(4, len(drafts) // 10)
        return {words for words, count in seen.items() if count >= least}

    def _is_heading(self, text: str, draft: Draft) -> bool:
        block = draft.block
        larger = draft.size > self.body * 1.1
        if block.kind == "table" or not (
            larger or (draft.bold and not self.body_bold and draft.size > self.body * 0.85)
        ):
            return False
        if block.end - block.start > 200:
            return False
        words = text[block.start : block.end]
        if _DIGITS.sub("#", words) in self.running or not LETTERS.search(words):
            return False
        if block.kind == "list_item" and not words[0].isalnum():
            return False
        return words[-1] not in ",;" and (words[-1] != "." or len(words) < 60)


def _rounded(size: float) -> float:
    return round(size * 2) / 2
