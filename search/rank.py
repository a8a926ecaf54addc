"""Which of the candidates are shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from search.fuse import Candidate
from search.queries import Passage

SPARE = 10
"""Candidates looked at beyond those asked for, to stand in for the ones that are not shown."""


class Hit(NamedTuple):
    """`cosine` is None and `share` 0 where that half was not asked.

    `marks` are the places in the passage's text, `(start, end)`, of words that answer the question's.
    """

    passage: Passage
    score: float
    cosine: float | None
    share: float
    marks: Sequence[tuple[int, int]] = ()


def rank(
    candidates: Sequence[Candidate], passages: Mapping[UUID, Passage], top_k: int, per_document: int | None = None
) -> list[Hit]:
    """The best `top_k`, at most `per_document` of each document.

    Of passages with the same words (a file kept twice, a page's running head) the first stays.
    """
    hits: list[Hit] = []
    seen: set[str] = set()
    given = Counter[UUID]()
    for candidate in candidates:
        passage = passages.get(candidate.chunk_id)
        words = " ".join(passage.text.split()) if passage else ""
        if passage is None or words in seen:
            continue
        if given[passage.document_id] == per_document:
            continue
        seen.add(words)
        given[passage.document_id] += 1
        hits.append(Hit(passage, candidate.score, candidate.cosine, candidate.share))
        if len(hits) == top_k:
            break
    return hits
