"""Documents as their owner is shown them, with their place in the queue. A few queries, however many documents."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library import queries
from docvault.library.outlook import Outlook, is_stalled, outlook
from docvault.library.schemas import DocumentView, view
from docvault.models import Document, Revision


async def views(
    session: AsyncSession, owner_id: UUID, rows: Sequence[tuple[Document, Revision]], *, places: bool = True
) -> list[DocumentView]:
    """Without `places` nothing is said of the queue, which takes up to a tenth of a second where 100,000 wait."""
    outlooks = await _outlooks(session, owner_id, [document for document, _ in rows]) if places else {}
    coming = [document.pending_revision_id for document, _ in rows if document.pending_revision_id]
    numbers = await queries.revision_numbers(session, owner_id, coming) if coming else {}
    return [
        view(
            document,
            revision,
            outlook=outlooks.get(document.id),
            pending=document.pending_revision_id and numbers.get(document.pending_revision_id),
        )
        for document, revision in rows
    ]


async def find_view(session: AsyncSession, owner_id: UUID, id: UUID) -> DocumentView:
    """Raises `NotFound`."""
    (shown,) = await views(session, owner_id, [await queries.find(session, owner_id, id)])
    return shown


async def _outlooks(session: AsyncSession, owner_id: UUID, documents: Sequence[Document]) -> dict[UUID, Outlook]:
    waiting = [document for document in documents if document.status == "queued"]
    if not waiting and all(document.status != "processing" for document in documents):
        return {}
    desk = await queries.desk(session, owner_id)
    places = await queries.places(session, owner_id, waiting) if waiting else {}
    stalled = is_stalled(len(desk.reading), desk.oldest_due_seconds)
    return outlook(desk.reading, places, desk.pace.per_second, stalled=stalled)
