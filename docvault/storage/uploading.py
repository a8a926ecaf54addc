"""What both stores need while bytes arrive: the shape of a key, even parts, and clean-up that is not cut short."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from typing import TypeVar

from docvault.storage import Digest

P = TypeVar("P")
T = TypeVar("T")

MOST_CHUNKS = 1024
"""As many pieces one `writev` takes (IOV_MAX on Linux and macOS)."""

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}/[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
"""Two ids without a dot: no key can climb out of a folder, hide in it, or be the folder of another key."""


def valid_key(key: str) -> str:
    """The key itself. Raises `ValueError` for anything but `<owner id>/<revision id>`."""
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a key of the object store: it must be two ids joined by one slash.")
    return key


async def in_parts(chunks: AsyncIterator[bytes], size: int) -> AsyncGenerator[BytesIO]:
    """The same bytes in parts of exactly `size` bytes, the last one shorter; nothing for no bytes.

    Each part stands at its end (`tell()` is its size). It is a file in memory, as an HTTP client sends one piece by
    piece and waits for the socket in between, where it would copy plain bytes whole into its buffer.
    """
    part = BytesIO()
    async for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            rest = rest[part.write(rest[: size - part.tell()]) :]
            if part.tell() == size:
                yield part
                part = BytesIO()
    if part.tell():
        yield part


async def in_batches(
    chunks: AsyncIterator[bytes], size: int, seconds: float = float("inf")
) -> AsyncGenerator[list[bytes]]:
    """The same chunks, uncopied, as many together as make `size` bytes, or as `seconds` or `MOST_CHUNKS` allow."""
    batch, filled, due = list[bytes](), 0, time.monotonic() + seconds
    async for chunk in chunks:
        if chunk:
            batch.append(chunk)
        filled += len(chunk)
        if filled >= size or len(batch) == MOST_CHUNKS or (filled and time.monotonic() >= due):
            yield batch
            batch, filled, due = [], 0, time.monotonic() + seconds
    if filled:
        yield batch


async def written(parts: AsyncIterator[P], write: Callable[[P], Awaitable[T]]) -> AsyncGenerator[T]:
    """Write each part while the next one fills. Gives what the writes gave, in order.

    The first error of either side stops both, and the write under way has ended when it is raised.
    """
    pending: asyncio.Future[T] | None = None
    try:
        async for part in parts:
            done = None if pending is None else (await pending,)
            pending = asyncio.ensure_future(write(part))
            if done:
                yield done[0]
        if pending is not None:
            yield await pending
    except BaseException:
        if pending is not None:
            pending.cancel()
            await settled(asyncio.wait([pending]))
        raise


async def write_behind(parts: AsyncIterator[P], write: Callable[[P], Awaitable[T]]) -> list[T]:
    """What `written` gives, when all is written."""
    return [result async for result in written(parts, write)]


async def nobody(_key: str) -> bool:
    """The `Live` of a store whose uploads are all of one request."""
    return False


@asynccontextmanager
async def hashing(digest: Digest | None, pieces: Sequence[bytes | memoryview]) -> AsyncGenerator[None]:
    """Update `digest` with the pieces in a thread while the body runs; it has been when this is left."""
    update = asyncio.to_thread(update_with, digest, pieces) if digest else asyncio.sleep(0)
    running = asyncio.ensure_future(update)
    try:
        yield
    finally:
        await settled(running)


def update_with(digest: Digest, pieces: Sequence[bytes | memoryview]) -> None:
    for piece in pieces:
        digest.update(piece)


async def settled(work: Awaitable[T]) -> T:
    """Wait until `work` has ended, whatever happens to the caller: a cancellation is passed on afterwards."""
    future = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        _ = future.cancelled() or future.exception()  # seen, so that nobody is warned of it later
        raise cancelled
    return future.result()
