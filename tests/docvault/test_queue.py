"""The doorbell: a ring is never worth waiting for."""

from __future__ import annotations

import asyncio
import socket
from uuid import uuid4

import pytest

from docvault import queue
from docvault.queue import Ring, open_queue
from docvault.settings import load_settings


async def test_a_frozen_redis_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection, as a stopped process does, and never says a word."""
    monkeypatch.setattr(queue, "PATIENCE", 0.1)
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    bell = open_queue(load_settings({}, redis_url=f"redis://127.0.0.1:{port}/0"))
    try:
        async with asyncio.timeout(5):
            await bell.ring(Ring("job", uuid4(), uuid4()))
    finally:
        await bell.close()
        silent.close()
