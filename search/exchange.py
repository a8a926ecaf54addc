"""Conversations as JSON, out and in again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import msgspec
from msgspec import Meta
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.database import Database
from docvault.errors import InvalidInput, NotFound
from docvault.models import Citation, Conversation, Message
from search import conversations
from search.asking import filters_of, kept_filters
from search.conversations import storable, title_of
from search.queries import Filters
from search.schemas import SourceView

MOST = 10_000
Text = Annotated[str, Meta(max_length=1_000_000)]
MAX_INTEGER = 2**31 - 1  # of PostgreSQL's `integer`
MAX_SOURCES = 1000
Place = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
MOST_BYTES = 32 * 1024 * 1024
"""Of one import: it is read into memory whole. A question with its passages has about 40 kB."""


class SavedCitation(msgspec.Struct):
    marker: Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
    filename: Text
    page: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    quote: Text
    document_id: UUID | None = None
    boxes: list[list[float]] = []
    start: Place | None = None
    end: Place | None = None


class SavedMessage(msgspec.Struct):
    """`answers` is the place of its question in the list, from 0.

    Exports of earlier versions have no `error_code`, `sources`, `filters` and `seconds`.
    """

    role: Literal["user", "assistant"]
    content: Text
    created_at: datetime
    answers: int | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None
    cost: Annotated[float, Meta(ge=0, lt=1e6)] | None = None
    error: str | None = None
    citations: list[SavedCitation] = []
    error_code: str | None = None
    sources: Annotated[list[SourceView], Meta(max_length=MAX_SOURCES)] | None = None
    filters: Filters | None = None
    seconds: Annotated[float, Meta(ge=0, lt=1e9)] | None = None


class SavedConversation(msgspec.Struct):
    title: Text
    created_at: datetime
    messages: Annotated[list[SavedMessage], Meta(max_length=MOST)]
    format: Literal["docvault-conversation-1"] = "docvault-conversation-1"


SavedConversations = Annotated[list[SavedConversation], Meta(max_length=MOST)]


def saved(
    conversation: Conversation, said: Sequence[Message], cited: Mapping[UUID, Sequence[Citation]]
) -> SavedConversation:
    place = {message.id: n for n, message in enumerate(said)}
    messages = [_saved_message(m, place, cited.get(m.id, ())) for m in said]
    return SavedConversation(conversation.title, conversation.created_at, messages)


def _saved_message(m: Message, place: Mapping[UUID, int], cited: Sequence[Citation]) -> SavedMessage:
    citations = [
        SavedCitation(c.marker, c.filename, c.page, c.quote, c.document_id, c.boxes, c.start_offset, c.end_offset)
        for c in cited
    ]
    return SavedMessage(
        m.role, m.content, m.created_at, place.get(m.question_id) if m.question_id else None, m.model, m.usage,
        None if m.cost is None else float(m.cost), m.error, citations, m.error_code, sources_of(m), filters_of(m),
        m.seconds,
    )  # fmt: skip


def sources_of(question: Message, there: Collection[UUID] | None = None) -> list[SourceView] | None:
    """The passages kept with a question, None with an answer. With `there`, other documents are not pointed at."""
    if question.sources is None:
        return None
    found = msgspec.convert(question.sources, list[SourceView])
    if there is not None:
        for source in found:
            source.document_id = source.document_id if source.document_id in there else None
    return found


async def whole(
    session: AsyncSession, owner_id: UUID, id: UUID
) -> tuple[Conversation, Sequence[Message], dict[UUID, list[Citation]]]:
    """A conversation with all that was said and cited. Raises `NotFound`."""
    conversation = await conversations.find(session, owner_id, id)
    said = await conversations.messages(session, owner_id, id)
    return conversation, said, await conversations.citations(session, owner_id, [m.id for m in said])


async def everything(database: Database, owner_id: UUID) -> AsyncGenerator[bytes]:
    """All conversations of an owner as one list in JSON, the oldest first; one at a time is in memory.

    Each is read in a transaction of its own, for a reader may be slow. One that is removed meanwhile is left out.
    """
    async with database.transaction(owner_id) as session:
        ids = await conversations.ids(session, owner_id)
    before = b"["
    for id in ids:
        with suppress(NotFound):
            async with database.transaction(owner_id, snapshot=True) as session:
                conversation = saved(*await whole(session, owner_id, id))
            yield before + msgspec.json.encode(conversation)
            before = b",\n"
    yield b"]" if before == b",\n" else b"[]"


async def read_all_in(
    session: AsyncSession, owner_id: UUID, given: Sequence[SavedConversation]
) -> Sequence[Conversation]:
    """Keep exported conversations as new ones, in the order in which they were last used. They come newest first."""
    there = await _held(session, owner_id, given)
    kept = {await _read_in(session, owner_id, one, there, _last_used(one)) for one in given}
    return await conversations.named(session, owner_id, kept)


def _last_used(given: SavedConversation) -> datetime:
    return max(map(_moment, (given.created_at, *(message.created_at for message in given.messages))))


async def read_in(session: AsyncSession, owner_id: UUID, given: SavedConversation) -> UUID:
    """Keep an exported conversation as a new one, last used now.

    Citations of documents that the owner does not have keep their quotation and point nowhere.
    """
    return await _read_in(session, owner_id, given, await _held(session, owner_id, [given]))


async def _held(session: AsyncSession, owner_id: UUID, given: Sequence[SavedConversation]) -> set[UUID]:
    """Those of the documents cited that the owner has, all locked before anything is written."""
    cited = {c.document_id for one in given for message in one.messages for c in message.citations if c.document_id}
    return await conversations.hold_cited(session, owner_id, cited)


async def _read_in(
    session: AsyncSession, owner_id: UUID, given: SavedConversation, there: set[UUID],
    updated_at: datetime | None = None,
) -> UUID:  # fmt: skip
    ids = [uuid4() for _ in given.messages]
    conversation_id = uuid4()
    conversation: dict[str, Any] = {
        "owner_id": owner_id, "id": conversation_id, "title": title_of(given.title),
        "created_at": _moment(given.created_at),
    }  # fmt: skip
    await session.execute(
        insert(Conversation).values(conversation | ({"updated_at": updated_at} if updated_at else {}))
    )
    ours = {"owner_id": owner_id, "conversation_id": conversation_id}
    messages = [_row(message, ids, n) | ours for n, message in enumerate(given.messages)]
    cited = [
        _citation(c, there) | {"owner_id": owner_id, "message_id": message_id, "id": id}
        for message_id, message in zip(ids, given.messages, strict=True)
        for id, c in zip(conversations.ascending(len(message.citations)), message.citations, strict=True)
    ]
    if messages:
        await session.execute(insert(Message), messages)
    if cited:
        await session.execute(insert(Citation), cited)
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
        "error_code": message.error_code, "filters": kept_filters(message.filters) if message.filters else None,
        "sources": None if message.sources is None else msgspec.to_builtins(message.sources),
        "seconds": message.seconds,
    }  # fmt: skip


def _citation(citation: SavedCitation, there: set[UUID]) -> dict[str, Any]:
    return {
        "marker": citation.marker, "filename": storable(citation.filename), "page": citation.page,
        "document_id": citation.document_id if citation.document_id in there else None,
        "quote": storable(citation.quote), "boxes": citation.boxes,
        "start_offset": citation.start, "end_offset": citation.end,
    }  # fmt: skip


def _moment(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidInput(
            "A message or the conversation has a moment outside the calendar.", code="invalid_conversation"
        ) from None
