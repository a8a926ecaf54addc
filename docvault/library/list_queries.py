"""SQL of the list of documents: which of them, in what order, how many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVarTuple
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library.queries import documents, is_current
from docvault.models import Document, DocumentStatus, Revision
from docvault.pagination import Cursor
from docvault.security.access import owned

Row = TypeVarTuple("Row")


class Order(NamedTuple):
    """What a list goes by, and the id that settles ties. Each has an index of its own (`migrations/versions`)."""

    key: Any
    id: Any = Document.id


ORDERS = {
    "created_at": Order(Document.created_at),
    "updated_at": Order(Document.updated_at),
    "filename": Order(Document.filename_key),
    "size_bytes": Order(Revision.size_bytes, Revision.document_id),
}


class DocumentFilter(msgspec.Struct, frozen=True):
    """Every field narrows. `direct` leaves out what lies in folders below `folder`; `content_types` are whole, or a
    prefix that ends in `/`. A moment without a time zone is taken as UTC."""

    folder: str | None = None
    tags: Sequence[str] = ()
    status: DocumentStatus | None = None
    q: str | None = None
    direct: bool = False
    content_types: Sequence[str] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    trashed: bool = False


def in_folder(folder: str, *, direct: bool = False) -> ColumnElement[bool]:
    """In `folder` or in one below it; `""` is everywhere. With `direct`, in `folder` itself; `""` is in none.

    As a range of bytes, so that the index serves: `0` is the character that follows `/`.
    """
    path = Document.folder.collate("C")
    if direct:
        return path == folder
    if not folder:
        return literal(True)
    return or_(path == folder, (path > folder + "/") & (path < folder + "0"))


async def listed(
    session: AsyncSession,
    owner_id: UUID,
    wanted: DocumentFilter,
    sort: str,
    after: Cursor | None,
    limit: int,
    offset: int = 0,
) -> list[tuple[Document, Revision, Any]]:
    """At most `limit` documents in the order `sort` (a leading `-` turns it round), each with its sort key.

    `offset` of them, counted from `after`, are left out.
    """
    query = documents(owner_id).add_columns(ORDERS[sort.lstrip("-")].key.label("key")).where(owned(Revision, owner_id))
    if offset:
        # Counted by their ids alone: the rows themselves are fetched for those that are shown.
        found = _in_order(_ids(owner_id, wanted, sort), wanted, sort, after).offset(offset).limit(limit).subquery()
        query = query.join(found, found.c.id == Document.id).order_by(*_order(sort))
    else:
        query = _in_order(query, wanted, sort, after).limit(limit)
    return [(document, revision, value) for document, revision, value in await session.execute(query)]


async def ids(
    session: AsyncSession, owner_id: UUID, wanted: DocumentFilter, sort: str, offset: int, limit: int
) -> Sequence[UUID]:
    """Of the same list: at most `limit` behind the first `offset`, without a look at anything else of them."""
    query = _in_order(_ids(owner_id, wanted, sort), wanted, sort, None).offset(offset).limit(limit)
    return (await session.scalars(query)).all()


def _ids(owner_id: UUID, wanted: DocumentFilter, sort: str) -> Select[UUID]:
    query = select(Document.id).where(owned(Document, owner_id))
    if wanted.content_types or ORDERS[sort.lstrip("-")].id is not Document.id:
        query = query.join(Revision, is_current()).where(owned(Revision, owner_id))
    return query


def _in_order(query: Select[*Row], wanted: DocumentFilter, sort: str, after: Cursor | None) -> Select[*Row]:
    key, id = ORDERS[sort.lstrip("-")]
    query = query.where(*_conditions(wanted)).order_by(*_order(sort))
    if after is None:
        return query
    position, last = tuple_(key, id), tuple_(literal(_typed(sort, after.key), key.type), literal(after.id))
    return query.where(position < last if sort.startswith("-") else position > last)


def _order(sort: str) -> tuple[Any, Any]:
    key, id = ORDERS[sort.lstrip("-")]
    return (key.desc(), id.desc()) if sort.startswith("-") else (key.asc(), id.asc())


async def count(session: AsyncSession, owner_id: UUID, wanted: DocumentFilter) -> int:
    """How many documents pass, on all pages of the list together."""
    query = select(func.count(Document.id)).where(owned(Document, owner_id), *_conditions(wanted))
    if wanted.content_types:
        query = query.join(Revision, is_current()).where(owned(Revision, owner_id))
    return await session.scalar(query) or 0


def _conditions(wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    there = Document.trashed_at.is_not(None) if wanted.trashed else Document.trashed_at.is_(None)
    conditions: list[ColumnElement[bool]] = [there]
    if wanted.folder is not None or wanted.direct:
        conditions.append(in_folder(wanted.folder or "", direct=wanted.direct))
    if wanted.tags:
        conditions.append(Document.tags.contains(list(wanted.tags)))
    if wanted.status:
        conditions.append(Document.status == wanted.status)
    if wanted.q:
        conditions.append(Document.filename.icontains(wanted.q, autoescape=True))
    if wanted.content_types:
        conditions.append(or_(*(_of_type(name) for name in wanted.content_types)))
    if wanted.created_after:
        conditions.append(Document.created_at >= _moment(wanted.created_after))
    if wanted.created_before:
        conditions.append(Document.created_at < _moment(wanted.created_before))
    return conditions


def _of_type(name: str) -> ColumnElement[bool]:
    if name.endswith("/"):
        return Revision.content_type.startswith(name, autoescape=True)
    return Revision.content_type == name


def _moment(moment: datetime) -> datetime:
    """The first and last day of the calendar have no other time zone."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def _typed(sort: str, key: str) -> Any:
    match sort.lstrip("-"):
        case "created_at" | "updated_at":
            return datetime.fromisoformat(key)
        case "size_bytes":
            return int(key)
        case _:
            return key
