"""From what a request carries to who makes it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from docvault.database import Database
from docvault.logging import get_logger
from docvault.security import queries
from docvault.security.access import KEY_SCOPES, Identity, Scope
from docvault.security.api_keys import looks_like_api_key, read_api_key
from docvault.security.tokens import invalid_ticket, not_authenticated, read_access_token, read_ticket

USE_NOTED_EVERY = timedelta(minutes=1)
USE_NOTED_WITHIN = 1.0  # seconds; then the request goes on without
TICKET_SCOPES: dict[str, frozenset[Scope]] = {
    "content": frozenset({"documents:read"}),
    "export": frozenset({"account"}),
    "sign-in": frozenset(),
}
"""What a ticket for each purpose may do where it is accepted."""
log = get_logger(__name__)


async def identify(database: Database, secret_key: str, authorization: str | None) -> Identity:
    """Who sent this `Authorization` header: `Bearer` and an access token, or an API key.

    One look at the database each time, so that a session or key that was revoked, and a person who was disabled,
    are out at once. Raises `Unauthenticated`, or `Unavailable` when the database cannot be asked.
    """
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    credentials = credentials.strip()
    if scheme.lower() != "bearer" or not credentials:
        raise not_authenticated(
            "This needs somebody who is logged in.",
            hint="Send `Authorization: Bearer` with an access token or an API key.",
        )
    if looks_like_api_key(credentials):
        return await _by_api_key(database, credentials)
    return await _by_session(database, secret_key, credentials)


async def identify_ticket(database: Database, secret_key: str, text: str, purpose: str, of: str) -> Identity:
    """Who asked for this ticket, which must be for `purpose` and `of` that. It opens nothing else.

    Its session is looked up like any other: tickets of somebody who logged out or was disabled are good for nothing.
    Raises `Unauthenticated` (`invalid_ticket`).
    """
    ticket = read_ticket(secret_key, text)
    if (ticket.purpose, ticket.of) != (purpose, of):
        raise invalid_ticket()
    if await queries.find_session(database, ticket.owner_id, ticket.session_id) is None:
        raise invalid_ticket()
    return Identity(ticket.owner_id, TICKET_SCOPES[purpose], session_id=ticket.session_id)


async def _by_session(database: Database, secret_key: str, token: str) -> Identity:
    owner_id, session_id, expires_at = read_access_token(secret_key, token)
    found = await queries.find_session(database, owner_id, session_id)
    if found is None:
        raise not_authenticated("This session has ended.", hint="Log in again.")
    return Identity(owner_id, is_admin=found.is_admin, session_id=session_id, expires_at=expires_at)


async def _by_api_key(database: Database, text: str) -> Identity:
    key_hash = read_api_key(text)
    found = await queries.find_api_key(database, key_hash) if key_hash else None
    if found is None:
        raise not_authenticated(
            "The API key is not valid.", hint="It may have expired or been deleted: make a new one."
        )
    if found.last_used_at is None or datetime.now(UTC) - found.last_used_at > USE_NOTED_EVERY:
        await _note_use(database, found)
    # Never an administrator: a leaked key must not open more than its scopes say.
    return Identity(found.owner_id, frozenset(found.scopes) & KEY_SCOPES, key_id=found.id, key_hash=key_hash)


async def _note_use(database: Database, key: queries.LiveApiKey) -> None:
    try:
        async with asyncio.timeout(USE_NOTED_WITHIN):
            await queries.note_api_key_used(database, key.owner_id, key.id, USE_NOTED_EVERY)
    except Exception as error:  # when a key was last used is worth knowing, but no reason to refuse the request
        log.warning("api_key.use_not_noted", key_id=str(key.id), error=type(error).__name__)
