import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec
import psutil
import pytest
import redis

from docvault.errors import ConfigurationError
from docvault.local import up
from docvault.local.home import Home, any_port, read_note
from docvault.local.processes import Note
from docvault.settings import Settings, load_settings
from tests.docvault.local.conftest import eventually

# `docvault up` around real servers; the API, the worker and the migration are stand-ins that only live and die.
STAND_IN = """
import os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')
    do_POST = do_GET
command = sys.argv[1]
assert bool(os.environ.get("DATABASE_OWNER_URL")) is (command == "migrate"), "who may know the owner's password"
if command == "serve":
    HTTPServer(("127.0.0.1", int(os.environ["DOCVAULT_PORT"])), Ready).serve_forever()
if command in ("work", "embed"):
    signal.pause()
"""
DRIVER = """
import asyncio, sys
from docvault.local import up
from docvault.settings import load_settings
async def nothing(*_): ...
up.COMMAND, up.prepare_embedder = (sys.executable, "-c", sys.argv[1]), nothing
asyncio.run(up.up(load_settings(), ask=False))
"""
NAMES = {"postgres", "redis", "embedder", "worker", "api"}


@contextmanager
def running(home: Home, port: int, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"DOCVAULT_HOME": str(home.path), "DOCVAULT_PORT": str(port)}
    with out.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, STAND_IN], env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def children(home: Home) -> dict[str, int]:
    return {name: note.pid for name, note in (read_note(home.path / "processes.json", dict[str, Note]) or {}).items()}


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def serving(process: subprocess.Popen[bytes], out: Path) -> None:
    await eventually(lambda: "Ctrl-C stops it" in out.read_text() or process.poll() is not None)
    assert process.poll() is None


async def test_everything_heals_and_stops_and_is_found_again(database_home: Home, tmp_path: Path) -> None:
    home, out, port = database_home, tmp_path / "out", any_port()
    with running(home, port, out) as process:
        await serving(process, out)
        first = children(home)
        assert set(first) == NAMES
        for pid in first.values():
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: set(now := children(home)) == NAMES and not set(now.values()) & set(first.values()))
        second = children(home)
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 20) == 0
    assert not any(alive(pid) for pid in {*first.values(), *second.values()})
    assert "Stopped. The next start finds everything as it was." in out.read_text()


async def test_a_killed_start_leaves_nothing_that_hinders_the_next(database_home: Home, tmp_path: Path) -> None:
    home, out, port = database_home, tmp_path / "out", any_port()
    with running(home, port, out) as process:
        await serving(process, out)
        first = children(home)
        with running(home, any_port(), tmp_path / "second") as second:
            assert await asyncio.to_thread(second.wait, 20) != 0
        assert "already running" in (tmp_path / "second").read_text()
        process.kill()
        process.wait()
    with running(home, port, out) as process:
        await serving(process, out)
        assert not any(alive(pid) for pid in first.values())
        process.terminate()
        assert await asyncio.to_thread(process.wait, 20) == 0
    assert children(home) == {}


async def test_a_taken_port_is_one_sentence_and_starts_nothing(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"^Port {port} on 127.0.0.1 is taken") as caught:
            await up.up(load_settings({}, home=home.path, port=port))
    assert "DOCVAULT_PORT" in (caught.value.hint or "")
    assert not home.postgres.exists()


async def test_an_address_of_another_machine_is_refused(home: Home) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot listen on 192\.0\.2\.1"):
        await up.up(load_settings({}, home=home.path, host="192.0.2.1"))


@pytest.mark.parametrize("failing", ["migrate", "serve"])
async def test_a_part_that_does_not_start_shows_its_last_words(
    database_home: Home, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    code = f"import sys\nif sys.argv[1] == {failing!r}: sys.exit('no such thing')\n{STAND_IN}"
    monkeypatch.setattr(up, "COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(up, "prepare_embedder", nothing)
    with pytest.raises(ConfigurationError, match="no such thing"):
        await up.up(load_settings({}, home=database_home.path, port=any_port()), ask=False)
    assert children(database_home) == {}


async def nothing(*_: object) -> None:
    """The model is made ready elsewhere."""


def test_the_address_is_one_that_can_be_reached() -> None:
    settings = load_settings({}, port=8000)
    hosts = {"127.0.0.1": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]", "docs.example": "docs.example"}
    for host, shown in hosts.items():
        assert up.address(msgspec.structs.replace(settings, host=host)) == f"http://{shown}:8000"


async def test_the_filled_in_settings_lead_to_the_servers(database_home: Home) -> None:
    from docvault.local.stack import environment, local_stack

    before = load_settings({}, home=database_home.path, cors_origins=["https://a.example"], cookie_secure=True)
    async with local_stack(before) as stack:
        there = load_settings(environment(stack.settings, owner=True))
        assert there == stack.settings
        assert load_settings(environment(stack.settings)).database_owner_url == ""
        for url in (there.database_url, there.database_owner_url):
            connection = await asyncpg.connect(url)
            await connection.close()
        redis.Redis.from_url(there.redis_url).ping()
        assert len(there.secret_key) >= 32
    assert children(database_home) == {}


async def test_servers_of_ones_own_are_used_and_not_started(home: Home) -> None:
    from docvault.local.stack import local_stack

    given: Settings = load_settings({}, home=home.path, database_url="postgresql://a", redis_url="redis://b")
    async with local_stack(given) as stack:
        assert (stack.settings.database_url, stack.settings.redis_url) == ("postgresql://a", "redis://b")
        assert stack.servers == []
    assert not home.postgres.exists()
