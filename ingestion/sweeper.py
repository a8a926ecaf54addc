"""What nobody rang for: documents that are due, documents whose worker died, and objects that nobody holds.

Every worker sweeps; doing it twice is harmless, because ringing twice is, and deleting what is gone is too.
"""

from __future__ import annotations

import asyncio

from docvault.errors import DocVaultError
from docvault.logging import get_logger
from docvault.queue import Ring
from docvault.resources import Resources
from ingestion import queries
from ingestion.jobs import INGEST

MOST = 1000  # rows one look takes; the next look takes the next
log = get_logger(__name__)


async def sweep(resources: Resources) -> None:
    """One look."""
    async with resources.database.lookup() as connection:
        documents = await queries.due_documents(connection, MOST)
        objects = await queries.due_objects(connection, MOST)
    await resources.queue.ring(*(Ring(INGEST, owner_id, id) for owner_id, id in documents))
    for owner_id, key in objects:
        await resources.store.delete(key)
        async with resources.database.transaction(owner_id) as session:
            await queries.forget_object(session, owner_id, key)
    if objects:
        log.info("sweep.objects_removed", count=len(objects))


async def keep_sweeping(resources: Resources) -> None:
    """Until cancelled. A part that is away is logged and tried again at the next look."""
    while True:
        try:
            await sweep(resources)
        except DocVaultError as error:
            log.warning("sweep.skipped", reason=error.detail)
        except Exception as error:
            log.error("sweep.failed", exc_info=error)
        await asyncio.sleep(resources.settings.sweep)
