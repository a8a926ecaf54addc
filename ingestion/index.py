"""Make what was read searchable: one transaction, so that a searcher sees all of it or none."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func

from docvault.ai.embeddings import Vectors
from docvault.errors import DocVaultError
from docvault.fulltext import configuration
from docvault.resources import Resources
from ingestion import queries, reading_queries
from ingestion.extract.document import Reading
from ingestion.outcome import tell
from ingestion.queries import Claim


async def index(
    resources: Resources,
    claim: Claim,
    reading: Reading,
    hashes: Sequence[bytes],
    last: tuple[Sequence[bytes], Vectors] | None = None,
) -> None:
    """The document is what this attempt read, and no longer what it was before.

    `hashes` name each passage's staged vector; `last` are vectors, by their hashes, that are not staged yet. Raises
    `LostClaim`, having written nothing, when the document is no longer this attempt's.
    """
    extracted, chunks, model = reading.extracted, reading.chunks, resources.embedder.model_id
    config = configuration(extracted.language, resources.settings.default_language)
    async with resources.database.transaction(claim.owner_id) as session:
        # First the row: it is locked from here on, and a lost claim stops here.
        await queries.write(
            session, claim, status="ready", stage="ready", progress=1.0, lease_until=None, finished_at=func.now(),
            crashes=0, password_sealed=None, title=extracted.title, language=extracted.language,
            warnings=extracted.warnings, pages=len(extracted.pages), pages_done=len(extracted.pages),
            pages_total=len(extracted.pages), chunks=len(chunks), work=len(chunks),
            tokens=sum(chunk.tokens for chunk in chunks),
        )  # fmt: skip
        if last:
            await reading_queries.stage_vectors(session, claim, model, *last)
        await reading_queries.replace_reading(session, claim, extracted, chunks, hashes, config)
        given = await reading_queries.add_vectors(session, claim, model, len(chunks))
        if given != len(chunks):
            raise DocVaultError(f"{len(chunks) - given} passages have no vector.", code="vectors_missing")
        await reading_queries.release_members(session, claim)
        await reading_queries.serve_revision(session, claim)
        await tell(session, claim, "document.ready")
