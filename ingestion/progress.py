"""How far a document is: kept on its row while it is read, and told to its owner as it happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from docvault.errors import RequestError, Unavailable
from docvault.library import queries as library
from docvault.library.schemas import view
from docvault.logging import get_logger
from docvault.resources import Resources
from ingestion import queries
from ingestion.queries import Claim, LostClaim

TICK = 1.0  # seconds between two looks for progress worth telling
log = get_logger(__name__)


def channel(owner_id: UUID) -> str:
    return f"docvault:events:{owner_id}"


async def announce(resources: Resources, owner_id: UUID, document_id: UUID) -> None:
    """Tell the owner's open pages what the document's row says now. Never raises.

    Nobody listening, no Redis, a document deleted meanwhile: no news is worth a reading that fails for it.
    """
    try:
        if not await resources.cache.execute_command("PUBSUB", "NUMSUB", channel(owner_id)):
            return
        async with resources.database.transaction(owner_id) as session:
            found = view(*await library.find(session, owner_id, document_id))
        await resources.cache.publish(channel(owner_id), msgspec.json.encode(found))
    except (RedisError, OSError, RequestError) as error:
        log.debug("events.silent", error=str(error))


class Progress:
    """`stage` names what is being done, `fraction` how much of the whole is."""

    def __init__(self) -> None:
        self.stage = "extracting"
        self.fraction = 0.0

    def at(self, stage: str, fraction: float) -> None:
        self.stage, self.fraction = stage, min(1.0, max(self.fraction, fraction))


@asynccontextmanager
async def heartbeat(resources: Resources, claim: Claim) -> AsyncGenerator[Progress]:
    """Keep the claim alive while the block runs.

    When the claim is lost the block is cancelled and `LostClaim` raised. A database that is away for less than the
    lease costs nothing; for longer, the claim is lost when it is back.
    """
    progress, work = Progress(), asyncio.current_task()
    assert work is not None
    lost = False

    async def beat() -> None:
        nonlocal lost
        try:
            await _keep_beating(resources, claim, progress)
        except LostClaim:
            lost = True
            work.cancel()

    beating = asyncio.create_task(beat())
    try:
        yield progress
    except asyncio.CancelledError:
        if not lost:
            raise
        work.uncancel()
        raise LostClaim("The document was given to another worker, cancelled or deleted.") from None
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _keep_beating(resources: Resources, claim: Claim, progress: Progress) -> None:
    settings, told, beaten = resources.settings, ("", -1.0), time.monotonic()
    while True:
        await asyncio.sleep(min(TICK, settings.heartbeat))
        now = (progress.stage, progress.fraction)
        if now == told and time.monotonic() - beaten < settings.heartbeat:
            continue
        try:
            async with resources.database.transaction(claim.owner_id) as session:
                await queries.beat(session, claim, *now, settings.lease)
        except Unavailable:
            log.warning("heartbeat.missed", document_id=str(claim.document_id))
            continue
        told, beaten = now, time.monotonic()
        await announce(resources, claim.owner_id, claim.document_id)
