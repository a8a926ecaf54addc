"""What a worker does when its bell rings. arq calls these by name; each is a few lines around one operation."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from docvault.resources import Resources
from ingestion.extract.reader import Reader
from ingestion.pipeline import ingest

INGEST = "ingest_document"


class Desk:
    """The documents this worker is reading.

    arq cancels its jobs when Redis goes; reading a document does not need Redis, so it goes on here meanwhile.
    """

    def __init__(self, resources: Resources, reader: Reader) -> None:
        self._resources, self._reader = resources, reader
        self._slots = asyncio.Semaphore(resources.settings.worker_jobs)
        self._reading: set[asyncio.Task[None]] = set()

    async def read(self, owner_id: UUID, document_id: UUID) -> None:
        task = asyncio.create_task(self._read(owner_id, document_id))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        await asyncio.shield(task)

    async def _read(self, owner_id: UUID, document_id: UUID) -> None:
        async with self._slots:
            await ingest(self._resources, self._reader, owner_id, document_id)

    async def close(self) -> None:
        """Stop reading: each document is handed back for the next worker."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self._reader.close()


async def ingest_document(ctx: dict[str, Any], owner_id: str, document_id: str) -> None:
    desk: Desk = ctx["desk"]
    await desk.read(UUID(owner_id), UUID(document_id))
