"""What the calls of search and chat take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from search.queries import Filters
from search.rank import Hit
from search.retrieve import Mode


class SearchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """`filters` narrow the documents that are searched; `folder` includes its sub-folders, every tag must be there."""

    query: str
    top_k: int = 10
    mode: Mode = "hybrid"
    filters: Filters = Filters()


class HitView(msgspec.Struct):
    """`section` is the path of headings above the passage, `boxes` of its lines: `[left, top, right, bottom]`.

    They are in points from the top left of the page, and missing where the format has no layout.
    """

    document_id: UUID
    filename: str
    page: int
    section: list[str]
    chunk_id: UUID
    text: str
    score: float
    boxes: list[list[float]]


class SearchView(msgspec.Struct):
    hits: list[HitView]
    took_ms: float


def hit_view(hit: Hit) -> HitView:
    p = hit.passage
    return HitView(p.document_id, p.filename, p.page, p.section, p.chunk_id, p.text, round(hit.score, 6), p.boxes)


class ChatRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Without `conversation_id` a conversation begins. `models` are ids of `GET /api/models`."""

    question: str
    conversation_id: UUID | None = None
    models: list[str] | None = None
    filters: Filters = Filters()


class ModelView(msgspec.Struct):
    id: str
    provider: str
    default: bool


class ModelList(msgspec.Struct):
    items: list[ModelView]


class ConversationCreate(msgspec.Struct, forbid_unknown_fields=True):
    title: str = ""


class ConversationPatch(msgspec.Struct, forbid_unknown_fields=True):
    title: str


class ConversationView(msgspec.Struct):
    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime


class CitationView(msgspec.Struct):
    """`document_id` is null when the document is gone; the quotation stays."""

    marker: int
    document_id: UUID | None
    filename: str
    page: int
    quote: str
    boxes: list[list[float]] = []


class MessageView(msgspec.Struct):
    """`question_id` and `model` belong to answers; `cost` is in US dollars, null when the price is not known."""

    id: UUID
    role: str
    content: str
    created_at: datetime
    question_id: UUID | None = None
    model: str | None = None
    usage: Any = None
    cost: float | None = None
    error: str | None = None
    citations: list[CitationView] = []


class ConversationDetail(ConversationView, kw_only=True):
    messages: list[MessageView]
