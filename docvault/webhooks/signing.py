"""Secrets and signatures as the Standard Webhooks specification (1.0) has them, symmetric scheme `v1`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from docvault.errors import InvalidInput

MARK = "whsec_"
RANDOM_BYTES = 32
SHORTEST, LONGEST = 24, 64  # bytes of a secret, as the specification asks


def make_secret() -> str:
    return MARK + base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()


def checked_secret(text: str) -> str:
    """Raises `InvalidInput` for what receivers' libraries would not take for a secret."""
    try:
        size = len(_key(text)) if text.startswith(MARK) else 0
    except ValueError:
        size = 0
    if not SHORTEST <= size <= LONGEST:
        raise InvalidInput(
            "The secret is not usable.",
            code="invalid_secret",
            hint=f"`{MARK}` and {SHORTEST} to {LONGEST} random bytes in base64; or leave it out, and one is made.",
        )
    return text


def signature(keys: Sequence[str], id: str, timestamp: int, body: bytes) -> str:
    """What goes into `webhook-signature`: one signature for each secret, with a space between."""
    signed = f"{id}.{timestamp}.".encode() + body
    digests = (hmac.new(_key(text), signed, hashlib.sha256).digest() for text in keys)
    return " ".join("v1," + base64.b64encode(digest).decode() for digest in digests)


def _key(text: str) -> bytes:
    return base64.b64decode(text.removeprefix(MARK), validate=True)
