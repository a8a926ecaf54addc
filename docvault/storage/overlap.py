"""Hashing and writing the same bytes side by side, each in a thread, while more of them arrive."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from mmap import mmap
from typing import Any, NamedTuple, ParamSpec, TypeVar

from docvault.storage import Digest
from docvault.storage.uploading import settled

P = ParamSpec("P")
T = TypeVar("T")

DEPTH = 3
"""Buffers: one fills, one is hashed and written, and one lets the faster of those two be ahead of the other."""


class Strand:
    """Calls that run one after the other, in whichever thread of a pool is free. From one to the next it takes no turn
    of the event loop, which would leave the thread idle each time."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._running = False

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future = Future[T]()
        with self._lock:
            self._calls.append((future, lambda: function(*args, **kwargs)))
            if not self._running:
                self._threads.submit(self._run)
                self._running = True
        return future

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._calls:
                    self._running = False
                    return
                future, function = self._calls.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)


class _Part(NamedTuple):
    buffer: memoryview
    work: list[asyncio.Future[Any]]


class Overlap:
    """Takes bytes, and gives `size` of them at a time to `digest` and to `write`.

    They are copied into large buffers, which are used again: a thread that hashes many small pieces has to wait after
    each for the interpreter, which meanwhile takes the next ones from the network. The buffers begin at a page of the
    memory, as a disk wants it that takes them from there (`write_past_cache`).
    """

    def __init__(
        self, threads: Executor, size: int, digest: Digest | None, write: Callable[[memoryview], None]
    ) -> None:
        self._hashing, self._writing = Strand(threads), Strand(threads)
        self._size, self._digest, self._write = size, digest, write
        self._parts: deque[_Part] = deque()
        self._buffer, self._filled = memoryview(mmap(-1, size)), 0

    async def add(self, piece: bytes) -> None:
        """Waits for room. Raises what `write` raised for earlier bytes."""
        rest = memoryview(piece)
        while rest:
            taken = min(len(rest), self._size - self._filled)
            self._buffer[self._filled : self._filled + taken] = rest[:taken]
            self._filled, rest = self._filled + taken, rest[taken:]
            if self._filled == self._size:
                self._hand_over()
                self._buffer, self._filled = await self._next(), 0

    async def finish(self) -> None:
        """All is hashed and written. Raises what `write` raised."""
        if self._filled:
            self._hand_over()
        while self._parts:
            await self._oldest()

    async def stop(self) -> None:
        """Nothing is hashed or written any more, whatever it came to."""
        if work := [future for part in self._parts for future in part.work]:
            await asyncio.gather(*work, return_exceptions=True)

    def _hand_over(self) -> None:
        filled = self._buffer[: self._filled]
        work: list[asyncio.Future[Any]] = [asyncio.wrap_future(self._writing.call(self._write, filled))]
        if self._digest:
            work.append(asyncio.wrap_future(self._hashing.call(self._digest.update, filled)))
        self._parts.append(_Part(self._buffer, work))

    async def _next(self) -> memoryview:
        """A buffer to fill."""
        if len(self._parts) < DEPTH:
            return memoryview(mmap(-1, self._size))
        return await self._oldest()

    async def _oldest(self) -> memoryview:
        """The buffer that was handed over first, once nobody reads it any more."""
        part = self._parts[0]
        await settled(asyncio.wait(part.work))
        self._parts.popleft()
        for future in part.work:
            future.result()
        return part.buffer
