"""Which workers there are: each says so in Redis every few seconds, and is forgotten soon after it stops."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

import docvault
from docvault.logging import get_logger

EVERY = 10.0  # seconds between two signs of life
FORGOTTEN = 45  # seconds after the last one
KEY = "docvault:worker:"
log = get_logger(__name__)


class Worker(msgspec.Struct):
    """`jobs` is how many documents it reads at a time."""

    host: str
    pid: int
    version: str
    jobs: int
    started_at: datetime
    seen_at: datetime


async def keep_present(cache: Redis, jobs: int) -> None:
    """Until cancelled. Without Redis nobody is told, and the worker works all the same."""
    key, started = f"{KEY}{uuid4().hex}", datetime.now(UTC)
    try:
        while True:
            sign = Worker(socket.gethostname(), os.getpid(), docvault.__version__, jobs, started, datetime.now(UTC))
            await _try(cache.set(key, msgspec.json.encode(sign), ex=FORGOTTEN))
            await asyncio.sleep(EVERY)
    finally:
        await _try(cache.delete(key))


async def present(cache: Redis) -> list[Worker]:
    """Those that gave a sign lately. Raises `redis.exceptions.RedisError`."""
    keys = [key async for key in cache.scan_iter(f"{KEY}*", count=1000)]
    signs = await cache.mget(keys) if keys else []
    workers = [msgspec.json.decode(sign, type=Worker) for sign in signs if sign]
    return sorted(workers, key=lambda worker: (worker.host, worker.started_at))


async def _try(said: Awaitable[Any]) -> None:
    try:
        await said
    except (RedisError, OSError) as error:
        log.debug("presence.silent", error=str(error))
