"""All SQL of the accounts. Each runs in a transaction of its owner, but for the two lookups at the top."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, literal, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.errors import NotFound
from docvault.models import ApiKey, Session, User
from docvault.pagination import Cursor
from docvault.security.access import owned

FIRST_ACCOUNT_LOCK = 0x646F6376_66697273  # "docvfirs"
NEWEST_FIRST = "-created_at"
_ANY_USER = text("SELECT any_user()")
_FIND_LOGIN = text("SELECT id, password_hash, disabled FROM find_login(:email_key)")
Listed = TypeVar("Listed", Session, ApiKey)


class Login(NamedTuple):
    id: UUID
    password_hash: str
    disabled: bool


async def any_user(connection: AsyncConnection | AsyncSession) -> bool:
    return bool((await connection.execute(_ANY_USER)).scalar_one())


async def find_login(connection: AsyncConnection, email_key: str) -> Login | None:
    row = (await connection.execute(_FIND_LOGIN, {"email_key": email_key})).one_or_none()
    return Login(row.id, row.password_hash, row.disabled) if row else None


async def is_first_account(session: AsyncSession) -> bool:
    """Whether nobody is registered. If so, others who ask wait until this transaction ends: there is one first."""
    if await any_user(session):
        return False
    await session.execute(select(func.pg_advisory_xact_lock(FIRST_ACCOUNT_LOCK)))
    return not await any_user(session)


async def find_user(session: AsyncSession, owner_id: UUID) -> User | None:
    return await session.get(User, owner_id)


async def change_password_hash(session: AsyncSession, owner_id: UUID, password_hash: str) -> None:
    await session.execute(update(User).where(User.id == owner_id).values(password_hash=password_hash))


def _live() -> ColumnElement[bool]:
    return Session.revoked_at.is_(None) & (Session.expires_at > func.now())


async def rotate(
    session: AsyncSession, owner_id: UUID, session_id: UUID, old: bytes, new: bytes, life: timedelta
) -> bool:
    """Put the refresh token `new` in the place of `old`; false unless `old` is the current one of a live session.

    One statement: of two who come with the same token at the same time, one succeeds.
    """
    statement = update(Session).where(
        owned(Session, owner_id), Session.id == session_id, Session.refresh_hash == old, _live()
    )
    changed = statement.values(refresh_hash=new, refreshed_at=func.now(), expires_at=func.now() + life)
    return (await session.execute(changed.returning(Session.id))).one_or_none() is not None


async def revoke(session: AsyncSession, owner_id: UUID, session_id: UUID | None = None) -> int:
    """End the session, or all of the owner's without `session_id`. Returns how many were still live."""
    statement = update(Session).where(owned(Session, owner_id), _live()).values(revoked_at=func.now())
    if session_id is not None:
        statement = statement.where(Session.id == session_id)
    return len((await session.execute(statement.returning(Session.id))).all())


async def forget_expired_sessions(session: AsyncSession, owner_id: UUID) -> None:
    await session.execute(delete(Session).where(owned(Session, owner_id), Session.expires_at < func.now()))


async def live_sessions(session: AsyncSession, owner_id: UUID, after: Cursor | None, limit: int) -> Sequence[Session]:
    query = select(Session).where(owned(Session, owner_id), _live())
    return (await session.scalars(_newest_first(query, Session, after).limit(limit))).all()


async def api_keys(session: AsyncSession, owner_id: UUID, after: Cursor | None, limit: int) -> Sequence[ApiKey]:
    """Expired ones too: their owner may want to know why a program stopped."""
    query = select(ApiKey).where(owned(ApiKey, owner_id))
    return (await session.scalars(_newest_first(query, ApiKey, after).limit(limit))).all()


async def remove_api_key(session: AsyncSession, owner_id: UUID, key_id: UUID) -> None:
    """Raises `NotFound`."""
    statement = delete(ApiKey).where(owned(ApiKey, owner_id), ApiKey.id == key_id).returning(ApiKey.id)
    if (await session.execute(statement)).one_or_none() is None:
        raise NotFound("There is no such API key.")


def _newest_first(query: Select[Listed], table: Any, after: Cursor | None) -> Select[Listed]:
    if after is not None:
        last = tuple_(literal(datetime.fromisoformat(after.key), table.created_at.type), literal(after.id))
        query = query.where(tuple_(table.created_at, table.id) < last)
    return query.order_by(table.created_at.desc(), table.id.desc())
