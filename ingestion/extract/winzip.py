"""Members of a ZIP archive that WinZip, 7-Zip and others locked with AES: Python's `zipfile` knows the old way alone.

Source: "AES Encryption Information: Encryption Specification AE-1 and AE-2" by WinZip.
"""

from __future__ import annotations

import hmac
import struct
import zipfile
import zlib
from collections.abc import Iterator
from hashlib import pbkdf2_hmac, sha1
from typing import IO, Any

from ingestion.extract.build import corrupt, wrong_password
from ingestion.extract.packed import Budget

AES = 99
"""The compression method that stands in the directory; the real one is in the extra field."""
EXTRA = 0x9901
ROUNDS = 1000
CODE = 10  # bytes of the authentication code at the end
PIECE = 256 * 1024
BLOCK = 16

_LOCAL = struct.Struct("<4s22xHH")


def pieces(file: IO[bytes], member: zipfile.ZipInfo, password: str, budget: Budget) -> Iterator[bytes]:
    """The member's bytes, counted as they come; the last are given before their authenticity is known.

    Raises `DocumentError`: `wrong_password`, `corrupt`, `archive_bomb`.
    """
    strength, method = _how(member, budget.what)
    length = {1: 16, 2: 24, 3: 32}[strength]
    file.seek(member.header_offset)
    _, name, extra = _LOCAL.unpack(_exactly(file, _LOCAL.size, budget.what))
    file.seek(name + extra, 1)
    salt, check = _exactly(file, length // 2, budget.what), _exactly(file, 2, budget.what)
    keys = pbkdf2_hmac("sha1", password.encode(), salt, ROUNDS, 2 * length + 2)
    if not hmac.compare_digest(keys[-2:], check):
        raise wrong_password(budget.what)
    left = member.compress_size - len(salt) - len(check) - CODE
    code, unpacker = hmac.new(keys[length : 2 * length], digestmod=sha1), _unpacker(method, budget.what)
    counter, cipher = 1, _cipher(keys[:length])
    while left > 0:
        locked = _exactly(file, min(PIECE, left), budget.what)
        left -= len(locked)
        code.update(locked)
        yield from unpacker(_opened(cipher, locked, counter), budget)
        counter += PIECE // BLOCK
    if not hmac.compare_digest(code.digest()[:CODE], _exactly(file, CODE, budget.what)):
        raise corrupt(budget.what)


def _how(member: zipfile.ZipInfo, what: str) -> tuple[int, int]:
    """Strength of the key (1 to 3) and the real compression method."""
    place = 0
    while place + 4 <= len(member.extra):
        kind, size = struct.unpack_from("<HH", member.extra, place)
        if kind == EXTRA and size >= 7 and place + 11 <= len(member.extra):
            strength, method = struct.unpack_from("<BH", member.extra, place + 8)
            if strength in (1, 2, 3):
                return strength, method
        place += 4 + size
    raise corrupt(what)


def _exactly(file: IO[bytes], size: int, what: str) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise corrupt(what)
    return data


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # One block at a time under a counter: the mode is CTR, with the counter's bytes the other way round than usual.
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305


def _opened(cipher: Any, locked: bytes, counter: int) -> bytes:
    blocks = -(-len(locked) // BLOCK)
    counters = b"".join((counter + n).to_bytes(BLOCK, "little") for n in range(blocks))
    stream = cipher.encryptor().update(counters)[: len(locked)]
    return (int.from_bytes(locked, "little") ^ int.from_bytes(stream, "little")).to_bytes(len(locked), "little")


def _unpacker(method: int, what: str) -> Any:
    if method == zipfile.ZIP_STORED:
        return _stored
    if method == zipfile.ZIP_DEFLATED:
        return _Inflater(what)
    raise NotImplementedError(f"compression method {method}")


def _stored(data: bytes, budget: Budget) -> Iterator[bytes]:
    budget.take(len(data))
    yield data


class _Inflater:
    def __init__(self, what: str) -> None:
        self._inflate, self._what = zlib.decompressobj(-15), what

    def __call__(self, packed: bytes, budget: Budget) -> Iterator[bytes]:
        while packed and not self._inflate.eof:
            try:
                piece = self._inflate.decompress(packed, PIECE)
            except zlib.error:
                raise corrupt(self._what) from None
            budget.take(len(piece))
            yield piece
            packed = self._inflate.unconsumed_tail
