"""All of a person's documents at one glance: how many wait, how long it will take, and what went wrong."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library import queries
from docvault.library.outlook import in_seconds, is_stalled
from docvault.library.queries import Counted
from ingestion.schemas import FailureView, IngestionView

NONE = Counted(0, 0.0)


async def overview(session: AsyncSession, owner_id: UUID) -> IngestionView:
    counted, desk = await queries.counted(session, owner_id), await queries.desk(session, owner_id)
    queued, reading = counted.get("queued", NONE), counted.get("processing", NONE)
    left = queued.left + reading.left
    stalled = is_stalled(reading.documents, desk.oldest_due_seconds)
    failed = counted.get("failed", NONE).documents
    return IngestionView(
        queued=queued.documents,
        processing=reading.documents,
        ready=counted.get("ready", NONE).documents,
        failed=failed,
        passages_left=round(left),
        passages_per_second=round(desk.pace.per_second, 1) if desk.pace.seconds else None,
        expected_seconds=None if stalled else in_seconds(left / desk.pace.per_second),
        oldest_waiting_seconds=in_seconds(desk.oldest_due_seconds),
        failures=[FailureView(*row) for row in await queries.failures(session, owner_id)] if failed else [],
    )
