"""`docvault migrate`: bring the database to this version's tables, as the role that owns them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import migrations
from docvault.database import LOCKED, Database, engine_url
from docvault.errors import ConfigurationError
from docvault.settings import Settings, require

LOCK = 0x646F637661756C74  # "docvault": one migration at a time, whoever runs it
LOCK_WAIT = 2.0  # seconds: less than DOCVAULT_LOCK_TIMEOUT, with which others wait behind
PATIENCE = 900.0  # seconds in which a lock is tried for: the longest document that is being indexed is done by then


async def migrate(settings: Settings, revision: str = "head") -> None:
    """Idempotent, and safe to run twice at the same time.

    Raises `ConfigurationError` when the database is newer than this version, or a role may not do its part.
    """
    require(settings, "database_url", "database_owner_url")
    service, owner = engine_url(settings.database_url), engine_url(settings.database_owner_url)
    if service.username == owner.username:
        raise ConfigurationError(
            "DATABASE_URL and DATABASE_OWNER_URL name the same role.",
            hint="The service must use a role that owns no table, or row-level security cannot hold it.",
        )
    engine = create_async_engine(engine_url(settings.database_owner_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            await _prepare(connection, service.username or "", str(service.password or ""))
            await _without_queueing(connection, service.username or "", revision)
    except OSError as error:
        raise ConfigurationError(f"The database in DATABASE_OWNER_URL does not answer: {error}.") from error
    except DBAPIError as error:
        raise ConfigurationError(f"The migration was refused: {error.orig}.") from error
    finally:
        await engine.dispose()


async def _without_queueing(connection: AsyncConnection, role: str, revision: str) -> None:
    """Whoever waits for a lock on a table has everybody else wait behind it. So no lock is waited for longer than the
    service waits for one: then all begins anew a moment later, and the others have been let through meanwhile."""
    until = time.monotonic() + PATIENCE
    while True:
        await connection.execute(text("SELECT set_config('lock_timeout', :most, false)"), {"most": f"{LOCK_WAIT}s"})
        await connection.commit()
        try:
            await connection.run_sync(_upgrade, role, revision)
            await connection.commit()
            return
        except DBAPIError as error:
            await connection.rollback()
            if getattr(error.orig, "sqlstate", None) != LOCKED or time.monotonic() > until:
                raise
        await asyncio.sleep(LOCK_WAIT)


async def _prepare(connection: AsyncConnection, role: str, password: str) -> None:
    """What a fresh database lacks: the extension and the service's role. Its administrator may have made both."""
    found = await connection.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'vector'"))
    if not found:
        await connection.execute(text("CREATE EXTENSION vector"))
    if not await connection.scalar(text("SELECT count(*) FROM pg_roles WHERE rolname = :role"), {"role": role}):
        statement = await connection.scalar(
            text("SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', cast(:role AS text), cast(:password AS text))"),
            {"role": role, "password": password},
        )
        await connection.exec_driver_sql(str(statement))
    await connection.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    return config


def newest_revision() -> str:
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _upgrade(connection: Connection, service_role: str, revision: str) -> None:
    config = _config()
    config.attributes |= {"connection": connection, "service_role": service_role}
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise ConfigurationError(
            "This database was made by a newer version of DocVault.", hint="Update DocVault, then start it again."
        ) from None


async def check_migrated(database: Database) -> None:
    """Raise `ConfigurationError` unless the database has exactly the tables of this version, or newer ones.

    Newer ones are fine: every migration works with the version before it still running.
    """
    try:
        async with database.lookup() as connection:
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        found = None
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is None or (found in known and found != newest_revision()):
        raise ConfigurationError("The database is not migrated to this version.", hint="Run `docvault migrate` first.")
