"""Where the words of a question stand in a passage: by the same stems as the ranking. Pure.

A passage is cut into words here; those that begin as one of the question's stems does are given to PostgreSQL, which
alone knows its stemmers (`queries.answering`), and come back as places.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import NamedTuple

from docvault.fulltext import UNSPACED, words

PREFIX = 2
"""Letters that a word shares with its stem, in the languages whose stemmers leave beginnings alone."""

PREFIXING = frozenset({"arabic", "dutch", "indonesian", "irish", "tamil", "yiddish"})
"""Configurations whose stemmers cut beginnings too: every word of theirs is looked at."""

MOST = 100
"""Marks in one passage: a page that is all marks shows nothing."""

_SIGNS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
"""Above and below letters, which Python does not count among them."""

_LETTER = rf"[\w{_SIGNS}]"
_COMPOUND = re.compile(rf"{_LETTER}+(?:[.@/_:?&=+~%-]+{_LETTER}+)+")
"""What PostgreSQL may take for one word: a number with a point, an address, a path."""

_SEVERAL = "\ue000"
"""Stands for a character that folds to several, as a ligature does."""

_FOLDED = rf"[\w{_SIGNS}{_SEVERAL}]"
_ANY = re.compile(f"{_FOLDED}+")


class Word(NamedTuple):
    """A word as PostgreSQL is to stem it, in the text-search configuration of its passage."""

    configuration: str
    text: str


Places = dict[Word, list[tuple[int, int]]]


class _Folds(dict[int, str]):
    """Characters without case and accents, one for one, so that places stay what they are. Filled as they are met."""

    def __init__(self) -> None:
        super().__init__({ord("_"): " "})  # PostgreSQL's words end there

    def __missing__(self, code: int) -> str:
        folded = words(chr(code)).strip().lower()
        self[code] = folded if len(folded) == 1 else _SEVERAL if folded else chr(code)
        return self[code]


class Wanted:
    """The stems of a question's terms, made ready to be looked for."""

    def __init__(self, lexemes: Collection[str]) -> None:
        self.lexemes = frozenset(lexemes)
        self._folds = _Folds()
        beginnings = sorted({lexeme[:PREFIX] for lexeme in lexemes})
        self._plain = re.compile(f"(?<![a-z0-9])(?:{'|'.join(map(re.escape, beginnings))})[a-z0-9]*")
        self._compounds = any(_COMPOUND.fullmatch(lexeme) for lexeme in lexemes)
        self._unspaced = [lexeme for lexeme in lexemes if UNSPACED.fullmatch(lexeme)]

    def candidates(self, text: str, configuration: str) -> Places:
        """The words of `text` that may be among those wanted, folded, each with all its places."""
        found: dict[str, list[tuple[int, int]]] = {}
        for start, end in self._spans(text, configuration in PREFIXING):
            found.setdefault(text[start:end], []).append((start, end))
        places: Places = {}
        for written, at in found.items():
            places.setdefault(Word(configuration, words(written).lower()), []).extend(at)
        return places

    def _spans(self, text: str, every: bool) -> Iterator[tuple[int, int]]:
        if text.isascii():
            folded, pattern = text.lower(), _ANY if every else self._plain
        else:
            folded, pattern = self._folded(text), _ANY if every else self._general
        for match in pattern.finditer(folded):
            yield match.span()
        for match in _COMPOUND.finditer(text) if self._compounds else ():
            yield match.span()

    def _folded(self, text: str) -> str:
        return UNSPACED.sub(lambda run: " " * len(run.group()), text).translate(self._folds)

    @cached_property
    def _general(self) -> re.Pattern[str]:
        signed = {f"[{_SIGNS}]*".join(map(re.escape, lexeme[:PREFIX])) for lexeme in self.lexemes}
        return re.compile(f"(?<!{_FOLDED})(?:{'|'.join(sorted(signed))}|{_FOLDED}?{_SEVERAL}){_FOLDED}*")

    def unspaced(self, text: str) -> Iterator[tuple[int, int]]:
        """Places in writing without spaces, where a stem is a pair of characters wherever it stands."""
        for run in UNSPACED.finditer(text) if self._unspaced else ():
            letters, places = _folded(run.group())
            for lexeme in self._unspaced:
                at = letters.find(lexeme)
                while at >= 0 and (len(lexeme) > 1 or len(letters) == 1):
                    yield run.start() + places[at], run.start() + places[at + len(lexeme) - 1] + 1
                    at = letters.find(lexeme, at + 1)


def _folded(run: str) -> tuple[str, list[int]]:
    pieces = [unicodedata.normalize("NFC", unicodedata.normalize("NFKD", character)) for character in run]
    return "".join(pieces), [place for place, piece in enumerate(pieces) for _ in piece]


def merged(places: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, each character marked once; the first `MOST`."""
    marks: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if marks and start < marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((start, end))
    return marks[:MOST]
