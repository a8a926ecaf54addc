"""The servers of one home, and the settings that lead to them."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from docvault.ai.wire import default_address
from docvault.local.home import Home, open_home
from docvault.local.postgres import LocalPostgres
from docvault.local.processes import Child, Supervisor, stop_orphans
from docvault.local.redis import LocalRedis
from docvault.settings import Settings, as_environment

LONGEST_SOCKET = 100
"""Bytes of a Unix socket's path: Linux takes 107, macOS 103."""


@dataclass(frozen=True)
class LocalStack:
    """What runs: `settings` have every address and secret filled in; `servers` are watched by whoever serves."""

    settings: Settings
    home: Home
    servers: list[Child]


@asynccontextmanager
async def local_stack(settings: Settings) -> AsyncGenerator[LocalStack]:
    """PostgreSQL and Redis of `settings.home`, running and ours alone; stopped on leaving.

    A server that the settings already name is used as it is, and not started. Raises `ConfigurationError` when the
    home is unusable or taken, or a server does not start.
    """
    home = open_home(settings.home)
    with home.locked():
        stop_orphans(home)
        async with running_servers(settings, home) as stack:
            yield stack


@asynccontextmanager
async def running_servers(settings: Settings, home: Home) -> AsyncGenerator[LocalStack]:
    """The same for who holds the home's lock already."""
    postgres, redis = LocalPostgres(home), LocalRedis(home)
    servers: list[Child] = []
    try:
        if not settings.database_url:
            servers.append(postgres.child)
            postgres.start()
        if not settings.redis_url:
            servers.append(redis.child)
            redis.start()
        yield LocalStack(_filled_in(settings, home, postgres, redis), home, servers)
    finally:
        await _stop(servers)


async def _stop(servers: list[Child]) -> None:
    supervisor = Supervisor()
    supervisor.children = servers
    await supervisor.stop()


def running_settings(settings: Settings, home: Home) -> Settings:
    """The settings of the servers that a `docvault up` runs on this home now."""
    postgres, redis = LocalPostgres(home), LocalRedis(home)
    postgres.port, redis.port = home.known_port("postgres"), home.known_port("redis")
    filled = _filled_in(settings, home, postgres, redis)
    return msgspec.structs.replace(filled, embedder=embedder_address(filled, home.known_port("embedder")))


def embedder_address(settings: Settings, port: int) -> str:
    """Where the embedder of a home is: a socket in it, or `port` where its path is too long for one.

    None of ours where the settings name one, or an endpoint that computes the vectors.
    """
    if settings.embedder or settings.embedding_base_url:
        return settings.embedder
    socket = default_address(settings)
    return socket if len(os.fsencode(socket)) <= LONGEST_SOCKET else f"127.0.0.1:{port}"


def _filled_in(settings: Settings, home: Home, postgres: LocalPostgres, redis: LocalRedis) -> Settings:
    changes: dict[str, Any] = {"home": home.path, "secret_key": settings.secret_key or home.secrets.secret_key}
    if not settings.database_url:
        changes |= {"database_url": postgres.service_url, "database_owner_url": postgres.owner_url}
    if not settings.redis_url:
        changes["redis_url"] = redis.url
    return msgspec.structs.replace(settings, **changes)


def environment(settings: Settings, *, owner: bool = False) -> dict[str, str]:
    """The environment of a child process that is to read the very same settings.

    Only a migration may know how to log in as the role that owns the tables: `owner`.
    """
    return as_environment(settings if owner else msgspec.structs.replace(settings, database_owner_url=""))
