"""Opening OpenDocument files that are locked with a password (OpenDocument 1.3, part 2, section 4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import corrupt, encrypted, wrong_password
from ingestion.extract.odf_text import attribute, local, name

MOST_ITERATIONS = 10_000_000
WHAT = "The OpenDocument file"

_AES = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
_DIGESTS = {"SHA1/1K": "sha1", "http://www.w3.org/2000/09/xmldsig#sha1": "sha1", "SHA1": "sha1"}


def unlocked(archive: zipfile.ZipFile, manifest: Any, password: str | None) -> Callable[[str], bytes]:
    """A function from the name of a part to its bytes. Raises `DocumentError`: `encrypted`, `wrong_password`."""
    if password is None:
        raise encrypted(WHAT)
    entries = {attribute(entry, "manifest:full-path"): entry for entry in manifest if local(entry) == "file-entry"}
    locks = {part: lock for part, entry in entries.items() if (lock := _child(entry, "encryption-data")) is not None}

    def read(part: str) -> bytes:
        data = archive.read(part)
        if part not in locks:
            return data
        try:
            return _open(data, locks[part], password)
        except (ValueError, ArithmeticError) as error:
            raise corrupt(WHAT) from error

    if "content.xml" not in locks:
        raise _unknown()  # LibreOffice's newer form locks the archive as a whole
    return read


def _open(data: bytes, lock: Any, password: str) -> bytes:
    key, algorithm = _key(lock, password), _child(lock, "algorithm")
    if algorithm is None:
        raise corrupt(WHAT)
    vector = base64.b64decode(attribute(algorithm, "manifest:initialisation-vector"))
    which = attribute(algorithm, "manifest:algorithm-name")
    if which == _AES:
        packed = _aes(data, key, vector)
    elif which.lower().startswith("blowfish"):
        packed = _blowfish(data, key, vector)
    else:
        raise _unknown()
    if not _is_right(packed, lock):
        raise wrong_password(WHAT)
    try:
        return zlib.decompressobj(-15).decompress(packed)
    except zlib.error:
        raise wrong_password(WHAT) from None


def _key(lock: Any, password: str) -> bytes:
    derivation, start = _child(lock, "key-derivation"), _child(lock, "start-key-generation")
    if derivation is None:
        raise corrupt(WHAT)
    if attribute(derivation, "manifest:key-derivation-name") not in {"PBKDF2", ""}:
        raise _unknown()
    named = attribute(start, "manifest:start-key-generation-name") if start is not None else ""
    first = "sha256" if "sha256" in named else "sha1"
    secret = hashlib.new(first, password.encode()).digest()
    salt = base64.b64decode(attribute(derivation, "manifest:salt"))
    rounds = int(attribute(derivation, "manifest:iteration-count") or 1024)
    size = int(attribute(derivation, "manifest:key-size") or 16)
    if not (0 < rounds <= MOST_ITERATIONS and 0 < size <= 64):
        raise corrupt(WHAT)
    return hashlib.pbkdf2_hmac("sha1", secret, salt, rounds, size)


def _aes(data: bytes, key: bytes, vector: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    return plain[: -plain[-1]] if plain and 0 < plain[-1] <= 16 else plain


def _blowfish(data: bytes, key: bytes, vector: bytes) -> bytes:
    from cryptography.hazmat.decrepit.ciphers import algorithms, modes
    from cryptography.hazmat.primitives.ciphers import Cipher

    decryptor = Cipher(algorithms.Blowfish(key), modes.CFB(vector)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _is_right(packed: bytes, lock: Any) -> bool:
    """The checksum is of the packed bytes, by its usual names of their first kilobyte alone."""
    expected = base64.b64decode(attribute(lock, "manifest:checksum"))
    kind = attribute(lock, "manifest:checksum-type")
    digest = _DIGESTS.get(kind, "sha256")
    part = packed[:1024] if kind.lower().endswith("1k") else packed
    return not expected or hmac.compare_digest(hashlib.new(digest, part).digest(), expected)


def _child(element: Any, which: str) -> Any:
    return next((child for child in element if name(child) == f"manifest:{which}"), None)


def _unknown() -> DocumentError:
    return DocumentError(
        f"{WHAT} is locked in a way that cannot be opened here.",
        code="encrypted",
        hint="Open it in your office program, save it without its password, and upload the new copy.",
    )
