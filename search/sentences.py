"""Sentences and words of text in any language, with their places. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docvault.fulltext import words as folded

LONGEST = 480
"""Characters; what is longer is cut at a pause. Some scripts (Thai) write no mark at the end of a sentence."""

_END = re.compile(
    r"""
    [。！？｡]+["'”’»」』）)\]]*             # East Asian marks end a sentence where they stand
  | [.!?…।॥؟۔։።။၊៕]+["'”’»）)\]]*(?=\s)     # all others before white space
  | \n\s*\n                               # a blank line
  | \n(?=[^\n]*\ \|\ )                     # rows of a table stand alone
  | (?<=\|)\s*\n
    """,
    re.VERBOSE,
)
_NOT_AN_END = re.compile(
    r"(?:\b(?:[A-ZÄÖÜ]|Dr|Mr|Mrs|Ms|Prof|St|No|Nr|vs|cf|Fig|Figs|Eq|Sec|Vol|pp|ca|approx|al|e\.g|i\.e|z\.B|d\.h|bzw|etc|Inc|Ltd|Co|Corp)|^\s*\d{1,3})\.$"
)
_PAUSE = re.compile(r"[;:,،、，；：\n]\s*|\s+")
_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")


def sentences(text: str) -> list[tuple[int, int]]:
    """`(start, end)` of each, in order, without the white space around; together they hold every word."""
    found: list[tuple[int, int]] = []
    for start, end in _split(text):
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
        if start < end:
            found.extend(_short(text, start, end))
    return found


def _split(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in _END.finditer(text):
        after = text[mark.end() : mark.end() + 8].lstrip()[:1]
        if mark.group().startswith(".") and (after.islower() or _NOT_AN_END.search(text[start : mark.start() + 1])):
            continue
        yield start, mark.end()
        start = mark.end()
    yield start, len(text)


def _short(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        pauses = list(_PAUSE.finditer(text, start + LONGEST // 2, start + LONGEST))
        cut = pauses[-1].end() if pauses else start + LONGEST
        stop = start + len(text[start:cut].rstrip())
        if stop > start:
            yield start, stop
        start = cut
    if text[start:end].strip():
        yield start, end


def stems(text: str) -> list[str]:
    """Its words in order, folded, and cut to what their endings leave alone.

    Cutting long words at a fixed length is the plainest stemmer and serves every language: it is for telling what
    a sentence is about, not for finding it.
    """
    return [_stem(word) for word in _WORD.findall(folded(text).casefold())]


def _stem(word: str) -> str:
    if word[0].isdigit() or len(word) <= 3:
        return word
    return word[:5] if len(word) > 5 else word.removesuffix("s")
