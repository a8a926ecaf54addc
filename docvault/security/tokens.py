"""The tokens of a session.

An access token is a JWT (HS256 and nothing else) that lives for minutes. It names its session, and the session is
looked up on every request: what is revoked is out at once.

A ticket is a JWT too, for another audience: it lets a browser's own download, which cannot send a header, read one
thing for some minutes. It names the session that asked for it, and ends with it.

A refresh token is `<owner>.<session>.<secret>`. The database keeps its SHA-256 alone. The secret carries a mark made
with the service's key, so that a token which was once given out can be told from one that somebody made up: only the
former, coming back after it was replaced, ends its session. Each follows from the one before it and the key, so that
whoever comes with the same token gets the same successor: a second tab, or a reload that lost the first answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from typing import NamedTuple
from uuid import UUID, uuid4

import jwt

from docvault.errors import Unauthenticated

ALGORITHM = "HS256"
ISSUER = AUDIENCE = "docvault"
CLAIMS = ["sub", "sid", "jti", "iat", "exp", "iss", "aud"]
TICKETS = "docvault-ticket"
"""The audience of tickets: none of them is an access token, nor the other way round."""
SECRET_BYTES = 32
MARK_BYTES = 16


class AccessToken(NamedTuple):
    """`expires_at` is Unix time."""

    owner_id: UUID
    session_id: UUID
    expires_at: float


class Ticket(NamedTuple):
    """`purpose` is what it opens (`content`, `export`), `of` which one: a document's id, or nothing."""

    owner_id: UUID
    session_id: UUID
    purpose: str
    of: str = ""


class RefreshToken(NamedTuple):
    """`hash` is what the database keeps; `genuine` says that this service made the token."""

    owner_id: UUID
    session_id: UUID
    hash: bytes
    genuine: bool


def make_access_token(secret_key: str, owner_id: UUID, session_id: UUID, lifetime: int) -> str:
    """`lifetime` is in seconds."""
    now = int(time.time())
    claims = {"sub": str(owner_id), "sid": str(session_id), "jti": uuid4().hex, "iat": now, "exp": now + lifetime}
    return jwt.encode(claims | {"iss": ISSUER, "aud": AUDIENCE}, secret_key, algorithm=ALGORITHM)


def read_access_token(secret_key: str, token: str) -> AccessToken:
    """What the token says, its signature and life checked. Raises `Unauthenticated`, `token_expired` for an old one."""
    try:
        claims = jwt.decode(
            token, secret_key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE, options={"require": CLAIMS}
        )
        return AccessToken(UUID(claims["sub"]), UUID(claims["sid"]), float(claims["exp"]))
    except jwt.ExpiredSignatureError:
        raise not_authenticated(
            "The access token has expired.", "token_expired", "Refresh it, or log in again."
        ) from None
    except (jwt.InvalidTokenError, ValueError, AttributeError):
        raise not_authenticated("The access token is not valid.", hint="Log in again.") from None


def make_ticket(secret_key: str, ticket: Ticket, lifetime: int) -> str:
    """`lifetime` is in seconds."""
    now = int(time.time())
    claims = {"sub": str(ticket.owner_id), "sid": str(ticket.session_id), "for": ticket.purpose, "of": ticket.of}
    claims |= {"jti": uuid4().hex, "iat": now, "exp": now + lifetime, "iss": ISSUER, "aud": TICKETS}
    return jwt.encode(claims, secret_key, algorithm=ALGORITHM)


def read_ticket(secret_key: str, text: str) -> Ticket:
    """Its signature and life are checked, not what it is for. Raises `Unauthenticated` (`invalid_ticket`)."""
    needed = [*CLAIMS, "for", "of"]
    try:
        claims = jwt.decode(
            text, secret_key, algorithms=[ALGORITHM], issuer=ISSUER, audience=TICKETS, options={"require": needed}
        )
        return Ticket(UUID(claims["sub"]), UUID(claims["sid"]), str(claims["for"]), str(claims["of"]))
    except (jwt.InvalidTokenError, ValueError, AttributeError):
        raise invalid_ticket() from None


def invalid_ticket() -> Unauthenticated:
    return not_authenticated("This link is no longer good.", "invalid_ticket", "Ask for a new one.")


def make_refresh_token(secret_key: str, owner_id: UUID, session_id: UUID) -> str:
    return _refresh_token(secret_key, owner_id, session_id, secrets.token_bytes(SECRET_BYTES))


def next_refresh_token(secret_key: str, token: RefreshToken) -> str:
    """What takes this token's place, the same whenever it is asked for. Only the key's holder can tell it."""
    message = b"next refresh" + token.owner_id.bytes + token.session_id.bytes + token.hash
    secret = hmac.digest(secret_key.encode(), message, "sha256")
    return _refresh_token(secret_key, token.owner_id, token.session_id, secret)


def _refresh_token(secret_key: str, owner_id: UUID, session_id: UUID, secret: bytes) -> str:
    marked = secret + _mark(secret_key, owner_id, session_id, secret)
    return f"{owner_id.hex}.{session_id.hex}.{base64.urlsafe_b64encode(marked).decode()}"


def read_refresh_token(secret_key: str, token: str) -> RefreshToken | None:
    """`None` for what has not even the shape of a refresh token."""
    try:
        owner, session, secret = token.split(".")
        owner_id, session_id, marked = UUID(owner), UUID(session), base64.urlsafe_b64decode(secret)
        digest = refresh_hash(token)
    except (ValueError, binascii.Error):
        return None
    mark = _mark(secret_key, owner_id, session_id, marked[:SECRET_BYTES])
    return RefreshToken(owner_id, session_id, digest, hmac.compare_digest(mark, marked[SECRET_BYTES:]))


def refresh_hash(token: str) -> bytes:
    """SHA-256 without salt or stretching: the token is 256 random bits, nobody can guess through them."""
    return hashlib.sha256(token.encode("ascii")).digest()


def not_authenticated(detail: str, code: str | None = None, hint: str | None = None) -> Unauthenticated:
    return Unauthenticated(detail, code=code, hint=hint, headers={"WWW-Authenticate": "Bearer"})


def _mark(secret_key: str, owner_id: UUID, session_id: UUID, secret: bytes) -> bytes:
    message = b"refresh" + owner_id.bytes + session_id.bytes + secret
    return hmac.digest(secret_key.encode(), message, "sha256")[:MARK_BYTES]
