"""All SQL of exporting and leaving. Slices of a list that may grow meanwhile: what was there at the beginning comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.models import ApiKey, Conversation, Document, Revision, User, Webhook
from docvault.security.access import owned

SLICE = 200


async def documents(
    session: AsyncSession, owner_id: UUID, after: Document | None
) -> Sequence[tuple[Document, Revision]]:
    """The next `SLICE`, oldest first, those in the trash too, each with the bytes that it serves."""
    query = _documents(owner_id).where(*_after(Document, after)).order_by(Document.created_at, Document.id).limit(SLICE)
    return [(document, revision) for document, revision in await session.execute(query)]


async def document(session: AsyncSession, owner_id: UUID, id: UUID) -> tuple[Document, Revision] | None:
    row = (await session.execute(_documents(owner_id).where(Document.id == id))).one_or_none()
    return (row[0], row[1]) if row else None


def _documents(owner_id: UUID) -> Select[Document, Revision]:
    current = (Revision.owner_id == Document.owner_id) & (Revision.id == Document.revision_id)
    return select(Document, Revision).join(Revision, current).where(owned(Document, owner_id))


async def conversations(session: AsyncSession, owner_id: UUID, after: Conversation | None) -> Sequence[Conversation]:
    query = select(Conversation).where(owned(Conversation, owner_id))
    query = query.where(*_after(Conversation, after)).order_by(Conversation.created_at, Conversation.id)
    return (await session.scalars(query.limit(SLICE))).all()


async def api_keys(session: AsyncSession, owner_id: UUID) -> Sequence[ApiKey]:
    return (await session.scalars(select(ApiKey).where(owned(ApiKey, owner_id)).order_by(ApiKey.created_at))).all()


async def webhooks(session: AsyncSession, owner_id: UUID) -> Sequence[Webhook]:
    return (await session.scalars(select(Webhook).where(owned(Webhook, owner_id)).order_by(Webhook.created_at))).all()


async def some_documents(session: AsyncSession, owner_id: UUID) -> Sequence[UUID]:
    query = select(Document.id).where(owned(Document, owner_id)).order_by(Document.id).limit(SLICE)
    return (await session.scalars(query)).all()


async def remove_user(session: AsyncSession, owner_id: UUID) -> None:
    """With every row that is theirs."""
    await session.execute(delete(User).where(User.id == owner_id))


def _after(table: Any, last: Any) -> list[ColumnElement[bool]]:
    if last is None:
        return []
    return [tuple_(table.created_at, table.id) > tuple_(literal(last.created_at), literal(last.id))]
