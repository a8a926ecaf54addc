"""The questions that tell who makes a request. No owner is known yet, so they go through the lookup functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, text, update

from docvault.database import Database
from docvault.models import ApiKey
from docvault.security.access import owned


class LiveSession(NamedTuple):
    is_admin: bool


class LiveApiKey(NamedTuple):
    owner_id: UUID
    id: UUID
    scopes: list[str]
    last_used_at: datetime | None


_SESSION = text("SELECT is_admin FROM find_session(:owner_id, :session_id)")
_API_KEY = text("SELECT owner_id, id, scopes, last_used_at FROM find_api_key(:hash)")


async def find_session(database: Database, owner_id: UUID, session_id: UUID) -> LiveSession | None:
    """The session, unless it was revoked, has expired, or its person is disabled."""
    async with database.lookup() as connection:
        row = (await connection.execute(_SESSION, {"owner_id": owner_id, "session_id": session_id})).one_or_none()
    return LiveSession(row.is_admin) if row else None


async def find_api_key(database: Database, key_hash: bytes) -> LiveApiKey | None:
    """The key, unless it was deleted, has expired, or its person is disabled."""
    async with database.lookup() as connection:
        row = (await connection.execute(_API_KEY, {"hash": key_hash})).one_or_none()
    return LiveApiKey(row.owner_id, row.id, list(row.scopes), row.last_used_at) if row else None


async def note_api_key_used(database: Database, owner_id: UUID, key_id: UUID, every: timedelta) -> None:
    """Write down that the key was used, unless somebody did so less than `every` ago."""
    stale = ApiKey.last_used_at.is_(None) | (ApiKey.last_used_at < func.now() - every)
    async with database.transaction(owner_id) as session:
        await session.execute(
            update(ApiKey).where(owned(ApiKey, owner_id), ApiKey.id == key_id, stale).values(last_used_at=func.now())
        )
