"""The stream of an answer: sources, then every chosen model side by side, each to its own end.

Server-sent events of one line of JSON: `sources`, `delta`, `citation`, `done` or `error` for each model, and `end`. No
transaction is open while models speak; each answer is kept, question and all, before its `done` is sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

import msgspec

from docvault.ai.chat import ChatMessage, ChatModel, Usage
from docvault.errors import DocVaultError, ModelError
from docvault.logging import get_logger
from docvault.resources import Resources
from search import conversations, extractive, prompt, queries
from search.asking import Asked
from search.citations import Cited, Citer, Quotation, Source
from search.conversations import Answer
from search.keep import Keeper
from search.prompt import PromptPassage
from search.rank import Hit
from search.retrieve import Query, retrieve
from search.schemas import source_view

SOURCES = 12
"""Passages looked up for an answer."""

QUEUE = 64
"""Events that wait for a slow reader; then the models wait."""

HEARTBEAT = 15.0
"""Seconds of silence after which a comment keeps proxies from closing the connection."""

STOPPED = "The answer was stopped before it was whole."

log = get_logger(__name__)
_running: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks weakly


async def answer(resources: Resources, asked: Asked) -> AsyncGenerator[bytes]:
    """The whole stream. Closing it, as when the reader leaves, ends every model's call; what was said is kept."""
    began = time.monotonic()
    try:
        hits = await retrieve(resources, asked.owner_id, Query(_searched(asked), SOURCES, filters=asked.filters))
        sources = await _sources(resources, asked.owner_id, hits)
    except Exception as error:
        failed = error if isinstance(error, DocVaultError) else _fault("search.failed", error)
        for model in asked.models:
            yield event("error", {"model": model, "code": failed.code, "detail": failed.detail})
        yield event("end", {})
        return
    yield event("sources", _described(asked, hits))
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
    keeper = Keeper(resources.database, asked)
    asked_of = [_Speaker(resources, asked, hits, sources, model, queue, keeper, began) for model in asked.models]
    tasks = [_start(speaker.run()) for speaker in asked_of]
    try:
        async for piece in _drained(queue, len(tasks)):
            yield piece
    finally:
        for task in tasks:
            task.cancel()
    yield event("end", {})


def _start(coroutine: Any) -> asyncio.Task[None]:
    task = asyncio.create_task(coroutine)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


async def _drained(queue: asyncio.Queue[bytes | None], speakers: int) -> AsyncIterator[bytes]:
    """What the models say until all have ended, each of which says None at last."""
    while speakers:
        try:
            async with asyncio.timeout(HEARTBEAT):
                piece = await queue.get()
        except TimeoutError:
            yield b": ping\n\n"
            continue
        if piece is None:
            speakers -= 1
        else:
            yield piece


def _searched(asked: Asked) -> str:
    """A question that follows another is searched for together with it: "and in 2020?" alone finds nothing."""
    before = [message.content for message in asked.said if message.role == "user"]
    return f"{before[-1]}\n{asked.question.content}" if before else asked.question.content


async def _sources(resources: Resources, owner_id: UUID, hits: Sequence[Hit]) -> list[Source]:
    if not hits:
        return []
    async with resources.database.transaction(owner_id) as session:
        pages = await queries.page_texts(session, owner_id, [hit.passage.chunk_id for hit in hits])
    sources: list[Source] = []
    for n, (p, *_) in enumerate(hits, start=1):
        page = pages.get(p.chunk_id, queries.PageText("", 0))  # gone since: nothing of it can be verified
        offset = p.start - page.start
        sources.append(Source(n, p.document_id, p.filename, p.page, p.text, page.text, page.start, p.boxes, offset))
    return sources


def _described(asked: Asked, hits: Sequence[Hit]) -> dict[str, Any]:
    """The event `sources`. The passages are kept with the question."""
    asked.question.sources = [msgspec.to_builtins(source_view(n, hit)) for n, hit in enumerate(hits, start=1)]
    return {
        "conversation_id": str(asked.conversation_id),
        "question_id": str(asked.question.id),
        "models": asked.models,
        "sources": asked.question.sources,
    }


class _Speaker:
    """One model's answer: its words, its citations, and its end."""

    def __init__(
        self, resources: Resources, asked: Asked, hits: Sequence[Hit], sources: Sequence[Source], model: str,
        queue: asyncio.Queue[bytes | None], keeper: Keeper, began: float,
    ) -> None:  # fmt: skip
        self.resources = resources
        self.asked = asked
        self.hits = hits
        self.sources = sources
        self.queue = queue
        self.keeper = keeper
        self.began = began
        self.citer = Citer(sources)
        self.answer = Answer(uuid4(), model)
        self.ended = False

    async def run(self) -> None:
        """Ends in `done` or `error`, whatever happens; when cancelled, keeps what was said and ends silently."""
        try:
            await self._send(*await self._spoken())
            await self.queue.put(None)
        except asyncio.CancelledError:
            if not self.ended:
                self._record(self.citer.end())
                self.answer.error, self.answer.error_code = STOPPED, "stopped"
            if not self.answer.kept:
                self._time()
                await self.keeper.keep(self.answer)
            raise

    async def _spoken(self) -> tuple[str, dict[str, Any]]:
        failed: DocVaultError | None = None
        try:
            await self._speak()
        except DocVaultError as error:
            failed = error
            failed.detail = conversations.storable(failed.detail)  # often a provider's own words
        except Exception as error:
            failed = _fault("model.failed", error, model=self.answer.model)
        if failed:
            self.answer.error, self.answer.error_code = failed.detail, failed.code
        self.ended = True
        self._time()
        unkept = await self.keeper.keep(self.answer)
        end = {"seconds": self.answer.seconds} | ({"message_id": str(self.answer.id)} if self.answer.kept else {})
        if failed := failed or unkept:
            hint = {"hint": failed.hint} if failed.hint else {}
            return "error", {"code": failed.code, "detail": failed.detail} | end | hint
        cost = None if self.answer.cost is None else float(self.answer.cost)
        return "done", end | {"usage": msgspec.to_builtins(self.answer.usage), "cost": cost}

    def _time(self) -> None:
        """From the question to now, in seconds."""
        if self.answer.seconds is None:
            self.answer.seconds = round(time.monotonic() - self.began, 2)

    async def _speak(self) -> None:
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    self.answer.usage = piece
                elif isinstance(piece, Quotation):
                    await self._tell(self.citer.quote(piece))
                else:
                    await self._tell(self.citer.feed(conversations.storable(piece)))
        await self._tell(self.citer.end())

    async def _tell(self, parts: Iterable[str | Cited]) -> None:
        for part in self._record(parts):
            if isinstance(part, str):
                await self._send("delta", {"text": part})
            else:
                await self._send("citation", part._asdict())

    def _record(self, parts: Iterable[str | Cited]) -> list[str | Cited]:
        """All at once, before the reader is waited for: what is stopped in between is kept whole."""
        said = list(parts)
        self.answer.content += "".join(part for part in said if isinstance(part, str))
        self.answer.citations += [part for part in said if isinstance(part, Cited)]
        return said

    def _pieces(self) -> AsyncGenerator[str | Quotation | Usage] | AsyncGenerator[str | Usage]:
        question = self.asked.question.content
        if not self.hits:
            return _fixed(extractive.NOTHING_FOUND)
        model = self.resources.models.get(self.answer.model)
        if model is None:
            return extractive.answer(question, self.sources, self.resources.embedder)
        return model.stream(self._prompt(model, question), max_tokens=self.resources.settings.answer_tokens)

    def _prompt(self, model: ChatModel, question: str) -> list[ChatMessage]:
        passages = [
            PromptPassage(n, p.filename, p.page, p.section, p.text) for n, (p, *_) in enumerate(self.hits, start=1)
        ]
        before = conversations.history(self.asked.said, model.id)
        return prompt.build(question, passages, before, self.resources.settings.prompt_tokens)

    async def _send(self, name: str, data: dict[str, Any]) -> None:
        await self.queue.put(event(name, {"model": self.answer.model} | data))


def _fault(what: str, error: Exception, **ids: str) -> ModelError:
    log.error(what, exc_info=error, **ids)
    return ModelError("The answer broke off through a fault of ours. It has been logged.", code="internal")


async def _fixed(text: str) -> AsyncGenerator[str | Usage]:
    yield text


def event(name: str, data: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
