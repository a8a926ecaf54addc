"""SQL of revisions: the newer one that is to be read, the one that is served, and those that nobody needs any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Uuid, case, column, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library.queries import SLICE, among
from docvault.models import Document, Revision, UnownedObject
from docvault.security.access import owned
from ingestion.queries import queued_afresh


class Change(NamedTuple):
    """`revision` is to be read in the place of `document`, which is locked; `work` is the passages it may have."""

    document: Document
    revision: Revision
    work: int


async def revise(session: AsyncSession, owner_id: UUID, changes: Sequence[Change]) -> None:
    """What is served now is served until the new revision is read. One that was never served gives way at once, with
    its bytes. A few statements, however many documents."""
    if not changes:
        return
    ids = [change.document.id for change in changes]
    newest = await _numbers(session, owner_id, ids)
    for change in changes:
        change.revision.number = newest.get(change.document.id, 0) + 1
    session.add_all([change.revision for change in changes])
    await session.flush()
    await _put(session, owner_id, changes)
    new, served = [each.revision.id for each in changes], [d.revision_id for d, _, _ in changes if is_served(d)]
    for start in range(0, len(ids), SLICE):
        old = (owned(Revision, owner_id), among(Revision.document_id, ids[start : start + SLICE]))
        await discard_revisions(session, *old, ~among(Revision.id, [*new, *served]))
    fresh = select(Document).where(owned(Document, owner_id), among(Document.id, ids))
    await session.execute(fresh.execution_options(populate_existing=True))


async def _numbers(session: AsyncSession, owner_id: UUID, ids: Collection[UUID]) -> Mapping[UUID, int]:
    query = select(Revision.document_id, func.max(Revision.number).label("newest")).group_by(Revision.document_id)
    rows = await session.execute(query.where(owned(Revision, owner_id), among(Revision.document_id, ids)))
    return {row.document_id: row.newest for row in rows}


async def _put(session: AsyncSession, owner_id: UUID, changes: Sequence[Change]) -> None:
    """Where each revision belongs: in the document's place, or behind the one that is served."""
    given = func.unnest(
        literal([change.document.id for change in changes], ARRAY(Uuid)),
        literal([change.revision.id for change in changes], ARRAY(Uuid)),
        literal([change.work for change in changes], ARRAY(Integer)),
    ).table_valued(column("id", Uuid), column("revision_id", Uuid), column("work", Integer), name="given")
    given = given.render_derived()
    served = [change.document.id for change in changes if is_served(change.document)]
    pending = among(Document.id, served)
    statement = update(Document).where(owned(Document, owner_id), Document.id == given.c.id)
    places = {
        "pending_revision_id": case((pending, given.c.revision_id), else_=Document.pending_revision_id),
        "revision_id": case((pending, Document.revision_id), else_=given.c.revision_id),
    }
    values = queued_afresh() | places | {"work": given.c.work}
    await session.execute(statement.values(values).execution_options(synchronize_session=False))


def is_served(document: Document) -> bool:
    """Whether searches find what `revision_id` was read to."""
    return document.status == "ready" or document.pending_revision_id is not None or document.chunks > 0


async def keep_served(session: AsyncSession, document: Document) -> None:
    """Give up the newer revision: the document is again what it was before that was uploaded."""
    served = {
        "pending_revision_id": None, "status": "ready", "stage": "ready", "progress": 1.0, "lease_until": None,
        "attempt": Document.attempt + 1, "updated_at": func.now(), "password_sealed": None,
        "error_code": None, "error_detail": None, "error_hint": None,
    }  # fmt: skip
    this = (owned(Document, document.owner_id), Document.id == document.id)
    await session.execute(update(Document).where(*this).values(served))
    mine = (owned(Revision, document.owner_id), Revision.document_id == document.id)
    await discard_revisions(session, *mine, Revision.id != document.revision_id)
    await session.refresh(document)


async def discard_revisions(session: AsyncSession, *which: Any) -> None:
    """Remove revisions with all that was read from them; their bytes go with the sweeper's next look."""
    keys = select(Revision.owner_id, Revision.object_key, func.now()).where(*which)
    await session.execute(insert(UnownedObject).from_select(["owner_id", "object_key", "due_at"], keys))
    await session.execute(delete(Revision).where(*which))
