"""`/api/search`, `/api/chat`, `/api/models` and `/api/conversations`."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from docvault.models import Citation, Conversation, Message
from docvault.pagination import CursorPage, cursor_page, decode_cursor, encode_cursor
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from docvault.unit_of_work import UnitOfWork
from search import answer, asking, conversations, exchange, extractive
from search.conversations import NEWEST_FIRST
from search.exchange import SavedConversation, SavedConversations
from search.retrieve import Query, check, retrieve
from search.schemas import (
    ChatRequest,
    CitationView,
    ConversationCreate,
    ConversationDetail,
    ConversationList,
    ConversationPatch,
    ConversationView,
    Deleted,
    MessageView,
    ModelList,
    ModelView,
    SearchRequest,
    SearchView,
    hit_view,
)

Limit = Annotated[int, QueryParameter(ge=1, le=500)]
Q = Annotated[str, QueryParameter(max_length=200)]
SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@post("/api/search", status_code=200, guards=[requires("search")], tags=["search"])
async def search(
    resources: NamedDependency[Resources], identity: NamedDependency[Identity], data: JSONBody[SearchRequest]
) -> SearchView:
    """The passages that answer best, by meaning and by words (`hybrid`), or by one of them."""
    started = time.perf_counter()
    text = check(resources.settings, data.query, data.top_k)
    asked = Query(text, data.top_k, data.mode, data.filters, data.per_document)
    hits = await retrieve(resources, identity.owner_id, asked)
    return SearchView([hit_view(hit) for hit in hits], round((time.perf_counter() - started) * 1000, 2))


@post("/api/chat", status_code=200, guards=[requires("chat")], tags=["chat"], opt={"uncompressed": True})
async def chat(
    resources: NamedDependency[Resources], identity: NamedDependency[Identity], data: JSONBody[ChatRequest]
) -> Stream:
    """Ask, and read the answer as it is written: events `sources`, `delta`, `citation`, `done` or `error`, and `end`.

    Several models answer side by side; every citation was found on its page before it is sent.
    """
    asked = await asking.ask(resources, identity.owner_id, data)
    return Stream(answer.answer(resources, asked), media_type="text/event-stream", headers=SSE_HEADERS)


@get("/api/models", guards=[requires("chat")], tags=["chat"])
async def models(resources: NamedDependency[Resources]) -> ModelList:
    """The models that may be asked. `extractive` is always there and needs no key."""
    defaults = resources.settings.default_models
    offered = [(extractive.ID, "docvault"), *((model.id, model.provider) for model in resources.models)]
    return ModelList([ModelView(id, provider, id in defaults) for id, provider in offered])


class ConversationsController(Controller):
    path = "/api/conversations"
    tags = ["chat"]  # noqa: RUF012
    guards = [requires("chat")]  # noqa: RUF012

    @get()
    async def list_conversations(
        self,
        unit: NamedDependency[UnitOfWork],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
        q: Q = "",
    ) -> CursorPage[ConversationView]:
        """One's conversations, the last used first; with `q`, those that say it anywhere, in any case."""
        after = decode_cursor(cursor, NEWEST_FIRST)
        q = conversations.storable(q).strip()
        rows = await conversations.listed(unit.session, unit.owner_id, after, limit + 1, q)
        more = await conversations.summaries(unit.session, unit.owner_id, [row.id for row in rows[:limit]], q)
        return cursor_page(
            rows,
            limit,
            lambda row: _view(row, *more.get(row.id, ([], ""))),
            lambda row: encode_cursor(NEWEST_FIRST, row.updated_at, row.id),
        )

    @post()
    async def create_conversation(
        self, unit: NamedDependency[UnitOfWork], data: JSONBody[ConversationCreate]
    ) -> ConversationView:
        """Begin one without a question yet."""
        return _view(await conversations.create(unit.session, unit.owner_id, data.title))

    @delete(status_code=200)
    async def delete_conversations(self, unit: NamedDependency[UnitOfWork]) -> Deleted:
        """Remove all of one's conversations."""
        return Deleted(await conversations.clear(unit.session, unit.owner_id))

    @post("/export", status_code=200)
    async def export_conversations(
        self, resources: NamedDependency[Resources], identity: NamedDependency[Identity]
    ) -> Stream:
        """All of one's conversations in one file, a list of what `export` gives of each."""
        return Stream(
            exchange.everything(resources.database, identity.owner_id),
            media_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="conversations.json"', "Cache-Control": "no-store"},
        )

    @post("/import", request_max_body_size=exchange.MOST_BYTES)
    async def import_conversation(
        self, unit: NamedDependency[UnitOfWork], data: JSONBody[SavedConversation | SavedConversations]
    ) -> ConversationDetail | ConversationList:
        """Read in what `export` gave, one or a list, as new ones. Citations of documents not there keep their words.

        Of one, all that was said is given back; of a list, the conversations.
        """
        if isinstance(data, list):
            return ConversationList([_view(c) for c in await exchange.read_all_in(unit.session, unit.owner_id, data)])
        return await _detail(unit, await exchange.read_in(unit.session, unit.owner_id, data))

    @get("/{conversation_id:uuid}")
    async def get_conversation(
        self, unit: NamedDependency[UnitOfWork], conversation_id: FromPath[UUID]
    ) -> ConversationDetail:
        """All that was said, with the citations."""
        return await _detail(unit, conversation_id)

    @get("/{conversation_id:uuid}/export")
    async def export_conversation(
        self, unit: NamedDependency[UnitOfWork], conversation_id: FromPath[UUID]
    ) -> SavedConversation:
        """The conversation as a file to keep or to import elsewhere."""
        return exchange.saved(*await exchange.whole(unit.session, unit.owner_id, conversation_id))

    @patch("/{conversation_id:uuid}")
    async def patch_conversation(
        self, unit: NamedDependency[UnitOfWork], conversation_id: FromPath[UUID], data: JSONBody[ConversationPatch]
    ) -> ConversationView:
        """Give it another title."""
        return _view(await conversations.rename(unit.session, unit.owner_id, conversation_id, data.title))

    @delete("/{conversation_id:uuid}")
    async def delete_conversation(self, unit: NamedDependency[UnitOfWork], conversation_id: FromPath[UUID]) -> None:
        """Remove it and all that was said."""
        await conversations.remove(unit.session, unit.owner_id, conversation_id)


search_routes: list[ControllerRouterHandler] = [search, chat, models, ConversationsController]


async def _detail(unit: UnitOfWork, id: UUID) -> ConversationDetail:
    c, said, cited = await exchange.whole(unit.session, unit.owner_id, id)
    sources = [source for message in said for source in exchange.sources_of(message) or ()]
    there = await conversations.present(unit.session, unit.owner_id, {s.document_id for s in sources if s.document_id})
    shown = [_message(message, cited.get(message.id, []), there) for message in said]
    models = sorted({message.model for message in said if message.model})
    return ConversationDetail(c.id, c.title, c.created_at, c.updated_at, models, messages=shown)


def _view(c: Conversation, models: list[str] | None = None, preview: str = "") -> ConversationView:
    return ConversationView(c.id, c.title, c.created_at, c.updated_at, models or [], preview)


def _message(m: Message, cited: list[Citation], there: set[UUID]) -> MessageView:
    citations = [
        CitationView(c.marker, c.document_id, c.filename, c.page, c.quote, c.boxes, c.start_offset, c.end_offset)
        for c in cited
    ]
    return MessageView(
        m.id, m.role, m.content, m.created_at, m.question_id, m.model, m.usage,
        None if m.cost is None else float(m.cost), m.error, citations, m.error_code,
        exchange.sources_of(m, there), asking.filters_of(m), m.seconds,
    )  # fmt: skip
