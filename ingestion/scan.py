"""Files go through ClamAV before anything reads them, where `DOCVAULT_CLAMAV` names a clamd.

Its INSTREAM command takes the bytes over the socket (clamd's manual, "COMMANDS"): chunks with their length before them,
four bytes in network order, and a length of nought at the end. Only the answer `stream: OK` lets a file pass. No
answer, an unknown one, a file beyond clamd's limits: refused, for a scan that fails open is none.
"""

from __future__ import annotations

import asyncio
import io
import re
import socket
import struct
import zipfile
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager, suppress
from typing import Any

from docvault.errors import ConfigurationError, DocumentError
from docvault.logging import get_logger
from docvault.settings import Settings

PORT = 3310  # clamd's own default
CHUNK = 1024 * 1024  # bytes sent under one length: clamd counts them against its limit, not ours
ANSWER = 4096  # bytes of an answer at most
TOO_LARGE = "INSTREAM size limit exceeded. ERROR"
LIMITS = "Heuristics.Limits.Exceeded"
"""How signatures begin that stand for a file which ClamAV did not look at to its end (with `AlertExceedsMax yes`)."""
DEEPER = 120  # archives in one another: MaxRecursion can be 100 at most
log = get_logger(__name__)


async def scan(settings: Settings, chunks: AsyncIterator[bytes]) -> None:
    """Returns when clamd says that these bytes are clean, or when none is set.

    Raises `DocumentError`: `infected` and `scan_too_large` are for good, `not_scanned` may pass. What `chunks` itself
    raises goes through.
    """
    if not settings.clamav:
        return
    try:
        async with asyncio.timeout(settings.clamav_seconds):
            answer = await _instream(settings.clamav, chunks)
    except TimeoutError:
        raise not_scanned(f"ClamAV took longer than {settings.clamav_seconds:g} seconds.") from None
    _judge(answer)


async def ask(address: str, command: str) -> str:
    """clamd's answer to a command without data: `PING`, `VERSION`. Raises `OSError` when it cannot be reached."""
    with await _connect(address) as connection:
        await asyncio.get_running_loop().sock_sendall(connection, f"z{command}\0".encode())
        return await _answer(connection)


async def passes_what_it_does_not_read(settings: Settings) -> bool:
    """Whether this clamd calls clean what lies beyond its limits, as it does without `AlertExceedsMax yes`.

    Found by asking: an archive that is deeper than any clamd goes.
    """

    async def deep() -> AsyncIterator[bytes]:
        yield _nested(DEEPER)

    try:
        await scan(settings, deep())
    except DocumentError as error:
        if error.code == "scan_too_large":
            return False
        raise
    return True


async def _instream(address: str, chunks: AsyncIterator[bytes]) -> str:
    with _socket_errors():
        connection = await _connect(address)
    with connection:
        more = await _send(connection, b"zINSTREAM\0")
        async for chunk in chunks:
            for start in range(0, len(chunk), CHUNK):
                piece = chunk[start : start + CHUNK]
                more = more and await _send(connection, struct.pack("!L", len(piece)), piece)
            if not more:
                break
        else:
            await _send(connection, struct.pack("!L", 0))
        with _socket_errors():
            return await _answer(connection)


async def _send(connection: socket.socket, *parts: bytes) -> bool:
    """False when clamd takes no more: it hung up, and what it said before that can still be read.

    That is why this is a bare socket: asyncio's streams drop what came in once writing has failed.
    """
    try:
        for part in parts:
            await asyncio.get_running_loop().sock_sendall(connection, part)
    except OSError:
        return False
    return True


async def _answer(connection: socket.socket) -> str:
    """Up to its NUL. Raises `DocumentError` for none, and for one without end."""
    said = b""
    while not said.endswith(b"\0"):
        part = await asyncio.get_running_loop().sock_recv(connection, ANSWER)
        said += part
        if not part or len(said) > ANSWER:
            raise not_scanned("ClamAV hung up, or said what cannot be understood.")
    return said[:-1].decode("utf-8", "replace")


def _judge(answer: str) -> None:
    if answer == "stream: OK":
        return
    if answer == TOO_LARGE:
        raise _too_large("StreamMaxLength")
    found = re.fullmatch(r"stream: (\S.*) FOUND", answer)
    if found is None:
        log.warning("scan.odd_answer", answer=answer[:200])
        raise not_scanned("ClamAV's answer is neither that the file is clean nor that it is not.")
    name = found[1][:200]
    if name.startswith(LIMITS):
        raise _too_large(name.removeprefix(LIMITS).lstrip(".").removesuffix(".UNOFFICIAL") or "its limits")
    raise DocumentError(
        f"ClamAV found {name} in this file.",
        code="infected",
        hint="Delete it. If you are sure that it is harmless, tell whoever runs this DocVault.",
    )


def _too_large(limit: str) -> DocumentError:
    return DocumentError(
        f"The file is larger or deeper than ClamAV looks ({limit}), so it was not read.",
        code="scan_too_large",
        hint="Upload it in smaller parts; or whoever runs this DocVault raises that limit in clamd.conf.",
    )


def not_scanned(detail: str) -> DocumentError:
    return DocumentError(
        f"The file was not read, because it could not be scanned: {detail}",
        code="not_scanned",
        hint="Retry it when ClamAV works again: `docvault doctor` says what is wrong with it.",
        permanent=False,
    )


async def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        return await _open(socket.AF_UNIX, address)
    found = await asyncio.get_running_loop().getaddrinfo(*host_and_port(address), type=socket.SOCK_STREAM)
    *others, (family, *_, last) = found
    for other, *_, where in others:
        with suppress(OSError):
            return await _open(other, where)
    return await _open(family, last)


async def _open(family: int, where: Any) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, where)
    except BaseException:
        connection.close()
        raise
    return connection


def host_and_port(address: str) -> tuple[str, int]:
    """`clamav:3310`, `[::1]:3310` or only a name. Raises `ConfigurationError`."""
    found = re.fullmatch(r"(?:\[([^\[\]]+)\]|([^:\[\]/\s]+))(?::(\d{1,5}))?", address)
    if found is None:
        raise ConfigurationError(
            f"DOCVAULT_CLAMAV is not usable: {address}.", hint="It looks like clamav:3310 or /run/clamav/clamd.ctl."
        )
    return found[1] or found[2], int(found[3] or PORT)


@contextmanager
def _socket_errors() -> Generator[None]:
    """What the connection to clamd raises, as `not_scanned`. A time-out is whoever's who set it."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise not_scanned(f"ClamAV does not answer ({error.strerror or type(error).__name__}).") from error


def _nested(depth: int) -> bytes:
    made = b"nothing"
    for _ in range(depth):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", made)
        made = packed.getvalue()
    return made
