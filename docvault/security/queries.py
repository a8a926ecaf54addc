"""The questions that tell who makes a request. No owner is known yet, so they go through the lookup functions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, text, update

from docvault.database import Database
from docvault.models import ApiKey
from docvault.security.access import Identity, owned


class LiveSession(NamedTuple):
    is_admin: bool


class LiveApiKey(NamedTuple):
    owner_id: UUID
    id: UUID
    scopes: list[str]
    last_used_at: datetime | None


_SESSION = text("SELECT is_admin FROM find_session(:owner_id, :session_id)")
_API_KEY = text("SELECT owner_id, id, scopes, last_used_at FROM find_api_key(:hash)")
_LIVE = text("""
SELECT given.session_id AS id
FROM unnest(CAST(:owners AS uuid[]), CAST(:sessions AS uuid[])) AS given (owner_id, session_id)
WHERE EXISTS (SELECT FROM find_session(given.owner_id, given.session_id))
UNION ALL
SELECT found.id FROM unnest(CAST(:hashes AS bytea[])) AS given (hash), find_api_key(given.hash) AS found
""")


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


async def live(database: Database, identities: Collection[Identity]) -> set[UUID]:
    """The ids of those of their sessions and API keys that are good still. One question, however many they are."""
    sessions = [(each.owner_id, each.session_id) for each in identities if each.session_id]
    given = {
        "owners": [owner_id for owner_id, _ in sessions],
        "sessions": [session_id for _, session_id in sessions],
        "hashes": [each.key_hash for each in identities if each.key_hash],
    }
    async with database.lookup() as connection:
        return set((await connection.execute(_LIVE, given)).scalars())


async def note_api_key_used(database: Database, owner_id: UUID, key_id: UUID, every: timedelta) -> None:
    """Write down that the key was used, unless somebody did so less than `every` ago."""
    stale = ApiKey.last_used_at.is_(None) | (ApiKey.last_used_at < func.now() - every)
    async with database.transaction(owner_id) as session:
        await session.execute(
            update(ApiKey).where(owned(ApiKey, owner_id), ApiKey.id == key_id, stale).values(last_used_at=func.now())
        )
