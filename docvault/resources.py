"""Everything a process holds open, opened in one order and closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from docvault.ai.chat import ChatModels, open_chat_models
from docvault.ai.embeddings import Embedder, open_embedder
from docvault.cache import open_cache
from docvault.database import Database, open_database
from docvault.ending import close
from docvault.queue import Queue, open_queue
from docvault.security.streams import OpenStreams
from docvault.settings import Settings, require
from docvault.storage import ObjectStore
from docvault.storage.factory import open_store


@dataclass(frozen=True)
class Resources:
    settings: Settings
    database: Database
    cache: Redis
    queue: Queue
    store: ObjectStore
    embedder: Embedder
    models: ChatModels
    streams: OpenStreams


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncGenerator[Resources]:
    """Raises `ConfigurationError` for a setting that is missing or wrong. A server that is down shows when used."""
    require(settings, "database_url", "redis_url", "secret_key")
    async with AsyncExitStack() as stack:
        database = open_database(settings)
        stack.push_async_callback(close, "database", database.close)
        cache = open_cache(settings)
        stack.push_async_callback(close, "cache", cache.aclose)
        queue = open_queue(settings)
        stack.push_async_callback(close, "queue", queue.close)
        store = await open_store(settings)
        stack.push_async_callback(close, "store", store.close)
        embedder = await open_embedder(settings)
        stack.push_async_callback(close, "embedder", embedder.close)
        models = open_chat_models(settings)
        stack.push_async_callback(close, "models", models.close)
        yield Resources(settings, database, cache, queue, store, embedder, models, OpenStreams(database))
