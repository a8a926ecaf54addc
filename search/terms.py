"""From a question's words to BM25's terms, for documents in several languages at once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MAX_TERMS = 48
"""Terms a question is searched by. Each costs a look into every matching chunk; longer questions are pasted text."""


class Lexeme(NamedTuple):
    """A lexeme of the question in one text-search configuration. `present`: the owner has documents in it."""

    configuration: str
    present: bool
    lexeme: str
    positions: Sequence[int]


class Term(NamedTuple):
    """One word of the question: its lexemes in the configurations at hand, as a `tsquery` of `size` alternatives."""

    query: str
    size: int


def terms(lexemes: Iterable[Lexeme]) -> list[Term]:
    """The words worth searching by, see `forms`, as PostgreSQL is asked for them."""
    return [term(form) for form in forms(lexemes)]


def term(form: Sequence[str]) -> Term:
    return Term(" | ".join(map(quote, form)), len(form))


def forms(lexemes: Iterable[Lexeme]) -> list[tuple[str, ...]]:
    """The words worth searching by, each as its lexemes, in the question's order.

    A word stands once, whatever number of languages stem it differently: found in any form, it is found. Words that
    mean nothing in the question's own language are left out in every language: "the" is rare in German
    documents, and would there outweigh the words that were meant.
    """
    at: dict[int, set[str]] = defaultdict(set)
    kept: dict[str, set[int]] = defaultdict(set)
    everywhere: set[int] = set()
    for configuration, present, lexeme, positions in lexemes:
        kept[configuration].update(positions)
        if configuration == "simple":
            everywhere.update(positions)
        if present:
            for position in positions:
                at[position].add(lexeme)
    dropped = _stop_words(everywhere, kept)
    return _merged(dict.fromkeys(tuple(sorted(at[p])) for p in sorted(at) if p not in dropped))[:MAX_TERMS]


def _stop_words(everywhere: set[int], kept: dict[str, set[int]]) -> set[int]:
    """Positions that are stop words in the question's language: the one that knows most of its words as such.

    One such word does not make a language ("war" is a stop word in German), two do; of equals, what they agree on.
    """
    stops = {name: everywhere - positions for name, positions in kept.items()}
    most = max(map(len, stops.values()), default=0)
    if most < 2:
        return set()
    return set[int].intersection(*(found for found in stops.values() if len(found) == most))


def _merged(forms: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without those whose lexemes all occur in another: the same word with and without an ending."""
    sets = [(form, set(form)) for form in forms]
    return [form for form, own in sets if not any(own < other for _, other in sets)]


def quote(lexeme: str) -> str:
    """As `tsquery`'s input takes it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
