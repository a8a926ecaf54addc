"""`GET /api/events`: what `ingestion.progress` announces, for one owner, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from redis.exceptions import RedisError

from docvault.logging import get_logger
from docvault.resources import Resources
from ingestion.progress import channel

PING = 15.0  # seconds of silence after which a comment is sent, so that no proxy takes the stream for dead
log = get_logger(__name__)


async def events(resources: Resources, owner_id: UUID) -> AsyncIterator[bytes]:
    """Until the client leaves, or Redis does: then the stream ends, and the browser opens it again."""
    yield b": listening\n\n"
    async with resources.cache.pubsub(ignore_subscribe_messages=True) as subscription:
        try:
            await subscription.subscribe(channel(owner_id))
            yield b"event: hello\ndata: {}\n\n"
            while True:
                message = await subscription.get_message(timeout=PING)
                data = message["data"] if message else None
                yield f"event: document\ndata: {data}\n\n".encode() if data else b": ping\n\n"
        except (RedisError, OSError, asyncio.IncompleteReadError) as error:
            log.info("events.ended", error=str(error))
