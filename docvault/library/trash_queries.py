"""SQL of the trash, and of what is done to many documents at once.

What came out of an archive goes into the trash with it, and comes out of it with it. What is taken out of an archive
that stays in the trash belongs to none from then on: the archive will be deleted with all that came out of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, all_, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from docvault.errors import InvalidInput
from docvault.library.list_queries import in_folder
from docvault.library.queries import among, lock, remove_all, with_members
from docvault.models import Document, Revision
from docvault.security.access import owned


async def _change(
    session: AsyncSession, owner_id: UUID, ids: Collection[UUID], *conditions: Any, **values: Any
) -> list[UUID]:
    """Of `ids`, which are locked, change those that pass. Their ids."""
    statement = update(Document).where(owned(Document, owner_id), among(Document.id, ids), *conditions)
    return list(await session.scalars(statement.values(**values, updated_at=func.now()).returning(Document.id)))


# --- into the trash and out of it ---------------------------------------------------------------------------------


async def trash(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Put these into the trash, with what came out of them. Those that were not there before."""
    found = await with_members(session, owner_id, ids)
    return await _change(session, owner_id, found, Document.trashed_at.is_(None), trashed_at=func.now())


async def trash_folder(session: AsyncSession, owner_id: UUID, path: str) -> list[UUID]:
    """The same of all that lies in this folder and below."""
    there = select(Document.id).where(owned(Document, owner_id), in_folder(path))
    locked = await with_members(session, owner_id, (await session.scalars(there)).all())
    # What somebody moved elsewhere while it was waited for stays.
    return await trash(session, owner_id, (await session.scalars(there.where(among(Document.id, locked)))).all())


async def restore(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Take these out of the trash, with what came out of them and went in at the same moment. Those that were there."""
    if not await _trashed(session, owner_id, ids):
        return []
    await with_members(session, owner_id, ids)
    found = inside = await _trashed(session, owner_id, ids)
    archive = aliased(Document)
    together = (archive.owner_id == Document.owner_id) & (archive.id == Document.archive_id)
    while inside:
        query = select(Document.id).join(archive, together & (archive.trashed_at == Document.trashed_at))
        query = query.where(owned(Document, owner_id), among(Document.archive_id, inside))
        inside = [id for id in await session.scalars(query) if id not in set(found)]
        found = [*found, *inside]
    await _change(session, owner_id, found, trashed_at=None)
    thrown = select(archive.id).where(owned(archive, owner_id), archive.trashed_at.is_not(None))
    await _change(session, owner_id, found, Document.archive_id.in_(thrown), archive_id=None, archive_path=None)
    return found


async def _trashed(session: AsyncSession, owner_id: UUID, ids: Collection[UUID], *conditions: Any) -> list[UUID]:
    query = select(Document.id).where(owned(Document, owner_id), among(Document.id, ids), *conditions)
    return list(await session.scalars(query.where(Document.trashed_at.is_not(None))))


async def delete_trashed(
    session: AsyncSession, owner_id: UUID, before: datetime, ids: Sequence[UUID]
) -> Sequence[UUID]:
    """Delete those of `ids` for good that are in the trash since before `before`, with what came out of them.

    Whoever restores one at this moment is waited for, and then it is left alone.
    """
    await with_members(session, owner_id, ids)
    return await remove_all(session, owner_id, await _trashed(session, owner_id, ids, Document.trashed_at <= before))


async def oldest_trashed(session: AsyncSession, owner_id: UUID, before: datetime, most: int) -> Sequence[UUID]:
    """At most `most` that are in the trash since before `before`."""
    query = select(Document.id).where(owned(Document, owner_id), Document.trashed_at <= before)
    return (await session.scalars(query.order_by(Document.trashed_at).limit(most))).all()


async def last_trashed(session: AsyncSession, owner_id: UUID) -> datetime | None:
    query = select(func.max(Document.trashed_at)).where(owned(Document, owner_id), Document.trashed_at.is_not(None))
    return await session.scalar(query)


async def expired_trash(connection: AsyncConnection, before: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Owner and document of what is in the trash since before `before`; each owner's together."""
    rows = await connection.execute(
        text("SELECT owner_id, id FROM expired_trash(:before, :most)"), {"before": before, "most": most}
    )
    return [(row.owner_id, row.id) for row in rows]


# --- moved and tagged ---------------------------------------------------------------------------------------------


async def move(session: AsyncSession, owner_id: UUID, ids: Collection[UUID], folder: str) -> list[UUID]:
    found = await lock(session, owner_id, ids)
    return await _change(session, owner_id, found, Document.folder != folder, folder=folder)


async def add_tags(
    session: AsyncSession, owner_id: UUID, ids: Collection[UUID], tags: Sequence[str], most: int
) -> list[UUID]:
    """Raises `InvalidInput` where one would have more than `most`."""
    given, found = _array(tags), await lock(session, owner_id, ids)
    each = func.unnest(given).column_valued("tag")
    missing = select(func.array_agg(each)).where(each != all_(Document.tags)).correlate(Document).scalar_subquery()
    added = Document.tags.concat(missing)
    changed = await _change(session, owner_id, found, ~Document.tags.contains(given), tags=added)
    over = select(func.count()).where(owned(Document, owner_id), among(Document.id, changed))
    if await session.scalar(over.where(func.cardinality(Document.tags) > most)):
        raise InvalidInput(
            "Some of these documents would have too many tags.",
            code="invalid_tags",
            hint=f"At most {most} tags on one document.",
        )
    return changed


async def remove_tags(session: AsyncSession, owner_id: UUID, ids: Collection[UUID], tags: Sequence[str]) -> list[UUID]:
    found = await lock(session, owner_id, ids)
    kept: Any = Document.tags
    for tag in tags:
        kept = func.array_remove(kept, tag, type_=ARRAY(Text))
    return await _change(session, owner_id, found, Document.tags.overlap(_array(tags)), tags=kept)


def _array(tags: Sequence[str]) -> Any:
    return literal(list(tags), ARRAY(Text))


# --- what is kept -------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    documents: int
    size_bytes: int
    trashed_documents: int
    trashed_bytes: int


async def kept(session: AsyncSession, owner_id: UUID) -> Kept:
    """What counts against a person's quotas: all revisions of all documents, those in the trash too."""
    documents = select(func.count()).select_from(Document).where(owned(Document, owner_id))
    size = select(func.coalesce(func.sum(Revision.size_bytes), 0)).where(owned(Revision, owner_id))
    thrown = Document.trashed_at.is_not(None)
    trashed = select(Document.id).where(owned(Document, owner_id), thrown)
    parts = (documents, size, documents.where(thrown), size.where(Revision.document_id.in_(trashed)))
    row = (await session.execute(select(*(part.scalar_subquery() for part in parts)))).one()
    return Kept(*(int(value) for value in row))
