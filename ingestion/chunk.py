"""Pages to passages. Pure.

A passage is a stretch of one page of about `target` word pieces. It begins with a section where it can, ends with a
sentence or a table's row, and carries the path of titles above it, so that a passage that says "it rose by 4 %" is
found by those who ask for the company and the year. Never more than `ceiling` pieces, its context included.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from ingestion.extract.document import Block, Box, Chunk, Extracted, Line, Page
from ingestion.tokens import TokenCounter

CONTEXT_TOKENS = 40
"""Most pieces of titles before a passage; more would drown what the passage itself says."""

HEADER_TOKENS = 40
"""Longest table header repeated before the later parts of its table."""

JOINTS = 2
"""Pieces kept free for what joins a context and its text; some tokenizers count line ends."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”’）]*|\n\s*\n")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"“])(?:\w|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Ltd|Co|Corp|No|Nos|vs|etc|e\.g|i\.e|cf|al|Fig|Figs|Eq|Sec|Art|"
    r"pp|vol|approx|ca|bzw|z\.B|d\.h|Nr|Abs|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|(?:[A-Z]\.)+[A-Z])$"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_RANDOM_NAME = re.compile(r"^[0-9a-f]{16,}$|^[0-9a-f-]{32,}$", re.I)


class _Unit(NamedTuple):
    """A stretch that is not cut: a heading, a short block, a sentence, a row."""

    start: int
    end: int
    tokens: int
    heading: bool
    opens: bool  # the first of its block
    header: tuple[int, int, int] | None = None  # start, end and pieces of the header of the table it is a later part of


class _Section(NamedTuple):
    path: list[str]
    units: list[_Unit]

    @property
    def tokens(self) -> int:
        return sum(unit.tokens for unit in self.units)

    @property
    def bare(self) -> bool:
        return all(unit.heading for unit in self.units)


def chunk(extracted: Extracted, filename: str, count: TokenCounter, target: int, ceiling: int) -> list[Chunk]:
    """Cut every page into passages, in reading order.

    `target` and `ceiling` are in word pieces as `count` reckons them; the ceiling leaves out a model's own marks.
    All text that is not white space is in exactly one passage.
    """
    cutter = _Cutter(count, min(target, ceiling), ceiling, document_name(extracted.title, filename))
    return [passage for page in extracted.pages for passage in cutter.page(page)]


def document_name(title: str | None, filename: str) -> str:
    """What a document is called: its title, with the words of its file's name where they add something."""
    stem = PurePath(filename).stem
    name = " ".join(re.split(r"[\s_.+-]+", stem)).strip()
    if _RANDOM_NAME.match(stem) or not _WORD.search(name):
        name = ""
    title = " ".join((title or "").split())
    if not title or not name:
        return title or name
    known = title.lower()
    return title if all(word.lower() in known for word in name.split()) else f"{name}: {title}"


class _Cutter:
    def __init__(self, count: TokenCounter, target: int, ceiling: int, name: str) -> None:
        self.count, self.target, self.ceiling = count, target, ceiling
        self.contexts: dict[str, int] = {}  # the same titles stand before passage after passage
        self.tiny = max(1, target // 4)
        self.context_limit = min(CONTEXT_TOKENS, ceiling // 4)
        self.name = self._shortened(name, self.context_limit * 2 // 3)
        self.headings: list[tuple[int, str]] = []
        self.ordinal = 0

    def page(self, page: Page) -> list[Chunk]:
        chunks: list[Chunk] = []
        for section in self._merged(self._sections(page)):
            chunks += [self._chunk(page, section.path, units) for units in self._packed(section)]
        return chunks

    # --- sections -----------------------------------------------------------------------------------------------------

    def _sections(self, page: Page) -> list[_Section]:
        """A section begins with its headings; the first of a page may go on from the page before."""
        sections: list[_Section] = []
        for block in _covering(page):
            heading = block.kind == "heading"
            if heading:
                self._enter(max(1, block.level), " ".join(page.text[block.start : block.end].split()))
            if not sections or (heading and not sections[-1].bare):
                sections.append(_Section([], []))
            section = sections[-1]
            section.path[:] = [words for _, words in self.headings]
            section.units.extend(self._units(page.text, block))
        return sections

    def _enter(self, level: int, words: str) -> None:
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.headings.append((level, words[:200]))

    def _merged(self, sections: list[_Section]) -> list[_Section]:
        """Sections too small to stand alone go up to the one before them, or take in the one after."""
        merged: list[_Section] = []
        for section in sections:
            small = section.bare or section.tokens < self.tiny
            before = merged[-1] if merged else None
            if before and (
                section.bare or before.bare or (before.tokens < self.tiny) or (small and self._fit(before, section))
            ):
                path = section.path if before.bare else before.path
                merged[-1] = _Section(path, before.units + section.units)
            else:
                merged.append(section)
        return merged

    def _fit(self, one: _Section, other: _Section) -> bool:
        return one.tokens + other.tokens <= min(self.target * 5 // 4, self.ceiling - self.context_limit)

    # --- units --------------------------------------------------------------------------------------------------------

    def _units(self, text: str, block: Block) -> Iterator[_Unit]:
        """The smallest parts of a block that are kept whole, however many passages it takes."""
        words = text[block.start : block.end]
        starts = self.count.starts(words)
        header = self._header(text, block) if block.kind == "table" else None
        room = max(8, self.ceiling - self.context_limit - (header[2] if header else 0) - JOINTS)
        heading = block.kind == "heading"
        if len(starts) <= (room if heading else self.target // 2):
            yield _Unit(block.start, block.end, len(starts), heading, True)
            return
        spans = _lines(words) if block.kind in {"table", "code"} else _sentences(words)
        opens = True
        for begin, end in spans:
            for start, stop in _cut(words, begin, end, starts, room):
                tokens = bisect_left(starts, stop) - bisect_left(starts, start)
                repeated = header if header and block.start + start >= header[1] else None
                yield _Unit(block.start + start, block.start + stop, tokens, False, opens, repeated)
                opens = False

    def _header(self, text: str, block: Block) -> tuple[int, int, int] | None:
        """The header row, where it is short enough to be said again."""
        words = text[block.start : block.header_end]
        tokens = len(self.count.starts(words))
        if not words.strip() or tokens > min(HEADER_TOKENS, self.ceiling // 4):
            return None
        return block.start, block.header_end, tokens

    # --- passages -----------------------------------------------------------------------------------------------------

    def _packed(self, section: _Section) -> Iterator[list[_Unit]]:
        """Units in passages of about the same size; a block that would be cut begins a new one where it can."""
        space = self.ceiling - JOINTS - self._context_room(section.path)
        total = section.tokens
        goal = min(space, total / max(1, round(total / self.target)))
        packed: list[_Unit] = []
        size = 0
        for place, unit in enumerate(section.units):
            room = space - (packed[0].header[2] if packed and packed[0].header else 0)
            if packed and (size + unit.tokens > room or self._is_full(section.units, place, size, goal, room)):
                # A heading goes with what it is the heading of.
                tail = _trailing_headings(packed)
                if len(tail) < len(packed):
                    yield packed[: len(packed) - len(tail)]
                    packed, size = tail, sum(left.tokens for left in tail)
                if packed and size + unit.tokens > space:
                    yield packed
                    packed, size = [], 0
            packed.append(unit)
            size += unit.tokens
        if packed:
            yield packed

    def _context_room(self, path: list[str]) -> int:
        """Pieces the titles may take in a passage of this section."""
        return min(self.context_limit, self._pieces(self.name) + sum(self._pieces(heading) + 2 for heading in path))

    def _is_full(self, units: list[_Unit], place: int, size: int, goal: float, room: int) -> bool:
        unit = units[place]
        if size < goal * 0.6 or units[place - 1].heading:
            return False
        if unit.heading or unit.opens:
            ahead = unit.tokens
            for later in units[place + 1 :]:
                if (later.opens and not units[place].heading) or ahead > room:
                    break
                ahead += later.tokens
            return size + ahead > max(goal * 1.1, goal + self.tiny)
        return size + unit.tokens / 2 > goal

    def _chunk(self, page: Page, path: list[str], units: list[_Unit]) -> Chunk:
        start, end = units[0].start, units[-1].end
        said = {" ".join(page.text[unit.start : unit.end].split()) for unit in units if unit.heading}
        titles = self._titles([heading for heading in path if heading not in said])
        header = units[0].header
        parts = [titles, page.text[header[0] : header[1]] if header else ""]
        context = "\n".join(part for part in parts if part)
        tokens = sum(unit.tokens for unit in units) + self._pieces(context)
        self.ordinal += 1
        boxes = boxes_of(page.lines, start, end)
        return Chunk(self.ordinal - 1, page.number, start, end, page.text[start:end], path, context, tokens, boxes)

    def _titles(self, headings: list[str]) -> str:
        """The document and the headings, the highest left out first when they are too long."""
        headings = [self._shortened(heading, self.context_limit // 2) for heading in headings if heading != self.name]
        while headings:
            titles = " > ".join([self.name, *headings] if self.name else headings)
            if self._pieces(titles) <= self.context_limit:
                return titles
            headings = headings[1:]
        return self.name

    def _pieces(self, words: str) -> int:
        known = self.contexts.get(words)
        if known is None:
            known = self.contexts[words] = len(self.count.starts(words))
        return known

    def _shortened(self, words: str, limit: int) -> str:
        if self._pieces(words) <= limit:
            return words
        starts = self.count.starts(words)
        cut = starts[limit]
        blank = words.rfind(" ", 0, cut + 1)
        return words[: blank if blank > 0 else cut].rstrip(" ,;:-")


def _trailing_headings(units: list[_Unit]) -> list[_Unit]:
    place = len(units)
    while place and units[place - 1].heading:
        place -= 1
    return units[place:]


def _covering(page: Page) -> Iterator[Block]:
    """The page's blocks, and as paragraphs whatever text lies between them, all without white space at their ends."""
    place = 0
    for block in [*page.blocks, Block("paragraph", len(page.text), len(page.text))]:
        for found in (Block("paragraph", place, block.start), block):
            words = page.text[found.start : found.end]
            if words and not words.isspace():
                start = found.start + len(words) - len(words.lstrip())
                end = found.start + len(words.rstrip())
                yield Block(found.kind, start, end, found.level, max(start, min(found.header_end, end)))
        place = max(place, block.end)


# --- cutting text -----------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r"[^\n]*[^\s][^\n]*", text):
        yield match.span()


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        if match.group()[0] == "." and not _ends_sentence(text, match):
            continue
        if text[begin : match.end()].strip():
            yield _stripped(text, begin, match.end())
        begin = match.end()
    if text[begin:].strip():
        yield _stripped(text, begin, len(text))


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    """A full stop does not end one after an abbreviation or an initial, nor before a small letter."""
    after = text[match.end() : match.end() + 3].lstrip()
    if after[:1].islower():
        return False
    return match.group() != "." or not _ABBREVIATION.search(text[max(0, match.start() - 12) : match.start()])


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    words = text[begin:end]
    return begin + len(words) - len(words.lstrip()), begin + len(words.rstrip())


def _cut(text: str, begin: int, end: int, starts: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """A stretch in parts of at most `room` pieces: where a line or a cell ends, if that leaves no part too small.

    Else at blanks, and inside a word only when it alone is too long.
    """
    place = bisect_left(starts, begin)
    while bisect_left(starts, end) - place > room:
        stop = _clear_of_marks(text, starts[place + room], begin)
        blank = _break(text, begin, stop)
        stop = blank if blank > begin else _clear_of_marks(text, starts[place + max(1, room * 3 // 4)], begin)
        yield _stripped(text, begin, stop)
        begin = stop + len(text[stop:end]) - len(text[stop:end].lstrip())
        place = bisect_left(starts, begin)
    if begin < end:
        yield begin, end


def _break(text: str, begin: int, stop: int) -> int:
    """The best place to cut before `stop`; `begin` or less where there is none."""
    half = begin + (stop - begin) // 2
    line = text.rfind("\n", begin + 1, stop + 1)
    if line > half:
        return line
    cell = text.rfind(" | ", begin + 1, stop)
    return cell + 2 if cell > half else max(text.rfind(" ", begin + 1, stop + 1), line)


def _clear_of_marks(text: str, stop: int, begin: int) -> int:
    """Not between a letter and the accent or vowel sign that stands on it."""
    while stop > begin + 1 and unicodedata.category(text[stop]).startswith("M"):
        stop -= 1
    return stop


# --- boxes ------------------------------------------------------------------------------------------------------------


def boxes_of(lines: Sequence[Line], start: int, end: int) -> list[Box]:
    """The places of `text[start:end]`: its lines, those that follow each other in one column drawn together."""
    boxes: list[Box] = []
    first = bisect_left(lines, start + 1, key=lambda line: line.end)
    for line in lines[first:]:
        if line.start >= end:
            break
        if boxes and _follows(boxes[-1], line.box):
            last = boxes[-1]
            boxes[-1] = (min(last[0], line.box[0]), last[1], max(last[2], line.box[2]), max(last[3], line.box[3]))
        else:
            boxes.append(line.box)
    return boxes


def _follows(above: Box, below: Box) -> bool:
    height = below[3] - below[1]
    near = -0.5 * height < below[1] - above[3] < 0.8 * height
    shared = min(above[2], below[2]) - max(above[0], below[0])
    return near and shared > 0.5 * min(above[2] - above[0], below[2] - below[0])
