"""To end what runs, and to be sure of it: tasks that miss a cancellation, servers that do not answer, processes.

Python 3.11's `asyncio.wait_for` returns as if nothing had been asked when what it waits for is done in the very moment
of the cancellation (python/cpython#86296, mended in 3.12). A task that is cancelled once, while a library sends, may
then go on for ever. So a cancellation is said again here until it is heard, and `kept` keeps it from being lost at all.
"""

from __future__ import annotations

import asyncio
import faulthandler
import sys
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from typing import Any

from docvault.logging import get_logger

AGAIN = 7.0
"""Seconds a task may take to end before it is cancelled once more: it may have something to put in order, and to stop a
process that reads alone takes five."""
TIMES = 4
CLOSE_SECONDS = 5.0
log = get_logger(__name__)


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel `tasks` and wait for them, up to `TIMES` times `AGAIN` seconds. Raises nothing of theirs.

    What has not ended by then waits for something that cannot be cancelled: it is logged, and left behind.
    """
    pending = set(tasks)
    for _ in range(TIMES):
        for task in pending:
            task.cancel()
        if not pending:
            break
        _, pending = await asyncio.wait(pending, timeout=AGAIN)
        for task in pending:
            log.warning("ending.goes_on", task=getattr(task.get_coro(), "__qualname__", ""))
    await asyncio.gather(*(set(tasks) - pending), return_exceptions=True)


async def close(what: str, closing: Callable[[], Awaitable[Any]]) -> None:
    """Wait at most `CLOSE_SECONDS`: a server that is frozen or cut off never says goodbye, and keeps nobody here."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing()
    except TimeoutError:
        log.warning("ending.not_closed", what=what)


@contextmanager
def kept() -> Generator[None]:
    """A cancellation that the block was told, and swallowed, is raised at its end."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except asyncio.CancelledError:
        raise
    except Exception:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError from None
        raise
    if task and task.cancelling() > before:
        raise asyncio.CancelledError


def end_within(seconds: float) -> None:
    """The last resort of a process that was told to stop: after so long it ends whatever it does, with the code 1.

    It says on standard error where each thread was. This needs no thread of ours to be willing: it runs without the
    interpreter's lock.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
