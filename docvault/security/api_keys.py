"""API keys: `dv_`, 43 random letters and digits (256 bits), and six of a checksum.

The beginning lets people and secret scanners recognise a key, the checksum turns a mistyped one away without asking the
database. Only SHA-256 of the key is kept: a key is random enough that no slow hash is needed.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib

MARK = "dv_"
ALPHABET = string.digits + string.ascii_letters
RANDOM_CHARS = 43
CHECKSUM_CHARS = 6
PREFIX_CHARS = len(MARK) + 8


def make_api_key() -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))
    return MARK + body + _checksum(body)


def looks_like_api_key(text: str) -> bool:
    """Whether `text` was meant as an API key. It may still be wrong."""
    return text.startswith(MARK)


def read_api_key(key: str) -> bytes | None:
    """The hash to look the key up by; `None` for one that was mistyped or cut off."""
    body, checksum = key[len(MARK) : -CHECKSUM_CHARS], key[-CHECKSUM_CHARS:]
    if not key.startswith(MARK) or not key.isascii() or len(body) != RANDOM_CHARS or checksum != _checksum(body):
        return None
    return api_key_hash(key)


def api_key_hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def api_key_prefix(key: str) -> str:
    """The part that may be shown again, for people to tell their keys apart."""
    return key[:PREFIX_CHARS]


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_CHARS):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
