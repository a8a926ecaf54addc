"""The heart of a document, and that it stops."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any
from uuid import UUID

import pytest

from docvault import ending
from docvault.resources import Resources
from ingestion import progress, queries
from ingestion.progress import heartbeat
from tests.ingestion.test_pipeline import person, uploaded  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tests.people import Person


async def test_a_heart_that_missed_its_cancellation_stops(
    resources: Resources,
    changed: Any,
    person: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would keep the document for ever: each beat makes the lease longer, and the reading waits for its end."""
    monkeypatch.setattr(ending, "AGAIN", 0.1)
    quick = dataclasses.replace(resources, settings=changed(heartbeat=0.01))
    telling = asyncio.Event()

    async def swallows(*_: object) -> None:
        if not telling.is_set():
            telling.set()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.Event().wait()

    monkeypatch.setattr(progress, "announce", swallows)
    id, owner = await uploaded(person), UUID(person.id)
    async with quick.database.transaction(owner) as session:
        claim = await queries.claim(session, owner, id, lease=30)
    assert claim
    async with asyncio.timeout(30):
        async with heartbeat(quick, claim):
            await telling.wait()
    async with quick.database.transaction(owner) as session:
        await queries.hand_back(session, claim, 0.0, forgive=True)
