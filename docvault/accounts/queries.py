"""All SQL of the accounts. Each runs in a transaction of its owner, but for the two lookups at the top."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, literal, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.errors import NotFound
from docvault.models import ApiKey, Preferences, Session, User
from docvault.pagination import Cursor
from docvault.security.access import owned

FIRST_ACCOUNT_LOCK = 0x646F6376_66697273  # "docvfirs"
NEWEST_FIRST = "-created_at"
LOCAL_ACCOUNT = "local@docvault.localhost"
"""Made by `docvault up` for the command line of its machine. It takes nobody's place as the first."""
_ANY_PERSON = text("SELECT any_person()")
_FIND_LOGIN = text("SELECT id, password_hash, disabled FROM find_login(:email_key)")
Listed = TypeVar("Listed", Session, ApiKey)


class Login(NamedTuple):
    id: UUID
    password_hash: str
    disabled: bool


async def any_person(connection: AsyncConnection | AsyncSession) -> bool:
    """Whether somebody is registered, the account of `docvault up` left out."""
    return bool((await connection.execute(_ANY_PERSON)).scalar_one())


async def find_login(connection: AsyncConnection, email_key: str) -> Login | None:
    row = (await connection.execute(_FIND_LOGIN, {"email_key": email_key})).one_or_none()
    return Login(row.id, row.password_hash, row.disabled) if row else None


async def is_first_account(session: AsyncSession) -> bool:
    """Whether nobody is registered. If so, others who ask wait until this transaction ends: there is one first."""
    if await any_person(session):
        return False
    await lock_administrators(session)
    return not await any_person(session)


async def lock_administrators(session: AsyncSession) -> None:
    """Who administers changes in one transaction at a time."""
    await session.execute(select(func.pg_advisory_xact_lock(FIRST_ACCOUNT_LOCK)))


async def find_user(session: AsyncSession, owner_id: UUID) -> User | None:
    return await session.get(User, owner_id)


async def change_password_hash(session: AsyncSession, owner_id: UUID, password_hash: str) -> None:
    await session.execute(update(User).where(User.id == owner_id).values(password_hash=password_hash))


async def preferences(session: AsyncSession, owner_id: UUID) -> Preferences | None:
    return await session.get(Preferences, owner_id)


async def change_preferences(session: AsyncSession, owner_id: UUID, values: dict[str, Any]) -> None:
    """Only `values` change; the others stay, or are the defaults."""
    row = {"owner_id": owner_id} | values
    statement = insert(Preferences).values(row)
    if values:
        statement = statement.on_conflict_do_update(index_elements=["owner_id"], set_=values)
    else:
        statement = statement.on_conflict_do_nothing()
    await session.execute(statement)


def _live() -> ColumnElement[bool]:
    return Session.revoked_at.is_(None) & (Session.expires_at > func.now())


async def rotate(
    session: AsyncSession, owner_id: UUID, session_id: UUID, old: bytes, new: bytes, life: timedelta, grace: timedelta
) -> bool:
    """Put the refresh token `new` in the place of `old`; false unless `old` is the current one of a live session.

    One statement: of two who come with the same token at the same time, one succeeds. The other may be let in by
    `was_rotated`, for as long as `grace`.
    """
    statement = update(Session).where(
        owned(Session, owner_id), Session.id == session_id, Session.refresh_hash == old, _live()
    )
    changed = statement.values(
        refresh_hash=new,
        previous_hash=old,
        previous_until=func.now() + grace,
        refreshed_at=func.now(),
        expires_at=func.now() + life,
    )
    return (await session.execute(changed.returning(Session.id))).one_or_none() is not None


async def was_rotated(session: AsyncSession, owner_id: UUID, session_id: UUID, old: bytes, new: bytes) -> bool:
    """Whether `new` has just taken the place of `old`, in a live session. Nothing is changed: no grace grows longer."""
    query = select(Session.id).where(owned(Session, owner_id), Session.id == session_id, _live())
    # By the clock: this transaction may have begun before the one that it waited for.
    good = Session.previous_until > func.clock_timestamp()
    just_now = (Session.refresh_hash == new) & (Session.previous_hash == old) & good
    return (await session.execute(query.where(just_now))).one_or_none() is not None


async def revoke(
    session: AsyncSession, owner_id: UUID, session_id: UUID | None = None, *, other_than: UUID | None = None
) -> int:
    """End the session, or all of the owner's without `session_id`. Returns how many were still live."""
    statement = update(Session).where(owned(Session, owner_id), _live()).values(revoked_at=func.now())
    if session_id is not None:
        statement = statement.where(Session.id == session_id)
    if other_than is not None:
        statement = statement.where(Session.id != other_than)
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


async def expire_api_keys(session: AsyncSession, owner_id: UUID) -> None:
    """All of the owner's: they are refused from now on."""
    still = ApiKey.expires_at.is_(None) | (ApiKey.expires_at > func.now())
    await session.execute(update(ApiKey).where(owned(ApiKey, owner_id), still).values(expires_at=func.now()))


def _newest_first(query: Select[Listed], table: Any, after: Cursor | None) -> Select[Listed]:
    if after is not None:
        last = tuple_(literal(datetime.fromisoformat(after.key), table.created_at.type), literal(after.id))
        query = query.where(tuple_(table.created_at, table.id) < last)
    return query.order_by(table.created_at.desc(), table.id.desc())
