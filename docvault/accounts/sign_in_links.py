"""Links that sign another browser in: once, within minutes, on the word of a session that is alive.

`docvault up` prints one, so that the first look at the page needs no password; a phone can be signed in the same way.
The secret is in the link's fragment, which browsers send to nobody.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from redis.exceptions import RedisError

from docvault.accounts import operations
from docvault.accounts.operations import Client, SignedIn
from docvault.errors import Unavailable
from docvault.resources import Resources
from docvault.security.access import Identity
from docvault.security.authentication import identify_ticket
from docvault.security.tokens import Ticket, make_ticket, not_authenticated, read_ticket
from docvault.settings import Settings

PURPOSE = "sign-in"


class SignInLinkView(msgspec.Struct):
    """`url` is a path of this DocVault's page."""

    url: str
    expires_at: datetime


class SignInLink(msgspec.Struct, forbid_unknown_fields=True):
    """`ticket` is what the link has after `#ticket=`."""

    ticket: str


def make_sign_in_link(settings: Settings, owner_id: UUID, session_id: UUID) -> SignInLinkView:
    seconds = settings.sign_in_link_seconds
    expires_at = datetime.fromtimestamp(int(time.time()) + seconds, UTC)
    text = make_ticket(settings.secret_key, Ticket(owner_id, session_id, PURPOSE, uuid4().hex), seconds)
    return SignInLinkView(f"/sign-in#ticket={text}", expires_at)


async def sign_in_by_link(resources: Resources, text: str, client: Client) -> SignedIn:
    """A session of its own for who brings the link first.

    Raises `Unauthenticated` (`invalid_ticket`) for one that is forged, too old, used, or whose session has ended.
    """
    settings = resources.settings
    ticket = read_ticket(settings.secret_key, text)
    identity = await identify_ticket(resources.database, settings.secret_key, text, PURPOSE, ticket.of)
    await _use_up(resources, identity, ticket)
    return await operations.open_session_of(resources, identity.owner_id, client)


async def _use_up(resources: Resources, identity: Identity, ticket: Ticket) -> None:
    key = f"docvault:sign-in:{identity.owner_id}:{ticket.of}"
    try:
        first = await resources.cache.set(key, 1, nx=True, ex=resources.settings.sign_in_link_seconds + 60)
    except RedisError:
        raise Unavailable("Whether this link was used before cannot be looked up now.") from None
    if not first:
        raise not_authenticated(
            "This link has been used already.", "invalid_ticket", "Ask for a new one, or sign in with your password."
        )
