"""The tokens of a session.

An access token is a JWT (HS256 and nothing else) that lives for minutes. It names its session, and the session is
looked up on every request: what is revoked is out at once.

A refresh token is `<owner>.<session>.<secret>`. The database keeps its SHA-256 alone. The secret carries a mark made
with the service's key, so that a token which was once given out can be told from one that somebody made up: only the
former, coming back after it was replaced, ends its session.
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
SECRET_BYTES = 32
MARK_BYTES = 16


class AccessToken(NamedTuple):
    """`expires_at` is Unix time."""

    owner_id: UUID
    session_id: UUID
    expires_at: float


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


def make_refresh_token(secret_key: str, owner_id: UUID, session_id: UUID) -> str:
    secret = secrets.token_bytes(SECRET_BYTES)
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
