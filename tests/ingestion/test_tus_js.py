"""The client that the page and most other pages use, tus-js-client, against the API behind a real socket."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from docvault.local.home import any_port
from docvault.settings import MiB
from docvault.web.build import APP, BuildFailed, find_npm
from tests.conftest import serving
from tests.journeys.cutter import Cutter
from tests.people import People, Person

SCRIPT = Path(__file__).with_name("tus_client.mjs")
SIZE, CHUNK = 5 * MiB + 12_345, MiB
LEFT = 7  # exit status of a client that is told to leave


@pytest.fixture(scope="module")
def node() -> str:
    try:
        return find_npm()[0]
    except BuildFailed as error:
        pytest.fail(f"This test runs JavaScript, and there is no Node: {error}")


@pytest.fixture(scope="module")
def tus_js() -> str:
    folder = APP / "node_modules" / "tus-js-client"
    if not folder.exists():
        pytest.fail(
            f"{folder} is missing: the page's packages are not installed. Run `python -m docvault.web.build` "
            f"(as `make install` does), or `npm install` in {APP}."
        )
    return str(folder)


@pytest.fixture
async def person(changed: Any) -> AsyncIterator[Person]:
    """Of a vault that takes larger files than those of most tests."""
    async with serving(changed(port=any_port(), max_file_bytes=16 * MiB)) as url, People(url) as people:
        yield await people.new()


class Client:
    """One browser: it remembers the addresses of uploads that it did not finish."""

    def __init__(self, node: str, tus_js: str, person: Person, folder: Path, way: str | None = None) -> None:
        self._node, self._module, self._person = node, tus_js, person
        self._address = way or str(person.http.base_url).rstrip("/")
        self._urls = folder / "urls.json"

    async def upload(self, file: Path, leave_at: int | None = None) -> tuple[int, list[dict[str, Any]]]:
        """Its exit status, and what it said."""
        options = {
            "module": self._module, "endpoint": f"{self._address}/api/uploads", "leaveAt": leave_at,
            "token": self._person.token, "file": str(file), "urls": str(self._urls), "chunk": CHUNK,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            self._node, str(SCRIPT), json.dumps(options), stdout=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(60):
                said, _ = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        return process.returncode or 0, [json.loads(line) for line in said.splitlines()]


async def test_a_connection_that_breaks_in_the_middle(node: str, tus_js: str, person: Person, tmp_path: Path) -> None:
    """The client waits, asks how far it is, and goes on by itself."""
    content, file = os.urandom(SIZE), tmp_path / "harbour.txt"
    file.write_bytes(content)

    async def nothing() -> None: ...

    async with Cutter(person.http.base_url.port or 80, 2 * CHUNK + CHUNK // 2, nothing) as way:
        status, said = await Client(node, tus_js, person, tmp_path, way.url).upload(file)
    assert (status, way.cut) == (0, True)
    (asked,) = [each for each in said if each.get("method") == "HEAD" and each["status"] == 200]
    assert int(asked["offset"]) >= 2 * CHUNK, "what arrived is not sent again"
    assert int(said[said.index(asked) + 1]["from"]) == int(asked["offset"])
    await is_there(person, said, content)


async def test_a_page_that_was_closed_and_opened_again(node: str, tus_js: str, person: Person, tmp_path: Path) -> None:
    content, file, client = os.urandom(SIZE), tmp_path / "harbour.txt", Client(node, tus_js, person, tmp_path)
    file.write_bytes(content)
    status, said = await client.upload(file, leave_at=2 * CHUNK + 1)
    assert status == LEFT, said
    assert (await person.http.get("/api/documents")).json()["items"] == []

    status, said = await client.upload(file)
    assert status == 0, said
    asked = next(each for each in said if each["status"] != 423)  # who left may be waited for, a little
    assert (asked["method"], asked["status"]) == ("HEAD", 200)
    assert int(asked["offset"]) >= 2 * CHUNK
    assert "POST" not in {each.get("method") for each in said}
    await is_there(person, said, content)


async def is_there(person: Person, said: list[dict[str, Any]], content: bytes) -> None:
    """The headers of the last answer say which document it is, and its bytes are those that were sent."""
    *_, last, done = said
    assert (last["status"], int(last["offset"])) == (204, len(content))
    (document,) = (await person.http.get("/api/documents")).json()["items"]
    assert (done["done"]["document"], done["done"]["duplicate"]) == (document["id"], None)
    assert (document["filename"], document["folder"], document["tags"], document["size_bytes"]) == (
        "harbour.txt", "from the page", ["sea", "tide"], len(content),
    )  # fmt: skip
    assert document["sha256"] == hashlib.sha256(content).hexdigest()
    assert (await person.http.get(f"/api/documents/{document['id']}/content")).content == content


async def test_bytes_that_are_there_already_are_said(node: str, tus_js: str, person: Person, tmp_path: Path) -> None:
    file, client = tmp_path / "twice.txt", Client(node, tus_js, person, tmp_path)
    file.write_bytes(os.urandom(100_000))
    _, once = await client.upload(file)
    _, twice = await client.upload(file)
    assert twice[0]["method"] == "POST", "the client forgot the upload that it had finished"
    assert twice[-1]["done"]["document"] == once[-1]["done"]["document"]
    assert (once[-1]["done"]["duplicate"], twice[-1]["done"]["duplicate"]) == (None, "true")


async def test_a_refusal_reaches_the_page(node: str, tus_js: str, person: Person, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"a")
    await person.http.post("/api/auth/logout")
    status, said = await Client(node, tus_js, person, tmp_path).upload(file)
    assert status == 1
    assert "401" in said[-1]["failed"]
