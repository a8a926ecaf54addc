from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Coroutine
from typing import Any

import pytest

from docvault import ending


async def deaf(times: int, begun: asyncio.Event) -> None:
    """Swallows so many cancellations."""
    for _ in range(times + 1):
        with contextlib.suppress(asyncio.CancelledError) if times else contextlib.nullcontext():
            begun.set()
            times -= 1
            await asyncio.Event().wait()


async def started(times: int) -> asyncio.Task[None]:
    begun = asyncio.Event()
    task = asyncio.create_task(deaf(times, begun))
    await begun.wait()
    return task


@pytest.mark.parametrize("times", [0, 1, 2])
async def test_a_task_that_swallows_its_cancellation_is_cancelled_again(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "AGAIN", 0.05)
    task = await started(times)
    async with asyncio.timeout(30):
        await ending.end([task])
    assert task.cancelled()


async def test_one_that_never_listens_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN", 0.02)
    never, other = await started(ending.TIMES), await started(0)
    async with asyncio.timeout(30):
        await ending.end([never, other])
    assert not never.done()
    assert other.cancelled()
    never.cancel()
    await asyncio.wait([never], timeout=30)
    assert never.cancelled()


async def test_nothing_to_end() -> None:
    await ending.end([])


async def test_what_does_not_close_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "CLOSE_SECONDS", 0.05)
    async with asyncio.timeout(30):
        await ending.close("it", asyncio.Event().wait)


async def test_a_cancellation_that_the_block_swallowed_is_raised() -> None:
    after: list[str] = []

    async def swallowing(error: Exception | None) -> None:
        with ending.kept():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            if error:
                raise error
        after.append("it went on")

    for error in (None, ConnectionError("lost")):
        task = asyncio.create_task(swallowing(error))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=10)
        assert task.cancelled()
    assert not after


async def test_a_timeout_around_it_is_a_timeout() -> None:
    async def swallowing() -> None:
        with ending.kept(), contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await in_time(swallowing())


async def in_time(work: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(0.01):
        await work


async def test_without_a_cancellation_it_does_nothing() -> None:
    with ending.kept():
        await asyncio.sleep(0)
    with pytest.raises(ConnectionError), ending.kept():
        raise ConnectionError


DEAF = """
import ctypes, signal
from docvault.ending import end_within
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_within(0.2)
def never_lets_go(): ctypes.PyDLL(None).sleep(3600)
never_lets_go()
"""


def test_a_process_that_holds_the_interpreters_lock_ends_all_the_same() -> None:
    run = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "never_lets_go" in run.stderr
