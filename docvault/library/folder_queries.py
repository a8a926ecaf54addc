"""SQL of folders and tags. A folder is there when somebody made it, or when a document says so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, delete, func, literal, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library.list_queries import in_folder
from docvault.library.queries import among, is_current, lock
from docvault.models import Document, Folder, Revision
from docvault.security.access import owned

SLICE = 5000
"""Documents moved in one statement: none may run into its time limit."""


class Content(NamedTuple):
    documents: int
    size_bytes: int


async def contents(session: AsyncSession, owner_id: UUID, only: str | None = None) -> dict[str, Content]:
    """What lies directly in each folder that has documents, or in `only`. One look at two indexes, and at no table."""
    path = Document.folder.collate("C").label("path")
    query = select(path, func.count().label("documents"), func.sum(Revision.size_bytes).label("size_bytes"))
    query = query.join(Revision, is_current()).where(owned(Document, owner_id), owned(Revision, owner_id))
    query = query.where(Document.trashed_at.is_(None)).group_by(path)
    if only is not None:
        query = query.where(in_folder(only, direct=True))
    return {row.path: Content(row.documents, int(row.size_bytes)) for row in await session.execute(query)}


async def made(session: AsyncSession, owner_id: UUID) -> Sequence[str]:
    """Folders that somebody made."""
    return (await session.scalars(select(Folder.path).where(owned(Folder, owner_id)))).all()


async def make(session: AsyncSession, owner_id: UUID, paths: Collection[str]) -> None:
    # In one order: who makes some of them at the same moment is waited for, and waits for nobody here.
    rows = [{"owner_id": owner_id, "path": path} for path in sorted(paths)]
    await session.execute(upsert(Folder).on_conflict_do_nothing(), rows)


async def exists(session: AsyncSession, owner_id: UUID, path: str) -> bool:
    """Whether there is such a folder: made, or with a document in it or below that is not in the trash."""
    query = select(Document.id).where(owned(Document, owner_id), in_folder(path), Document.trashed_at.is_(None))
    return bool(
        await session.scalar(select(or_(query.exists(), select(Folder.path).where(*_made(owner_id, path)).exists())))
    )


def _made(owner_id: UUID, path: str) -> tuple[Any, ...]:
    below = Folder.path.collate("C")
    return owned(Folder, owner_id), or_(below == path, (below > path + "/") & (below < path + "0"))


async def inside(session: AsyncSession, owner_id: UUID, path: str) -> Sequence[UUID]:
    """Documents in it and below, those in the trash too; locked until the transaction ends."""
    query = select(Document.id).where(owned(Document, owner_id), in_folder(path))
    locked = await lock(session, owner_id, await session.scalars(query))
    return (await session.scalars(query.where(among(Document.id, locked)))).all()


async def longest(session: AsyncSession, owner_id: UUID, path: str) -> int:
    """Characters that the deepest folder below it adds to its own."""
    documents = select(func.max(func.length(Document.folder))).where(owned(Document, owner_id), in_folder(path))
    folders = select(func.max(func.length(Folder.path))).where(*_made(owner_id, path))
    query = select(func.greatest(documents.scalar_subquery(), folders.scalar_subquery()))
    return (await session.scalar(query) or len(path)) - len(path)


async def rename(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID], path: str, new: str) -> None:
    """Have the documents `ids`, all in `path` or below, and the folders that were made there, be in `new`."""
    folder: Any = literal(new, Text).concat(func.substr(Document.folder, len(path) + 1))
    for start in range(0, len(ids), SLICE):
        these = (owned(Document, owner_id), among(Document.id, ids[start : start + SLICE]))
        await session.execute(update(Document).where(*these).values(folder=folder, updated_at=func.now()))
    paths = await session.scalars(delete(Folder).where(*_made(owner_id, path)).returning(Folder.path))
    moved = {new + old[len(path) :] for old in paths}
    if moved:
        await make(session, owner_id, moved)


async def unmake(session: AsyncSession, owner_id: UUID, path: str) -> None:
    await session.execute(delete(Folder).where(*_made(owner_id, path)))


async def tags(session: AsyncSession, owner_id: UUID) -> list[tuple[str, int]]:
    """Every tag with its documents, the most frequent first."""
    tagged = Document.tags != literal_column("'{}'::text[]")  # as the index says it
    each = select(func.unnest(Document.tags).label("tag"))
    each = each.where(owned(Document, owner_id), Document.trashed_at.is_(None), tagged).subquery()
    query = select(each.c.tag, func.count().label("documents")).group_by(each.c.tag)
    rows = await session.execute(query.order_by(func.count().desc(), each.c.tag))
    return [(row.tag, row.documents) for row in rows]
