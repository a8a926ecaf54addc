"""The signs of life that a container's health check asks for."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docvault.local.home import any_port
from docvault.server import alive
from docvault.server.alive import api_is_alive, embedder_is_alive, keep_alive, sign_of_life, worker_is_alive
from docvault.settings import Settings, load_settings


async def seen_alive(settings: Settings) -> None:
    async with asyncio.timeout(5):
        while True:
            if worker_is_alive(settings):
                return
            await asyncio.sleep(0.01)


async def test_a_worker_is_alive_while_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "EVERY", 0.01)
    settings = load_settings({}, home=tmp_path)
    assert not worker_is_alive(settings)
    saying = asyncio.create_task(keep_alive(settings))
    await seen_alive(settings)
    os.utime(sign_of_life(settings), (0, 0))
    await seen_alive(settings)
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    assert not worker_is_alive(settings)


def test_a_worker_that_fell_silent_is_not_alive(tmp_path: Path) -> None:
    settings = load_settings({}, home=tmp_path)
    path = sign_of_life(settings)
    path.parent.mkdir()
    path.touch()
    assert worker_is_alive(settings)
    long_ago = path.stat().st_mtime - alive.SILENT - 1
    os.utime(path, (long_ago, long_ago))
    assert not worker_is_alive(settings)


async def test_a_home_that_cannot_be_written_to_does_not_stop_the_worker(tmp_path: Path) -> None:
    (tmp_path / "workers").write_text("a file where the folder should be")
    saying = asyncio.create_task(keep_alive(load_settings({}, home=tmp_path)))
    done, _ = await asyncio.wait({saying}, timeout=0.05)
    assert not done
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)


async def test_the_api_is_alive_when_it_answers(address: str, settings: Settings) -> None:
    assert await asyncio.to_thread(api_is_alive, settings)


def test_no_api_is_not_alive(tmp_path: Path) -> None:
    assert not api_is_alive(load_settings({}, home=tmp_path, port=any_port()))


def test_the_exit_code_says_it(tmp_path: Path) -> None:
    environment = {"DOCVAULT_HOME": str(tmp_path), "DOCVAULT_PORT": str(any_port())}
    run = [sys.executable, "-m", "docvault.server.alive"]
    codes = [
        subprocess.run([*run, *what], env=environment, check=False).returncode for what in (["http"], ["worker"], [])
    ]
    assert codes == [1, 1, 2]


def test_it_imports_next_to_nothing() -> None:
    code = "import docvault.server.alive, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"litestar", "sqlalchemy", "numpy", "torch", "redis", "uvicorn"} & set(loaded)


async def test_the_embedder_is_alive_when_it_speaks(tmp_path: Path) -> None:
    settings = load_settings({}, home=tmp_path)
    assert not embedder_is_alive(settings)

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_unix_server(speak, tmp_path / "embedder.sock"):
        assert await asyncio.to_thread(embedder_is_alive, settings)
    async with await asyncio.start_server(speak, "127.0.0.1", port := any_port()):
        everywhere = load_settings({}, home=tmp_path, embedder=f"0.0.0.0:{port}")
        assert await asyncio.to_thread(embedder_is_alive, everywhere)
