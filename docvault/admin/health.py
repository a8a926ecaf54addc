"""How the vault is, in all its parts. What is away is said to be, and keeps nothing else from being told."""

from __future__ import annotations

import asyncio
import platform
import shutil
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

from docvault import __version__
from docvault.admin import queries
from docvault.admin.schemas import (
    EmbedderView,
    HealthDetails,
    QueueView,
    StorageView,
    VersionsView,
)
from docvault.logging import get_logger
from docvault.presence import present
from docvault.resources import Resources
from docvault.settings import Settings

PATIENCE = 3.0  # seconds a part may take to answer
T = TypeVar("T")
State = Literal["ok", "degraded", "unavailable"]
log = get_logger(__name__)


async def check_parts(resources: Resources) -> tuple[State, dict[str, str]]:
    """`ok` or `unavailable` for each part. Without the embedder alone, all is `degraded`: much goes on without it."""
    parts: dict[str, Callable[[], Awaitable[Any]]] = {
        "database": resources.database.check,
        "redis": resources.cache.ping,
        "storage": resources.store.check,
        "embedder": resources.embedder.check,
    }
    found = dict(zip(parts, await asyncio.gather(*map(_check, parts.values())), strict=True))
    missing = {part for part, state in found.items() if state != "ok"}
    if missing - {"embedder"}:
        return "unavailable", found
    return "degraded" if missing else "ok", found


async def _check(question: Callable[[], Awaitable[Any]]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await question()
    except Exception as error:
        log.warning("health.part_unavailable", error=str(error) or type(error).__name__)
        return "unavailable"
    return "ok"


async def details(resources: Resources) -> HealthDetails:
    (status, parts), queue, facts, workers, redis, storage = await asyncio.gather(
        check_parts(resources),
        _or_none(_queue(resources)),
        _or_none(_facts(resources)),
        _or_none(present(resources.cache)),
        _or_none(resources.cache.info("server")),
        asyncio.to_thread(_storage, resources.settings),
    )
    versions = VersionsView(__version__, platform.python_version(), redis=redis and redis.get("redis_version"))
    database_bytes = None
    if facts:
        versions.postgresql, database_bytes, versions.schema = facts
    embedder = EmbedderView(resources.embedder.model_id, resources.embedder.dimensions)
    return HealthDetails(status, parts, versions, queue, workers, storage, database_bytes, embedder)


async def _queue(resources: Resources) -> QueueView:
    async with resources.database.lookup() as connection:
        return QueueView(**await queries.queue_totals(connection))


async def _facts(resources: Resources) -> tuple[str, int, str]:
    async with resources.database.lookup() as connection:
        return await queries.database_facts(connection)


def _storage(settings: Settings) -> StorageView:
    if settings.s3_bucket:
        return StorageView("s3")
    try:
        usage = shutil.disk_usage(settings.objects_path)
    except OSError:
        return StorageView("files")
    return StorageView("files", usage.free, usage.total)


async def _or_none(answer: Awaitable[T]) -> T | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except Exception as error:
        log.warning("health.not_told", error=str(error) or type(error).__name__)
        return None
