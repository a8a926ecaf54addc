from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from docvault.ai.embeddings import Vectors
from docvault.errors import InvalidInput, ModelError, Unavailable
from docvault.resources import Resources
from docvault.settings import Settings
from search.queries import Filters
from search.retrieve import Mode, Query, check, retrieve
from tests.search.conftest import NewShelf, Shelf

MODES: list[Mode] = ["hybrid", "semantic", "keyword"]
CATS = "Cats sleep for sixteen hours a day, mostly in the sun."
WAGES = "Wages rose by four percent after the strike of 1911."
ROCKS = "Basalt is a rock that forms when lava cools quickly."


@pytest.fixture(scope="module")
async def shelf(new_shelf: NewShelf) -> Shelf:
    made = await new_shelf()
    made.cats = await made.put(  # type: ignore[attr-defined]
        "cats.txt", CATS, folder="animals/pets", tags=["a", "b"], created_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    made.wages = await made.put("wages.pdf", WAGES, folder="animals2", tags=["a"], content_type="application/pdf")  # type: ignore[attr-defined]
    made.rocks = await made.put("rocks.txt", ROCKS, folder="animals")  # type: ignore[attr-defined]
    return made


async def found(shelf: Shelf, text: str, mode: Mode = "hybrid", top_k: int = 10, **filters: Any) -> list[str]:
    hits = await retrieve(shelf.resources, shelf.owner_id, Query(text, top_k, mode, Filters(**filters)))
    return [hit.passage.filename for hit in hits]


@pytest.mark.parametrize("mode", MODES)
async def test_the_passage_that_answers_is_first(shelf: Shelf, mode: Mode) -> None:
    assert (await found(shelf, "How long do cats sleep?", mode))[0] == "cats.txt"
    assert (await found(shelf, "strike wages", mode))[0] == "wages.pdf"
    assert await found(shelf, "lava rock", mode, top_k=1) == ["rocks.txt"]


async def test_semantic_is_the_exact_order_of_the_cosines(shelf: Shelf) -> None:
    question = "What do felines do?"
    vectors = await shelf.resources.embedder.embed([CATS, WAGES, ROCKS])
    cosines = vectors @ await shelf.resources.embedder.embed_query(question)
    names = ["cats.txt", "wages.pdf", "rocks.txt"]
    assert await found(shelf, question, "semantic") == [names[n] for n in np.argsort(-cosines)]
    hits = await retrieve(shelf.resources, shelf.owner_id, Query(question, 3, "semantic"))
    assert [hit.score for hit in hits] == pytest.approx(sorted(cosines.clip(0), reverse=True), abs=0.02)


async def test_hybrid_scores_lie_between_0_and_1(shelf: Shelf) -> None:
    hits = await retrieve(shelf.resources, shelf.owner_id, Query("cats and wages and rocks", 10))
    assert len(hits) == 3
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert hits == sorted(hits, key=lambda hit: -hit.score)


@pytest.mark.parametrize("mode", MODES)
async def test_filters_narrow(shelf: Shelf, mode: Mode) -> None:
    text = "cats wages rock"
    cats, wages = shelf.cats, shelf.wages  # type: ignore[attr-defined]
    expected = [
        ({"document_ids": [cats]}, {"cats.txt"}),
        ({"document_ids": [cats, wages]}, {"cats.txt", "wages.pdf"}),
        ({"document_ids": []}, set[str]()),
        ({"document_ids": [uuid4()]}, set[str]()),
        ({"folder": "animals"}, {"cats.txt", "rocks.txt"}),
        ({"folder": "animals/pets"}, {"cats.txt"}),
        ({"folder": "%"}, set[str]()),
        ({"folder": ""}, {"cats.txt", "wages.pdf", "rocks.txt"}),
        ({"tags": ["a"]}, {"cats.txt", "wages.pdf"}),
        ({"tags": ["b", "a"]}, {"cats.txt"}),
        ({"tags": ["c"]}, set[str]()),
        ({"tags": []}, {"cats.txt", "wages.pdf", "rocks.txt"}),
        ({"content_type": "application/pdf"}, {"wages.pdf"}),
        ({"content_types": ["application/pdf", "image/png"]}, {"wages.pdf"}),
        ({"content_types": ["application/"]}, {"wages.pdf"}),
        ({"content_types": ["appl"]}, set()),
        ({"created_after": datetime(2021, 1, 1, tzinfo=UTC)}, {"wages.pdf", "rocks.txt"}),
        ({"created_before": datetime(2021, 1, 1)}, {"cats.txt"}),
        ({"tags": ["a"], "folder": "animals2", "content_type": "application/pdf"}, {"wages.pdf"}),
    ]
    for filters, names in expected:
        assert set(await found(shelf, text, mode, **filters)) == names, filters


@pytest.mark.parametrize("mode", MODES)
async def test_another_owner_finds_nothing(shelf: Shelf, new_shelf: NewShelf, mode: Mode) -> None:
    other = await new_shelf()
    cats = shelf.cats  # type: ignore[attr-defined]
    assert await found(other, "How long do cats sleep?", mode) == []
    for filters in ({"document_ids": [cats]}, {"folder": "animals"}, {"tags": ["a"]}, {"content_type": "text/plain"}):
        assert await found(other, "How long do cats sleep?", mode, **filters) == []
    await other.put("mine.txt", "Dogs sleep for twelve hours.")
    assert await found(other, "How long do cats sleep?", mode, document_ids=[cats]) == []
    assert await found(other, "How long do cats and dogs sleep?", mode) == ["mine.txt"]


async def test_vectors_of_another_model_are_not_compared(shelf: Shelf) -> None:
    class Other:
        model_id = "another"
        embed_query = shelf.resources.embedder.embed_query

    resources = replace(shelf.resources, embedder=Other())  # type: ignore[arg-type]
    assert await retrieve(resources, shelf.owner_id, Query("cats", 5, "semantic")) == []
    assert [hit.passage.text for hit in await retrieve(resources, shelf.owner_id, Query("cats", 5))] == [CATS]


async def test_the_same_words_are_shown_once(new_shelf: NewShelf) -> None:
    twice = await new_shelf()
    await twice.put("one.txt", CATS)
    await twice.put("two.txt", CATS, WAGES)
    assert len(await found(twice, "cats wages", top_k=5)) == 2


async def test_beneath_many_of_the_same_words_the_others_are_found(new_shelf: NewShelf) -> None:
    twice = await new_shelf()
    await twice.put("many.txt", *[CATS] * 50, f"{WAGES} No cats.")
    assert len(await found(twice, "cats sleep", top_k=2)) == 2


@pytest.mark.parametrize("mode", MODES)
async def test_a_long_document_leaves_room_for_others(new_shelf: NewShelf, mode: Mode) -> None:
    shelf = await new_shelf()
    depth = shelf.resources.settings.search_candidates
    await shelf.put("long.txt", *(f"Cats sleep in basket {n}." for n in range(depth + 20)))
    await shelf.put("short.txt", f"{WAGES} The cats that lived beside the works went on as before.")
    assert set(await found(shelf, "cats sleep", mode)) == {"long.txt"}
    few = Query("cats sleep", 10, mode, per_document=3)
    hits = await retrieve(shelf.resources, shelf.owner_id, few)
    assert [hit.passage.filename for hit in hits] == ["long.txt"] * 3 + ["short.txt"]


async def test_an_embedder_that_fails_leaves_keyword_search(shelf: Shelf) -> None:
    class Broken:
        model_id = "broken"

        async def embed_query(self, text: str) -> Vectors:
            raise ModelError("The embedding endpoint does not answer.")

    resources: Resources = replace(shelf.resources, embedder=Broken())  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="does not answer") as caught:
        await retrieve(resources, shelf.owner_id, Query("cats", 5))
    assert caught.value.code == "embedder_unavailable"
    assert len(await retrieve(resources, shelf.owner_id, Query("cats", 5, "keyword"))) == 1


def test_what_is_refused(settings: Settings) -> None:
    most = settings.max_question_chars
    for text, top_k, code in [("  \n\0", 1, "empty_query"), ("x" * (most + 1), 1, "query_too_long")]:
        with pytest.raises(InvalidInput) as caught:
            check(settings, text, top_k)
        assert caught.value.code == code
    for top_k in (0, -1, settings.max_top_k + 1):
        with pytest.raises(InvalidInput, match=str(settings.max_top_k)):
            check(settings, "x", top_k)
    assert check(settings, " a\0b \ud800", settings.max_top_k) == "a b ?"
