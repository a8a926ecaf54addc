"""What PostgreSQL answers when it is busy, in this project's errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from docvault import database as module
from docvault.database import engine_url, idle_seconds, open_database
from docvault.errors import InvalidInput, Unavailable
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.resources import Resources
from tests.vault import open_vault


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
async def test_a_timeout_is_a_passing_trouble(resources: Resources, setting: str) -> None:
    waited = {"statement_timeout": "SELECT pg_sleep(5)", "lock_timeout": "SELECT pg_advisory_xact_lock(4711)"}[setting]
    async with resources.database.transaction(uuid4()) as other:
        await other.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        with pytest.raises(Unavailable) as caught:  # noqa: PT012 - the transaction as a whole raises
            async with resources.database.transaction(uuid4()) as session:
                await session.execute(text(f"SET LOCAL {setting} = '50ms'"))
                await session.execute(text(waited))
    # Told apart: a statement that is too slow may always be.
    assert (
        caught.value.code == {"statement_timeout": "database_too_slow", "lock_timeout": "database_unavailable"}[setting]
    )


async def test_nul_is_the_askers_fault(resources: Resources) -> None:
    with pytest.raises(InvalidInput):
        async with resources.database.transaction(uuid4()) as session:
            await session.execute(text("SELECT lower(:text)"), {"text": "a\0b"})
    with pytest.raises(InvalidInput):
        async with resources.database.lookup() as connection:
            await connection.execute(text("SELECT * FROM find_login(:text)"), {"text": "a\0b"})


async def test_a_mistake_of_ours_stays_one(resources: Resources) -> None:
    mistake: Any = None
    try:
        async with resources.database.transaction(uuid4()) as session:
            await session.execute(text("SELECT nonsense"))
    except Exception as error:
        mistake = error
    assert not isinstance(mistake, (Unavailable, InvalidInput, type(None)))


async def test_the_address_a_provider_of_databases_gives_is_understood(resources: Resources) -> None:
    url = engine_url(f"{resources.settings.database_url}?sslmode=prefer")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_who_is_frozen_in_the_middle_of_a_statement_is_ended(
    postgres: LocalPostgres, redis: LocalRedis, tmp_path: Path
) -> None:
    """Its session is "active" and waits for its client, which no limit of PostgreSQL's ends."""
    async with open_vault(postgres, redis, tmp_path) as vault:
        database = vault.resources.database
        frozen = await asyncpg.connect(vault.settings.database_url)
        await frozen.execute("BEGIN; SELECT pg_advisory_xact_lock(4711)")
        await frozen.prepare("SELECT 1")
        assert await database.end_frozen(60.0) == 0
        async with asyncio.timeout(10):
            while not await database.end_frozen(0.2):
                await asyncio.sleep(0.05)
        async with database.transaction(uuid4()) as session:  # the lock is free
            await session.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        frozen.terminate()


@pytest.mark.parametrize(("lease", "seconds"), [(1.0, 10.0), (30.0, 30.0), (300.0, 60.0)])
def test_no_transaction_rests_much_longer_than_a_lease(changed: Any, lease: float, seconds: float) -> None:
    assert idle_seconds(changed(lease=lease)) == seconds


@pytest.mark.parametrize("snapshot", [False, True])
async def test_no_journey_to_the_database_is_made_in_vain(changed: Any, snapshot: bool) -> None:
    """A connection is tried by one statement, and has the isolation that was asked for from its first one on."""
    database, seen = open_database(changed(database_pool_size=1, database_pool_overflow=0)), list[Any]()
    async with database.lookup() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_query_logger(seen.append)
    async with database.transaction(uuid4(), snapshot=snapshot) as session:
        isolation = (await session.execute(text("SHOW transaction_isolation"))).scalar_one()
    async with database.lookup() as connection:
        await connection.execute(text("SELECT 1"))
    await asyncio.sleep(0)  # the driver tells of a statement at the loop's next turn
    await database.close()
    assert isolation == ("repeatable read" if snapshot else "read committed")
    # The driver tells of no prepared statement, as all others are.
    assert [logged.query.split(" ISOLATION")[0] for logged in seen] == [";", "BEGIN", "COMMIT;", ";"]


@asynccontextmanager
async def relay(url: Any, flowing: asyncio.Event) -> AsyncGenerator[int]:
    """A port that leads to the server; while not `flowing`, nothing comes through, and nothing is closed."""
    unix = url.query.get("host", "")

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await flowing.wait()
            writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = (
            await asyncio.open_unix_connection(f"{unix}/.s.PGSQL.{url.query.get('port', url.port or 5432)}")
            if unix
            else await asyncio.open_connection(url.host, url.port or 5432)
        )
        await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer), return_exceptions=True)

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        flowing.set()


async def test_a_server_that_says_nothing_any_more_is_given_up(
    changed: Any, monkeypatch: pytest.MonkeyPatch, resources: Resources
) -> None:
    """Frozen, or behind a network that swallows: a heartbeat that waited for it would wait without end."""
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.3)
    flowing, url = asyncio.Event(), engine_url(resources.settings.database_url)
    flowing.set()
    async with relay(url, flowing) as port:
        through = url.set(drivername="postgresql", host="127.0.0.1", port=port, query={})
        settings = changed(database_url=through.render_as_string(hide_password=False), statement_timeout=0.5)
        database = open_database(settings)
        await database.check()
        flowing.clear()
        async with asyncio.timeout(30):
            with pytest.raises(Unavailable):
                await database.check()
            with pytest.raises(Unavailable):
                async with database.transaction(uuid4()):
                    pass
        flowing.set()
        async with asyncio.timeout(30):
            await database.check()
            with pytest.raises(Unavailable):  # noqa: PT012 - in the middle of a transaction
                async with database.transaction(uuid4()) as session:
                    flowing.clear()
                    await session.execute(text("SELECT 1"))
            flowing.set()
            await database.check()
        await database.close()
