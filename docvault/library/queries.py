"""All SQL of the library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    any_,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import NotFound
from docvault.library.outlook import Pace, Place, Run, pace
from docvault.models import Chunk, Document, DocumentStatus, Page, Revision, UnownedObject
from docvault.security.access import owned

SLICE = 100
"""Documents deleted in one statement: with their passages, none may run into its time limit."""
NO_DOCUMENT = "There is no such document."


def is_current() -> ColumnElement[bool]:
    """A revision is the one that its document serves."""
    return (Revision.owner_id == Document.owner_id) & (Revision.id == Document.revision_id)


def among(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Any number of them: of single values, PostgreSQL takes 32,767 in one statement."""
    return column == any_(literal(list(ids), ARRAY(PGUUID)))


def documents(owner_id: UUID) -> Select[Document, Revision]:
    return select(Document, Revision).join(Revision, is_current()).where(owned(Document, owner_id))


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
    gone = await remove_all(session, owner_id, [id])
    if not gone:
        raise NotFound(NO_DOCUMENT)
    return gone


async def remove_all(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> Sequence[UUID]:
    """The same of several, as far as they are there."""
    gone = await with_members(session, owner_id, ids)
    for start in range(0, len(gone), SLICE):
        # What came out of an archive before the archive, which would take it along all at once.
        some = gone[::-1][start : start + SLICE]
        keys = select(Revision.owner_id, Revision.object_key, func.now()).where(
            owned(Revision, owner_id), Revision.document_id.in_(some)
        )
        await session.execute(insert(UnownedObject).from_select(["owner_id", "object_key", "due_at"], keys))
        await session.execute(delete(Document).where(owned(Document, owner_id), Document.id.in_(some)))
    return gone


async def with_members(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> Sequence[UUID]:
    """`ids` and all that came out of them, archives in archives too; locked until the transaction ends.

    What came out of one stands behind it. Whoever was adding to one of them has ended, and been seen, when this
    returns.
    """
    while True:
        found = await _family(session, owner_id, ids)
        async with session.begin_nested() as attempt:
            locked = await lock(session, owner_id, found)
            now = await _family(session, owner_id, ids)
            if set(now) <= set(found):
                return [id for id in now if id in locked]
            await attempt.rollback()  # with its locks: those that came meanwhile are to be locked in their turn


async def lock(session: AsyncSession, owner_id: UUID, ids: Iterable[UUID]) -> set[UUID]:
    """Nobody changes or deletes these documents before the transaction ends. Those of them that are still there.

    Whoever needs several takes them here, all at once and before any other: in the order of their ids, so that no two
    transactions wait for each other. The lock is the one that goes with foreign keys.
    """
    query = select(Document.id).where(owned(Document, owner_id), among(Document.id, ids)).order_by(Document.id)
    return set(await session.scalars(query.with_for_update(key_share=True)))


async def _family(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    found, inside = dict.fromkeys(ids), list(ids)
    while inside:
        query = select(Document.id).where(owned(Document, owner_id), among(Document.archive_id, inside))
        inside = list(await session.scalars(query))
        for id in inside:  # once more at the end, where it was named itself
            found.pop(id, None)
            found[id] = None
    return list(found)


async def pages(
    session: AsyncSession, owner_id: UUID, revision_id: UUID, first: int = 1, last: int | None = None
) -> Sequence[Page]:
    """Pages `first` to `last` of those there are."""
    query = select(Page).where(owned(Page, owner_id), Page.revision_id == revision_id, Page.number >= first)
    if last is not None:
        query = query.where(Page.number <= last)
    return (await session.scalars(query.order_by(Page.number))).all()


async def page_texts(
    session: AsyncSession, owner_id: UUID, revision_id: UUID, after: int, limit: int
) -> list[tuple[int, str]]:
    """At most `limit` pages behind page `after`: number and text."""
    query = select(Page.number, Page.text).where(owned(Page, owner_id), Page.revision_id == revision_id)
    rows = await session.execute(query.where(Page.number > after).order_by(Page.number).limit(limit))
    return [(row.number, row.text) for row in rows]


class Passage(NamedTuple):
    """`start` counts characters of the page's text."""

    page: int
    start: int
    text: str
    boxes: list[list[float]]


async def passages(
    session: AsyncSession, owner_id: UUID, document_id: UUID, revision_id: UUID, pages: Iterable[int]
) -> list[Passage]:
    """Those of these pages, in their order."""
    query = select(Chunk.page, Chunk.start_offset, Chunk.text, Chunk.boxes).where(
        owned(Chunk, owner_id), Chunk.document_id == document_id, Chunk.revision_id == revision_id
    )
    rows = await session.execute(query.where(Chunk.page.in_(pages)).order_by(Chunk.ordinal))
    return [Passage(*row) for row in rows]


# --- what waits and what is being read ----------------------------------------------------------------------------

WATCHED = timedelta(minutes=15)
RUNS = 200
"""Documents that tell the pace: the last that were finished in the time `WATCHED`."""


def is_in(status: DocumentStatus) -> ColumnElement[bool]:
    """Written out: of a parameter, a plan that is made for any status cannot tell whether an index has this one."""
    return Document.status == literal(status, literal_execute=True)


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


async def places(session: AsyncSession, owner_id: UUID, waiting: Sequence[Document]) -> dict[UUID, Place]:
    """Of those of `waiting` that still wait.

    The queue is read once, in its index, and no further than to the last of them. Up to the first of them it is only
    counted, which takes a small part of the time: of a long queue, lists mostly show the end.
    """
    turn, mine = tuple_(Document.due_at, Document.id), (owned(Document, owner_id), is_in("queued"))
    turns = [tuple_(literal(at), literal(id)) for at, id in sorted((each.due_at, each.id) for each in waiting)]
    passages = func.sum(func.greatest(Document.work, 1))
    before = select(func.count().label("documents"), func.coalesce(passages, 0).label("passages"))
    # Materialized: a planner that takes the queue for short would read it once for each that is asked for.
    before = before.where(*mine, turn < turns[0]).cte("before").prefix_with("MATERIALIZED")
    order = (Document.due_at, Document.id)
    since = select(
        Document.id,
        func.row_number().over(order_by=order).label("documents"),
        passages.over(order_by=order, rows=(None, 0)).label("passages"),
        func.extract("epoch", Document.due_at - func.now()).label("due_in"),
    )
    since = since.where(*mine, turn >= turns[0], turn <= turns[-1]).cte("since").prefix_with("MATERIALIZED")
    asked = (
        func.unnest(literal([each.id for each in waiting], ARRAY(PGUUID))).table_valued("id").render_derived("asked")
    )
    position, ahead = before.c.documents + since.c.documents, before.c.passages + since.c.passages
    query = (
        select(since.c.id, position, ahead, since.c.due_in).join(before, true()).join(asked, asked.c.id == since.c.id)
    )
    rows = await session.execute(query)
    return {id: Place(position, float(ahead), float(due_in)) for id, position, ahead, due_in in rows}


async def revision_numbers(session: AsyncSession, owner_id: UUID, ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(Revision.id, Revision.number).where(owned(Revision, owner_id), Revision.id.in_(ids))
    rows = await session.execute(query)
    return {row.id: row.number for row in rows}


async def unfinished(session: AsyncSession, owner_id: UUID, most: int) -> list[tuple[Document, Revision]]:
    """At most `most` documents that are being read or wait and are not in the trash, in the order of their turn."""
    rows: list[tuple[Document, Revision]] = []
    for status in ("processing", "queued"):
        query = documents(owner_id).where(Document.status == status, Document.trashed_at.is_(None))
        query = query.order_by(Document.due_at, Document.id)
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
    """Documents whose newest bytes have one of these hashes, read or not, but none in the trash; oldest first.

    Bytes that a newer revision is about to replace do not count: they would soon be nowhere.
    """
    newest = func.coalesce(Document.pending_revision_id, Document.revision_id)
    mine = (Revision.owner_id == Document.owner_id) & (Revision.document_id == Document.id) & (Revision.id == newest)
    query = select(Document, Revision).join(Revision, mine).where(owned(Revision, owner_id))
    query = query.where(owned(Document, owner_id), Document.trashed_at.is_(None), Revision.sha256.in_(hashes))
    return [(document, revision) for document, revision in await session.execute(query.order_by(Revision.created_at))]


class Counted(NamedTuple):
    """Documents of one status, and the passages left to be read of them."""

    documents: int
    left: float


async def counted(session: AsyncSession, owner_id: UUID) -> dict[str, Counted]:
    """By status, without the trash.

    Each part is counted in an index that has all of it, and documents that were read are those that remain: looking at
    every row takes four times as long. What waits has not been begun, so all its work is left.
    """
    mine, none = owned(Document, owner_id), literal(0)
    documents, work = func.count(), func.coalesce(func.sum(func.greatest(Document.work, 1)), 0)
    rows = await session.execute(
        union_all(
            select(literal("all"), documents, none).where(mine, Document.trashed_at.is_(None)),
            select(literal("queued"), documents, work).where(mine, is_in("queued")),
            select(literal("processing"), documents, func.coalesce(func.sum(LEFT), 0)).where(mine, is_in("processing")),
            select(literal("failed"), documents, none).where(mine, is_in("failed")),
            select(Document.status, -documents, -func.sum(LEFT))
            .where(mine, Document.trashed_at.is_not(None), Document.status != "ready")
            .group_by(Document.status),
        )
    )
    found = dict[str, Counted]()
    for status, documents, left in rows:
        before = found.get(status, Counted(0, 0.0))
        found[status] = Counted(before.documents + documents, before.left + float(left))
    everything = found.pop("all").documents
    return found | {"ready": Counted(everything - sum(each.documents for each in found.values()), 0.0)}


async def failures(session: AsyncSession, owner_id: UUID) -> list[tuple[str, int, str, str | None]]:
    """Code, how many, the detail and the hint that most of them have; the most frequent first."""
    query = (
        select(
            Document.error_code,
            func.count().label("documents"),
            func.mode().within_group(Document.error_detail).label("detail"),
            func.mode().within_group(Document.error_hint).label("hint"),
        )
        .where(owned(Document, owner_id), Document.status == "failed", Document.trashed_at.is_(None))
        .group_by(Document.error_code)
        .order_by(func.count().desc(), Document.error_code)
    )
    rows = await session.execute(query)
    return [(row.error_code or "", row.documents, row.detail or "", row.hint) for row in rows]
