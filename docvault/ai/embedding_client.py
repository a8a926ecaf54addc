"""The embedder of another process (`docvault embed`), asked over a socket.

One connection carries every request of this process, many at a time. It is made anew whenever it breaks: questions wait
a moment for that and passages longer, and what was under way is asked again once. An embedder that is restarted is not
noticed by people.

An embedder that ends without having been told to, while it ran passages, may have ended over them. Those are not asked
again here: who asked is told `embedder_broke_off`. One that is frozen or cannot be reached, or whose connection broke
while it lives on, blames nobody. One that falls silent may be frozen, or hang: it is blamed on passages over which two
embedders have fallen silent, one after the other, each after it had begun with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Literal, NamedTuple

import numpy as np

from docvault.ai.embeddings import Vectors
from docvault.ai.hanging import BROKE_OFF, time_for
from docvault.ai.prepared import find_prepared
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
    EndedConnectionError,
    Failed,
    Hello,
    Leaving,
    Message,
    Proof,
    Welcome,
    frame,
    parse_address,
    proof,
    read_frame,
    wire_key,
)
from docvault.ai.word_pieces import readable
from docvault.errors import ConfigurationError, ModelError
from docvault.logging import get_logger
from docvault.settings import Settings, require

AWAY = "embedder_unavailable"
OPEN_PATIENCE = 120.0
"""Seconds to wait for the embedder where only it knows which model it serves. It may be making that ready."""

CHECK_PATIENCE, QUESTION_PATIENCE, PASSAGES_PATIENCE = 1.0, 3.0, 60.0
"""Seconds to wait for the connection: a restart takes one or two."""

QUESTION_SECONDS, PASSAGES_SECONDS = 15.0, 180.0
"""Seconds an embedder that shows signs of life may take for one request; for passages, beyond those one batch of the
longest may take (`DOCVAULT_EMBEDDING_SECONDS`): it is the one to say that it hangs."""

SILENT = 4 * ALIVE_EVERY
FIRST_DELAY, LONGEST_DELAY = 0.05, 1.0
TRIES = 2
"""How often a request is sent. One that ends the embedder twice may be the reason, and is not sent a third time."""

QUESTIONS_AT_ONCE, PASSAGES_AT_ONCE = 64, 32
"""Requests that wait for their answers; further ones wait here."""

REQUEST_TEXTS, REQUEST_CHARS = 64, 500_000
"""Most texts, and about the most characters, of one request."""

log = get_logger(__name__)


class Identity(NamedTuple):
    model_id: str
    dimensions: int
    max_tokens: int


class BrokeOffError(BrokenConnectionError):
    """It ended while it ran what was asked, and nobody had told it to."""


class FellSilentError(BrokenConnectionError):
    """It stopped to show signs of life while it ran what was asked."""


async def open_embedding_client(settings: Settings) -> RemoteEmbedder:
    """Needs no embedder that runs where the home holds the prepared model, which says what it will be.

    Elsewhere waits for the embedder to say it. Raises `ConfigurationError` when it does not.
    """
    require(settings, "secret_key")
    address, key = parse_address(settings.embedder), wire_key(settings.secret_key)
    prepared = find_prepared(settings)
    if prepared:
        manifest = prepared.manifest
        identity = Identity(manifest.model_id, manifest.dimensions, manifest.max_tokens)
    else:
        identity = await _identity(address, key)
    return RemoteEmbedder(address, key, identity, settings.embedding_seconds)


async def _identity(address: Address, key: bytes) -> Identity:
    reason: Exception | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(OPEN_PATIENCE):
            while True:
                try:
                    connection, identity = await _connect(address, key)
                except (BrokenConnectionError, OSError) as error:
                    reason = error
                    await asyncio.sleep(LONGEST_DELAY)
                else:
                    connection.close()
                    return identity
    raise ConfigurationError(f"No embedder answers at {address}: {reason}.", code=AWAY, hint=_HINT)


_HINT = "Start `docvault embed` there, with the same DOCVAULT_SECRET_KEY, or unset DOCVAULT_EMBEDDER."


class RemoteEmbedder:
    """`docvault.ai.embeddings.Embedder` over a connection. Raises `ModelError` with code `embedder_unavailable` while
    the embedder is away, and `embedder_broke_off` where it ended over these passages, or others that ran beside them.

    With `alone`, no others do: what is asked now may be what ends it.
    """

    alone = False

    def __init__(self, address: Address, key: bytes, identity: Identity, seconds: float = 120.0) -> None:
        self._passages_seconds = PASSAGES_SECONDS + time_for(seconds, identity.max_tokens)
        self.model_id, self.dimensions, self.max_tokens = identity
        self._identity, self._address, self._key = identity, address, key
        self._connection: Connection | None = None
        self._connected = asyncio.Event()
        self._reason = "it was not reached yet"
        self._free = asyncio.Semaphore(PASSAGES_AT_ONCE)
        self._free_questions = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._keeping = asyncio.create_task(self._keep())

    async def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)

        async def lane(part: range) -> None:
            async with self._free:
                ask = [readable(texts[place], self.max_tokens) for place in part]
                vectors[part.start : part.stop] = await self._ask("passages", ask)

        lanes = [asyncio.ensure_future(lane(part)) for part in _requests(texts)]
        try:
            await asyncio.gather(*lanes)
        finally:
            for task in lanes:
                task.cancel()
        return vectors

    async def embed_query(self, text: str) -> Vectors:
        async with self._free_questions:
            return (await self._ask("question", [readable(text, self.max_tokens)]))[0]

    async def check(self) -> None:
        await self._reach(CHECK_PATIENCE)

    async def close(self) -> None:
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)

    async def _ask(self, lane: Literal["question", "passages"], texts: list[str]) -> Vectors:
        question, silent = lane == "question", set[str]()
        for _ in range(TRIES):
            connection = await self._reach(QUESTION_PATIENCE if question else PASSAGES_PATIENCE)
            try:
                async with asyncio.timeout(QUESTION_SECONDS if question else self._passages_seconds):
                    found = await connection.ask(lane, texts, alone=self.alone)
            except BrokenConnectionError as error:
                self._reason = str(error)
                silent |= {connection.process} if isinstance(error, FellSilentError) else set()
                if len(silent) == TRIES or (isinstance(error, BrokeOffError) and not await self._lives_on(connection)):
                    raise ModelError("The embedding model broke off over these texts.", code=BROKE_OFF) from None
                continue
            except TimeoutError:
                raise ModelError("The embedder took too long.", code=AWAY) from None
            if found.shape != (len(texts), self.dimensions):
                raise ModelError(f"The embedder gave {found.shape[0]} vectors for {len(texts)} texts.")
            return found
        raise self._away()

    async def _lives_on(self, lost: Connection) -> bool:
        """Whether only the connection ended. An embedder that does not return did not live on."""
        try:
            return (await self._reach(PASSAGES_PATIENCE)).process == lost.process
        except ModelError:
            return False

    async def _reach(self, patience: float) -> Connection:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._connected.wait()
        if self._connection is None:
            raise self._away()
        return self._connection

    def _away(self) -> ModelError:
        return ModelError(f"The embedder at {self._address} is away: {self._reason}.", code=AWAY, hint=_HINT)

    async def _keep(self) -> None:
        """Hold one connection as long as we live."""
        delay = FIRST_DELAY
        while True:
            try:
                connection, identity = await _connect(self._address, self._key)
                delay = FIRST_DELAY
                await self._hold(connection, identity)
            except Exception as error:  # of whatever kind: without a connection nobody would be served any more
                self._reason = str(error) or type(error).__name__
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)

    async def _hold(self, connection: Connection, identity: Identity) -> None:
        try:
            if identity != self._identity:
                raise BrokenConnectionError(f"it serves {identity.model_id}, and {self.model_id} was asked for")
            self._connection = connection
            self._connected.set()
            await connection.listen()
        except BrokenConnectionError as error:
            log.warning("embedder.lost", reason=str(error))
            raise
        finally:
            self._connected.clear()
            self._connection = None
            connection.close()


class Connection:
    """Requests on their way, by number."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dimensions: int, process: str = ""
    ) -> None:
        self._reader, self._writer, self._dimensions, self.process = reader, writer, dimensions, process
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Vectors]] = {}
        self._begun: set[int] = set()
        self._closed = self._leaving = False
        self._end: type[BrokenConnectionError] = BrokenConnectionError

    async def ask(self, lane: Literal["question", "passages"], texts: list[str], *, alone: bool = False) -> Vectors:
        """Raises `BrokenConnectionError` when the connection ends first, `BrokeOffError` where it may have ended over
        these passages, `ModelError` when the model fails."""
        if self._closed:
            raise BrokenConnectionError("the connection was closed")
        id, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._waiting[id] = answer
        self._writer.write(frame(Ask(id, lane, texts, alone, tell=lane == "passages")))
        try:
            return await answer
        except asyncio.CancelledError:
            if not self._closed:
                self._writer.write(frame(Drop(id)))
            raise
        finally:
            self._waiting.pop(id, None)
            self._begun.discard(id)

    async def listen(self) -> None:
        """Hand out what comes, until the connection breaks or is silent: `BrokenConnectionError`."""
        while True:
            try:
                async with asyncio.timeout(SILENT):
                    message, body = await read_frame(self._reader)
            except EndedConnectionError:
                self._end = BrokenConnectionError if self._leaving else BrokeOffError
                raise
            except TimeoutError:
                self._end = FellSilentError
                raise BrokenConnectionError(f"it has been silent for {SILENT:.0f} seconds") from None
            self._take(message, body)

    def close(self) -> None:
        self._closed = True
        self._writer.transport.abort()
        for id, answer in self._waiting.items():
            if not answer.done():
                error = self._end if id in self._begun else BrokenConnectionError
                answer.set_exception(error("the connection was closed"))

    def _take(self, message: Message, body: bytes) -> None:
        if isinstance(message, Alive):
            return
        if isinstance(message, Leaving):
            self._leaving = True
            return
        if isinstance(message, Begun):
            self._begun |= {message.id} & self._waiting.keys()
            return
        if not isinstance(message, Answer | Failed):
            raise BrokenConnectionError(f"{type(message).__name__} came out of turn")
        answer = self._waiting.get(message.id)
        if answer is None or answer.done():
            return  # nobody waits for it any more
        if isinstance(message, Failed):
            answer.set_exception(ModelError(message.detail, code=message.code, hint=message.hint))
        elif len(body) != message.rows * self._dimensions * 4:
            raise BrokenConnectionError("an answer of the wrong length")
        else:
            answer.set_result(np.frombuffer(body, dtype="<f4").reshape(message.rows, self._dimensions))


async def _connect(address: Address, key: bytes) -> tuple[Connection, Identity]:
    """Raises `OSError` or `BrokenConnectionError`."""
    try:
        async with asyncio.timeout(GREETING_SECONDS):
            reader, writer = await address.connect()
            try:
                welcome = await _greet(reader, writer, key)
            except BaseException:
                writer.transport.abort()
                raise
    except TimeoutError:
        raise BrokenConnectionError("it does not answer") from None
    identity = Identity(welcome.model_id, welcome.dimensions, welcome.max_tokens)
    return Connection(reader, writer, identity.dimensions, welcome.process), identity


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: bytes) -> Welcome:
    hello, _ = await read_frame(reader, MAX_GREETING)
    if not isinstance(hello, Hello) or hello.version != VERSION:
        raise BrokenConnectionError("it is of another version")
    ours = secrets.token_bytes(32)
    writer.write(frame(Proof(ours, proof(key, "client", hello.nonce, ours))))
    try:
        welcome, _ = await read_frame(reader, MAX_GREETING)
    except BrokenConnectionError:
        raise BrokenConnectionError("it refused us: is DOCVAULT_SECRET_KEY the same on both sides?") from None
    expected = proof(key, "embedder", hello.nonce, ours)
    if not isinstance(welcome, Welcome) or not hmac.compare_digest(welcome.mac, expected):
        raise BrokenConnectionError("it cannot prove that it knows our DOCVAULT_SECRET_KEY")
    return welcome


def _requests(texts: Sequence[str]) -> Iterator[range]:
    """Consecutive texts, at most `REQUEST_TEXTS` and about `REQUEST_CHARS` characters together."""
    start = size = 0
    for place, text in enumerate(texts):
        if place > start and (place - start == REQUEST_TEXTS or size + len(text) > REQUEST_CHARS):
            yield range(start, place)
            start, size = place, 0
        size += len(text)
    if start < len(texts):
        yield range(start, len(texts))
