"""Conversations as JSON, out and in again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import msgspec
from msgspec import Meta
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import InvalidInput
from docvault.models import Citation, Conversation, Document, Message
from docvault.security.access import owned
from search.conversations import storable, title_of

MOST = 10_000
Text = Annotated[str, Meta(max_length=1_000_000)]
MAX_INTEGER = 2**31 - 1  # of PostgreSQL's `integer`


class SavedCitation(msgspec.Struct):
    marker: Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
    filename: Text
    page: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    quote: Text
    document_id: UUID | None = None
    boxes: list[list[float]] = []


class SavedMessage(msgspec.Struct):
    """`answers` is the place of its question in the list, from 0."""

    role: Literal["user", "assistant"]
    content: Text
    created_at: datetime
    answers: int | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None
    cost: Annotated[float, Meta(ge=0, lt=1e6)] | None = None
    error: str | None = None
    citations: list[SavedCitation] = []


class SavedConversation(msgspec.Struct):
    title: Text
    created_at: datetime
    messages: Annotated[list[SavedMessage], Meta(max_length=MOST)]
    format: Literal["docvault-conversation-1"] = "docvault-conversation-1"


def saved(conversation: Conversation, said: list[Message], cited: dict[UUID, list[Citation]]) -> SavedConversation:
    place = {message.id: n for n, message in enumerate(said)}
    return SavedConversation(
        conversation.title,
        conversation.created_at,
        [
            SavedMessage(
                m.role, m.content, m.created_at, place.get(m.question_id) if m.question_id else None, m.model, m.usage,
                None if m.cost is None else float(m.cost), m.error,
                [
                    SavedCitation(c.marker, c.filename, c.page, c.quote, c.document_id, c.boxes)
                    for c in cited.get(m.id, [])
                ],
            )
            for m in said
        ],
    )  # fmt: skip


async def read_in(session: AsyncSession, owner_id: UUID, given: SavedConversation) -> UUID:
    """Keep an exported conversation as a new one.

    Citations of documents that the owner does not have keep their quotation and point nowhere.
    """
    ids = [uuid4() for _ in given.messages]
    cited = {c.document_id for message in given.messages for c in message.citations if c.document_id}
    query = select(Document.id).where(owned(Document, owner_id), Document.id.in_(cited))
    there = set(await session.scalars(query)) if cited else set[UUID]()
    conversation_id = uuid4()
    await session.execute(
        insert(Conversation).values(
            owner_id=owner_id, id=conversation_id, title=title_of(given.title), created_at=_moment(given.created_at)
        )
    )
    for n, message in enumerate(given.messages):
        row = _row(message, ids, n) | {"owner_id": owner_id, "conversation_id": conversation_id}
        await session.execute(insert(Message).values(row))
    rows = [
        _citation(c, there) | {"owner_id": owner_id, "message_id": id}
        for id, message in zip(ids, given.messages, strict=True)
        for c in message.citations
    ]
    if rows:
        await session.execute(insert(Citation), rows)
    return conversation_id


def _row(message: SavedMessage, ids: list[UUID], n: int) -> dict[str, Any]:
    if message.answers is not None and not 0 <= message.answers < n:
        raise InvalidInput(
            f"Message {n} answers message {message.answers}, which does not stand before it.",
            code="invalid_conversation",
        )
    return {
        "id": ids[n], "question_id": None if message.answers is None else ids[message.answers],
        "role": message.role, "model": message.model, "content": storable(message.content), "usage": message.usage,
        "cost": message.cost, "error": message.error, "created_at": _moment(message.created_at),
    }  # fmt: skip


def _citation(citation: SavedCitation, there: set[UUID]) -> dict[str, Any]:
    return {
        "id": uuid4(), "marker": citation.marker, "filename": storable(citation.filename), "page": citation.page,
        "document_id": citation.document_id if citation.document_id in there else None,
        "quote": storable(citation.quote), "boxes": citation.boxes,
    }  # fmt: skip


def _moment(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidInput(
            "A message or the conversation has a moment outside the calendar.", code="invalid_conversation"
        ) from None
