"""From bytes to searchable: the only place that knows the order of the steps.

claim → scan → extract and chunk in the child process (or unpack) → embed → index → ready. A chain of short
transactions: none is open while a document is read or embedded.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID

import structlog

from docvault.ai.embeddings import Vectors
from docvault.errors import DocumentError, DocVaultError, ModelError, Unavailable
from docvault.logging import get_logger
from docvault.resources import Resources
from docvault.security.sealing import unseal
from ingestion import queries, reading_queries
from ingestion.archive import unpack
from ingestion.embed import embed, embedded_text, text_hash
from ingestion.extract.document import Reading
from ingestion.extract.reader import Reader
from ingestion.filetypes import ARCHIVES
from ingestion.index import index
from ingestion.outcome import tell
from ingestion.progress import Progress, announce, heartbeat
from ingestion.queries import Claim, LostClaim
from ingestion.scan import scan

EXTRACTED, EMBEDDED = 0.3, 0.98
"""Shares of the whole that are done when the text is out, and when it is embedded: that takes most of the time."""

OUTAGE_DOUBLINGS = 5
"""How often the wait for a part that is away is doubled: with the default of 2 seconds, to half a minute or more."""

BLAMED = {"database_too_slow"}
"""Codes of outages that may be this very document's doing: they cost it a try."""

BROKE_OFF = "embedder_broke_off"
"""Code of an embedder that ended or hung over this document, or one beside it. A crash, as if a worker had."""

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
        if claim.crashes >= resources.settings.max_crashes:
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
    if resources.settings.clamav:
        progress.at("scanning", 0.0)
        await _scan(resources, claim)
        progress.at("extracting", 0.0)
    if claim.content_type in ARCHIVES:
        async with _local_copy(resources, claim) as path:
            await unpack(resources, reader, claim, progress, path, _password(resources, claim))
        return
    reading = await _extract(resources, reader, claim, progress)
    if not reading.chunks:
        raise DocumentError("There is no text in this document.", code="no_text")
    progress.work = len(reading.chunks)
    progress.at("embedding", EXTRACTED)
    texts = [embedded_text(chunk) for chunk in reading.chunks]
    hashes = [text_hash(text) for text in texts]
    last = await _embed(resources, claim, progress, dict(zip(hashes, texts, strict=True)))
    progress.at("indexing", EMBEDDED)
    await index(resources, claim, reading, hashes, last)
    log.info("document.ready", pages=len(reading.extracted.pages), chunks=len(reading.chunks))


async def _embed(
    resources: Resources, claim: Claim, progress: Progress, texts: dict[bytes, str]
) -> tuple[Sequence[bytes], Vectors] | None:
    """Stage a vector for each text that the owner has none of. The last slice is handed back, to be staged with all."""
    model, database = resources.embedder.model_id, resources.database
    async with database.transaction(claim.owner_id) as session:
        await queries.hold(session, claim)
        known = await reading_queries.known_vectors(session, claim, model, list(texts))
    unknown = [hash for hash in texts if hash not in known]
    share, before = (EMBEDDED - EXTRACTED) / max(1, len(texts)), len(texts) - len(unknown)
    last: tuple[Sequence[bytes], Vectors] | None = None

    async def keep(places: Sequence[int], vectors: Vectors) -> None:
        nonlocal last
        if last:
            async with database.transaction(claim.owner_id) as session:
                await queries.hold(session, claim)
                await reading_queries.stage_vectors(session, claim, model, *last)
        last = [unknown[place] for place in places], vectors

    def told(done: float) -> None:
        progress.at("embedding", EXTRACTED + share * (before + done * len(unknown)))

    await embed(resources.embedder, [texts[hash] for hash in unknown], keep, told)
    return last


async def _extract(resources: Resources, reader: Reader, claim: Claim, progress: Progress) -> Reading:
    async with _local_copy(resources, claim) as path:
        return await reader.read(
            path,
            filename=claim.filename,
            content_type=claim.content_type,
            password=_password(resources, claim),
            on_progress=lambda done, pages: progress.pages(done, pages, EXTRACTED),
        )


async def _scan(resources: Resources, claim: Claim) -> None:
    with _content_there():
        async with resources.store.read(claim.object_key) as pieces:
            await scan(resources.settings, pieces)


@asynccontextmanager
async def _local_copy(resources: Resources, claim: Claim) -> AsyncGenerator[Path]:
    with _content_there(), tempfile.TemporaryDirectory(prefix="docvault-") as folder:
        async with resources.store.local_copy(claim.object_key, Path(folder)) as path:
            yield path


@contextmanager
def _content_there() -> Generator[None]:
    try:
        yield
    except FileNotFoundError:
        raise DocumentError(
            "The bytes of this document are not in the store.", code=queries.CONTENT_MISSING, hint="Upload it again."
        ) from None


def _password(resources: Resources, claim: Claim) -> str | None:
    if claim.password_sealed is None:
        return None
    return unseal(resources.settings, claim.owner_id, f"document:{claim.document_id}", claim.password_sealed)


async def _settle(resources: Resources, claim: Claim, error: Exception) -> None:
    """Fail for good, or queue another try."""
    known = error if isinstance(error, DocVaultError) else None
    permanent = isinstance(error, DocumentError) and error.permanent
    if known is None:
        log.error("document.attempt_broke", exc_info=error)
        known = DocumentError("Something went wrong on our side while reading this document.", code="internal")
    base = resources.settings.retry_delay
    if known.code == BROKE_OFF and claim.crashes + 1 < resources.settings.max_crashes:
        log.warning("document.embedder_broke_off", crashes=claim.crashes + 1)
        await _hand_back(resources, claim, retry_delay(base, claim.crashes + 1), forgive=True, crashed=True, why=known)
        return
    if known.code == BROKE_OFF:
        known, permanent = _model_gave_up(claim), True
    if not permanent and isinstance(error, Unavailable | ModelError) and error.code not in BLAMED:
        # A part of ours is away. The document can do nothing for it: it waits, however long that takes.
        log.warning("document.waits", code=known.code, detail=known.detail)
        await _hand_back(
            resources, claim, retry_delay(base, min(claim.attempt, OUTAGE_DOUBLINGS)), forgive=True, why=known
        )
        return
    if not permanent and claim.tries < resources.settings.max_attempts:
        log.warning("document.retry", code=known.code, detail=known.detail, tries=claim.tries)
        await _hand_back(resources, claim, retry_delay(base, claim.tries), why=known)
        return
    log.warning("document.failed", code=known.code, detail=known.detail)
    async with resources.database.transaction(claim.owner_id) as session:
        await queries.fail(session, claim, known)
        await tell(session, claim, "document.failed")


async def _hand_back(
    resources: Resources,
    claim: Claim,
    delay: float,
    *,
    forgive: bool = False,
    crashed: bool = False,
    why: DocVaultError | None = None,
) -> None:
    """While the database is away, it is asked again until the lease must be over: a lease that runs out is a crash."""
    patience = time.monotonic() + resources.settings.lease * (1 if why else 0)
    while True:
        try:
            async with resources.database.transaction(claim.owner_id) as session:
                await queries.hand_back(session, claim, delay, forgive=forgive, crashed=crashed, why=why)
            return
        except LostClaim:
            return
        except Unavailable:
            if time.monotonic() > patience:
                log.info("document.left_to_its_lease")
                return
        await asyncio.sleep(min(1.0, resources.settings.heartbeat))


def retry_delay(base: float, tries: int) -> float:
    """Seconds: doubled for each try, spread over half as much again, so that a crowd does not return together."""
    return base * 2 ** max(0, tries - 1) * random.uniform(1.0, 1.5)  # noqa: S311


def _gave_up(claim: Claim) -> DocumentError:
    return DocumentError(
        f"{claim.crashes} workers broke off while they read this document.",
        code="gave_up",
        hint="It may need more memory than the worker has. Retry it, or upload it in smaller parts.",
    )


def _model_gave_up(claim: Claim) -> DocumentError:
    return DocumentError(
        f"The embedding model broke off {claim.crashes + 1} times while it read this document.",
        code="embedder_broke_off",
        hint="The embedder's log may say why; it may need more memory. Retry the document after that.",
    )
