"""Find words in the text of pages as a reader's eye would: whatever their case, accents and line breaks. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

MARKS = "\u0300-\u036f"
"""Combining diacritical marks: what accents are when they stand apart from their letter."""
_DROPPED = re.compile(f"[{MARKS}\u00ad]")  # and the soft hyphen, which is not seen
_MARK = re.compile(f"[{MARKS}]")
_FOREIGN = re.compile(r"[^\x00-\x7f]")


class Found(NamedTuple):
    """Characters `start` to `end` of the text."""

    start: int
    end: int


def fold(text: str) -> str:
    """Without case, accents, ligatures and soft hyphens. Fast, and often of another length."""
    if text.isascii():
        return text.lower()
    return _DROPPED.sub("", unicodedata.normalize("NFKD", text.casefold()))


def pattern(words: str) -> re.Pattern[str] | None:
    """What finds `words` in folded text, with any white space between them. None when there are no words."""
    parts = fold(words).split()
    return re.compile(r"\s+".join(map(re.escape, parts))) if parts else None


def count(text: str, wanted: re.Pattern[str]) -> int:
    return sum(1 for _ in wanted.finditer(fold(text)))


def places(text: str, wanted: re.Pattern[str]) -> Iterator[Found]:
    """Where `wanted` is in `text`, from the beginning, one behind the other."""
    if text.isascii():
        yield from (Found(*match.span()) for match in wanted.finditer(text.lower()))
        return
    folded, origins = _folded(text)
    for match in wanted.finditer(folded):
        end = origins[match.end() - 1] + 1
        while end < len(text) and _MARK.match(text, end):  # an accent belongs to its letter
            end += 1
        yield Found(origins[match.start()], end)


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters which of `text` it comes from."""
    parts: list[str] = []
    origins: list[int] = []
    done = 0
    for foreign in _FOREIGN.finditer(text):
        at = foreign.start()
        folded = _folded_character(text[at])
        parts += [text[done:at].lower(), folded]
        origins += [*range(done, at), *[at] * len(folded)]
        done = at + 1
    return "".join([*parts, text[done:].lower()]), [*origins, *range(done, len(text))]


@lru_cache(4096)
def _folded_character(character: str) -> str:
    return fold(character)
