"""The desk, where what it needs is not there."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from docvault.resources import Resources
from ingestion import jobs, queries
from ingestion.jobs import Desk
from tests.ingestion.test_pipeline import ScriptedReader, person, uploaded  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tests.people import Person


@asynccontextmanager
async def at_work(resources: Resources) -> AsyncGenerator[None]:
    desk = Desk(resources, ScriptedReader())  # type: ignore[arg-type]
    running = asyncio.create_task(desk.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await desk.close()


async def test_a_process_that_cannot_start_keeps_no_document_waiting_for_ever(
    resources: Resources,
    changed: Any,
    person: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It counts as another crash, after a pause: the document ends with a reason, and the desk has its hand free."""
    quick = dataclasses.replace(resources, settings=changed(max_crashes=3, retry_delay=0.01))
    monkeypatch.setattr(jobs.sys, "executable", "/bin/false")
    id, started = await uploaded(person), 0
    async with quick.database.transaction(UUID(person.id)) as session:
        assert await queries.claim(session, UUID(person.id), id, lease=-1)
    start = asyncio.create_subprocess_exec

    async def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal started
        started += str(id) in arguments
        return await start(*arguments, **options)

    monkeypatch.setattr(jobs.asyncio, "create_subprocess_exec", counted)
    async with at_work(quick):
        found = await person.settled(str(id))
    assert (found["status"], found["error"]["code"], started) == ("failed", "gave_up", 3)


async def test_a_process_that_reads_alone_and_freezes_is_killed(
    resources: Resources,
    changed: Any,
    person: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is no other worker: the one that waits for it would wait for ever, and the document with it."""
    quick = dataclasses.replace(resources, settings=changed(lease=0.3, max_crashes=3, retry_delay=0.01, sweep=0.05))
    id, owner, frozen = await uploaded(person), UUID(person.id), 0
    async with quick.database.transaction(owner) as session:
        assert await queries.claim(session, owner, id, lease=-1)
    start = asyncio.create_subprocess_exec

    async def freezes(*arguments: Any, **options: Any) -> Any:
        """After it has claimed its document."""
        nonlocal frozen
        if str(id) not in arguments:
            return await start(*arguments, **options)
        async with quick.database.transaction(owner) as session:
            assert await queries.claim(session, owner, id, lease=0.1)
        frozen += 1
        process = await start("/bin/sleep", "3600")
        process.send_signal(signal.SIGSTOP)
        return process

    monkeypatch.setattr(jobs.asyncio, "create_subprocess_exec", freezes)
    async with at_work(quick):
        found = await person.settled(str(id))
    assert (found["status"], found["error"]["code"]) == ("failed", "gave_up")
    assert frozen >= 1


async def test_a_frozen_process_that_lost_its_document_frees_its_hand(
    resources: Resources,
    changed: Any,
    person: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for its document any more: here it was cancelled, or another worker may have read it."""
    quick = dataclasses.replace(resources, settings=changed(lease=0.1, max_crashes=3, sweep=0.05))
    id, owner = await uploaded(person), UUID(person.id)
    async with quick.database.transaction(owner) as session:
        assert await queries.claim(session, owner, id, lease=-1)
    start, started = asyncio.create_subprocess_exec, asyncio.Event()
    processes: list[asyncio.subprocess.Process] = []

    async def freezes(*arguments: Any, **options: Any) -> Any:
        if str(id) not in arguments:
            return await start(*arguments, **options)
        async with quick.database.transaction(owner) as session:
            assert await queries.claim(session, owner, id, lease=3600)
        processes.append(await start("/bin/sleep", "3600"))
        processes[0].send_signal(signal.SIGSTOP)
        started.set()
        return processes[0]

    monkeypatch.setattr(jobs.asyncio, "create_subprocess_exec", freezes)
    async with at_work(quick):
        await started.wait()
        async with quick.database.transaction(owner) as session:
            assert await queries.cancel(session, owner, id)
        async with asyncio.timeout(60):
            assert await processes[0].wait() == -signal.SIGKILL
    assert (await person.settled(str(id)))["error"]["code"] == "cancelled"


async def test_what_crashed_does_not_keep_free_hands_from_the_others(
    resources: Resources,
    changed: Any,
    person: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It stands first in the queue, and only half of the hands may read alone."""
    quick = dataclasses.replace(resources, settings=changed(worker_jobs=2, max_crashes=3, sweep=0.05))
    owner, over = UUID(person.id), asyncio.Event()
    for _ in range(jobs.AHEAD * 3):
        id = await uploaded(person)
        async with quick.database.transaction(owner) as session:
            assert await queries.claim(session, owner, id, lease=-1)

    async def waits(_self: Desk, _owner: UUID, _id: UUID) -> None:
        await over.wait()

    monkeypatch.setattr(Desk, "_read_alone", waits)
    healthy = await uploaded(person)
    async with at_work(quick):
        found = await person.settled(str(healthy))
        over.set()
    async with quick.database.transaction(owner) as session:  # or other tests would read them first, one by one
        await session.execute(text("DELETE FROM documents"))
    assert found["status"] == "ready"
