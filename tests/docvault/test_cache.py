from __future__ import annotations

import asyncio

import pytest

from docvault.cache import open_cache
from docvault.errors import ConfigurationError
from docvault.resources import Resources
from docvault.settings import load_settings


@pytest.mark.parametrize("url", ["localhost:6379", "http://host/0", "redis://host:port/0"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        open_cache(load_settings({"REDIS_URL": url}))


async def test_a_cancellation_is_never_swallowed(resources: Resources) -> None:
    """At whichever step of the command it comes. Python 3.11's `wait_for` lost a third of these."""
    cache, cancelled = open_cache(resources.settings), 0

    async def work() -> None:
        await cache.set("docvault:test", "1", ex=60)
        await asyncio.Event().wait()  # what it would do next, for ever

    await cache.ping()
    for steps in range(200):
        task = asyncio.create_task(work())
        for _ in range(steps % 10):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=2)
        cancelled += task.cancelled()
        task.cancel()
    assert cancelled == 200
    await cache.aclose()
