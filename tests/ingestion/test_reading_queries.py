"""SQL of what documents are read to, where there is much of it."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from sqlalchemy import text

from docvault.resources import Resources
from ingestion import queries, reading_queries
from ingestion.extract.document import Chunk, Extracted, Page
from tests.ingestion.test_pipeline import person, quick, uploaded  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tests.people import Person

MOST_PARAMETERS = 32_767  # PostgreSQL's, of one statement


async def test_a_document_may_have_any_number_of_passages(quick: Resources, person: Person) -> None:  # noqa: F811
    id = await uploaded(person)
    hashes = [number.to_bytes(16, "big") for number in range(MOST_PARAMETERS + 10)]
    async with quick.database.transaction(UUID(person.id)) as session:
        claim = await queries.claim(session, UUID(person.id), id, 10)
        assert claim is not None
        assert await reading_queries.known_vectors(session, claim, "model", hashes) == set()


async def test_vectors_are_found_by_their_key_and_not_by_comparing_all(
    quick: Resources,  # noqa: F811
    person: Person,  # noqa: F811
) -> None:
    """Whatever the statistics say: those of a new vault know nothing, and a document of 60,000 passages took hours."""
    id, many, model = await uploaded(person), 1500, quick.embedder.model_id
    hashes = [number.to_bytes(16, "big") for number in range(many)]
    chunks = [Chunk(number, 1, 0, 1, "a", [], "", 1, []) for number in range(many)]
    fetched = text(
        "SELECT pg_stat_get_xact_tuples_fetched('staged_vectors'::regclass) + "
        "pg_stat_get_xact_tuples_returned('staged_vectors'::regclass) + "
        "pg_stat_get_xact_tuples_returned('staged_vectors_pkey'::regclass)"
    )
    async with quick.database.transaction(UUID(person.id)) as session:
        claim = await queries.claim(session, UUID(person.id), id, 10)
        assert claim is not None
        vectors = np.ones((many, quick.embedder.dimensions), np.float32)
        await reading_queries.stage_vectors(session, claim, model, hashes, vectors)
        await reading_queries.replace_reading(session, claim, Extracted([Page(1, "a", [])]), chunks, hashes, "simple")
        before = await session.scalar(fetched)
        assert await reading_queries.add_vectors(session, claim, model, many) == many
        after = await session.scalar(fetched)
        assert after - before < 10 * many
