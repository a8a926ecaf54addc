"""Make what was read searchable: one transaction, so that a searcher sees all of it or none."""

from __future__ import annotations

from docvault.ai.embeddings import Vectors
from docvault.fulltext import configuration
from docvault.resources import Resources
from ingestion import queries
from ingestion.extract.document import Reading
from ingestion.queries import Claim


async def index(resources: Resources, claim: Claim, reading: Reading, vectors: Vectors) -> None:
    """Raises `LostClaim`, having written nothing, when the document is no longer this attempt's."""
    extracted, chunks = reading.extracted, reading.chunks
    config = configuration(extracted.language, resources.settings.default_language)
    async with resources.database.transaction(claim.owner_id) as session:
        # First the row: it is locked from here on, and a lost claim stops here.
        await queries.write(
            session, claim, status="ready", stage="ready", progress=1.0, lease_until=None,
            title=extracted.title, language=extracted.language, warnings=extracted.warnings,
            pages=len(extracted.pages), chunks=len(chunks), tokens=sum(chunk.tokens for chunk in chunks),
        )  # fmt: skip
        ids = await queries.replace_reading(session, claim, extracted, chunks, config)
        await queries.add_vectors(session, claim, ids, resources.embedder.model_id, vectors)
