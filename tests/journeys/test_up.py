"""`docvault up` as a newcomer meets it, and with every process killed under it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import psutil
import pytest

from docvault.local.home import any_port, read_note
from docvault.local.processes import Note
from docvault.local.samples import ANSWER, QUESTION
from docvault.local.welcome import ACCOUNT
from tests.people import Person

PATIENCE = 120.0


class Up:
    """One `docvault up` on one home."""

    def __init__(self, home: Path) -> None:
        self.home, self.port, self.out = home, any_port(), home.parent / "out"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {
            "DOCVAULT_HOME": str(self.home),
            "DOCVAULT_PORT": str(self.port),
            "DOCVAULT_LEASE": "3",
            "DOCVAULT_HEARTBEAT": "1",
            "DOCVAULT_SWEEP": "0.5",
        }
        command = [sys.executable, "-m", "docvault.server.cli", "up"]
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)

    async def serving(self) -> str:
        """What it said until it served."""
        assert self.process
        async with asyncio.timeout(PATIENCE):
            while "Ctrl-C stops it" not in self.out.read_text():
                assert self.process.poll() is None, self.out.read_text()
                await asyncio.sleep(0.05)
        return self.out.read_text()

    def pid(self, name: str) -> int:
        notes = read_note(self.home / "processes.json", dict[str, Note]) or {}
        return notes[name].pid

    def pids(self) -> list[int]:
        notes = read_note(self.home / "processes.json", dict[str, Note]) or {}
        return [note.pid for note in notes.values()]

    async def person(self) -> Person:
        secrets = msgspec.json.decode((self.home / "secrets.json").read_bytes())
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        body = {"email": ACCOUNT, "password": secrets["account_password"]}
        return Person(client, ACCOUNT, (await client.post("/api/auth/login", json=body)).raise_for_status().json())

    async def stop(self, number: int = signal.SIGINT) -> int:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, PATIENCE)


@pytest.fixture(scope="module")
async def up(tmp_path_factory: pytest.TempPathFactory, embedding_home: Path) -> AsyncIterator[Up]:
    home = tmp_path_factory.mktemp("up") / "home"
    home.mkdir(mode=0o700)
    (home / "models").symlink_to(embedding_home / "models")
    running = Up(home)
    running.start()
    yield running
    await running.stop(signal.SIGKILL)
    for pid in running.pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_the_first_start_answers_a_question(up: Up) -> None:
    said = await up.serving()
    assert QUESTION in said
    assert ANSWER in said
    assert "station-handbook.pdf, page 3" in said
    assert f"http://127.0.0.1:{up.port}" in said


async def test_it_prints_a_link_that_signs_in_once(up: Up) -> None:
    said = await up.serving()
    ticket = said.partition("/sign-in#ticket=")[2].split()[0]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{up.port}") as browser:
        answers = [await browser.post("/api/auth/exchange", json={"ticket": ticket}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[0].json()["user"]["email"] == ACCOUNT


async def test_it_listens_on_loopback_only(up: Up) -> None:
    await up.serving()
    for pid in up.pids():
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    assert connection.laddr.ip == "127.0.0.1", process.name()


async def answered(person: Person, id: str) -> str:
    """A document's end, however often the API or its servers are away meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await person.http.get(f"/api/documents/{id}")
                if answer.status_code == 200 and answer.json()["status"] in ("ready", "failed"):
                    return answer.json()["status"]
                assert answer.status_code in (200, 500, 503), answer.text
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("name", ["worker", "postgres", "redis", "embedder", "api"])
async def test_killing_any_one_loses_nothing(up: Up, name: str) -> None:
    """Killed with a pile of documents half read: each becomes ready by itself, and none is there twice."""
    await up.serving()
    person = await up.person()
    files = [(f"{name}-{n}.txt", f"The {name} number {n} of the fleet sailed. ".encode() * 400) for n in range(8)]
    ids = [document["id"] for document in await person.upload(*files, folder=name)]
    async with asyncio.timeout(PATIENCE):  # until one of them is in somebody's hands
        while "processing" not in [(await person.http.get(f"/api/documents/{id}")).json()["status"] for id in ids]:
            await asyncio.sleep(0.01)
    os.kill(up.pid(name), signal.SIGKILL)
    assert [await answered(person, id) for id in ids] == ["ready"] * 8
    for id in ids:  # one by one: of passages that say the same, a search of all of them shows some
        hits = await person.search(f"{name} of the fleet", filters={"document_ids": [id]}, top_k=100)
        chunks = [hit["chunk_id"] for hit in hits]
        assert chunks
        assert len(chunks) == len(set(chunks))


async def test_a_second_start_finds_everything_as_it_was(up: Up) -> None:
    """Killed, all of it, at once; then stopped politely, which must leave no process."""
    await up.serving()
    before = (await (await up.person()).http.get("/api/documents", params={"limit": 500})).json()["items"]
    assert up.process
    for pid in [up.process.pid, *up.pids()]:
        os.kill(pid, signal.SIGKILL)
    await up.stop(signal.SIGKILL)
    up.start()
    said = await up.serving()
    assert QUESTION not in said
    assert (await (await up.person()).http.get("/api/documents", params={"limit": 500})).json()["items"] == before
    children = up.pids()
    assert await up.stop() == 0
    assert "Stopped." in up.out.read_text()
    assert not [pid for pid in children if psutil.pid_exists(pid)]


@pytest.mark.parametrize("command", ["up", "serve"])
async def test_a_taken_port_is_said(tmp_path: Path, command: str) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environment = os.environ | {"DOCVAULT_HOME": str(tmp_path / "home"), "DOCVAULT_PORT": str(port)}
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "docvault.server.cli", command, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        server.close()
    assert process.returncode == 2
    assert said.decode().splitlines()[0] == f"Port {port} on 127.0.0.1 is taken by another program."
    assert len(said.splitlines()) == 2
