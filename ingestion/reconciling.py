"""The reconciler in the workers: once in a while, by one of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy import text

from docvault.database import Database
from docvault.ending import end
from docvault.errors import DocVaultError
from docvault.logging import get_logger
from docvault.resources import Resources
from ingestion.reconcile import Report, reconcile

FIRST_LOOK = (60.0, 120.0)
"""Seconds after its start until a worker looks whether it is time: a worker that lives shortly does so too."""
AWAKE = 2.0
"""Seconds between two signs of life on the connection that holds the lock: see `docvault.database.idle_seconds`."""
LAST = "docvault:reconciled"
NOBODY = UUID(int=0)
log = get_logger(__name__)


async def keep_reconciling(resources: Resources) -> None:
    """Until cancelled. What is away is logged, and tried at the next time."""
    every = resources.settings.reconcile_every
    if not every:
        return
    pause = min(every, random.uniform(*FIRST_LOOK))  # noqa: S311
    while True:
        await asyncio.sleep(pause)
        try:
            await reconcile_if_due(resources)
        except DocVaultError as error:
            log.warning("reconcile.skipped", reason=error.detail)
        except Exception as error:
            log.error("reconcile.failed", exc_info=error)
        pause = every * random.uniform(0.5, 1.0)  # noqa: S311


async def reconcile_if_due(resources: Resources) -> Report | None:
    """None when a worker has done it in this time, or is doing it."""
    async with alone(resources.database) as mine:
        if not mine or not await _is_due(resources):
            return None
        report = await reconcile(resources.database, resources.store, resources.settings)
    told = {f"{kind}_found": count for kind, count in sorted(report.found.items())}
    (log.info if report.fine else log.warning)(
        "reconcile.done", objects=report.objects, documents=report.documents, **told
    )
    return report


async def _is_due(resources: Resources) -> bool:
    """Redis only saves work here: emptied or away, the comparison is made once more."""
    try:
        return bool(await resources.cache.set(LAST, "1", nx=True, ex=resources.settings.reconcile_every))
    except (RedisError, OSError):
        return True


@asynccontextmanager
async def alone(database: Database) -> AsyncGenerator[bool]:
    """Whether nobody else is in such a block at this moment, and will not be until it is left.

    The lock is a transaction's and not a session's, which a pooler in front of PostgreSQL could leave behind. The
    transaction has read nothing, so it holds up no vacuum.
    """
    async with database.transaction(NOBODY) as session:
        lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended('docvault:reconcile', 0))")
        mine = bool(await session.scalar(lock))

        async def stay_awake() -> None:
            while True:
                await asyncio.sleep(AWAKE)
                await session.execute(text("SELECT 1"))

        awake = asyncio.create_task(stay_awake())
        try:
            yield mine
        finally:
            await end([awake])
