"""All SQL of the library."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, or_, select, tuple_, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import NotFound
from docvault.library.outlook import Pace, Place, Run, pace
from docvault.models import Document, DocumentStatus, Page, Revision, UnownedObject
from docvault.pagination import Cursor
from docvault.security.access import owned

SLICE = 100
"""Documents deleted in one statement: with their passages, none may run into its time limit."""
NO_DOCUMENT = "There is no such document."

ORDERS: dict[str, Any] = {
    "created_at": Document.created_at,
    "updated_at": Document.updated_at,
    "filename": func.lower(Document.filename),
    "size_bytes": Revision.size_bytes,
}


class DocumentFilter(msgspec.Struct, frozen=True):
    folder: str | None = None
    tags: Sequence[str] = ()
    status: DocumentStatus | None = None
    q: str | None = None


def documents(owner_id: UUID) -> Select[Document, Revision]:
    current = (Revision.owner_id == Document.owner_id) & (Revision.id == Document.revision_id)
    return select(Document, Revision).join(Revision, current).where(owned(Document, owner_id))


def in_folder(folder: str) -> ColumnElement[bool]:
    """In `folder` or in one below it; `""` is everywhere."""
    if not folder:
        return literal(True)
    return or_(Document.folder == folder, Document.folder.startswith(folder + "/", autoescape=True))


async def find(session: AsyncSession, owner_id: UUID, id: UUID, *, lock: bool = False) -> tuple[Document, Revision]:
    """Raises `NotFound`. `lock` keeps others from changing the document until the transaction ends."""
    if lock:
        # Before it is read: whoever waits here for another revision to be served would else find neither of them.
        this = select(Document.id).where(owned(Document, owner_id), Document.id == id)
        await session.execute(this.with_for_update(key_share=True))
    row = (await session.execute(documents(owner_id).where(Document.id == id))).one_or_none()
    if row is None:
        raise NotFound(NO_DOCUMENT)
    return row[0], row[1]


async def listed(
    session: AsyncSession, owner_id: UUID, wanted: DocumentFilter, sort: str, after: Cursor | None, limit: int
) -> list[tuple[Document, Revision, Any]]:
    """At most `limit` documents in the order `sort` (a leading `-` turns it round), each with its sort key."""
    key = ORDERS[sort.lstrip("-")]
    query = documents(owner_id).add_columns(key.label("key")).where(*_conditions(wanted))
    if after:
        position = tuple_(key, Document.id)
        last = tuple_(literal(_typed(sort, after.key), key.type), literal(after.id))
        query = query.where(position < last if sort.startswith("-") else position > last)
    order = (key.desc(), Document.id.desc()) if sort.startswith("-") else (key.asc(), Document.id.asc())
    rows = await session.execute(query.order_by(*order).limit(limit))
    return [(document, revision, value) for document, revision, value in rows]


def _conditions(wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.folder is not None:
        conditions.append(in_folder(wanted.folder))
    if wanted.tags:
        conditions.append(Document.tags.contains(list(wanted.tags)))
    if wanted.status:
        conditions.append(Document.status == wanted.status)
    if wanted.q:
        conditions.append(Document.filename.icontains(wanted.q, autoescape=True))
    return conditions


def _typed(sort: str, key: str) -> Any:
    match sort.lstrip("-"):
        case "created_at" | "updated_at":
            return datetime.fromisoformat(key)
        case "size_bytes":
            return int(key)
        case _:
            return key


async def change(session: AsyncSession, owner_id: UUID, id: UUID, values: dict[str, Any]) -> None:
    """Raises `NotFound`."""
    statement = update(Document).where(owned(Document, owner_id), Document.id == id)
    result = await session.execute(statement.values(**values, updated_at=func.now()).returning(Document.id))
    if result.one_or_none() is None:
        raise NotFound(NO_DOCUMENT)


async def remove(session: AsyncSession, owner_id: UUID, id: UUID) -> Sequence[UUID]:
    """The document with everything read from it, and what was unpacked from it; their ids. Raises `NotFound`.

    Their bytes are left to the sweeper by name.
    """
    await find(session, owner_id, id, lock=True)
    gone = await _with_members(session, owner_id, id)
    for start in range(0, len(gone), SLICE):
        # What came out of an archive before the archive, which would take it along all at once.
        some = gone[::-1][start : start + SLICE]
        keys = select(Revision.owner_id, Revision.object_key, func.now()).where(
            owned(Revision, owner_id), Revision.document_id.in_(some)
        )
        await session.execute(insert(UnownedObject).from_select(["owner_id", "object_key", "due_at"], keys))
        await session.execute(delete(Document).where(owned(Document, owner_id), Document.id.in_(some)))
    return gone


async def _with_members(session: AsyncSession, owner_id: UUID, id: UUID) -> Sequence[UUID]:
    """`id` and all that came out of it, archives in archives too; locked until the transaction ends.

    Whoever was adding to one of them has ended, and been seen, when this returns. The lock is the one that goes with
    foreign keys: who writes to a member touches its archive, too, and both would wait for each other.
    """
    found, inside = [id], [id]
    while inside:
        query = select(Document.id).where(owned(Document, owner_id), Document.archive_id.in_(inside))
        inside = list(await session.scalars(query.with_for_update(key_share=True)))
        found += inside
    return found


async def pages(session: AsyncSession, owner_id: UUID, revision_id: UUID) -> Sequence[Page]:
    query = select(Page).where(owned(Page, owner_id), Page.revision_id == revision_id).order_by(Page.number)
    return (await session.scalars(query)).all()


# --- what waits and what is being read ----------------------------------------------------------------------------

WATCHED = timedelta(minutes=15)
RUNS = 200
"""Documents that tell the pace: the last that were finished in the time `WATCHED`."""

LEFT = func.greatest(Document.work, 1) * (1.0 - Document.progress)


class Desk(NamedTuple):
    """`reading` has the passages left of each document that is being read now."""

    pace: Pace
    reading: dict[UUID, float]
    oldest_due_seconds: float


async def desk(session: AsyncSession, owner_id: UUID) -> Desk:
    """What is being read for `owner_id`, how fast, and how long the oldest waiting document has been due."""
    mine = owned(Document, owner_id)
    done = func.greatest(Document.work, 1) * Document.progress
    columns = (Document.id, Document.started_at, done.label("done"), LEFT.label("left"))
    finished = (
        select(*columns, Document.finished_at.label("ended"), literal(False).label("reading"))
        .where(mine, Document.finished_at > func.now() - WATCHED, Document.status.in_(("ready", "failed")))
        .order_by(Document.finished_at.desc())
        .limit(RUNS)
    )
    current = select(*columns, func.now(), literal(True)).where(mine, Document.status == "processing")
    rows = (await session.execute(union_all(finished.subquery().select(), current))).all()
    waited = select(func.extract("epoch", func.now() - Document.due_at)).where(mine, Document.status == "queued")
    oldest = await session.scalar(waited.order_by(Document.due_at).limit(1))
    return Desk(_pace(rows), {row.id: float(row.left) for row in rows if row.reading}, float(oldest or 0.0))


def _pace(rows: Sequence[Any]) -> Pace:
    """Where more documents were finished than looked at, only the time since the first of them counts."""
    ends = [row.ended for row in rows if not row.reading]
    runs = [Run(row.started_at, row.ended, float(row.done)) for row in rows if row.started_at]
    if not runs:
        return Pace(0.0, 0.0)
    return pace(runs, min(ends) if len(ends) == RUNS else max(run.ended for run in runs) - WATCHED)


async def places(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Place]:
    """Of those of `ids` that wait. One look at the owner's queue, however many are asked for."""
    order = (Document.due_at, Document.id)
    queue = (
        select(
            Document.id,
            func.row_number().over(order_by=order).label("position"),
            func.sum(func.greatest(Document.work, 1)).over(order_by=order, rows=(None, 0)).label("ahead"),
            func.extract("epoch", Document.due_at - func.now()).label("due_in"),
        )
        .where(owned(Document, owner_id), Document.status == "queued")
        .subquery()
    )
    rows = await session.execute(select(queue).where(queue.c.id.in_(ids)))
    return {row.id: Place(row.position, float(row.ahead), float(row.due_in)) for row in rows}


async def revision_numbers(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(Revision.id, Revision.number).where(owned(Revision, owner_id), Revision.id.in_(ids))
    rows = await session.execute(query)
    return {row.id: row.number for row in rows}


async def unfinished(session: AsyncSession, owner_id: UUID, most: int) -> list[tuple[Document, Revision]]:
    """At most `most` documents that are being read or wait, in the order of their turn."""
    rows: list[tuple[Document, Revision]] = []
    for status in ("processing", "queued"):
        query = documents(owner_id).where(Document.status == status).order_by(Document.due_at, Document.id)
        rows += [(document, revision) for document, revision in await session.execute(query.limit(most - len(rows)))]
    return rows


async def by_ids(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> list[tuple[Document, Revision]]:
    """Those that are there, in the order of `ids`."""
    rows = await session.execute(documents(owner_id).where(Document.id.in_(ids)))
    found = {document.id: (document, revision) for document, revision in rows}
    return [found[id] for id in ids if id in found]


async def with_hashes(
    session: AsyncSession, owner_id: UUID, hashes: Sequence[bytes]
) -> list[tuple[Document, Revision]]:
    """Documents whose newest bytes have one of these hashes, read or not; oldest first.

    Bytes that a newer revision is about to replace do not count: they would soon be nowhere.
    """
    newest = func.coalesce(Document.pending_revision_id, Document.revision_id)
    mine = (Revision.owner_id == Document.owner_id) & (Revision.document_id == Document.id) & (Revision.id == newest)
    query = select(Document, Revision).join(Revision, mine).where(owned(Revision, owner_id))
    query = query.where(owned(Document, owner_id), Revision.sha256.in_(hashes)).order_by(Revision.created_at)
    return [(document, revision) for document, revision in await session.execute(query)]


class Counted(NamedTuple):
    """Documents of one status, and the passages left to be read of them."""

    documents: int
    left: float


async def counted(session: AsyncSession, owner_id: UUID) -> dict[str, Counted]:
    query = select(Document.status, func.count().label("documents"), func.sum(LEFT).label("left"))
    rows = await session.execute(query.where(owned(Document, owner_id)).group_by(Document.status))
    return {row.status: Counted(row.documents, float(row.left)) for row in rows}


async def failures(session: AsyncSession, owner_id: UUID) -> list[tuple[str, int, str, str | None]]:
    """Code, how many, the detail and the hint that most of them have; the most frequent first."""
    query = (
        select(
            Document.error_code,
            func.count().label("documents"),
            func.mode().within_group(Document.error_detail).label("detail"),
            func.mode().within_group(Document.error_hint).label("hint"),
        )
        .where(owned(Document, owner_id), Document.status == "failed")
        .group_by(Document.error_code)
        .order_by(func.count().desc(), Document.error_code)
    )
    rows = await session.execute(query)
    return [(row.error_code or "", row.documents, row.detail or "", row.hint) for row in rows]
