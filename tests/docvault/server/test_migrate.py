from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from docvault.database import Database, open_database
from docvault.errors import ConfigurationError
from docvault.local.postgres import LocalPostgres
from docvault.models import Base
from docvault.server import migrate as module
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


async def test_who_waits_for_a_lock_does_not_stop_the_others(empty: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long reading of pages goes on, others read beside it, and the migration is done when it has ended."""
    monkeypatch.setattr(module, "LOCK_WAIT", 0.2)
    await migrate(empty, "0003")
    tried, twice = 0, asyncio.Event()
    upgrade = module._upgrade  # pyright: ignore[reportPrivateUsage]

    def counted(*arguments: Any) -> None:
        nonlocal tried
        tried += 1
        if tried > 1:
            twice.set()
        upgrade(*arguments)

    monkeypatch.setattr(module, "_upgrade", counted)
    owner = open_database(_as_owner(empty))
    async with owner.engine.connect() as reading, owner.engine.connect() as beside:
        await reading.execute(text("BEGIN"))
        await reading.execute(text("LOCK TABLE pages IN ACCESS SHARE MODE"))
        migrating = asyncio.create_task(migrate(empty))
        async with asyncio.timeout(60):
            await twice.wait()
            await beside.execute(text("SET lock_timeout = '10s'"))
            for statement in ("BEGIN", "LOCK TABLE pages IN ACCESS SHARE MODE", "COMMIT"):
                await beside.execute(text(statement))
        assert not migrating.done()
        await reading.execute(text("COMMIT"))
        await migrating
    await check_migrated(owner)
    await owner.close()


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


ADD_DOCUMENT = text("""
WITH document AS (
    INSERT INTO documents (owner_id, id, revision_id, filename, folder, tags)
    VALUES (:owner, :id, :revision, :filename, :folder, :tags)
)
INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type)
VALUES (:owner, :revision, :id, :key, 1, :hash, 'text/plain')
""")
"""As version 0002 does, which knows no newer columns."""


async def add(database: Database, owner: UUID, filename: str, folder: str = "") -> None:
    id, revision = uuid4(), uuid4()
    values = {"owner": owner, "id": id, "revision": revision, "key": f"{owner}/{revision}", "hash": id.bytes * 2}
    async with database.transaction(owner) as session:
        named = {"filename": filename, "folder": folder, "tags": [folder, "a, b", '"c"'] if folder else []}
        await session.execute(ADD_DOCUMENT, values | named)


async def test_the_version_before_the_page_goes_on_beside_it(empty: Settings) -> None:
    await migrate(empty, "0002")
    database, owner = open_database(empty), uuid4()
    apart, composed = "Bu\u0308cher", "B\u00fccher"
    async with database.transaction(owner) as session:
        values = {"id": owner, "email": "a@example.org"}
        await session.execute(
            text("INSERT INTO users (id, email, email_key, password_hash) VALUES (:id, :email, :email, '')"), values
        )
    await add(database, owner, "Ärger.txt", f"{apart}/{apart}")
    await add(database, owner, "b.txt")
    await migrate(empty)
    await add(database, owner, "Apfel.txt")
    async with database.transaction(owner) as session:
        query = text("SELECT filename, folder, tags FROM documents ORDER BY filename_key")
        rows = [(row.filename, row.folder, row.tags) for row in await session.execute(query)]
        await session.execute(text("UPDATE documents SET filename = 'c.txt' WHERE filename = 'b.txt'"))
        assert await session.scalar(text("SELECT filename_key FROM documents WHERE filename = 'c.txt'")) == "c.txt"
    assert rows == [
        ("Apfel.txt", "", []),
        ("Ärger.txt", f"{composed}/{composed}", [f"{composed}/{composed}", "a, b", '"c"']),
        ("b.txt", "", []),
    ]
    async with database.lookup() as connection:
        due = (await connection.execute(text("SELECT owner_id, id, crashes FROM due_documents(9) LIMIT 9"))).all()
        assert [row.owner_id for row in due] == [owner] * 3
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'documents'::regclass"
        assert await connection.scalar(text(forced)) is True
    await database.close()
