"""The backup of docs/operations/backup-and-restore.md, made and restored."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from docvault.database import open_database
from docvault.local.postgres import LocalPostgres, _binary
from docvault.server.migrate import check_migrated, migrate
from docvault.settings import Settings
from tests.people import People

RUNBOOK = Path(__file__).parent.parent.parent / "docs" / "operations" / "backup-and-restore.md"


def run(url: str, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A PostgreSQL tool with the very options of the runbook, and where to find the server."""
    named = [option for option in arguments if option.startswith("--") and "=" not in option]
    assert all(option in RUNBOOK.read_text(encoding="utf-8") for option in [command, *named])
    where = f"--dbname={url}"
    return subprocess.run([str(_binary(command)), where, *arguments], capture_output=True, text=True, check=False)


async def test_a_backup_can_be_restored(
    postgres: LocalPostgres, settings: Settings, changed: Callable[..., Settings], people: People, tmp_path: Path
) -> None:
    person = await people.new()
    superuser = postgres.url("postgres", postgres.home.secrets.postgres_password)
    dump, roles = tmp_path / "docvault.dump", tmp_path / "roles.sql"

    refused = await asyncio.to_thread(run, postgres.owner_url, "pg_dump", "--format=custom", f"--file={dump}")
    assert "row-level security" in refused.stderr, "the tables' owner must not be able to dump what it may not see"

    for command, *arguments in (
        ["pg_dumpall", "--roles-only", f"--file={roles}"],
        ["pg_dump", "--format=custom", f"--file={dump}"],
    ):
        done = await asyncio.to_thread(run, superuser, command, *arguments)
        assert done.returncode == 0, done.stderr
    assert "CREATE ROLE docvault_lookup" in roles.read_text(encoding="utf-8")

    postgres.create_database("restored")  # with pgvector, as the runbook has it: a home's dump does not name it
    copy = {role: postgres.url(role, password, "restored") for role, password in roles_of(postgres).items()}
    restored = await asyncio.to_thread(run, copy["postgres"], "pg_restore", "--exit-on-error", str(dump))
    assert restored.returncode == 0, restored.stderr
    await checked(changed(database_url=copy["docvault_service"], database_owner_url=copy["docvault_owner"]), person.id)
    postgres.drop_database("restored")


def roles_of(postgres: LocalPostgres) -> dict[str, str]:
    secrets = postgres.home.secrets
    return {
        "postgres": secrets.postgres_password,
        "docvault_owner": secrets.owner_password,
        "docvault_service": secrets.service_password,
    }


async def checked(settings: Settings, owner_id: str) -> None:
    await migrate(settings)
    database = open_database(settings)
    try:
        await database.check_role()
        await check_migrated(database)
        async with database.transaction(UUID(owner_id)) as session:
            assert (await session.execute(text("SELECT id FROM users"))).scalars().all() == [UUID(owner_id)]
        async with database.lookup() as connection:
            assert await connection.scalar(text("SELECT any_user()"))
    finally:
        await database.close()
