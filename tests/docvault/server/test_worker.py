"""Starting and stopping the worker's listening."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisGone

from docvault.server import worker
from docvault.settings import Settings


class Stubborn:
    """Redis has gone, and taking leave of it takes a while."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    async def async_run(self) -> None:
        raise RedisGone("gone")

    async def close(self) -> None:
        self.closing.set()
        await asyncio.sleep(60)


async def test_listening_can_be_stopped_while_it_leaves_redis(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn, desk = Stubborn(), Any

    def arq_worker(*_: object) -> Stubborn:
        return stubborn

    monkeypatch.setattr(worker, "arq_worker", arq_worker)
    task = asyncio.create_task(worker.listen(settings, desk))  # type: ignore[arg-type]
    await stubborn.closing.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=worker.PATIENCE / 2)
    task.cancel()
    assert task in done
    assert task.cancelled()
