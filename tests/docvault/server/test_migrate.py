from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from docvault.database import open_database
from docvault.errors import ConfigurationError
from docvault.local.postgres import LocalPostgres
from docvault.models import Base
from docvault.server.migrate import check_migrated, migrate, newest_revision
from docvault.settings import Settings


@pytest.fixture
def empty(postgres: LocalPostgres, changed: Callable[..., Settings]) -> Iterator[Settings]:
    """A database without a table."""
    name = f"empty_{uuid4().hex[:8]}"
    postgres.create_database(name)
    secrets = postgres.home.secrets
    yield changed(
        database_url=postgres.url("docvault_service", secrets.service_password, name),
        database_owner_url=postgres.url("docvault_owner", secrets.owner_password, name),
    )
    postgres.drop_database(name)


async def refusal(settings: Settings) -> ConfigurationError:
    database = open_database(settings)
    try:
        with pytest.raises(ConfigurationError) as refused:
            await check_migrated(database)
        return refused.value
    finally:
        await database.close()


async def test_two_at_once_then_again(empty: Settings) -> None:
    assert (await refusal(empty)).hint == "Run `docvault migrate` first."
    await asyncio.gather(migrate(empty), migrate(empty))
    await migrate(empty)
    database = open_database(empty)
    await check_migrated(database)
    await database.check_role()
    await database.close()


async def test_a_newer_database_is_left_alone(empty: Settings, postgres: LocalPostgres) -> None:
    await migrate(empty)
    owner = open_database(_as_owner(empty))
    async with owner.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    await owner.close()
    with pytest.raises(ConfigurationError, match="made by a newer version") as refused:
        await migrate(empty)
    assert refused.value.hint
    database = open_database(empty)
    await check_migrated(database)  # an older API goes on beside a newer database
    await database.close()


def _as_owner(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, database_url=settings.database_owner_url)


async def test_one_role_for_both_is_refused(empty: Settings, changed: Callable[..., Settings]) -> None:
    both = changed(database_url=empty.database_url, database_owner_url=empty.database_url)
    with pytest.raises(ConfigurationError, match="name the same role"):
        await migrate(both)


async def test_a_role_that_sees_everything_may_not_serve(empty: Settings, postgres: LocalPostgres) -> None:
    await migrate(empty)
    for settings in (_as_owner(empty), _as_superuser(empty, postgres)):
        database = open_database(settings)
        with pytest.raises(ConfigurationError, match="may not serve"):
            await database.check_role()
        await database.close()


def _as_superuser(settings: Settings, postgres: LocalPostgres) -> Settings:
    name = settings.database_url.rpartition("/")[2]
    url = postgres.url("postgres", postgres.home.secrets.postgres_password, name)
    return msgspec.structs.replace(settings, database_url=url)


@pytest.mark.parametrize("url", ["postgresql://u:p@127.0.0.1:1/x", "mysql://u:p@127.0.0.1/x", "nonsense"])
async def test_an_address_that_is_wrong_is_said(changed: Callable[..., Settings], url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await migrate(changed(database_url="postgresql://a:b@127.0.0.1:1/x", database_owner_url=url))
    assert refused.value.detail.endswith(".")


async def test_the_models_are_what_the_migrations_make(empty: Settings) -> None:
    await migrate(empty)
    database = open_database(_as_owner(empty))
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await database.close()
    assert differences == []


def _differences(connection: Connection) -> list[Any]:
    def ours(_object: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
        partition = kind == "table" and (name or "").startswith("chunk_vectors_")
        # Indexes that only the database needs to know of are in the migrations alone.
        return not partition and not (kind == "index" and reflected)

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    return compare_metadata(context, Base.metadata)


def test_there_is_a_newest_revision() -> None:
    assert newest_revision()
