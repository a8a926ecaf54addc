"""Questions and answers, and the citations that hold the answers up."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from docvault.models.base import Base, Id, Json, Now, Owner, owned_by, owned_by_user


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (owned_by_user(), Index("conversations_listed", "owner_id", "updated_at", "id"))

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    title: Mapped[str]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


class Message(Base):
    """A question (`role` user), or one model's answer to it (`role` assistant, `question_id` and `model` set).

    `cost` is in US dollars, NULL when the model's price is unknown. `error` is why an answer broke off, `error_code`
    its stable name. `seconds` is how long it took from the question, NULL in those kept before that was kept too. A
    question has the passages found for it in `sources`, as the event `sources` shows them, and the
    `filters` that it was searched with.
    """

    __tablename__ = "messages"
    __table_args__ = (
        owned_by("conversations", "conversation_id"),
        owned_by("messages", "question_id"),
        Index("messages_of_conversation", "owner_id", "conversation_id", "created_at"),
        Index("messages_of_question", "owner_id", "question_id"),
    )

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    conversation_id: Mapped[UUID]
    question_id: Mapped[UUID | None]
    role: Mapped[Literal["user", "assistant"]] = mapped_column(Text)
    model: Mapped[str | None]
    content: Mapped[str]
    usage: Mapped[Json | None]
    cost: Mapped[Decimal | None]
    error: Mapped[str | None]
    error_code: Mapped[str | None]
    sources: Mapped[Json | None]
    filters: Mapped[Json | None]
    seconds: Mapped[float | None]
    created_at: Mapped[Now]


class Citation(Base):
    """`quote` was found word for word on page `page` when the answer was given. It outlives its document.

    It stood at characters `start_offset` to `end_offset` of the page's text; both are NULL in those kept before that
    was kept too.
    """

    __tablename__ = "citations"
    __table_args__ = (
        owned_by("messages", "message_id"),
        owned_by("documents", "document_id", "SET NULL (document_id)"),
    )

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    message_id: Mapped[UUID]
    marker: Mapped[int]
    document_id: Mapped[UUID | None]
    filename: Mapped[str]
    page: Mapped[int]
    quote: Mapped[str]
    boxes: Mapped[Json]
    start_offset: Mapped[int | None]
    end_offset: Mapped[int | None]
