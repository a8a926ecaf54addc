"""The worlds of the short form, and what an undisturbed one makes of the scene."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.check import Expected
from tests.faults.play import control
from tests.faults.world import Worlds, open_worlds


@pytest.fixture(scope="module")
async def worlds(embedding_home: Path) -> AsyncIterator[Worlds]:
    async with open_worlds(embedding_home) as opened:
        yield opened


@pytest.fixture(scope="module")
async def expected(worlds: Worlds) -> Expected:
    return await control(worlds.on_disk)
