"""All SQL of the library."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import NotFound
from docvault.models import Document, DocumentStatus, Page, Revision, UnownedObject
from docvault.pagination import Cursor
from docvault.security.access import owned

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
    query = documents(owner_id).where(Document.id == id)
    row = (await session.execute(query.with_for_update(of=Document) if lock else query)).one_or_none()
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


async def remove(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    """The document with everything read from it; its bytes are left to the sweeper by name. Raises `NotFound`."""
    await find(session, owner_id, id, lock=True)
    keys = select(Revision.owner_id, Revision.object_key, func.now()).where(
        owned(Revision, owner_id), Revision.document_id == id
    )
    await session.execute(insert(UnownedObject).from_select(["owner_id", "object_key", "due_at"], keys))
    await session.execute(delete(Document).where(owned(Document, owner_id), Document.id == id))


async def pages(session: AsyncSession, owner_id: UUID, revision_id: UUID) -> Sequence[Page]:
    query = select(Page).where(owned(Page, owner_id), Page.revision_id == revision_id).order_by(Page.number)
    return (await session.scalars(query)).all()
