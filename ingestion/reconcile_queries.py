"""SQL of the reconciler: what the database says about one owner's objects, and what it must never undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.models import Chunk, Document, Page, ResumableUpload, Revision, StagedVector, UnownedObject, User
from docvault.security.access import owned
from ingestion import queries
from ingestion.filetypes import ARCHIVES
from ingestion.queries import LOST_CONTENT
from ingestion.revision_queries import discard_revisions

MISSING = "The file itself is no longer in the store. What was read of it can still be searched; upload it again."
DAMAGED = "The file in the store does not have the size it came with. What was read of it can still be searched."
CODES = {"content_missing": MISSING, "content_damaged": DAMAGED}
"""What is said of a document, by the code of its error."""


class Row(NamedTuple):
    """A revision, as the database has it. `error_code` is its document's."""

    id: UUID
    document_id: UUID
    object_key: str
    size_bytes: int
    error_code: str | None


class Readings(NamedTuple):
    """One document: how many pages and passages it should have and has, and rows of revisions that are not served."""

    id: UUID
    revision_id: UUID
    whole: bool
    stale_rows: int
    stale_revisions: int


async def owners_after(connection: AsyncConnection, last: UUID, most: int) -> list[UUID]:
    rows = await connection.execute(
        text("SELECT owner_id FROM owners_after(:last, :most)"), {"last": last, "most": most}
    )
    return [row.owner_id for row in rows]


async def owner_exists(session: AsyncSession, owner_id: UUID) -> bool:
    return await session.scalar(select(User.id).where(User.id == owner_id)) is not None


# --- objects and rows -----------------------------------------------------------------------------------------------


async def revisions(session: AsyncSession, owner_id: UUID, after: UUID, upto: UUID | None, most: int) -> list[Row]:
    """In the order of their ids, which is that of their objects' keys."""
    of_document = (Document.owner_id == Revision.owner_id) & (Document.id == Revision.document_id)
    query = (
        select(Revision.id, Revision.document_id, Revision.object_key, Revision.size_bytes, Document.error_code)
        .join(Document, of_document)
        .where(owned(Revision, owner_id), Revision.id > after)
        .order_by(Revision.id)
        .limit(most)
    )
    if upto is not None:
        query = query.where(Revision.id <= upto)
    return [Row(*row) for row in await session.execute(query)]


async def unheld(session: AsyncSession, owner_id: UUID, keys: Sequence[str]) -> list[str]:
    """Those that neither a revision, nor an upload, nor the sweeper knows of."""
    held: set[str] = set()
    for table in (Revision, UnownedObject, ResumableUpload):
        query = select(table.object_key).where(owned(table, owner_id), table.object_key.in_(keys))
        held |= set(await session.scalars(query))
    return [key for key in keys if key not in held]


async def note(session: AsyncSession, owner_id: UUID, keys: Sequence[str]) -> list[str]:
    """Leave objects that nobody holds to the sweeper: due already, so that no upload can make them a document's."""
    loose = await unheld(session, owner_id, keys)
    for key in loose:
        await session.execute(insert(UnownedObject).values(owner_id=owner_id, object_key=key, due_at=func.now()))
    return loose


async def doubly_held(session: AsyncSession, owner_id: UUID, *, repair: bool) -> int:
    """Objects that a revision holds and the sweeper is to remove: they stay. Never both in a database that is whole."""
    held = select(Revision.object_key).where(owned(Revision, owner_id))
    both = (owned(UnownedObject, owner_id), UnownedObject.object_key.in_(held))
    if not repair:
        return await session.scalar(select(func.count()).select_from(UnownedObject).where(*both)) or 0
    gone = await session.scalars(delete(UnownedObject).where(*both).returning(UnownedObject.object_key))
    return len(gone.all())


# --- documents whose bytes are lost ---------------------------------------------------------------------------------


async def _of_revision(session: AsyncSession, owner_id: UUID, row: Row) -> Document | None:
    """The document that has this revision still, locked. None when it was deleted or replaced meanwhile."""
    query = (
        select(Document)
        .join(Revision, (Revision.owner_id == Document.owner_id) & (Revision.document_id == Document.id))
        .where(owned(Document, owner_id), Revision.id == row.id)
        .where(or_(Document.revision_id == row.id, Document.pending_revision_id == row.id))
        .with_for_update(of=Document, key_share=True)
    )
    return (await session.scalars(query)).one_or_none()


async def mark_lost(session: AsyncSession, owner_id: UUID, row: Row, code: str, *, repair: bool) -> bool:
    """Say of a document that its bytes are missing or damaged. False when it does not have them any more.

    What was read of it is kept, and served as before. One that is being read finds out for itself.
    """
    document = await _of_revision(session, owner_id, row)
    if document is None:
        return False
    if repair and document.error_code != code and document.status in ("ready", "failed"):
        document.error_code, document.error_detail = code, CODES[code]
        document.error_hint = "Upload it again."
        kept = [said for said in document.warnings if said not in CODES.values()]
        document.warnings = [*kept, CODES[code]] if document.status == "ready" else kept
        document.updated_at = func.now()
        await session.flush()
    return True


async def mark_found(session: AsyncSession, owner_id: UUID, row: Row, *, repair: bool) -> bool:
    """The bytes of a document that had lost them are back: one that failed is read again. False when it had not."""
    document = await _of_revision(session, owner_id, row)
    if document is None or document.error_code not in LOST_CONTENT:
        return False
    if repair and document.status == "failed":
        await queries.retry(session, owner_id, document.id)
    elif repair:
        document.error_code = document.error_detail = document.error_hint = None
        document.warnings = [said for said in document.warnings if said not in CODES.values()]
        document.updated_at = func.now()
        await session.flush()
    return True


# --- what documents were read to ------------------------------------------------------------------------------------

_READINGS = text("""
SELECT d.id, d.revision_id, d.pending_revision_id, d.status, d.pages, d.chunks, d.error_code, r.content_type,
       c.mine AS chunks_found, c.stale AS chunks_stale, c.bare AS chunks_bare, p.mine AS pages_found,
       p.stale AS pages_stale, v.stale AS revisions_stale,
       (SELECT count(*) FROM staged_vectors s WHERE s.owner_id = :owner AND s.document_id = d.id
        AND d.status = 'ready') AS staged_stale
FROM (SELECT * FROM documents WHERE owner_id = :owner AND id > :after ORDER BY id LIMIT :most) d
JOIN revisions r ON r.owner_id = :owner AND r.id = d.revision_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE k.revision_id = d.revision_id) AS mine,
           count(*) FILTER (WHERE k.revision_id <> d.revision_id) AS stale,
           count(*) FILTER (WHERE NOT EXISTS (
               SELECT FROM chunk_vectors e WHERE e.owner_id = :owner AND e.chunk_id = k.id)) AS bare
    FROM chunks k WHERE k.owner_id = :owner AND k.document_id = d.id
) c
CROSS JOIN LATERAL (
    SELECT count(g.number) FILTER (WHERE o.id = d.revision_id) AS mine,
           count(g.number) FILTER (WHERE o.id <> d.revision_id) AS stale
    FROM revisions o JOIN pages g ON g.owner_id = :owner AND g.revision_id = o.id
    WHERE o.owner_id = :owner AND o.document_id = d.id
) p
CROSS JOIN LATERAL (
    SELECT count(*) AS stale FROM revisions o WHERE o.owner_id = :owner AND o.document_id = d.id
    AND o.id <> d.revision_id AND o.id IS DISTINCT FROM d.pending_revision_id
) v
ORDER BY d.id
""")


async def readings(session: AsyncSession, owner_id: UUID, after: UUID, most: int) -> list[Readings]:
    """In the order of their ids. One statement, so that what is being replaced is seen before or after and not half."""
    found = await session.execute(_READINGS, {"owner": owner_id, "after": after, "most": most})
    return [
        Readings(
            row.id,
            row.revision_id,
            row.status != "ready"
            or (row.pending_revision_id is None and (row.error_code in LOST_CONTENT or _is_whole(row))),
            row.chunks_stale + row.pages_stale + row.staged_stale,
            row.revisions_stale,
        )
        for row in found
    ]


def _is_whole(row: Any) -> bool:
    if (row.chunks_found, row.pages_found, row.chunks_bare) != (row.chunks, row.pages, 0):
        return False
    return row.chunks > 0 or row.content_type in ARCHIVES


async def read_again(session: AsyncSession, owner_id: UUID, found: Readings) -> bool:
    """Queue a ready document, if it still serves the same revision. What it has is served until then.

    Ready with a newer revision still to be read is one that a worker of the version before this had in its hands.
    """
    statement = (
        update(Document)
        .where(owned(Document, owner_id), Document.id == found.id, Document.status == "ready")
        .where(Document.revision_id == found.revision_id)
        .values(
            status="queued", stage="queued", progress=0.0, attempt=Document.attempt + 1, tries=0, crashes=0,
            due_at=func.now(), updated_at=func.now(),
        )
        .returning(Document.id)
    )  # fmt: skip
    return (await session.execute(statement)).one_or_none() is not None


async def clear_stale(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    """Remove what was read of revisions that are not served, and revisions that nobody will read."""
    document = await session.scalar(
        select(Document).where(owned(Document, owner_id), Document.id == id).with_for_update(key_share=True)
    )
    if document is None:
        return
    others = _others(owner_id, document)
    for table in (Chunk, Page):
        stale = table.revision_id.in_(select(Revision.id).where(*others))
        await session.execute(delete(table).where(owned(table, owner_id), stale))
    pending = document.pending_revision_id
    await discard_revisions(session, *others, Revision.id.is_distinct_from(pending))
    if document.status == "ready":
        mine = (owned(StagedVector, owner_id), StagedVector.document_id == id)
        await session.execute(delete(StagedVector).where(*mine))


def _others(owner_id: UUID, document: Document) -> tuple[ColumnElement[bool], ...]:
    return (
        owned(Revision, owner_id),
        Revision.document_id == document.id,
        Revision.id != literal(document.revision_id),
    )
