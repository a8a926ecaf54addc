"""Two lists of candidates into one. Pure.

A sum of scaled scores, each in 0 to 1: cosine between the lowest and the highest of the nearest, BM25 as a part of the
highest. How much either counts is told by the question's own candidates (`dense_weight`): an embedding model that does
not know the language of the documents finds passages that share no word with the question, and then must not drown
the words that were found. `docs/decisions/0003-hybrid-fusion.md` has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import nlargest
from typing import NamedTuple
from uuid import UUID

from search.queries import Match

LEADERS = 3
"""Of each list, how many of the best are asked what the other list thinks of them."""

MOST_DENSE = 0.5


class Candidate(NamedTuple):
    """`score` is 0 to 1 and compares across questions; `cosine` is None and `share` 0 where that half was not asked."""

    chunk_id: UUID
    score: float
    cosine: float | None
    share: float


def fuse(near: Sequence[tuple[UUID, float]], matches: Sequence[Match], depth: int | None = None) -> list[Candidate]:
    """Best first. `near` is by cosine, `matches` by BM25, both best first and with their exact other half.

    `depth` is how many of `near` set the scale of the cosines, all of them unless given: who looks further down the
    lists finds the same at the top.
    """
    cosines = {m.chunk_id: m.cosine for m in matches if m.cosine is not None} | dict(near)
    bm25 = {m.chunk_id: m.bm25 for m in matches}
    share = {m.chunk_id: m.share for m in matches}
    dense = scaled(cosines, *_ends([cosine for _, cosine in near[:depth]]))
    words = scaled(bm25, 0.0, max(bm25.values(), default=0.0))
    weight = dense_weight(dense, words, matches[0].share if matches else 0.0)
    ids = list(dict.fromkeys([*dense, *words]))
    fused = {id: weight * dense.get(id, 0.0) + (1 - weight) * words.get(id, 0.0) for id in ids}
    order = sorted(ids, key=fused.__getitem__, reverse=True)
    if not order:
        return []
    evidence = weight * max(0.0, max(cosines.values(), default=0.0)) + (1 - weight) * max(share.values(), default=0.0)
    unit = evidence / max(fused[order[0]], 1e-9)
    return [Candidate(id, min(1.0, unit * fused[id]), cosines.get(id), share.get(id, 0.0)) for id in order]


def dense_weight(dense: Mapping[UUID, float], words: Mapping[UUID, float], share: float) -> float:
    """What cosine counts for, 0 to `MOST_DENSE`, or 1 when no word was found; BM25 counts for the rest.

    Agreement is what the leaders of either list are worth in the other, and stands against `share`, the part of the
    question's words that the best match has. Nearest passages without the question's words, beside one that has
    them all, are noise; where no passage has the words, meaning is what is left.
    """
    if not words:
        return 1.0
    if not dense:
        return 0.0
    agreement = _worth(words, dense) * _worth(dense, words)
    return min(MOST_DENSE, agreement / max(agreement + share * share, 1e-9))


def scaled(scores: Mapping[UUID, float], low: float, high: float) -> dict[UUID, float]:
    """Where each score stands between `low` (0) and `high` (1); 1 for what reaches `high` when the two are one."""
    width = high - low
    if width <= 1e-9:
        return {id: float(score >= high - 1e-9) for id, score in scores.items()}
    return {id: min(1.0, max(0.0, (score - low) / width)) for id, score in scores.items()}


def _ends(scores: Sequence[float]) -> tuple[float, float]:
    return min(scores, default=0.0), max(scores, default=0.0)


def _worth(of: Mapping[UUID, float], by: Mapping[UUID, float]) -> float:
    leaders = nlargest(LEADERS, of, key=of.__getitem__)
    return sum(by.get(id, 0.0) for id in leaders) / len(leaders)
