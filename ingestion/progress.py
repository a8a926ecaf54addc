"""How far a document is: kept on its row while it is read, and told to its owner as it happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from docvault import news
from docvault.ending import end
from docvault.errors import Unavailable
from docvault.logging import get_logger
from docvault.resources import Resources
from ingestion import queries
from ingestion.queries import Claim, LostClaim

TICK = 1.0  # seconds between two looks for progress worth telling
log = get_logger(__name__)


async def announce(resources: Resources, owner_id: UUID, *documents: UUID) -> None:
    """Tell the owner's open pages that these documents' rows say something new. Never raises."""
    await news.tell(resources.cache, owner_id, changed=documents)


class Progress:
    """`stage` names what is being done, `fraction` how much of the whole is, `work` the passages there are to do."""

    def __init__(self) -> None:
        self.stage = "extracting"
        self.fraction = 0.0
        self.pages_done = 0
        self.pages_total = 0
        self.work: int | None = None

    def at(self, stage: str, fraction: float) -> None:
        self.stage, self.fraction = stage, min(1.0, max(self.fraction, fraction))

    def pages(self, done: int, total: int, share: float) -> None:
        """`done` of `total` pages are out, and all of them are `share` of the whole. A `total` of 0 says nothing."""
        if total > 0:
            self.pages_done, self.pages_total = min(done, total), total
            self.at(self.stage, share * min(1.0, done / total))

    def values(self) -> dict[str, Any]:
        """As columns of the document's row."""
        values: dict[str, Any] = {
            "stage": self.stage,
            "progress": self.fraction,
            "pages_done": self.pages_done,
            "pages_total": self.pages_total,
        }
        return values if self.work is None else {**values, "work": self.work}


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
        with suppress(asyncio.CancelledError):  # what was done in the block is done, whoever has the document now
            await end([beating])


async def _keep_beating(resources: Resources, claim: Claim, progress: Progress) -> None:
    settings, beaten = resources.settings, time.monotonic()
    told: dict[str, Any] = {}
    while True:
        await asyncio.sleep(min(TICK, settings.heartbeat))
        now = progress.values()
        if now == told and time.monotonic() - beaten < settings.heartbeat:
            continue
        try:
            async with resources.database.transaction(claim.owner_id) as session:
                await queries.beat(session, claim, settings.lease, **now)
        except LostClaim:
            raise
        except Unavailable:
            log.warning("heartbeat.missed", document_id=str(claim.document_id))
            continue
        except Exception as error:  # a heart that stops for a fault of ours would give the document away
            log.error("heartbeat.broke", document_id=str(claim.document_id), exc_info=error)
            continue
        told, beaten = now, time.monotonic()
        await announce(resources, claim.owner_id, claim.document_id)
