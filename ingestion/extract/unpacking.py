"""The worker's side of `unpack`: members as they come over the pipe, one after the other, each to whoever keeps it.

What comes is as little trusted as the archive: sizes, counts and the time that it takes are held to their limits here
once more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import msgspec

from ingestion.extract.child import FAILURE, PROGRESS, crashed, too_slow
from ingestion.extract.packed import bomb
from ingestion.extract.unpack import DATA, END, MEMBER, WHAT, Ending, Entry, Limits, too_many

LONGEST = 1024 * 1024
"""Bytes of one message, about four times the largest that is meant."""

Take = Callable[[Entry, AsyncIterator[bytes]], Awaitable[None]]
"""Gets a member and its bytes, which may raise `LeftOut`. What it does not read of them is passed over."""
Message = Callable[[int], Awaitable[tuple[bytes, bytes]]]
"""The next message of the child, kind and content, of at most so many bytes."""


class LeftOut(Exception):
    """This member is not whole. The message says why, as the end of a sentence."""


class Unpacking:
    """`seconds` may be waited for the child in all; the time that it takes to keep the members is not its own."""

    def __init__(self, message: Message, limits: Limits, seconds: float, take: Take) -> None:
        self._message, self._limits, self._take = message, limits, take
        self._seconds, self._bytes, self._members = seconds, 0, 0
        self._open = False
        self._failure: tuple[bytes, bytes] | None = None

    async def run(self) -> tuple[bytes, bytes]:
        """Until the child's last message, which is returned. Raises `DocumentError`, and what `take` raises."""
        while True:
            kind, message = await self._next()
            if kind == MEMBER:
                self._members += 1
                if self._members > self._limits.members:
                    raise too_many(self._limits.members)
                await self._member(msgspec.msgpack.decode(message, type=Entry))
                if self._failure:
                    return self._failure
            elif kind in (DATA, END):
                raise crashed()
            else:
                return kind, message

    async def _member(self, entry: Entry) -> None:
        self._open = True
        async with aclosing(self._pieces()) as pieces:
            await self._take(entry, pieces)
        while self._open:
            await self._piece()

    async def _pieces(self) -> AsyncGenerator[bytes]:
        while (piece := await self._piece()) is not None:
            yield piece

    async def _piece(self) -> bytes | None:
        kind, message = await self._next()
        if kind == DATA:
            self._bytes += len(message)
            if self._bytes > self._limits.unpacked_bytes:
                raise bomb(WHAT, "unpacks to more than it may")
            return message
        if kind not in (END, FAILURE):
            raise crashed()
        self._open = False
        if kind == FAILURE:  # of the archive as a whole, which this member must not outlive
            self._failure = kind, message
            raise LeftOut("the archive could not be read to its end")
        if reason := msgspec.msgpack.decode(message, type=Ending).left_out:
            raise LeftOut(reason)
        return None

    async def _next(self) -> tuple[bytes, bytes]:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, self._seconds)):
                while True:
                    kind, message = await self._message(LONGEST)
                    if kind != PROGRESS:
                        return kind, message
        except TimeoutError:
            raise too_slow() from None
        finally:
            self._seconds -= time.monotonic() - begun
