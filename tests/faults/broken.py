"""Workers and APIs with a fault of their own, to see that the checks find it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ingestion.pipeline as pipeline
import ingestion.queries as queries
import ingestion.reading_queries as reading_queries
from docvault.resources import Resources
from ingestion.extract.document import Reading
from ingestion.index import index
from ingestion.queries import Claim

HALF = 2


def index_in_two_transactions() -> None:
    """Some passages are committed before the others: who searches meanwhile finds half a document."""

    async def in_two(
        resources: Resources, claim: Claim, reading: Reading, hashes: Sequence[bytes], last: Any = None
    ) -> None:
        extracted, config = reading.extracted, "english"
        async with resources.database.transaction(claim.owner_id) as session:
            await reading_queries.replace_reading(
                session, claim, extracted, reading.chunks[:HALF], hashes[:HALF], config
            )
        async with resources.database.transaction(claim.owner_id) as session:
            await queries.beat(session, claim, resources.settings.lease)
        await index(resources, claim, reading, hashes, last)

    pipeline.index = in_two


def keys_are_not_noted() -> None:
    """Bytes are stored under keys that nobody has written down."""

    async def forgetful(*_: Any) -> None: ...

    queries.reserve_object = forgetful


KINDS: dict[str, Callable[[], None]] = {
    "index in two transactions": index_in_two_transactions,
    "keys are not noted": keys_are_not_noted,
}
