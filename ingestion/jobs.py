"""What a worker does when its bell rings, and when it does not.

The queue is the table: a worker looks there for what is due whenever it has a hand free. arq's ring makes it look at
once; without one (Redis emptied, or gone) it looks every few seconds all the same. So nothing depends on a ring, and
whatever a dead worker left is found like everything else: it is due when its lease has run out.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from docvault.ending import end
from docvault.errors import DocVaultError
from docvault.logging import get_logger
from docvault.resources import Resources
from docvault.settings import as_environment
from ingestion import queries
from ingestion.extract.reader import Reader
from ingestion.pipeline import OUTAGE_DOUBLINGS, ingest, retry_delay

INGEST = "ingest_document"
AHEAD = 4  # rows looked at for each free hand: other workers take some of them first
FARTHEST = 1024  # rows looked at where what comes first cannot be begun now
AWAY = os.EX_TEMPFAIL  # how a process ends that read nothing because a part of ours is away
STOP_ALONE = 5.0  # seconds a process that reads alone may take to hand its document back
BEGIN_ALONE = 300.0  # seconds it may take to begin with it
LOOKS = 3  # one that is done has a minute to end, and after an outage of the database it may just be about to go on
log = get_logger(__name__)


class Desk:
    """The documents one worker is reading: at most `worker_jobs` at a time."""

    def __init__(self, resources: Resources, reader: Reader) -> None:
        self._resources, self._reader = resources, reader
        self._reading: dict[UUID, asyncio.Task[None]] = {}
        self._alone: set[UUID] = set()
        self._bell = asyncio.Event()
        self._closing = False

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

    async def close(self, grace: float = 0.0) -> None:
        """Take nothing more, go on for at most `grace` seconds, then hand back what is not done."""
        self._closing = True
        reading = list(self._reading.values())
        if reading:
            await asyncio.wait(reading, timeout=grace)
        await end(reading)

    @property
    def _free(self) -> int:
        return self._resources.settings.worker_jobs - len(self._reading)

    async def _take_what_is_due(self) -> None:
        if not self._free or self._closing:
            return  # looks again when one is done
        looked = self._free * AHEAD + len(self._reading)
        while True:
            async with self._resources.database.lookup() as connection:
                due = await queries.due_documents(connection, looked)
            self._begin(due)
            if not self._free or self._closing or len(due) < looked or looked >= FARTHEST:
                return
            looked = min(FARTHEST, looked * AHEAD)

    def _begin(self, due: Sequence[tuple[UUID, UUID, int]]) -> None:
        for owner_id, id, crashes in due:
            if not self._free or self._closing:
                return
            # What went down with a worker may have been its doing: it is tried again where it takes nobody with it.
            alone = 0 < crashes < self._resources.settings.max_crashes
            if id in self._reading or (alone and len(self._alone) >= self._most_alone):
                continue
            if alone:
                self._alone.add(id)
            read = self._read_alone if alone else self._read_here
            self._reading[id] = asyncio.create_task(self._read(owner_id, id, read))

    @property
    def _most_alone(self) -> int:
        """Each has a process and a reader of its own, and others wait too."""
        return max(1, self._resources.settings.worker_jobs // 2)

    async def _read(self, owner_id: UUID, id: UUID, read: Callable[[UUID, UUID], Awaitable[None]]) -> None:
        try:
            await read(owner_id, id)
        except DocVaultError as error:
            log.warning("desk.could_not_read", document_id=str(id), reason=error.detail)
        except Exception as error:
            log.error("desk.reading_broke", document_id=str(id), exc_info=error)
        finally:
            del self._reading[id]
            self._alone.discard(id)
            self.ring()

    async def _read_here(self, owner_id: UUID, id: UUID) -> None:
        await ingest(self._resources, self._reader, owner_id, id)

    async def _read_alone(self, owner_id: UUID, id: UUID) -> None:
        """In a process of its own, with a reader and a lease of its own."""
        code = await self._run_alone(owner_id, id)
        if code:
            log.warning("desk.alone_broke", document_id=str(id), code=code)
            # If it did not even begin, it would not the next moment either.
            delay = retry_delay(self._resources.settings.retry_delay, OUTAGE_DOUBLINGS)
            async with self._resources.database.transaction(owner_id) as session:
                await queries.put_off(session, owner_id, id, delay, blame=code != AWAY)

    async def _run_alone(self, owner_id: UUID, id: UUID) -> int:
        arguments = ["-m", "ingestion.alone", str(os.getpid()), str(owner_id), str(id)]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL,
                env=as_environment(self._resources.settings),
            )  # fmt: skip
        except OSError as error:
            log.error("desk.cannot_start_a_process", document_id=str(id), error=str(error))
            return AWAY
        log.info("desk.reads_alone", document_id=str(id), process=process.pid)
        try:
            return await self._watched(process, owner_id, id)
        except asyncio.CancelledError:
            await asyncio.shield(_stop(process))
            raise

    async def _watched(self, process: asyncio.subprocess.Process, owner_id: UUID, id: UUID) -> int:
        """Its exit code. One that is alive and does nothing, frozen or stuck, would keep a hand of this worker for
        ever, and its document where there is no other worker: it is killed `LOOKS` leases after it lost that."""
        began, claim, looks = time.monotonic(), None, 0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._resources.settings.lease):
                    return await process.wait()
            with suppress(DocVaultError):  # nobody can say now: then at the next look
                async with self._resources.database.transaction(owner_id) as session:
                    standing = await queries.standing(session, owner_id, id)
                if claim is None and standing.held:
                    claim = standing.attempt
                begins = standing.due and time.monotonic() - began < BEGIN_ALONE
                reads = standing.held and standing.attempt == claim
                looks = 0 if begins or reads else looks + 1
                if looks >= LOOKS:
                    log.warning("desk.alone_is_stuck", document_id=str(id), process=process.pid)
                    with suppress(ProcessLookupError):  # it ended while we looked
                        process.kill()


async def _stop(process: asyncio.subprocess.Process) -> None:
    """It hands its document back first, if it can."""
    with suppress(ProcessLookupError):
        process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_ALONE):
                await process.wait()
                return
        process.kill()
        await process.wait()


async def ingest_document(ctx: dict[str, Any], _owner_id: str, _document_id: str) -> None:
    """arq's job. It does not wait for the document: arq would give a long job of a dead worker back far too late."""
    desk: Desk = ctx["desk"]
    desk.ring()
