import itertools
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fuse import MOST_DENSE, dense_weight, fuse
from search.queries import Match

IDS = [UUID(int=n) for n in range(30)]
unit = st.floats(0, 1, allow_subnormal=False)


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[tuple[UUID, float]], list[Match]]:
    """What the two searches hand over: each best first, with exact other halves."""
    cosines = {id: draw(st.floats(-1, 1, allow_subnormal=False)) for id in IDS}
    near = sorted(draw(st.sets(st.sampled_from(IDS))), key=lambda id: -cosines[id])
    words = [
        Match(id, draw(st.floats(0.01, 40)), draw(unit), cosines[id]) for id in draw(st.sets(st.sampled_from(IDS)))
    ]
    return [(id, cosines[id]) for id in near], sorted(words, key=lambda m: -m.bm25)


@given(lists())
def test_every_candidate_once_best_first_between_0_and_1(
    given_lists: tuple[list[tuple[UUID, float]], list[Match]],
) -> None:
    near, matches = given_lists
    fused = fuse(near, matches)
    assert {c.chunk_id for c in fused} == {id for id, _ in near} | {m.chunk_id for m in matches}
    assert len(fused) == len({c.chunk_id for c in fused})
    scores = [c.score for c in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@given(lists())
def test_what_is_better_by_both_stands_higher(given_lists: tuple[list[tuple[UUID, float]], list[Match]]) -> None:
    near, matches = given_lists
    score = {c.chunk_id: c.score for c in fuse(near, matches)}
    for one in matches:
        for other in matches:
            if one.bm25 >= other.bm25 and one.cosine >= other.cosine:  # type: ignore[operator]
                assert score[one.chunk_id] >= score[other.chunk_id] - 1e-9


@given(lists())
def test_with_one_list_its_order_stays(given_lists: tuple[list[tuple[UUID, float]], list[Match]]) -> None:
    near, matches = given_lists
    dense = {c.chunk_id: c.score for c in fuse(near, [])}
    assert all(dense[a] >= dense[b] for (a, _), (b, _) in itertools.pairwise(near))
    bare = [m._replace(cosine=None) for m in matches]
    words = {c.chunk_id: c.score for c in fuse([], bare)}
    assert all(words[a.chunk_id] >= words[b.chunk_id] for a, b in itertools.pairwise(bare))


@given(st.dictionaries(st.sampled_from(IDS), unit), st.dictionaries(st.sampled_from(IDS), unit), unit)
def test_the_weight_of_meaning(dense: dict[UUID, float], words: dict[UUID, float], share: float) -> None:
    weight = dense_weight(dense, words, share)
    assert 0 <= weight <= 1
    assert weight == 1 if not words else weight <= MOST_DENSE


@given(lists(), st.integers(1, 30))
def test_who_looks_further_down_finds_the_same_at_the_top(
    given_lists: tuple[list[tuple[UUID, float]], list[Match]], depth: int
) -> None:
    near, matches = given_lists
    top = {c.chunk_id: c.score for c in fuse(near[:depth], matches)}
    deeper = fuse(near, matches, depth)
    assert {c.chunk_id: c.score for c in deeper if c.chunk_id in top} == pytest.approx(top)
    best = max(deeper, key=lambda c: c.score, default=None)
    assert best is None or best.chunk_id in top or best.score == pytest.approx(0.0)


def test_meaning_that_finds_none_of_the_words_gives_way_to_a_full_match() -> None:
    """An English model before Thai text: its nearest share nothing with the question."""
    near = [(IDS[n], 0.9 - n / 100) for n in range(10)]
    matches = [Match(IDS[20], 12.0, 0.9, 0.1), Match(IDS[21], 3.0, 0.3, 0.2)]
    assert fuse(near, matches)[0].chunk_id == IDS[20]


def test_words_that_hardly_match_give_way_to_meaning() -> None:
    near = [(IDS[0], 0.9), (IDS[1], 0.3)]
    assert fuse(near, [])[0].chunk_id == IDS[0]
    assert fuse(near, [Match(IDS[0], 1.0, 0.05, 0.9), Match(IDS[1], 1.1, 0.06, 0.3)])[0].chunk_id == IDS[0]


def test_nothing_gives_nothing() -> None:
    assert fuse([], []) == []
