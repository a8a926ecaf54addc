"""Conversations: kept, listed, exported and read in again. All SQL of theirs is here, as ORM statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from docvault.ai.chat import ChatMessage, Usage
from docvault.errors import NotFound
from docvault.library import queries as library
from docvault.models import Citation, Conversation, Document, Message
from docvault.pagination import Cursor
from docvault.security.access import owned
from search.citations import Cited

TITLE = 200
"""Characters of a title. A conversation is named after its first question."""

PREVIEW = 160
"""Characters that a list shows of what was said."""

NEWEST_FIRST = "-updated_at"


class Answer(msgspec.Struct):
    """One model's answer as it is kept, whole or broken off (then `error` says why, by the name `error_code`)."""

    id: UUID
    model: str
    content: str = ""
    citations: list[Cited] = []
    usage: Usage | None = None
    cost: Decimal | None = None
    error: str | None = None
    error_code: str | None = None
    seconds: float | None = None
    kept: bool = False


def not_found() -> NotFound:
    return NotFound("There is no such conversation.", code="conversation_not_found")


async def listed(
    session: AsyncSession, owner_id: UUID, after: Cursor | None, limit: int, q: str = ""
) -> Sequence[Conversation]:
    """With `q`, those that have these letters in their title or in a message, in any case."""
    query = select(Conversation).where(owned(Conversation, owner_id))
    if q:
        said = select(Message.id).where(
            owned(Message, owner_id), Message.conversation_id == Conversation.id,
            Message.content.icontains(q, autoescape=True),
        )  # fmt: skip
        query = query.where(or_(Conversation.title.icontains(q, autoescape=True), said.exists()))
    if after:
        last = (datetime.fromisoformat(after.key), after.id)
        query = query.where(tuple_(Conversation.updated_at, Conversation.id) < last)
    query = query.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def summaries(
    session: AsyncSession, owner_id: UUID, ids: Sequence[UUID], q: str = ""
) -> dict[UUID, tuple[list[str], str]]:
    """By conversation, the models that answered in it, and how its last message begins.

    With `q`, the words around it in the last message that has it, where one has.
    """
    words = Message.content
    begins = func.greatest(func.strpos(func.lower(words), q.lower()) - PREVIEW // 4, 1) if q else 1
    order = [words.icontains(q, autoescape=True).desc()] if q else []
    order += [Message.created_at.desc(), Message.role]
    previews = func.array_agg(aggregate_order_by(func.substr(words, begins, PREVIEW), *order))
    query = select(
        Message.conversation_id,
        func.array_remove(func.array_agg(Message.model.distinct()), None),
        previews[1],
    )
    query = query.where(owned(Message, owner_id), Message.conversation_id.in_(ids), words != "")
    rows = await session.execute(query.group_by(Message.conversation_id)) if ids else []
    return {id: (models, " ".join(preview.split())) for id, models, preview in rows}


async def find(session: AsyncSession, owner_id: UUID, id: UUID) -> Conversation:
    """Raises `NotFound`, for another's as for none."""
    query = select(Conversation).where(owned(Conversation, owner_id), Conversation.id == id)
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise not_found()
    return found


async def hold(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    """Nobody removes it before the transaction ends. Raises `NotFound`."""
    query = select(Conversation.id).where(owned(Conversation, owner_id), Conversation.id == id)
    if (await session.scalars(query.with_for_update(key_share=True))).one_or_none() is None:
        raise not_found()


async def create(session: AsyncSession, owner_id: UUID, title: str) -> Conversation:
    id = uuid4()
    await session.execute(insert(Conversation).values(owner_id=owner_id, id=id, title=title_of(title)))
    return await find(session, owner_id, id)


async def rename(session: AsyncSession, owner_id: UUID, id: UUID, title: str) -> Conversation:
    statement = update(Conversation).where(owned(Conversation, owner_id), Conversation.id == id)
    await session.execute(statement.values(title=title_of(title)))
    return await find(session, owner_id, id)


async def remove(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    await hold_cited(session, owner_id, going=Message.conversation_id == id)
    statement = delete(Conversation).where(owned(Conversation, owner_id), Conversation.id == id)
    gone = await session.execute(statement.returning(Conversation.id))
    if gone.one_or_none() is None:
        raise not_found()


async def clear(session: AsyncSession, owner_id: UUID) -> int:
    """Remove all of an owner's. How many."""
    await hold_cited(session, owner_id, going=true())
    gone = await session.execute(delete(Conversation).where(owned(Conversation, owner_id)).returning(Conversation.id))
    return len(gone.all())


async def ids(session: AsyncSession, owner_id: UUID) -> Sequence[UUID]:
    """Of all, the oldest first."""
    query = select(Conversation.id).where(owned(Conversation, owner_id))
    return (await session.scalars(query.order_by(Conversation.created_at, Conversation.id))).all()


async def named(session: AsyncSession, owner_id: UUID, ids: Collection[UUID]) -> Sequence[Conversation]:
    """Newest first."""
    query = select(Conversation).where(owned(Conversation, owner_id), Conversation.id.in_(ids))
    return (await session.scalars(query.order_by(Conversation.updated_at.desc(), Conversation.id.desc()))).all()


async def messages(
    session: AsyncSession, owner_id: UUID, conversation_id: UUID, *, passages: bool = True
) -> Sequence[Message]:
    """Questions in the order they were asked, each followed by its answers in the order they were finished.

    An answer that was given again later stands by its question. Without `passages`, questions come without `sources`.
    """
    query = select(Message).where(owned(Message, owner_id), Message.conversation_id == conversation_id)
    if not passages:
        query = query.options(defer(Message.sources, raiseload=True))
    said = (await session.scalars(query.order_by(Message.created_at, Message.role.desc(), Message.id))).all()
    asked = {message.id: n for n, message in enumerate(said)}
    places = {m.id: asked.get(m.question_id, n) if m.question_id else n for n, m in enumerate(said)}
    return sorted(said, key=lambda m: (places[m.id], m.role == "assistant", asked[m.id]))


async def present(session: AsyncSession, owner_id: UUID, documents: Collection[UUID]) -> set[UUID]:
    """Those of the documents that the owner has."""
    query = select(Document.id).where(owned(Document, owner_id), Document.id.in_(documents))
    return set(await session.scalars(query)) if documents else set()


async def hold_cited(
    session: AsyncSession, owner_id: UUID, cited: Iterable[UUID] = (), *, going: ColumnElement[bool] | None = None
) -> set[UUID]:
    """Nobody deletes these documents before the transaction ends, nor those that the messages `going` cite.

    Those of them that are there. Comes before all else in its transaction: a document that is deleted is locked first
    and then changes its citations, and whoever did so in the other order would wait for it while it waits for them.
    """
    wanted = set(cited)
    if going is not None:
        said = and_(owned(Message, owner_id), Message.id == Citation.message_id, going)
        query = select(Citation.document_id).distinct().join(Message, said)
        found = await session.scalars(query.where(owned(Citation, owner_id)))
        wanted |= {id for id in found if id}
    return await library.lock(session, owner_id, wanted) if wanted else set()


async def citations(session: AsyncSession, owner_id: UUID, message_ids: Sequence[UUID]) -> dict[UUID, list[Citation]]:
    """By message, in the order of their markers; those of one passage in the order in which they were given."""
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


async def keep_question(
    session: AsyncSession, owner_id: UUID, conversation_id: UUID, question: Message, *,
    gone: Sequence[UUID] = (), retitled: bool = False, again: bool = False,
) -> None:  # fmt: skip
    """Keep a question, and its conversation where that is not kept yet; remove the messages that it replaces.

    With `again` the question stands already, and what was found for it and searched is as it is now.
    """
    conversation = {"owner_id": owner_id, "id": conversation_id, "title": title_of(question.content)}
    title = {"title": conversation["title"]} if retitled else {}
    await session.execute(
        insert(Conversation).values(conversation).on_conflict_do_update(
            index_elements=["owner_id", "id"], set_={"updated_at": func.now()} | title
        )
    )  # fmt: skip
    if gone:
        await session.execute(delete(Message).where(owned(Message, owner_id), Message.id.in_(gone)))
    found = {"sources": question.sources, "filters": question.filters}
    row = insert(Message).values(
        owner_id=owner_id, id=question.id, conversation_id=conversation_id, role="user",
        content=question.content, created_at=question.created_at, **found,
    )  # fmt: skip
    ours = ["owner_id", "id"]
    await session.execute(
        row.on_conflict_do_update(index_elements=ours, set_=found)
        if again
        else row.on_conflict_do_nothing(index_elements=ours)
    )


def replaced_by(question_id: UUID, answers: Sequence[Answer], gone: Sequence[UUID] = ()) -> ColumnElement[bool]:
    """The messages that these answers take the place of: their models' earlier ones, and those of the ids `gone`."""
    before = and_(
        Message.question_id == question_id, Message.model.in_([answer.model for answer in answers]),
        Message.id.not_in([answer.id for answer in answers]),
    )  # fmt: skip
    return or_(before, Message.id.in_(gone))


async def keep_answer(
    session: AsyncSession, owner_id: UUID, conversation_id: UUID, question_id: UUID, answer: Answer, there: set[UUID]
) -> None:
    """Keep one model's answer in the place of any that it gave before. Kept twice, it is there once.

    `there` are the documents that its citations may point at, as `hold_cited` gives them: of one that was deleted
    meanwhile, the quotation is kept.
    """
    await session.execute(delete(Message).where(owned(Message, owner_id), replaced_by(question_id, [answer])))
    row = insert(Message).values(
        owner_id=owner_id, id=answer.id, conversation_id=conversation_id, question_id=question_id,
        role="assistant", model=answer.model, content=answer.content, usage=msgspec.to_builtins(answer.usage),
        cost=answer.cost, error=answer.error, error_code=answer.error_code, seconds=answer.seconds,
    )  # fmt: skip
    kept = await session.execute(row.on_conflict_do_nothing(index_elements=["owner_id", "id"]).returning(Message.id))
    if kept.one_or_none():
        await _keep_citations(session, owner_id, answer.id, answer.citations, there)


async def _keep_citations(
    session: AsyncSession, owner_id: UUID, message_id: UUID, cited: Sequence[Cited], there: set[UUID]
) -> None:
    rows = [
        {
            "owner_id": owner_id, "id": id, "message_id": message_id, "marker": c.marker,
            "document_id": c.document_id if c.document_id in there else None,
            "filename": c.filename, "page": c.page, "quote": c.quote, "boxes": c.boxes,
            "start_offset": c.start, "end_offset": c.end,
        }
        for id, c in zip(ascending(len(cited)), cited, strict=True)
    ]  # fmt: skip
    if rows:
        await session.execute(insert(Citation), rows)


def ascending(count: int) -> list[UUID]:
    """Ids of citations in the order of their markers in the answer.

    One passage may be cited twice, with other words each time: its citations are told apart by their order.
    """
    return sorted(uuid4() for _ in range(count))


def title_of(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())[:TITLE] or "Untitled"


def storable(text: str) -> str:
    """Without what neither PostgreSQL nor UTF-8 can hold: NUL, and halves of a surrogate pair."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
