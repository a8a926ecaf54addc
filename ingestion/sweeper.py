"""Removes objects that nobody holds: of uploads that never finished, and of documents that were deleted; and documents
that are in the trash for longer than they are kept there.

Every worker sweeps; doing it twice is harmless, because deleting what is gone is.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import groupby

from docvault.database import idle_seconds
from docvault.errors import DocVaultError
from docvault.library import queries as library
from docvault.library import trash_queries
from docvault.logging import get_logger
from docvault.resources import Resources
from docvault.unit_of_work import unit_of_work
from ingestion import queries, resumable

MOST = 1000  # rows one look takes; the next look takes the next
AGAIN = 60.0  # seconds until an object that could not be removed is tried again
CLEAR_EVERY = 3600.0  # seconds between two looks for what uploads left unfinished, and into the trash
log = get_logger(__name__)


async def sweep(resources: Resources) -> int:
    """One look. Returns how many objects it removed."""
    async with resources.database.lookup() as connection:
        due = await queries.due_objects(connection, MOST)
    removed = 0
    for owner_id, key in due:
        async with resources.database.transaction(owner_id) as session:
            # Due later if it cannot be removed now, so that the next look begins with the others.
            unowned = await queries.postpone_object(session, owner_id, key, AGAIN)
        if unowned:
            await resources.store.delete(key)
            async with resources.database.transaction(owner_id) as session:
                await queries.forget_object(session, owner_id, key)
            removed += 1
    return removed


async def clear_unfinished(resources: Resources) -> None:
    """What uploads whose process died left in the store, in its own form: half a file, an open multipart upload."""
    before = datetime.now(UTC) - timedelta(seconds=resources.settings.upload_expiry)
    if removed := await resources.store.clear_unfinished(before, lambda key: resumable.is_open(resources, key)):
        log.info("sweep.unfinished_removed", count=removed)


async def clear_trash(resources: Resources) -> int:
    """Delete for good what is in the trash for longer than it is kept there. How many documents."""
    if not resources.settings.trash_days:
        return 0
    before, removed = datetime.now(UTC) - timedelta(days=resources.settings.trash_days), 0
    async with resources.database.lookup() as connection:
        due = await trash_queries.expired_trash(connection, before, MOST)
    for owner_id, documents in groupby(due, lambda row: row[0]):
        ids = [id for _, id in documents]
        for start in range(0, len(ids), library.SLICE):
            async with unit_of_work(resources.database, resources.queue, resources.cache, owner_id) as unit:
                some = ids[start : start + library.SLICE]
                gone = await trash_queries.delete_trashed(unit.session, owner_id, before, some)
                unit.deleted(*gone)
            removed += len(gone)
    return removed


async def keep_sweeping(resources: Resources) -> None:
    """Until cancelled. A part that is away is logged and tried again at the next look."""
    cleared = -CLEAR_EVERY
    while True:
        try:
            if ended := await resources.database.end_frozen(idle_seconds(resources.settings)):
                log.warning("sweep.frozen_sessions_ended", count=ended)
            if removed := await sweep(resources):
                log.info("sweep.objects_removed", count=removed)
            if finished := await resumable.finish_whole(resources):
                log.info("sweep.uploads_finished", count=finished)
            if removed := await resumable.clear_expired(resources):
                log.info("sweep.uploads_removed", count=removed)
            if time.monotonic() - cleared >= CLEAR_EVERY:
                await clear_unfinished(resources)
                while removed := await clear_trash(resources):
                    log.info("sweep.trash_removed", count=removed)
                cleared = time.monotonic()
        except DocVaultError as error:
            log.warning("sweep.skipped", reason=error.detail)
        except Exception as error:
            log.error("sweep.failed", exc_info=error)
        await asyncio.sleep(resources.settings.sweep)
