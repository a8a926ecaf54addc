"""Secrets that must be read again (a webhook's key, a document's password) lie sealed in the database.

AES-256-GCM under a key derived by HKDF-SHA256 from `DOCVAULT_SECRET_KEY`. What it is for and whose it is are part of
the seal: copied into another row it does not open.
"""

from __future__ import annotations

import os
from uuid import UUID

from docvault.errors import ConfigurationError
from docvault.settings import Settings

NONCE = 12  # bytes, as NIST SP 800-38D recommends


def seal(settings: Settings, owner_id: UUID, purpose: str, secret: str) -> bytes:
    """`purpose` names what it is for and the row it belongs to: `webhook:<id>`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE)
    return nonce + AESGCM(_key(settings)).encrypt(nonce, secret.encode(), _bound(owner_id, purpose))


def unseal(settings: Settings, owner_id: UUID, purpose: str, sealed: bytes) -> str:
    """Raises `ConfigurationError` when it was sealed under another key."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        opened = AESGCM(_key(settings)).decrypt(sealed[:NONCE], sealed[NONCE:], _bound(owner_id, purpose))
    except InvalidTag:
        raise ConfigurationError(
            "A secret in the database was sealed under another DOCVAULT_SECRET_KEY.",
            code="sealed_elsewhere",
            hint="Set the key that was used, or enter the secret again.",
        ) from None
    return opened.decode()


def _bound(owner_id: UUID, purpose: str) -> bytes:
    return f"docvault:{owner_id}:{purpose}".encode()


def _key(settings: Settings) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=b"docvault sealing 1").derive(settings.secret_key.encode())
