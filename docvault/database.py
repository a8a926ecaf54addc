"""PostgreSQL: the one place that makes an engine and opens transactions.

Row-level security compares each row's `owner_id` with the setting `app.owner_id`. It is set here, where a
transaction opens, and is local to that transaction: `SET` without `LOCAL` would outlive it and leak to whoever gets
the pooled connection next. A transaction without an owner sees no row of anybody.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from docvault.errors import ConfigurationError, InvalidInput, Unavailable
from docvault.settings import Settings

UNREACHABLE = "The database does not answer."
LOCKED = "55P03"
PASSING = ("08", "40", "53", "57", LOCKED)
"""SQLSTATEs (PostgreSQL manual, appendix A) that a later try may not meet: connection, deadlock, room, timeout, lock.

asyncpg's errors reach us as plain `DBAPIError`, whatever their class."""
TOO_SLOW = "57014"
"""`statement_timeout` was reached: the statement may be to blame, and not the database."""
SILENT_SECONDS = 10.0
"""Seconds after `statement_timeout` at which a server that says nothing is given up: it is frozen, or its machine is
gone, which TCP alone notices after a quarter of an hour."""
UNSTORABLE = ("22021", "22P05")
"""Text that PostgreSQL cannot hold: NUL, in `text` and in JSON."""


class Database:
    """Short transactions for one owner at a time, and the few questions that belong to no owner."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        # Views of the same pool: what each connection is told when it is taken from there.
        self._current = engine.execution_options(isolation_level="READ COMMITTED")
        self._snapshot = engine.execution_options(isolation_level="REPEATABLE READ")

    @asynccontextmanager
    async def transaction(self, owner_id: UUID, *, snapshot: bool = False) -> AsyncGenerator[AsyncSession]:
        """One transaction that sees `owner_id`'s rows only; committed on leaving, rolled back on an error.

        With `snapshot` all its statements see the same moment: for reading that must not meet half of a change.

        Raises `Unavailable` when the database cannot be reached, is too busy or does not commit, and `InvalidInput`
        for text that it cannot hold.
        """
        with _answers():
            engine = self._snapshot if snapshot else self._current
            async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session, session.begin():
                connection = await session.connection()
                try:
                    await session.execute(_SET_OWNER, {"owner": str(owner_id)})
                    yield session
                except TimeoutError:
                    # A server that was silent for so long would be as long about the rollback.
                    await connection.invalidate()
                    raise

    @asynccontextmanager
    async def lookup(self) -> AsyncGenerator[AsyncConnection]:
        """A connection without an owner, for the lookup functions (`find_login`, `due_documents` ...) alone.

        Each statement commits by itself. Tables with people's rows look empty here, or are refused where the connection
        has had an owner before: then the setting is '' and no uuid.
        """
        with _answers():
            async with self.engine.connect() as connection:
                yield connection

    async def check(self) -> None:
        """Raise `Unavailable` unless a statement comes back."""
        async with self.lookup() as connection:
            await connection.execute(text("SELECT 1"))

    async def check_role(self) -> None:
        """Raise `ConfigurationError` when the service's role could step around row-level security."""
        async with self.lookup() as connection:
            row = (await connection.execute(_ROLE)).one()
        if row.rolsuper or row.rolbypassrls or row.owns:
            raise ConfigurationError(
                f"The role {row.rolname} in DATABASE_URL may not serve: it could see everybody's documents.",
                hint="Use a role that is no superuser, has no BYPASSRLS and owns no table. "
                "`docvault migrate` grants it what it needs.",
            )

    async def end_frozen(self, seconds: float) -> int:
        """End sessions of this role that have waited for their client for so long in a transaction. How many.

        PostgreSQL ends those that wait between two statements (`idle_seconds`), but none that waits within one, its
        text sent and its parameters not. A process that froze there would hold its rows for as long as it is frozen.
        """
        async with self.lookup() as connection:
            return (await connection.execute(_END_FROZEN, {"seconds": seconds})).scalar_one()

    async def close(self) -> None:
        await self.engine.dispose()


@contextmanager
def _answers() -> Generator[None]:
    """What the database and the way to it can answer, in this project's errors."""
    try:
        yield
    except (OSError, PoolTimeout, InterfaceError, OperationalError) as error:
        raise Unavailable(UNREACHABLE, code="database_unavailable", hint="Try again in a moment.") from error
    except DBAPIError as error:
        state: str = getattr(error.orig, "sqlstate", None) or ""
        if state == TOO_SLOW:
            raise Unavailable(
                "The database took longer than it may.", code="database_too_slow", hint="Try again in a moment."
            ) from error
        if error.connection_invalidated or state.startswith(PASSING):
            raise Unavailable(UNREACHABLE, code="database_unavailable", hint="Try again in a moment.") from error
        if state in UNSTORABLE:
            raise InvalidInput("A text holds a character that cannot be kept.", code="invalid_text") from error
        raise


def waits_for_others(error: Unavailable) -> bool:
    """Whether a lock was not had in time: nothing was done, and the same may be tried again."""
    return getattr(getattr(error.__cause__, "orig", None), "sqlstate", None) == LOCKED


_SET_OWNER = text("SELECT set_config('app.owner_id', :owner, true)")
_END_FROZEN = text(
    "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() "
    "AND wait_event = 'ClientRead' AND xact_start IS NOT NULL "
    "AND state_change < clock_timestamp() - make_interval(secs => CAST(:seconds AS float8))"
)
_ROLE = text(
    "SELECT rolname, rolsuper, rolbypassrls, EXISTS (SELECT FROM pg_tables WHERE tableowner = current_user) AS owns "
    "FROM pg_roles WHERE rolname = current_user"
)


def engine_url(url: str) -> Any:
    """`postgresql://…` as SQLAlchemy wants it for asyncpg."""
    try:
        parsed = make_url(url)
    except Exception:
        raise ConfigurationError(
            "DATABASE_URL cannot be read.", hint="It looks like postgresql://user:password@host:5432/name."
        ) from None
    if not parsed.drivername.startswith("postgres"):
        raise ConfigurationError("DATABASE_URL must be a PostgreSQL address.")
    query = {"ssl" if name == "sslmode" else name: value for name, value in parsed.query.items()}  # asyncpg's name
    return parsed.set(drivername="postgresql+asyncpg", query=query)


def idle_seconds(settings: Settings) -> float:
    """How long a transaction may do nothing before PostgreSQL ends it. No longer than a worker may be silent: one that
    froze in the middle of a transaction would otherwise keep others from its document after its lease."""
    return min(60.0, max(10.0, settings.lease))


def open_database(settings: Settings, **engine_options: Any) -> Database:
    """Connects lazily: a server that is down shows at the first statement."""
    engine = create_async_engine(
        engine_url(settings.database_url),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_overflow,
        pool_timeout=settings.database_pool_timeout,
        pool_pre_ping=True,
        isolation_level="AUTOCOMMIT",  # of `lookup`, and of the ping: in a transaction it took three journeys, not one
        hide_parameters=True,  # an error's text goes to the log: no password hash, no document text in it
        connect_args={
            "timeout": settings.database_pool_timeout,
            "command_timeout": settings.statement_timeout + SILENT_SECONDS,
            "server_settings": {
                "application_name": "docvault",
                "statement_timeout": str(int(settings.statement_timeout * 1000)),
                "lock_timeout": str(int(settings.lock_timeout * 1000)),
                "idle_in_transaction_session_timeout": str(int(1000 * idle_seconds(settings))),
                "jit": "off",  # our statements are short: compiling them costs more than it saves
            },
        },
        **engine_options,
    )
    return Database(engine)
