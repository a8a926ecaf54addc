"""`GET /api/events`: every change of one owner's documents, as server-sent events.

    hello      once, when the stream hears everything
    snapshot   right after it: documents that wait or are being read, and the totals
    document   one document, as it is now
    deleted    {id} of one that is no more
    totals     the overview, at most twice a second

What changed is heard as ids (`docvault.news`) and looked up here: a document that changed ten times in between is told
once, as it is by then, and a thousand that changed at once are one query.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from docvault.errors import RequestError
from docvault.library import queries
from docvault.library.schemas import DocumentView
from docvault.library.views import views
from docvault.logging import get_logger
from docvault.news import News, channel
from docvault.resources import Resources
from ingestion.overview import overview
from ingestion.schemas import IngestionView

PING = 15.0  # seconds of silence after which a comment is sent, so that no proxy takes the stream for dead
GATHER = 0.02  # seconds after a first change in which others are waited for, to be told together
GAP = 0.25  # seconds between two looks at what changed
TOTALS_GAP = 0.5  # seconds between two totals
REST = 10.0
"""A look that took long is followed by a rest of as many times that: a queue of 100,000 is not counted all the time."""
MOST = 500  # documents of a snapshot, and of one look
log = get_logger(__name__)


class Snapshot(msgspec.Struct):
    """`more` documents wait than those told here."""

    documents: list[DocumentView]
    more: bool
    totals: IngestionView


async def events(resources: Resources, owner_id: UUID) -> AsyncGenerator[bytes]:
    """Until the client leaves, or Redis or the database do: then the stream ends, and the browser opens it again."""
    yield b": listening\n\n"
    async with resources.cache.pubsub() as subscription:
        try:
            await subscription.subscribe(channel(owner_id))
            await _subscribed(subscription)
            yield _event("hello", {})
            yield _event("snapshot", await _snapshot(resources, owner_id))
            async for event in _changes(resources, owner_id, subscription):
                yield event
        except (RedisError, OSError, asyncio.IncompleteReadError, RequestError) as error:
            log.info("events.ended", error=str(error))


async def _subscribed(subscription: PubSub) -> None:
    """From here on nothing is missed: what is told now shows every commit before."""
    while True:
        message = await subscription.get_message(timeout=PING)
        if message and message["type"] == "subscribe":
            return


async def _snapshot(resources: Resources, owner_id: UUID) -> Snapshot:
    async with resources.database.transaction(owner_id) as session:
        rows = await queries.unfinished(session, owner_id, MOST + 1)
        documents = await views(session, owner_id, rows[:MOST])
        return Snapshot(documents, len(rows) > MOST, await overview(session, owner_id))


class Heard:
    """What changed and was not told yet, and when it may be."""

    def __init__(self) -> None:
        self.documents: dict[UUID, None] = {}
        self.totals = False
        self.documents_at = self.totals_at = 0.0

    def hear(self, news: News, now: float) -> None:
        if not self.documents:
            self.documents_at = max(self.documents_at, now + GATHER)
        self.documents.update(dict.fromkeys([*news.changed, *news.deleted]))
        self.totals = True

    def patience(self, now: float) -> float:
        """Seconds until there is something to tell; `PING` when nothing is."""
        due = [self.documents_at] * bool(self.documents) + [self.totals_at] * self.totals
        return max(0.0, min(due, default=now + PING) - now)

    def rest(self, now: float, took: float) -> None:
        self.documents_at = max(self.documents_at, now + REST * took)
        self.totals_at = max(self.totals_at, now + REST * took)

    def take_documents(self, now: float) -> list[UUID]:
        """At most `MOST` that are due; the others are at the next look."""
        if not self.documents or now < self.documents_at:
            return []
        taken = list(self.documents)[:MOST]
        for id in taken:
            del self.documents[id]
        self.documents_at = now + GAP
        return taken

    def take_totals(self, now: float) -> bool:
        if not self.totals or self.documents or now < self.totals_at:
            return False
        self.totals, self.totals_at = False, now + TOTALS_GAP
        return True


async def _changes(resources: Resources, owner_id: UUID, subscription: PubSub) -> AsyncIterator[bytes]:
    heard, spoke = Heard(), time.monotonic()
    while True:
        message = await subscription.get_message(timeout=heard.patience(time.monotonic()))
        now = time.monotonic()
        if message and message["type"] == "message":
            heard.hear(msgspec.json.decode(message["data"] or b"", type=News), now)
        told = b""
        if ids := heard.take_documents(now):
            told += await _documents(resources, owner_id, ids)
        if heard.take_totals(now):
            told += await _totals(resources, owner_id)
        if not told and now - spoke >= PING:
            spoke = now
            yield b": ping\n\n"
        if told:
            spoke = time.monotonic()
            heard.rest(spoke, spoke - now)
            yield told


async def _documents(resources: Resources, owner_id: UUID, ids: list[UUID]) -> bytes:
    async with resources.database.transaction(owner_id) as session:
        found = await views(session, owner_id, await queries.by_ids(session, owner_id, ids))
    gone = set(ids) - {document.id for document in found}
    told = [_event("document", document) for document in found]
    return b"".join(told + [_event("deleted", {"id": id}) for id in ids if id in gone])


async def _totals(resources: Resources, owner_id: UUID) -> bytes:
    async with resources.database.transaction(owner_id) as session:
        return _event("totals", await overview(session, owner_id))


def _event(name: str, data: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))
