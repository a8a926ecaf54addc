"""From bytes to searchable: the only place that knows the order of the steps.

claim → extract and chunk (in the child process) → embed → index → ready. A chain of short transactions: none is open
while a document is read or embedded.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import structlog

from docvault.ai.embeddings import Vectors
from docvault.errors import DocumentError, DocVaultError, Unavailable
from docvault.logging import get_logger
from docvault.resources import Resources
from ingestion import queries
from ingestion.embed import embed, embedded_text
from ingestion.extract.document import Reading
from ingestion.extract.reader import Reader
from ingestion.index import index
from ingestion.progress import Progress, announce, heartbeat
from ingestion.queries import Claim, LostClaim

EXTRACTED = 0.3
"""Share of the whole that is done when the text is out: embedding takes most of the time."""

log = get_logger(__name__)


async def ingest(resources: Resources, reader: Reader, owner_id: UUID, document_id: UUID) -> None:
    """Read one document that is due. Returns when its row says how that ended, or somebody else has it."""
    async with resources.database.transaction(owner_id) as session:
        claim = await queries.claim(session, owner_id, document_id, resources.settings.lease)
    if claim is None:
        return
    with structlog.contextvars.bound_contextvars(document_id=str(document_id), attempt=claim.attempt):
        try:
            await _attempt(resources, reader, claim)
        except LostClaim:
            # Cancelled, say: its owner hears of that. Or its own last write was seen by its heartbeat.
            log.info("document.claim_lost")
        await announce(resources, owner_id, document_id)


async def _attempt(resources: Resources, reader: Reader, claim: Claim) -> None:
    try:
        if claim.tries > resources.settings.max_attempts:
            raise _gave_up(claim)
        async with heartbeat(resources, claim) as progress:
            await announce(resources, claim.owner_id, claim.document_id)
            await _steps(resources, reader, claim, progress)
    except LostClaim:
        raise
    except asyncio.CancelledError:
        # The worker is stopping: hand the document to the next one, at once and without blame.
        await asyncio.shield(_hand_back(resources, claim, 0.0, forgive=True))
        raise
    except Exception as error:
        await _settle(resources, claim, error)


async def _steps(resources: Resources, reader: Reader, claim: Claim, progress: Progress) -> None:
    reading = await _extract(resources, reader, claim, progress)
    if not reading.chunks:
        raise DocumentError("There is no text in this document.", code="no_text")
    progress.at("embedding", EXTRACTED)
    share = 0.98 - EXTRACTED
    vectors = np.empty((len(reading.chunks), resources.embedder.dimensions), dtype=np.float32)

    async def keep(places: Sequence[int], part: Vectors) -> None:
        vectors[list(places)] = part

    await embed(
        resources.embedder,
        [embedded_text(chunk) for chunk in reading.chunks],
        keep,
        lambda done: progress.at("embedding", EXTRACTED + share * done),
    )
    progress.at("indexing", 0.98)
    await index(resources, claim, reading, vectors)
    log.info("document.ready", pages=len(reading.extracted.pages), chunks=len(reading.chunks))


async def _extract(resources: Resources, reader: Reader, claim: Claim, progress: Progress) -> Reading:
    with tempfile.TemporaryDirectory(prefix="docvault-") as folder:
        try:
            async with resources.store.local_copy(claim.object_key, Path(folder)) as path:
                return await reader.read(
                    path,
                    filename=claim.filename,
                    content_type=claim.content_type,
                    on_progress=lambda done: progress.at("extracting", EXTRACTED * done),
                )
        except FileNotFoundError:
            raise DocumentError(
                "The bytes of this document are not in the store.",
                code=queries.CONTENT_MISSING,
                hint="Upload it again.",
            ) from None


async def _settle(resources: Resources, claim: Claim, error: Exception) -> None:
    """Fail for good, or queue another try."""
    known = error if isinstance(error, DocVaultError) else None
    permanent = isinstance(error, DocumentError) and error.permanent
    if known is None:
        log.error("document.attempt_broke", exc_info=error)
        known = DocumentError("Something went wrong on our side while reading this document.", code="internal")
    if not permanent and claim.tries < resources.settings.max_attempts:
        log.warning("document.retry", code=known.code, detail=known.detail, tries=claim.tries)
        await _hand_back(resources, claim, retry_delay(resources.settings.retry_delay, claim.tries))
        return
    log.warning("document.failed", code=known.code, detail=known.detail)
    async with resources.database.transaction(claim.owner_id) as session:
        await queries.fail(session, claim, known)


async def _hand_back(resources: Resources, claim: Claim, delay: float, *, forgive: bool = False) -> None:
    try:
        async with resources.database.transaction(claim.owner_id) as session:
            await queries.hand_back(session, claim, delay, forgive=forgive)
    except (LostClaim, Unavailable):
        log.info("document.left_to_its_lease")  # the sweeper finds it when the lease is over


def retry_delay(base: float, tries: int) -> float:
    """Seconds: doubled for each try, spread over half as much again, so that a crowd does not return together."""
    return base * 2 ** max(0, tries - 1) * random.uniform(1.0, 1.5)  # noqa: S311


def _gave_up(claim: Claim) -> DocumentError:
    return DocumentError(
        f"Reading this document broke off {claim.tries - 1} times without saying why.",
        code="gave_up",
        hint="It may need more memory than the worker has. Retry it, or upload it in smaller parts.",
    )
