"""What a worker does when its bell rings, and when it does not.

The queue is the table: a worker looks there for what is due whenever it has a hand free. arq's ring makes it look at
once; without one (Redis emptied, or gone) it looks every few seconds all the same. So nothing depends on a ring, and
whatever a dead worker left is found like everything else: it is due when its lease has run out.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any
from uuid import UUID

from docvault.errors import DocVaultError
from docvault.logging import get_logger
from docvault.resources import Resources
from ingestion import queries
from ingestion.extract.reader import Reader
from ingestion.pipeline import ingest

INGEST = "ingest_document"
AHEAD = 4  # rows looked at for each free hand: other workers take some of them first
log = get_logger(__name__)


class Desk:
    """The documents one worker is reading: at most `worker_jobs` at a time."""

    def __init__(self, resources: Resources, reader: Reader) -> None:
        self._resources, self._reader = resources, reader
        self._reading: dict[UUID, asyncio.Task[None]] = {}
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Look for work now."""
        self._bell.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._bell.clear()
            try:
                await self._take_what_is_due()
            except DocVaultError as error:
                log.warning("desk.cannot_look", reason=error.detail)
            except Exception as error:
                log.error("desk.failed", exc_info=error)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._resources.settings.sweep):
                    await self._bell.wait()

    async def close(self) -> None:
        """Stop reading: each document is handed back for the next worker."""
        reading = list(self._reading.values())
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    @property
    def _free(self) -> int:
        return self._resources.settings.worker_jobs - len(self._reading)

    async def _take_what_is_due(self) -> None:
        if not self._free:
            return  # looks again when one is done
        async with self._resources.database.lookup() as connection:
            due = await queries.due_documents(connection, self._free * AHEAD + len(self._reading))
        # Several workers see the same rows: in another order each, they seldom reach for the same one.
        random.shuffle(due)
        for owner_id, id in [row for row in due if row[1] not in self._reading][: self._free]:
            task = asyncio.create_task(self._read(owner_id, id))
            self._reading[id] = task

    async def _read(self, owner_id: UUID, id: UUID) -> None:
        try:
            await ingest(self._resources, self._reader, owner_id, id)
        except DocVaultError as error:
            log.warning("desk.could_not_read", document_id=str(id), reason=error.detail)
        except Exception as error:
            log.error("desk.reading_broke", document_id=str(id), exc_info=error)
        finally:
            del self._reading[id]
            self.ring()


async def ingest_document(ctx: dict[str, Any], _owner_id: str, _document_id: str) -> None:
    """arq's job. It does not wait for the document: arq would give a long job of a dead worker back far too late."""
    desk: Desk = ctx["desk"]
    desk.ring()
