"""Calls of a model on threads, and how long each may take: what hangs over a text is given up.

The rule. A call has `seconds`, more for a text longer than `USUAL` word pieces, in proportion. What counts are seconds
in which this process ran: the clock here is moved on by the event loop, at most two ticks at a time, so that a process
that was frozen (SIGSTOP, a machine that slept or was lent to others) has aged by no more than that when it wakes. The
time of the processor would not do: a deadlock uses none, and the other threads use theirs meanwhile.

A call that is over its time fails with `embedder_broke_off`, which costs its texts' documents a crash, and those of no
others. The thread that runs it is lost, so whoever serves with this model ends, and is started again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from docvault.errors import ModelError
from docvault.logging import get_logger

BROKE_OFF = "embedder_broke_off"
USUAL = 512
"""Word pieces. The time a text takes grows with its length, and with its square where it is very long."""
TICK = 1.0
log = get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Running:
    """`began` is set by its thread: waiting for one does not count."""

    seconds: float
    answer: asyncio.Future[Any]
    threads: ThreadPoolExecutor
    began: float | None = None


class Watch:
    """`on_hang` is told of the pool that has lost a thread."""

    def __init__(self, seconds: float, on_hang: Callable[[ThreadPoolExecutor], None]) -> None:
        self._seconds, self._on_hang = seconds, on_hang
        self._running: set[_Running] = set()
        self._clock = self._looked = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def call(
        self, threads: ThreadPoolExecutor, longest: int, function: Callable[..., Any], *arguments: Any
    ) -> asyncio.Future[Any]:
        """`function` on one of `threads`; `longest` are the word pieces of the longest text, 0 if not known yet.

        Raises what it raises, and `ModelError` where it hangs, or where the threads were shut down before it began.
        """
        loop = asyncio.get_running_loop()
        running = _Running(time_for(self._seconds, longest), loop.create_future(), threads)
        job = threads.submit(self._begin, running, function, arguments)
        self._running.add(running)
        job.add_done_callback(lambda job: self._tell(loop, running, job))
        running.answer.add_done_callback(lambda answer: _given_up(answer, job))
        if self._timer is None:
            self._looked = time.monotonic()
            self._timer = loop.call_later(TICK, self._look)
        return running.answer

    def _begin(self, running: _Running, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        running.began = self._clock
        return function(*arguments)

    def _tell(self, loop: asyncio.AbstractEventLoop, running: _Running, job: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(self._done, running, job)

    def _done(self, running: _Running, job: Future[Any]) -> None:
        self._running.discard(running)
        if running.answer.done():
            return
        if job.cancelled():
            running.answer.set_exception(closed())
        elif error := job.exception():
            running.answer.set_exception(error)
        else:
            running.answer.set_result(job.result())

    def _look(self) -> None:
        now = time.monotonic()
        self._clock += min(now - self._looked, 2 * TICK)
        self._looked = now
        for running in [each for each in self._running if self._hangs(each)]:
            self._running.discard(running)
            log.error("embedder.hangs", seconds=round(running.seconds))
            if not running.answer.done():
                running.answer.set_exception(_hung(running.seconds))
            self._on_hang(running.threads)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(TICK, self._look) if self._running else None

    def _hangs(self, running: _Running) -> bool:
        return running.began is not None and self._clock - running.began > running.seconds


def time_for(seconds: float, longest: int) -> float:
    return seconds * max(1.0, longest / USUAL)


def closed() -> ModelError:
    return ModelError("The embedder was closed while passages waited for it.", code="embedder_unavailable")


def _hung(seconds: float) -> ModelError:
    return ModelError(f"The embedding model did not finish with these texts in {seconds:.0f} seconds.", code=BROKE_OFF)


def _given_up(answer: asyncio.Future[Any], job: Future[Any]) -> None:
    """What has not begun need not. An error that nobody waits for any more is none."""
    job.cancel()
    if not answer.cancelled():
        answer.exception()
