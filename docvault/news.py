"""News for a person's open pages: which of their documents changed, and which are gone.

Ids alone, over Redis: whoever listens looks up what the rows say by then. So news may be merged, come twice or be
lost: a page that opens its stream again is told everything anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from docvault.logging import get_logger

PATIENCE = 2.0  # seconds a request waits for a Redis that took the connection and says nothing
log = get_logger(__name__)


class News(msgspec.Struct, omit_defaults=True):
    changed: list[UUID] = []
    deleted: list[UUID] = []


def channel(owner_id: UUID) -> str:
    return f"docvault:events:{owner_id}"


async def tell(cache: Redis, owner_id: UUID, *, changed: Collection[UUID] = (), deleted: Collection[UUID] = ()) -> None:
    """One message, whatever it is about. Call it after the commit. Never raises: no news is worth what was done."""
    message = msgspec.json.encode(News(list(changed), list(deleted)))
    try:
        async with asyncio.timeout(PATIENCE):
            await cache.publish(channel(owner_id), message)
    except (RedisError, OSError) as error:  # a timeout is an OSError
        log.debug("news.silent", error=str(error))
