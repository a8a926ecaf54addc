"""Answers that go on for as long as somebody listens, and that end when whoever opened them may listen no longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar

from docvault.database import Database
from docvault.errors import DocVaultError
from docvault.logging import get_logger
from docvault.security import queries
from docvault.security.access import Identity

T = TypeVar("T")

EVERY = 5.0  # seconds between two looks at whose sessions and API keys are good still
log = get_logger(__name__)


class OpenStreams:
    """All that are open in this process. One question tells of all of them, so a thousand cost what one costs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ends: dict[asyncio.Future[None], Identity] = {}
        self._looking: asyncio.Task[None] | None = None

    async def of(self, identity: Identity, stream: AsyncGenerator[T]) -> AsyncGenerator[T]:
        """`stream`, until the access token expires, or its session or API key is revoked, or the person is disabled."""
        with self._entered(identity) as end:
            async with aclosing(stream):
                while (event := await _next(stream, end, identity.expires_at)) is not None:
                    yield event

    @contextmanager
    def _entered(self, identity: Identity) -> Generator[asyncio.Future[None]]:
        end = asyncio.get_running_loop().create_future()
        self._ends[end] = identity
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking())
        try:
            yield end
        finally:
            del self._ends[end]
            if not self._ends and self._looking:
                self._looking.cancel()
                self._looking = None

    async def _keep_looking(self) -> None:
        """While any is open. A database that is away ends none: whatever a stream tells comes from there as well."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except DocVaultError as error:
                log.warning("streams.not_checked", reason=error.detail)
            except Exception as error:
                log.error("streams.check_failed", exc_info=error)

    async def look(self) -> None:
        """End the streams of those who are out."""
        # Only those that are open now: one that opens while the database is asked is not among its answers.
        asked = dict(self._ends)
        live = await queries.live(self._database, set(asked.values()))
        for end, identity in asked.items():
            if (identity.session_id or identity.key_id) not in live and not end.done():
                end.set_result(None)
                log.info("stream.revoked", owner_id=str(identity.owner_id))


async def _next(stream: AsyncGenerator[T], end: asyncio.Future[None], until: float | None) -> T | None:
    """The next event; None when there is none, or when `end` or the time `until` has come first."""
    patience = None if until is None else max(0.0, until - time.time())
    step = asyncio.ensure_future(anext(stream, None))
    try:
        await asyncio.wait([step, end], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        # A stream that always has something to tell ends too.
        over = end.done() or (until is not None and time.time() >= until)
        return None if over or not step.done() else step.result()
    finally:
        await _ended(step)


async def _ended(step: asyncio.Future[Any]) -> None:
    """However often this task is cancelled meanwhile: anyio, which answers are sent with, does so repeatedly."""
    cancelled: asyncio.CancelledError | None = None
    step.cancel()
    while not step.done():
        try:
            await asyncio.wait([step])
        except asyncio.CancelledError as again:
            cancelled = again
    _ = step.cancelled() or step.exception()  # seen, so that nobody is warned of it later
    if cancelled:
        raise cancelled
