"""From a model's markers to citations that hold. Pure.

A model writes `[2]` or `[2: "the very words"]`. Nothing of a marker reaches the reader before it is whole and its
words were found on the page; a marker whose words are not there is taken out of the answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from docvault.boxes import boxes_between
from search.quotes import locate, shown
from search.sentences import sentences, stems

LONGEST_MARKER = 1200
"""Characters held back at most while a marker is open."""

SUPPORT = 0.3
"""Part of a statement's words that a sentence must share to be what the statement rests on."""

_OPEN = re.compile(r"\[\s*(?:\d{1,3}\s*(?:[,;]\s*(?:\d{1,3}\s*)?)*(?::.*)?)?\Z", re.DOTALL)
_MARKER = re.compile(
    r"""\[\s*(?P<numbers>\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*(?::\s*(?P<quote>["“„«'‘].*?["”“»'’])\s*|:[^"“„«'‘\]][^\]]*|:\s*)?\]""",
    re.DOTALL,
)


_OWN_MARKER = re.compile(r"\s?\[\s*\d{1,3}[^\[\]]*\]")


class Source(NamedTuple):
    """A passage that may be cited: `text` is `page_text[start:...]`, where `page_text` is what is known of its page.

    That begins at character `offset` of the page's whole text.
    """

    number: int
    document_id: UUID
    filename: str
    page: int
    text: str
    page_text: str
    start: int
    boxes: Sequence[Sequence[float]]
    offset: int = 0


class Cited(NamedTuple):
    """`quote` stands word for word on page `page`, at characters `start` to `end` of its text.

    `boxes` are those of its lines, or of the passage.
    """

    marker: int
    document_id: UUID
    filename: str
    page: int
    quote: str
    boxes: list[list[float]]
    start: int
    end: int


class Quotation(NamedTuple):
    """Words taken from passage `number`, to be shown with their marker if they are found."""

    number: int
    words: str


class Citer:
    """Feed it an answer in pieces of any size: what comes out is the same.

    `str` is text for the reader, in which every `[n]` is followed by its `Cited`.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = {source.number: source for source in sources}
        self._held = ""
        self._said = ""

    def feed(self, piece: str) -> Iterator[str | Cited]:
        for at in range(0, len(piece), LONGEST_MARKER):  # all that is held is looked through for each bracket in it
            self._held += piece[at : at + LONGEST_MARKER]
            yield from self._release(final=False)

    def quote(self, quotation: Quotation) -> Iterator[str | Cited]:
        """The words, marked; nothing when they are not on the page. Markers of the document's own are not shown."""
        yield from self.end()
        source = self._sources.get(quotation.number)
        cited = source and _quoted(source, quotation.words)
        if cited:
            yield f"{_OWN_MARKER.sub('', cited.quote)} [{quotation.number}]"
            yield cited

    def end(self) -> Iterator[str | Cited]:
        yield from self._release(final=True)

    def _release(self, *, final: bool) -> Iterator[str | Cited]:
        """Let go of what is settled. Spaces wait with the bracket that may follow: they go with a marker that goes."""
        while self._held:
            at = self._held.find("[")
            before = self._held if at < 0 else self._held[:at]
            kept = before.rstrip(" ")
            if at < 0:
                yield from self._say(before if final else kept)
                self._held = "" if final else before[len(kept) :]
                return
            marker = _MARKER.match(self._held, at, at + LONGEST_MARKER)
            if marker:
                yield from self._say(kept)
                yield from self._cite(marker, before[len(kept) :])
                self._held = self._held[marker.end() :]
            elif len(self._held) - at <= LONGEST_MARKER and _OPEN.match(self._held, at):
                if not final:
                    yield from self._say(kept)
                    self._held = self._held[len(kept) :]
                    return
                yield from self._say(kept if re.search(r"\d", self._held[at:]) else self._held)
                self._held = ""
            else:
                yield from self._say(before + "[")
                self._held = self._held[at + 1 :]

    def _say(self, text: str) -> Iterator[str]:
        if text:
            self._said += text
            yield text

    def _cite(self, marker: re.Match[str], space: str) -> Iterator[str | Cited]:
        quote = (marker["quote"] or "")[1:-1]
        for number in map(int, re.findall(r"\d+", marker["numbers"])):
            source = self._sources.get(number)
            cited = source and (_quoted(source, quote) if quote else _supporting(source, last_statement(self._said)))
            if cited:
                yield f"{space}[{number}]"
                yield cited
                space = ""


def last_statement(said: str) -> str:
    """The sentence a marker stands behind, and the one before it where that says next to nothing."""
    spans = sentences(re.sub(r"\[\d+\]", " ", said[-2000:]))
    text = re.sub(r"\[\d+\]", " ", said[-2000:])
    for first in range(len(spans) - 1, max(-1, len(spans) - 3), -1):
        statement = text[spans[first][0] : spans[-1][1]]
        if len(stems(statement)) >= 3:
            return statement
    return text[spans[-2][0] if len(spans) > 1 else 0 :] if spans else ""


def _quoted(source: Source, quote: str) -> Cited | None:
    place = locate(source.page_text, quote, source.start)
    return _cited(source, *place) if place else None


def _supporting(source: Source, statement: str) -> Cited | None:
    """The sentence of the passage that shares most with `statement`, its rarer words counting more."""
    wanted = set(stems(statement))
    spans = sentences(source.text)
    having = [set(stems(source.text[start:end])) for start, end in spans]
    often = Counter(word for words in having for word in words)
    weight = {
        word: 1.0 / max(1, often[word]) * (1.0 if len(word) > 3 or word[0].isdigit() else 0.25) for word in wanted
    }
    whole = sum(weight.values())
    if not whole or not spans:
        return None
    shares = [sum(weight[word] for word in wanted & words) / whole for words in having]
    best = max(range(len(spans)), key=lambda n: shares[n])
    if shares[best] < SUPPORT:
        return None
    start, end = spans[best]
    place = locate(source.page_text, source.text[start:end], source.start)
    return _cited(source, *place) if place else None


def _cited(source: Source, start: int, end: int) -> Cited:
    quote = shown(source.page_text, start, end)
    return Cited(
        source.number, source.document_id, source.filename, source.page, quote, boxes_of(source, start, end),
        source.offset + start, source.offset + end,
    )  # fmt: skip


def boxes_of(source: Source, start: int, end: int) -> list[list[float]]:
    """The boxes of the lines between; none where the quotation is elsewhere on the page than the passage."""
    return boxes_between(source.boxes, source.text, start - source.start, end - source.start)
