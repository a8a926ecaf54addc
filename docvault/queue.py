"""The doorbell: arq over Redis.

The row in PostgreSQL is the job; a ring only wakes a worker at once instead of at the sweeper's next look. So a ring
that is lost (Redis emptied, restarted, gone) costs seconds and never a document. Payloads are JSON with ids alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from docvault.errors import ConfigurationError
from docvault.logging import get_logger
from docvault.settings import Settings

QUEUE = "docvault:jobs"
PATIENCE = 2.0  # seconds a request waits for a Redis that took the connection and says nothing
MOST_RINGS = 16  # workers woken at once by one upload; the others look by themselves
log = get_logger(__name__)


class Ring(NamedTuple):
    """`job` is the name of a function of the worker; it is called with the owner and the id."""

    job: str
    owner_id: UUID
    id: UUID


def encode(job: dict[str, Any]) -> bytes:
    return msgspec.json.encode(job)


def decode(data: bytes) -> dict[str, Any]:
    return msgspec.json.decode(data)


def redis_settings(settings: Settings) -> RedisSettings:
    try:
        parsed = RedisSettings.from_dsn(settings.redis_url)
    except (AssertionError, ValueError):
        raise ConfigurationError(
            "REDIS_URL cannot be read.", hint="It looks like redis://:password@host:6379/0."
        ) from None
    parsed.conn_retries = 0  # a request must not wait for Redis; the worker has its own patience
    return parsed


class Queue:
    """Rings workers. Connects at the first ring; never raises: what was not rung, the sweeper finds."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._pool: ArqRedis | None = None

    async def ring(self, *rings: Ring) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ring(rings)
        except (OSError, RedisError) as error:
            log.warning("queue.silent", error=str(error), rings=len(rings))

    async def _ring(self, rings: Sequence[Ring]) -> None:
        if self._pool is None:
            self._pool = await create_pool(
                self._settings, job_serializer=encode, job_deserializer=decode, default_queue_name=QUEUE
            )
        # A few are enough: whoever hears one looks for all there is, and again whenever it has a hand free.
        for job, owner_id, id in rings[:MOST_RINGS]:
            # The same id again is ignored while the job waits or runs: ringing twice is harmless.
            await self._pool.enqueue_job(job, str(owner_id), str(id), _job_id=f"{job}:{id}")

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()


def open_queue(settings: Settings) -> Queue:
    return Queue(redis_settings(settings))
