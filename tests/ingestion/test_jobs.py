"""The desk, where what it needs is not there."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any
from uuid import UUID

import pytest

from docvault.resources import Resources
from ingestion import jobs, queries
from ingestion.jobs import Desk
from tests.ingestion.test_pipeline import ScriptedReader, person, uploaded  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tests.people import Person


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
    desk = Desk(quick, ScriptedReader())  # type: ignore[arg-type]
    running = asyncio.create_task(desk.run())
    try:
        found = await person.settled(str(id))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await desk.close()
    assert (found["status"], found["error"]["code"], started) == ("failed", "gave_up", 3)
