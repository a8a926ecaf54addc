"""One embedder for many processes: it answers `docvault.ai.embedding_client` over a socket.

Questions go to the embedder's own lane for them. The passages of one connection take turns as one, so that an API that
embeds a few sentences is not behind all the documents of a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import secrets
import socket
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import numpy as np

from docvault.ai.embeddings import Embedder, Vectors
from docvault.ai.local import LocalEmbedder
from docvault.ai.turns import Turns
from docvault.ai.wire import (
    ALIVE_EVERY,
    GREETING_SECONDS,
    MAX_GREETING,
    VERSION,
    Address,
    Alive,
    Answer,
    Ask,
    Begun,
    BrokenConnectionError,
    Drop,
    Failed,
    Hello,
    Leaving,
    Message,
    Proof,
    Welcome,
    frame,
    proof,
    read_frame,
)
from docvault.errors import ConfigurationError, DocVaultError
from docvault.logging import get_logger

MAX_ASKED = 256
"""Unanswered requests of one connection; our client stays far below, and who does not is cut off."""

MAX_CONNECTIONS = 256
STUCK_SECONDS, LEAVE_SECONDS = 30.0, 1.0
"""What a client may take to receive an answer, and to hear that this is the end."""

log = get_logger(__name__)


class EmbeddingServer:
    def __init__(self, embedder: Embedder, key: bytes) -> None:
        self.embedder = embedder
        self.key = key
        self.process = secrets.token_hex(8)
        self._connections: set[asyncio.Task[None]] = set()
        self._serving: set[Connection] = set()
        self._turns = Turns()
        self._closing = False

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            await self._greet(reader, writer)
            connection = Connection(self.embedder, self._turns, reader, writer)
            self._serving.add(connection)
            try:
                await connection.serve()
            finally:
                self._serving.discard(connection)
        except (BrokenConnectionError, OSError, TimeoutError) as error:
            log.debug("embedder.connection_ended", reason=str(error) or type(error).__name__)
        except asyncio.CancelledError:
            # `close` does that. Passed on, asyncio's streams would log it as an error of theirs (until Python 3.12).
            if not self._closing:
                raise
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def close(self) -> None:
        self._closing = True
        await asyncio.gather(*(connection.say_leaving() for connection in self._serving))
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(GREETING_SECONDS):
            ours = secrets.token_bytes(32)
            writer.write(frame(Hello(VERSION, ours)))
            said, _ = await read_frame(reader, MAX_GREETING)
            if not isinstance(said, Proof) or len(said.nonce) != 32:
                raise BrokenConnectionError("no proof")
            if not hmac.compare_digest(said.mac, proof(self.key, "client", ours, said.nonce)):
                log.warning("embedder.refused", reason="a client with another DOCVAULT_SECRET_KEY")
                raise BrokenConnectionError("a proof by another key")
            mac, model = proof(self.key, "embedder", ours, said.nonce), self.embedder
            writer.write(frame(Welcome(mac, model.model_id, model.dimensions, model.max_tokens, self.process)))
            await writer.drain()


class Connection:
    def __init__(
        self, embedder: Embedder, turns: Turns, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader, self._writer, self._turns = reader, writer, turns
        self._writing = asyncio.Lock()
        self._tells = False
        self._asked: dict[int, asyncio.Task[None]] = {}
        self._question = embedder.embed_query
        self._passages: Callable[[Sequence[str]], Awaitable[Vectors]] = (
            partial(embedder.embed, group=self) if isinstance(embedder, LocalEmbedder) else embedder.embed
        )

    async def serve(self) -> None:
        """Until the client leaves. Raises `BrokenConnectionError`."""
        beating = asyncio.create_task(self._beat())
        try:
            while True:
                message, _ = await read_frame(self._reader)
                self._take(message)
        finally:
            tasks = [beating, *self._asked.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, message: Message) -> None:
        if isinstance(message, Drop):
            if task := self._asked.get(message.id):
                task.cancel()
        elif isinstance(message, Ask) and message.id not in self._asked and len(self._asked) < MAX_ASKED:
            task = self._asked[message.id] = asyncio.create_task(self._answer(message))
            task.add_done_callback(lambda _: self._asked.pop(message.id))
        else:
            raise BrokenConnectionError(f"{type(message).__name__} came out of turn")

    async def _answer(self, ask: Ask) -> None:
        try:
            vectors = await (self._passages_of(ask) if ask.lane == "passages" else self._questions_of(ask))
        except DocVaultError as error:
            await self._send(frame(Failed(ask.id, error.detail, error.code, error.hint)))
        except Exception as error:
            log.error("embedder.broke", exc_info=error)
            await self._send(frame(Failed(ask.id, "The embedder failed; its log says why.", "model_failed")))
        else:
            body = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
            await self._send(frame(Answer(ask.id, len(vectors)), body))

    async def _passages_of(self, ask: Ask) -> Vectors:
        self._tells |= ask.tell
        async with self._turns.turn(alone=ask.alone):
            if ask.tell:
                await self._send(frame(Begun(ask.id)))
            return await self._passages(ask.texts)

    async def _questions_of(self, ask: Ask) -> Vectors:
        return np.stack([await self._question(text) for text in ask.texts])

    async def say_leaving(self) -> None:
        """So that nothing that is under way is blamed for the end."""
        if self._tells:
            self._writer.transport.set_write_buffer_limits(high=0)  # until it is sent, and not only on its way
            await self._send(frame(Leaving()), LEAVE_SECONDS)

    async def _send(self, data: bytes, most: float = STUCK_SECONDS) -> None:
        """A client that does not read is cut off."""
        try:
            async with asyncio.timeout(most), self._writing:
                self._writer.write(data)
                await self._writer.drain()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def _beat(self) -> None:
        while True:
            await self._send(frame(Alive()))
            await asyncio.sleep(ALIVE_EVERY)


@asynccontextmanager
async def serving(embedder: Embedder, address: Address, key: bytes) -> AsyncGenerator[None]:
    """Serve while the block runs. Raises `ConfigurationError` when the address cannot be had."""
    server = EmbeddingServer(embedder, key)
    start = asyncio.start_unix_server if address.path else asyncio.start_server
    sockets = await start(server.connected, sock=await _listener(address))
    try:
        yield
    finally:
        sockets.close()
        await server.close()
        if address.path:
            _remove_socket(address.path)


async def _listener(address: Address) -> socket.socket:
    try:
        return await _unix_listener(address.path) if address.path else await _tcp_listener(address.host, address.port)
    except OSError as error:
        raise ConfigurationError(
            f"The embedder cannot listen on {address}: {error.strerror or error}.",
            hint="Stop what listens there, or set DOCVAULT_EMBEDDER to another socket or port.",
        ) from None


async def _tcp_listener(host: str, port: int) -> socket.socket:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return socket.create_server(found[0][4][:2], family=found[0][0])


async def _unix_listener(path: Path) -> socket.socket:
    """A socket that only we may use, in the place of one that nobody listens on any more."""
    if await _somebody_listens(path):
        raise OSError("another embedder listens there")
    _remove_socket(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


def _remove_socket(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


async def _somebody_listens(path: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.transport.abort()
    return True
