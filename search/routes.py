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
from search import answer, conversations, exchange, extractive
from search.conversations import NEWEST_FIRST
from search.exchange import SavedConversation
from search.retrieve import Query, check, retrieve
from search.schemas import (
    ChatRequest,
    CitationView,
    ConversationCreate,
    ConversationDetail,
    ConversationPatch,
    ConversationView,
    MessageView,
    ModelList,
    ModelView,
    SearchRequest,
    SearchView,
    hit_view,
)

Limit = Annotated[int, QueryParameter(ge=1, le=500)]
SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@post("/api/search", status_code=200, guards=[requires("search")], tags=["search"])
async def search(
    resources: NamedDependency[Resources], identity: NamedDependency[Identity], data: JSONBody[SearchRequest]
) -> SearchView:
    """The passages that answer best, by meaning and by words (`hybrid`), or by one of them."""
    started = time.perf_counter()
    text = check(resources.settings, data.query, data.top_k)
    hits = await retrieve(resources, identity.owner_id, Query(text, data.top_k, data.mode, data.filters))
    return SearchView([hit_view(hit) for hit in hits], round((time.perf_counter() - started) * 1000, 2))


@post("/api/chat", status_code=200, guards=[requires("chat")], tags=["chat"], opt={"uncompressed": True})
async def chat(
    resources: NamedDependency[Resources], identity: NamedDependency[Identity], data: JSONBody[ChatRequest]
) -> Stream:
    """Ask, and read the answer as it is written: events `sources`, `delta`, `citation`, `done` or `error`, and `end`.

    Several models answer side by side; every citation was found on its page before it is sent.
    """
    asked = await answer.ask(resources, identity.owner_id, data)
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
        self, unit: NamedDependency[UnitOfWork], cursor: FromQuery[str | None] = None, limit: Limit = 50
    ) -> CursorPage[ConversationView]:
        """One's conversations, the last used first."""
        after = decode_cursor(cursor, NEWEST_FIRST)
        rows = await conversations.listed(unit.session, unit.owner_id, after, limit + 1)
        return cursor_page(rows, limit, _view, lambda row: encode_cursor(NEWEST_FIRST, row.updated_at, row.id))

    @post()
    async def create_conversation(
        self, unit: NamedDependency[UnitOfWork], data: JSONBody[ConversationCreate]
    ) -> ConversationView:
        """Begin one without a question yet."""
        return _view(await conversations.create(unit.session, unit.owner_id, data.title))

    @post("/import")
    async def import_conversation(
        self, unit: NamedDependency[UnitOfWork], data: JSONBody[SavedConversation]
    ) -> ConversationDetail:
        """Read in what `export` gave, as a new conversation. Citations of documents not there keep their words."""
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
        conversation, said, cited = await _whole(unit, conversation_id)
        return exchange.saved(conversation, said, cited)

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


async def _whole(unit: UnitOfWork, id: UUID) -> tuple[Conversation, list[Message], dict[UUID, list[Citation]]]:
    conversation = await conversations.find(unit.session, unit.owner_id, id)
    said = list(await conversations.messages(unit.session, unit.owner_id, id))
    return conversation, said, await conversations.citations(unit.session, unit.owner_id, [m.id for m in said])


async def _detail(unit: UnitOfWork, id: UUID) -> ConversationDetail:
    conversation, said, cited = await _whole(unit, id)
    shown = [_message(message, cited.get(message.id, [])) for message in said]
    c = conversation
    return ConversationDetail(c.id, c.title, c.created_at, c.updated_at, messages=shown)


def _view(c: Conversation) -> ConversationView:
    return ConversationView(c.id, c.title, c.created_at, c.updated_at)


def _message(m: Message, cited: list[Citation]) -> MessageView:
    citations = [CitationView(c.marker, c.document_id, c.filename, c.page, c.quote, c.boxes) for c in cited]
    cost = None if m.cost is None else float(m.cost)
    return MessageView(m.id, m.role, m.content, m.created_at, m.question_id, m.model, m.usage, cost, m.error, citations)
