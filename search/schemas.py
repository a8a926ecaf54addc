"""What the calls of search and chat take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from search.queries import Filters
from search.rank import Hit
from search.retrieve import Mode


class SearchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """`filters` narrow the documents that are searched; `folder` includes its sub-folders, every tag must be there.

    `per_document` is how many hits one document may give at most, so that a long one leaves room for others.
    """

    query: str
    top_k: int = 10
    mode: Mode = "hybrid"
    filters: Filters = Filters()
    per_document: Annotated[int, Meta(ge=1)] | None = None


class PassageView(msgspec.Struct, kw_only=True):
    """`section` is the path of headings above the passage, `boxes` of its lines: `[left, top, right, bottom]`.

    They are in points from the top left of the page, and missing where the format has no layout. `text` is what stands
    at characters `passage_start` to `passage_end` of the page's text, as `GET /api/documents/{id}/text` gives it;
    `marks` are the places `[start, end]` in `text` of words that answer the question's. Characters are Unicode code
    points everywhere. `page_count` is the document's.
    """

    filename: str
    page: int
    section: list[str]
    chunk_id: UUID
    text: str
    score: float
    boxes: list[list[float]]
    content_type: str = ""
    folder: str = ""
    page_count: int = 0
    passage_start: int = 0
    passage_end: int = 0
    marks: list[tuple[int, int]] = []


class HitView(PassageView, kw_only=True):
    document_id: UUID


class SourceView(PassageView, kw_only=True):
    """A passage that an answer was given from, by its number `n`. `document_id` is null when the document is gone."""

    n: int
    document_id: UUID | None


class SearchView(msgspec.Struct):
    hits: list[HitView]
    took_ms: float


def hit_view(hit: Hit) -> HitView:
    return HitView(document_id=hit.passage.document_id, **_shown(hit))


def source_view(n: int, hit: Hit) -> SourceView:
    return SourceView(n=n, document_id=hit.passage.document_id, **_shown(hit))


def _shown(hit: Hit) -> dict[str, Any]:
    p = hit.passage
    return {
        "filename": p.filename, "page": p.page, "section": p.section, "chunk_id": p.chunk_id, "text": p.text,
        "score": round(hit.score, 6), "boxes": p.boxes, "content_type": p.content_type, "folder": p.folder,
        "page_count": p.pages, "passage_start": p.start, "passage_end": p.end, "marks": list(hit.marks),
    }  # fmt: skip


class ChatRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Without `conversation_id` a conversation begins. `models` are ids of `GET /api/models`.

    `replaces` names a question of the conversation to ask in other words: that question, its answers and all that was
    said after it go when the first new answer is kept. `regenerates` names one to answer again, in its own words, so
    that `question` is left out: new answers take the place of those that the same models gave before; `models` and
    `filters` are what they were unless given.
    """

    question: str = ""
    conversation_id: UUID | None = None
    models: list[str] | None = None
    filters: Filters | None = None
    replaces: UUID | None = None
    regenerates: UUID | None = None


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
    """`models` are those that answered in it, `preview` is how the last message begins, or the words around `q`."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    models: list[str] = []
    preview: str = ""


class ConversationList(msgspec.Struct):
    items: list[ConversationView]


class Deleted(msgspec.Struct):
    deleted: int


class CitationView(msgspec.Struct):
    """`document_id` is null when the document is gone; the quotation stays.

    It stands at characters `start` to `end` of the page's text; both are null where that is not known.
    """

    marker: int
    document_id: UUID | None
    filename: str
    page: int
    quote: str
    boxes: list[list[float]] = []
    start: int | None = None
    end: int | None = None


class MessageView(msgspec.Struct):
    """`question_id` and `model` belong to answers; `cost` is in US dollars, null when the price is not known.

    `error` says why an answer broke off, `error_code` is its stable name: `stopped` where the reader left. `seconds`
    is how long it took from the question to its end, null where nobody kept that. `sources`
    (the passages found, as in the event) and `filters` (what was searched) belong to questions.
    """

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
    error_code: str | None = None
    sources: list[SourceView] | None = None
    filters: Filters | None = None
    seconds: float | None = None


class ConversationDetail(ConversationView, kw_only=True):
    messages: list[MessageView]
