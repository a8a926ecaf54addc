"""What an embedder and its clients say to each other over a socket.

A frame is two 32-bit lengths (big-endian), a MessagePack header and a body: the vectors of an answer as raw float32.
Both sides prove that they know the secret key before anything else is said, by HMAC-SHA256 over both sides' random
numbers. That keeps strangers out; it hides nothing on the way, which is for a private network or a tunnel to do.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import struct
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from docvault.errors import ConfigurationError
from docvault.settings import Settings

VERSION = 1
MAX_FRAME = 32 * 1024 * 1024
"""Bytes of one frame. A client sends a text of at most 3 MB (8,192 word pieces), or about a megabyte of texts."""

MAX_GREETING = 4096
"""Bytes of a frame from somebody who has proved nothing yet."""

GREETING_SECONDS = 5.0
ALIVE_EVERY = 3.0
"""Seconds between two signs of life of the embedder: a client that hears none for four of these gives it up."""

_LENGTHS = struct.Struct(">II")


class Hello(msgspec.Struct, frozen=True, tag=True):
    """The embedder's first word."""

    version: int
    nonce: bytes


class Proof(msgspec.Struct, frozen=True, tag=True):
    nonce: bytes
    mac: bytes


class Welcome(msgspec.Struct, frozen=True, tag=True):
    """The embedder's own proof, and which model it serves. `process` is another one each time it is started."""

    mac: bytes
    model_id: str
    dimensions: int
    max_tokens: int
    process: str = ""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Who asks `alone` has no other passages run beside these. `tell` asks for `Begun`, and for `Leaving` in the end:
    clients of an older version know neither."""

    id: int
    lane: Literal["question", "passages"]
    texts: list[str]
    alone: bool = False
    tell: bool = False


class Begun(msgspec.Struct, frozen=True, tag=True):
    """From here on these texts may be what ends the embedder."""

    id: int


class Leaving(msgspec.Struct, frozen=True, tag=True):
    """The embedder was told to stop: no text is to blame for its end."""


class Drop(msgspec.Struct, frozen=True, tag=True):
    """Nobody waits for this answer any more."""

    id: int


class Answer(msgspec.Struct, frozen=True, tag=True):
    """The body holds `rows` vectors of the model's length."""

    id: int
    rows: int


class Failed(msgspec.Struct, frozen=True, tag=True):
    id: int
    detail: str
    code: str
    hint: str | None = None


class Alive(msgspec.Struct, frozen=True, tag=True):
    """Sent every `ALIVE_EVERY` seconds."""


Message = Hello | Proof | Welcome | Ask | Begun | Drop | Answer | Failed | Alive | Leaving
_decoder = msgspec.msgpack.Decoder(Message)


class BrokenConnectionError(Exception):
    """The other side left, was silent for too long, or is not who or what it should be."""


class EndedConnectionError(BrokenConnectionError):
    """The other side closed it, or ended."""


def frame(message: Message, body: bytes = b"") -> bytes:
    header = msgspec.msgpack.encode(message)
    return _LENGTHS.pack(len(header), len(body)) + header + body


async def read_frame(reader: asyncio.StreamReader, most: int = MAX_FRAME) -> tuple[Message, bytes]:
    """Raises `EndedConnectionError` at the end of the stream, `BrokenConnectionError` for a frame that is too long or
    makes no sense."""
    try:
        header, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        if header + body > most:
            raise BrokenConnectionError(f"a frame of {header + body:,} bytes")
        return _decoder.decode(await reader.readexactly(header)), await reader.readexactly(body)
    except (asyncio.IncompleteReadError, OSError) as error:
        raise EndedConnectionError("the connection was closed") from error
    except msgspec.MsgspecError as error:
        raise BrokenConnectionError(f"a frame that cannot be read: {error}") from error


def wire_key(secret_key: str) -> bytes:
    """The key both sides prove to know, made from the one that signs access tokens without giving that away."""
    return hmac.digest(secret_key.encode(), b"docvault embedder", hashlib.sha256)


def proof(key: bytes, side: Literal["client", "embedder"], server_nonce: bytes, client_nonce: bytes) -> bytes:
    return hmac.digest(
        key, b"\0".join([side.encode(), server_nonce.hex().encode(), client_nonce.hex().encode()]), "sha256"
    )


class Address(NamedTuple):
    """A Unix socket (`path`) or a host and port."""

    path: Path | None
    host: str
    port: int

    def __str__(self) -> str:
        return str(self.path or f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}")

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises `OSError`."""
        if self.path:
            return await asyncio.open_unix_connection(self.path)
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return reader, writer


def default_address(settings: Settings) -> str:
    return str(settings.home / "embedder.sock")


def parse_address(text: str) -> Address:
    """`/a/socket` or `host:port`. Raises `ConfigurationError`."""
    if "/" in text:
        return Address(Path(text).expanduser(), "", 0)
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError(
            f"DOCVAULT_EMBEDDER is neither the path of a socket nor host:port: {text}.",
            hint="For example /run/docvault/embedder.sock, or 10.0.0.5:7700.",
        )
    return Address(None, host.removeprefix("[").removesuffix("]"), int(port))
