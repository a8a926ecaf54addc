"""Conversations: kept, listed, exported and read in again. All SQL of theirs is here, as ORM statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.ai.chat import ChatMessage, Usage
from docvault.errors import NotFound
from docvault.models import Citation, Conversation, Document, Message
from docvault.pagination import Cursor
from docvault.security.access import owned
from search.citations import Cited

TITLE = 200
"""Characters of a title. A conversation is named after its first question."""

NEWEST_FIRST = "-updated_at"


class Answer(msgspec.Struct):
    """One model's answer as it is kept, whole or broken off (then `error` says why)."""

    id: UUID
    model: str
    content: str = ""
    citations: list[Cited] = []
    usage: Usage | None = None
    cost: Decimal | None = None
    error: str | None = None


def not_found() -> NotFound:
    return NotFound("There is no such conversation.", code="conversation_not_found")


async def listed(session: AsyncSession, owner_id: UUID, after: Cursor | None, limit: int) -> Sequence[Conversation]:
    query = select(Conversation).where(owned(Conversation, owner_id))
    if after:
        last = (datetime.fromisoformat(after.key), after.id)
        query = query.where(tuple_(Conversation.updated_at, Conversation.id) < last)
    query = query.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def find(session: AsyncSession, owner_id: UUID, id: UUID) -> Conversation:
    """Raises `NotFound`, for another's as for none."""
    query = select(Conversation).where(owned(Conversation, owner_id), Conversation.id == id)
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise not_found()
    return found


async def create(session: AsyncSession, owner_id: UUID, title: str) -> Conversation:
    id = uuid4()
    await session.execute(insert(Conversation).values(owner_id=owner_id, id=id, title=title_of(title)))
    return await find(session, owner_id, id)


async def rename(session: AsyncSession, owner_id: UUID, id: UUID, title: str) -> Conversation:
    statement = update(Conversation).where(owned(Conversation, owner_id), Conversation.id == id)
    await session.execute(statement.values(title=title_of(title)))
    return await find(session, owner_id, id)


async def remove(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    statement = delete(Conversation).where(owned(Conversation, owner_id), Conversation.id == id)
    gone = await session.execute(statement.returning(Conversation.id))
    if gone.one_or_none() is None:
        raise not_found()


async def messages(session: AsyncSession, owner_id: UUID, conversation_id: UUID) -> Sequence[Message]:
    """In the order they were said; answers to one question in the order they were finished."""
    query = (
        select(Message)
        .where(owned(Message, owner_id), Message.conversation_id == conversation_id)
        .order_by(Message.created_at, Message.role.desc(), Message.id)
    )
    return (await session.scalars(query)).all()


async def citations(session: AsyncSession, owner_id: UUID, message_ids: Sequence[UUID]) -> dict[UUID, list[Citation]]:
    """By message, in the order of their markers."""
    query = (
        select(Citation)
        .where(owned(Citation, owner_id), Citation.message_id.in_(message_ids))
        .order_by(Citation.marker, Citation.page, Citation.id)
    )
    of: dict[UUID, list[Citation]] = defaultdict(list)
    for citation in await session.scalars(query):
        of[citation.message_id].append(citation)
    return of


def history(said: Sequence[Message], model: str) -> list[ChatMessage]:
    """What was said before, as `model` is told it: its own answer to each question, or else another's. Markers go."""
    told: list[ChatMessage] = []
    for question in (message for message in said if message.role == "user"):
        answers = [m for m in said if m.question_id == question.id and m.content and not m.error]
        answer = next((m for m in answers if m.model == model), answers[0] if answers else None)
        if answer:
            told += [ChatMessage("user", question.content), ChatMessage("assistant", answer.content)]
    return told


async def save(session: AsyncSession, owner_id: UUID, conversation_id: UUID, question: Message, answer: Answer) -> None:
    """Keep one model's answer, with its question and conversation where they are not kept yet."""
    conversation = {"owner_id": owner_id, "id": conversation_id, "title": title_of(question.content)}
    await session.execute(
        insert(Conversation).values(conversation).on_conflict_do_update(
            index_elements=["owner_id", "id"], set_={"updated_at": func.now()}
        )
    )  # fmt: skip
    await session.execute(
        insert(Message).on_conflict_do_nothing().values(
            owner_id=owner_id, id=question.id, conversation_id=conversation_id, role="user",
            content=question.content, created_at=question.created_at,
        )
    )  # fmt: skip
    await session.execute(
        insert(Message).values(
            owner_id=owner_id, id=answer.id, conversation_id=conversation_id, question_id=question.id,
            role="assistant", model=answer.model, content=answer.content,
            usage=msgspec.to_builtins(answer.usage), cost=answer.cost, error=answer.error,
        )
    )  # fmt: skip
    await _keep_citations(session, owner_id, answer.id, answer.citations)


async def _keep_citations(session: AsyncSession, owner_id: UUID, message_id: UUID, cited: Sequence[Cited]) -> None:
    """A document that was deleted meanwhile is not pointed at; its quotation is kept."""
    wanted = {c.document_id for c in cited}
    query = (
        select(Document.id).where(owned(Document, owner_id), Document.id.in_(wanted)).with_for_update(key_share=True)
    )
    there = set(await session.scalars(query)) if wanted else set[UUID]()
    rows = [
        {
            "owner_id": owner_id, "id": uuid4(), "message_id": message_id, "marker": c.marker,
            "document_id": c.document_id if c.document_id in there else None,
            "filename": c.filename, "page": c.page, "quote": c.quote, "boxes": c.boxes,
        }
        for c in cited
    ]  # fmt: skip
    if rows:
        await session.execute(insert(Citation), rows)


def title_of(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())[:TITLE] or "Untitled"


def storable(text: str) -> str:
    """Without what neither PostgreSQL nor UTF-8 can hold: NUL, and halves of a surrogate pair."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
