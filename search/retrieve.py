"""A question in, the passages that answer it out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import InvalidInput, ModelError, Unavailable
from docvault.fulltext import words
from docvault.resources import Resources
from docvault.settings import Settings
from search import queries
from search.fuse import Candidate, fuse
from search.marks import Wanted, Word, merged
from search.queries import Filters, Passage
from search.rank import SPARE, Hit, rank
from search.terms import Term, forms, term

Mode = Literal["hybrid", "semantic", "keyword"]


SPREAD = 5
"""Times as many candidates are looked up where a document may give only some hits: the rest comes from others."""


class Query(msgspec.Struct, frozen=True):
    """`text` is not blank, see `check`. `per_document` is how many hits one document may give at most."""

    text: str
    top_k: int
    mode: Mode = "hybrid"
    filters: Filters = Filters()
    per_document: int | None = None


def check(settings: Settings, text: str, top_k: int = 1, *, name: str = "query") -> str:
    """`text` as it is searched by. Raises `InvalidInput`, naming the limit that was passed."""
    cleaned = text.replace("\0", " ").encode("utf-8", "replace").decode().strip()
    if not cleaned:
        raise InvalidInput(f"`{name}` is empty.", code="empty_query", hint="Ask something.")
    if len(cleaned) > settings.max_question_chars:
        raise InvalidInput(
            f"`{name}` has {len(cleaned):,} characters; {settings.max_question_chars:,} are the most.",
            code="query_too_long",
        )
    if not 1 <= top_k <= settings.max_top_k:
        raise InvalidInput(f"`top_k` must be from 1 to {settings.max_top_k}.", code="invalid_top_k")
    return cleaned


async def retrieve(resources: Resources, owner_id: UUID, query: Query) -> list[Hit]:
    """At most `top_k` hits, best first, in one transaction that opens after the question was embedded.

    Raises `Unavailable` when the embedding model or the database does not answer.
    """
    vector = [] if query.mode == "keyword" else await _embedded(resources, query.text)
    async with resources.database.transaction(owner_id, snapshot=True) as session:
        asked = await _terms(session, resources, owner_id, query)
        candidates = await _candidates(session, resources, owner_id, query, vector, [term(form) for form in asked])
        hits = await _hits(session, owner_id, query, candidates)
        return await _marked(session, hits, {lexeme for form in asked for lexeme in form})


async def _hits(session: AsyncSession, owner_id: UUID, query: Query, candidates: Sequence[Candidate]) -> list[Hit]:
    """Looks at as many candidates as it takes: twice as many each time, so that it seldom is more than once."""
    passages: dict[UUID, Passage] = {}
    known, wanted = 0, query.top_k + SPARE
    hits: list[Hit] = []
    while known < len(candidates) and len(hits) < query.top_k:
        passages |= await queries.passages(session, owner_id, [one.chunk_id for one in candidates[known:wanted]])
        hits = rank(candidates, passages, query.top_k, query.per_document)
        known, wanted = wanted, 2 * wanted
    return hits


async def _terms(session: AsyncSession, resources: Resources, owner_id: UUID, query: Query) -> list[tuple[str, ...]]:
    """The question's words as `forms` gives them; none where words are not what is searched by."""
    if query.mode == "semantic":
        return []
    language = resources.settings.default_language
    return forms(await queries.lexemes(session, owner_id, words(query.text), language))


async def _marked(session: AsyncSession, hits: list[Hit], lexemes: Collection[str]) -> list[Hit]:
    """Each with the places of the words that brought it here."""
    if not lexemes:
        return hits
    wanted = Wanted(lexemes)
    candidates = [wanted.candidates(hit.passage.text, hit.passage.configuration) for hit in hits]
    asked = {word: None for places in candidates for word in places}
    found = await queries.answering(session, wanted.lexemes, asked) if asked else set[Word]()
    return [
        hit._replace(marks=merged([
            *(place for word in places.keys() & found for place in places[word]),
            *wanted.unspaced(hit.passage.text),
        ]))
        for hit, places in zip(hits, candidates, strict=True)
    ]  # fmt: skip


async def _embedded(resources: Resources, text: str) -> list[float]:
    try:
        return (await resources.embedder.embed_query(text)).tolist()
    except ModelError as error:
        raise Unavailable(
            error.detail, code="embedder_unavailable", hint='Try again in a moment, or search with `"mode": "keyword"`.'
        ) from error


async def _candidates(
    session: AsyncSession, resources: Resources, owner_id: UUID, query: Query, vector: Sequence[float],
    found: Sequence[Term],
) -> list[Candidate]:  # fmt: skip
    depth = max(resources.settings.search_candidates, query.top_k + SPARE)
    limit = depth if query.per_document is None else SPREAD * depth
    model = resources.embedder.model_id
    if query.mode == "semantic":
        near = await queries.nearest(session, owner_id, model, vector, query.filters, limit)
        return [Candidate(id, max(0.0, cosine), cosine, 0.0) for id, cosine in near]
    if query.mode == "keyword":
        matches = await queries.matching(session, owner_id, found, query.filters, limit)
        return [Candidate(match.chunk_id, match.bm25, None, match.share) for match in matches]
    return fuse(*await queries.both(session, owner_id, model, vector, found, query.filters, limit), depth)
