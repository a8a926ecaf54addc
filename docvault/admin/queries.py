"""What an administrator asks of the database: nothing but functions that check who asks (migration 0003)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.admin.schemas import PersonView
from docvault.pagination import Cursor
from docvault.security.access import not_administrator

SLICE = 1000
"""Documents queued again in one statement."""
INSUFFICIENT_PRIVILEGE = "42501"
Outcome = Literal["changed", "missing", "last"]

_CHECK = text("SELECT check_administrator()")
_PEOPLE = text("SELECT * FROM admin_people(:last_at, :last_id, :only_id, :most)").bindparams(
    bindparam("last_at", type_=TIMESTAMP(timezone=True)),
    bindparam("last_id", type_=PGUUID()),
    bindparam("only_id", type_=PGUUID()),
)
_CHANGE = text("SELECT admin_change_person(:person, CAST(:disabled AS boolean), CAST(:admin AS boolean))")
_PASSWORD = text("SELECT admin_set_password(:person, :hash)")
_FAILURES = text("SELECT * FROM admin_failures()")
_RETRY = text("SELECT * FROM admin_retry(CAST(:code AS text), :before, :most)")
_TOTALS = text("SELECT queued, processing, failed, due, oldest_seconds, passages FROM queue_totals()")
_DATABASE = text(
    "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes, "
    "(SELECT version_num FROM alembic_version) AS schema"
)


class Failure(NamedTuple):
    code: str
    documents: int
    oldest: datetime
    owners: int


async def check(session: AsyncSession) -> None:
    """Raises `Forbidden` unless the session's owner is an administrator."""
    await _ask(session, _CHECK)


async def people(session: AsyncSession, after: Cursor | None, most: int) -> list[PersonView]:
    """Newest first."""
    last = (datetime.fromisoformat(after.key), after.id) if after else (None, None)
    rows = await _ask(session, _PEOPLE, last_at=last[0], last_id=last[1], only_id=None, most=most)
    return [PersonView(**row._mapping) for row in rows]


async def person(session: AsyncSession, id: UUID) -> PersonView | None:
    rows = await _ask(session, _PEOPLE, last_at=None, last_id=None, only_id=id, most=1)
    return PersonView(**rows[0]._mapping) if rows else None


async def change_person(session: AsyncSession, id: UUID, disabled: bool | None, admin: bool | None) -> Outcome:
    """What is None stays. `last`: nobody would be left to administer, so nothing was changed."""
    ((outcome,),) = await _ask(session, _CHANGE, person=id, disabled=disabled, admin=admin)
    return outcome


async def set_password(session: AsyncSession, id: UUID, password_hash: str) -> bool:
    """Whether there is such a person. Their sessions are ended."""
    ((found,),) = await _ask(session, _PASSWORD, person=id, hash=password_hash)
    return found


async def failures(session: AsyncSession) -> list[Failure]:
    """The most frequent first."""
    return [Failure(*row) for row in await _ask(session, _FAILURES)]


async def now(session: AsyncSession) -> datetime:
    return (await session.execute(select(func.now()))).scalar_one()


async def retry(session: AsyncSession, code: str | None, before: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Owner and document of at most `most` that had failed `before` and are queued now."""
    return [(row.owner_id, row.id) for row in await _ask(session, _RETRY, code=code, before=before, most=most)]


async def queue_totals(connection: AsyncConnection) -> dict[str, Any]:
    return dict((await connection.execute(_TOTALS)).mappings().one())


async def database_facts(connection: AsyncConnection) -> tuple[str, int, str]:
    """PostgreSQL's version, the bytes of this database, its migration."""
    row = (await connection.execute(_DATABASE)).one()
    return row.version, row.bytes, row.schema


async def _ask(session: AsyncSession, statement: TextClause, **values: Any) -> Sequence[Any]:
    """Raises `Forbidden` where the function found that this is no administrator (any more)."""
    try:
        return (await session.execute(statement, values)).all()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
            raise not_administrator() from None
        raise
