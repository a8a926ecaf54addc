"""Homes in temporary folders, and one PostgreSQL of our own for the tests that only look at it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docvault.local.home import Home, open_home
from docvault.local.postgres import LocalPostgres


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "a home")


@pytest.fixture(scope="session")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Where PostgreSQL has been started and stopped once."""
    home = open_home(tmp_path_factory.mktemp("used") / "home")
    with LocalPostgres(home, {"fsync": "off"}):
        return home


@pytest.fixture
def database_home(used_home: Home, tmp_path: Path) -> Home:
    """A copy of it: making a database takes longer than everything else here."""
    shutil.copytree(used_home.path, tmp_path / "a copied home")
    return open_home(tmp_path / "a copied home")


@pytest.fixture(scope="module")
def server(used_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    path = tmp_path_factory.mktemp("server") / "home"
    shutil.copytree(used_home.path, path)
    with LocalPostgres(open_home(path)) as postgres:
        yield postgres


async def eventually(true: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until a condition holds; fail when it never does."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came true"
        await asyncio.sleep(0.02)
