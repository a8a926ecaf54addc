"""SQL of what documents are read to, where there is much of it."""

from __future__ import annotations

from uuid import UUID

from docvault.resources import Resources
from ingestion import queries, reading_queries
from tests.ingestion.test_pipeline import person, quick, uploaded  # noqa: F401
from tests.people import Person

MOST_PARAMETERS = 32_767  # PostgreSQL's, of one statement


async def test_a_document_may_have_any_number_of_passages(quick: Resources, person: Person) -> None:  # noqa: F811
    id = await uploaded(person)
    hashes = [number.to_bytes(16, "big") for number in range(MOST_PARAMETERS + 10)]
    async with quick.database.transaction(UUID(person.id)) as session:
        claim = await queries.claim(session, UUID(person.id), id, 10)
        assert claim is not None
        assert await reading_queries.known_vectors(session, claim, "model", hashes) == set()
