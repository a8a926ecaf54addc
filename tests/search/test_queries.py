"""BM25 in SQL against BM25 by the book, and what is found in which language."""

from __future__ import annotations

import math
from collections import Counter
from uuid import UUID

import pytest

from docvault.fulltext import words
from search import queries
from search.queries import Filters, Match
from search.terms import terms
from tests.search.conftest import NewShelf, Shelf, length

PAGES = [
    "alpha beta gamma alpha",
    "beta beta beta delta epsilon zeta eta theta iota kappa lambda mu",
    "gamma delta",
    "alpha " * 9 + "omega",
    "nothing of that here at all",
]


async def match(shelf: Shelf, question: str, filters: Filters = Filters(), limit: int = 10) -> list[Match]:  # noqa: B008
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        found = await queries.lexemes(session, shelf.owner_id, words(question), "en")
        return await queries.matching(session, shelf.owner_id, terms(found), filters, limit)


async def texts(shelf: Shelf, question: str) -> list[str]:
    ids = [m.chunk_id for m in await match(shelf, question)]
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        passages = await queries.passages(session, shelf.owner_id, ids)
    return [passages[id].text for id in ids]


def by_the_book(question: list[str]) -> dict[str, float]:
    mean = sum(map(length, PAGES)) / len(PAGES)
    scores: Counter[str] = Counter()
    for word in question:
        df = sum(word in page.split() for page in PAGES)
        idf = math.log(1 + (len(PAGES) - df + 0.5) / (df + 0.5))
        for page in PAGES:
            tf = page.split().count(word)
            if tf:
                scores[page] += idf * tf / (tf + 1.2 * (0.25 + 0.75 * length(page) / mean))
    return dict(scores)


async def test_bm25_is_that_of_the_book(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    await shelf.put("a.txt", *PAGES[:2], language="xx")
    await shelf.put("b.txt", *PAGES[2:], language="xx")
    expected = by_the_book(["alpha", "beta", "gamma"])
    found = await match(shelf, "alpha beta gamma")
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        passages = await queries.passages(session, shelf.owner_id, [m.chunk_id for m in found])
    assert {passages[m.chunk_id].text: m.bm25 for m in found} == pytest.approx(expected, rel=0.03)
    assert [m.bm25 for m in found] == sorted((m.bm25 for m in found), reverse=True)
    best = next(m for m in found if passages[m.chunk_id].text == PAGES[0])
    assert best.share == pytest.approx(1.0)


async def test_both_searches_give_each_candidate_both_scores(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    await shelf.put("a.txt", *PAGES)
    every = await match(shelf, "alpha gamma")
    assert len(every) == 3
    model, owner = shelf.resources.embedder.model_id, shelf.owner_id
    vector = (await shelf.resources.embedder.embed_query(PAGES[2])).tolist()  # of what has least of the words
    async with shelf.resources.database.transaction(owner) as session:
        found = terms(await queries.lexemes(session, owner, "alpha gamma", "en"))
        cosines = await queries.nearest(session, owner, model, vector, Filters(), 10)
        near, some = await queries.both(session, owner, model, vector, found, Filters(), 1)
        all_near, all_matches = await queries.both(session, owner, model, vector, found, Filters(), 10)
        wordless = await queries.both(session, owner, model, vector, [], Filters(), 10)
    assert near == cosines[:1]
    assert all_near == cosines
    assert wordless == (cosines, [])
    assert [m.chunk_id for m in some] == [every[0].chunk_id, every[-1].chunk_id]
    for matches in (some, all_matches):
        expected = {m.chunk_id: (m.bm25, m.share, dict(cosines)[m.chunk_id]) for m in every}
        assert {m.chunk_id: m[1:] for m in matches} == {m.chunk_id: expected[m.chunk_id] for m in matches}
    assert [m.chunk_id for m in all_matches] == [m.chunk_id for m in every]


async def test_documents_of_several_languages_are_found_at_once(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    pages = {
        "en": "The committees were meeting in the old houses.",
        "de": "Die Häuser wurden von den Ausschüssen verkauft.",
        "ru": "Учёные исследовали древние города.",
        "zh": "数据库系统的设计原则。",
        "th": "ประเทศไทยมีประชากรมาก",
        "fr": "Les élèves étudiaient les sciences naturelles.",
    }
    for language, page in pages.items():
        await shelf.put(f"{language}.txt", page, language=language)
    assert (await texts(shelf, "a committee meets"))[0] == pages["en"]
    assert (await texts(shelf, "Welches Haus wurde verkauft?"))[0] == pages["de"]
    assert await texts(shelf, "исследование древнего города") == [pages["ru"]]
    assert await texts(shelf, "数据库") == [pages["zh"]]
    assert await texts(shelf, "ประชากร") == [pages["th"]]
    assert await texts(shelf, "eleve naturel") == [pages["fr"]]
    assert await texts(shelf, "Häuser") == [pages["de"]]


@pytest.mark.parametrize("question", ["what is the", "the", "?!", "' | & !:* \\ (", "<->", "a:*b", "\u200b", "😀"])
async def test_questions_without_a_word_find_nothing(new_shelf: NewShelf, question: str) -> None:
    shelf = await new_shelf()
    await shelf.put("a.txt", "What is the matter with the cats?")
    assert await match(shelf, question) == []


async def test_quotes_in_words_are_words(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    await shelf.put("a.txt", "See /etc/o'neil\\x and user@example.org or https://a.example/b?c='d'")
    for question in ("user@example.org", "https://a.example/b?c='d'", "/etc/o'neil\\x"):
        assert len(await match(shelf, question)) == 1


async def test_page_texts_are_cut_around_the_passage(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    await shelf.put("a.txt", "one two three")
    (found,) = await match(shelf, "two")
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        pages = await queries.page_texts(session, shelf.owner_id, [found.chunk_id])
        assert pages == {found.chunk_id: queries.PageText("one two three", 0)}
        assert await queries.page_texts(session, shelf.owner_id, [UUID(int=1)]) == {}
