"""`docvault doctor`: look at every part, and say of each that fails what to do."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from rich.console import Console
from sqlalchemy import text

from docvault.ai import embeddings
from docvault.cache import open_cache
from docvault.database import open_database
from docvault.errors import ConfigurationError, DocVaultError
from docvault.local.home import open_home
from docvault.local.stack import local_stack, running_settings
from docvault.server.machine import remarks
from docvault.server.migrate import check_migrated
from docvault.settings import GiB, Settings
from docvault.storage.factory import open_store
from ingestion.scan import ask, passes_what_it_does_not_read

PATIENCE = 10.0  # seconds a part may take
FREE = 2 * GiB


class Finding(NamedTuple):
    part: str
    fine: bool
    said: str
    remedy: str = ""


Check = Callable[[Settings], Awaitable[str]]


async def report(settings: Settings, console: Console | None = None) -> bool:
    """Print one line a part, and what to do about those that fail. False when one does; programs that are not there
    and walls that do not hold are told, and fail nothing.

    Without servers of one's own in the settings, the local ones are looked at: those that run, or else they are
    started for it.
    """
    say = console or Console(highlight=False, soft_wrap=True)
    fine = True
    async with servers(settings) as (found, where):
        say.print(where, markup=False)
        async for finding in examine(found):
            fine &= finding.fine
            say.print(f"  {'ok  ' if finding.fine else 'FAIL'}  {finding.part:<13}{finding.said}", markup=False)
            if not finding.fine and finding.remedy:
                say.print(f"                     {finding.remedy}", markup=False)
        for remark in await remarks():
            say.print(f"  {'ok' if remark.there else '--':<6}{remark.part:<13}{remark.said}", markup=False)
            if remark.remedy:
                say.print(f"                     {remark.remedy}", markup=False)
    say.print("Everything works." if fine else "Something does not work; see above.")
    return fine


@asynccontextmanager
async def servers(settings: Settings) -> AsyncGenerator[tuple[Settings, str]]:
    if settings.database_url or settings.redis_url:
        yield settings, "DocVault on servers of your own"
        return
    home = open_home(settings.home)
    if home.in_use:
        yield running_settings(settings, home), f"The DocVault that runs in {home.path}"
        return
    async with local_stack(settings) as stack:
        yield stack.settings, f"The DocVault in {home.path}, started for this"


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """One finding a part, as they are made."""
    for part, check, remedy in PARTS:
        yield await _finding(settings, part, check, remedy)


async def _finding(settings: Settings, part: str, check: Check, remedy: str) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE):
            return Finding(part, True, await check(settings))
    except TimeoutError:
        return Finding(part, False, f"No answer within {PATIENCE:.0f} seconds.", remedy)
    except DocVaultError as error:
        return Finding(part, False, error.detail, error.hint or remedy)
    except Exception as error:
        return Finding(part, False, f"{type(error).__name__}: {error}".rstrip(": "), remedy)


async def _python(_settings: Settings) -> str:
    return f"{sys.version.split()[0]}"


async def _disk(settings: Settings) -> str:
    place = next(p for p in (settings.home, *settings.home.parents) if p.exists())
    free = shutil.disk_usage(place).free
    if free < FREE:
        raise OSError(f"only {free / GiB:.1f} GiB free at {place}")
    return f"{free / GiB:.0f} GiB free at {place}"


async def _database(settings: Settings) -> str:
    database = open_database(settings)
    try:
        await database.check_role()
        await check_migrated(database)
        async with database.lookup() as connection:
            version = await connection.scalar(text("SHOW server_version"))
            vector = await connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
        return f"PostgreSQL {version}, pgvector {vector}, migrated, the role is held by row-level security"
    finally:
        await database.close()


async def _redis(settings: Settings) -> str:
    cache = open_cache(settings)
    try:
        info = await cache.info("server")
        return f"{info.get('server_name', 'redis')} {info.get('valkey_version') or info['redis_version']}"
    finally:
        await cache.aclose()


async def _storage(settings: Settings) -> str:
    store = await open_store(settings)
    try:
        await store.check()
        return f"bucket {settings.s3_bucket}" if settings.s3_bucket else f"files in {settings.objects_path}"
    finally:
        await store.close()


async def _embedder(settings: Settings) -> str:
    embedder = await embeddings.open_embedder(settings)
    try:
        vector = await embedder.embed_query("Is anybody there?")
        where = f", computed at {settings.embedder}" if settings.embedder else ""
        return f"{embedder.model_id}, {len(vector)} dimensions{where}"
    finally:
        await embedder.close()


async def _models(settings: Settings) -> str:
    names = [f"{provider.name}/{model}" for provider in settings.all_providers for model in provider.models]
    return ", ".join(["extractive", *names])


async def _clamav(settings: Settings) -> str:
    if not settings.clamav:
        return "not used: files are not scanned for viruses"
    if await ask(settings.clamav, "PING") != "PONG":
        raise OSError(f"{settings.clamav} is no clamd")
    version = await ask(settings.clamav, "VERSION")
    if await passes_what_it_does_not_read(settings):
        raise ConfigurationError(
            f"{version} calls files clean that it did not read to their end.",
            hint="Write `AlertExceedsMax yes` into clamd.conf and restart clamd.",
        )
    return f"{version} at {settings.clamav}"


PARTS: list[tuple[str, Check, str]] = [
    ("Python", _python, ""),
    ("Disk", _disk, "Free some space, or move the home with DOCVAULT_HOME."),
    ("PostgreSQL", _database, "Look at DATABASE_URL, and whether that server runs."),
    ("Redis", _redis, "Look at REDIS_URL, and whether that server runs."),
    ("Object store", _storage, "Look at S3_ENDPOINT_URL, S3_BUCKET and the keys, or at DOCVAULT_STORAGE_PATH."),
    ("Embeddings", _embedder, "Start `docvault up` (or `serve`, or `work`): it makes the model ready."),
    ("Chat models", _models, "Look at DOCVAULT_PROVIDERS."),
    ("ClamAV", _clamav, "Look at DOCVAULT_CLAMAV, and whether clamd runs."),
]
