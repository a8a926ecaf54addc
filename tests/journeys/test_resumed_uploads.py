"""Large uploads with tus's own client: the connection is cut, the API is killed, and it goes on where it was."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy import text
from tusclient.client import TusClient

from docvault.local.home import any_port
from docvault.resources import Resources
from docvault.settings import MiB, Settings, environment_name
from docvault.storage.factory import open_store
from tests.journeys.cutter import Cutter
from tests.people import People, Person
from tests.servers.s3 import s3_server

PATIENCE = 120.0
SIZE = 56 * MiB


class Api:
    """`docvault serve`, to be killed and started again."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings, self._log = settings, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        names = (
            "home", "port", "secret_key", "database_url", "redis_url", "storage_path", "lease", "upload_part_bytes",
            "s3_endpoint_url", "s3_access_key_id", "s3_secret_access_key", "s3_bucket",
        )  # fmt: skip
        said = {environment_name(name): str(getattr(self.settings, name)) for name in names}
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "docvault.server.cli", "serve"]
            self._process = subprocess.Popen(command, env=os.environ | said, stdout=log, stderr=log)

    async def serving(self) -> None:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
            while True:
                assert self._process and self._process.poll() is None, self._log.read_text()
                try:
                    await client.get(f"http://127.0.0.1:{self.settings.port}/health/live")
                    return
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    async def again(self) -> None:
        self.kill()
        self.start()
        await self.serving()


@pytest.fixture(scope="module", params=["files", "s3"])
async def api(
    request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("store")
    changes: dict[str, Any] = {"port": any_port(), "storage_path": str(folder), "lease": 1.0}
    with s3_server(folder) as s3:
        if request.param == "s3":
            changes |= s3.settings
        api = Api(msgspec.structs.replace(settings, **changes), folder / "log")
        api.start()
        try:
            await api.serving()
            yield api
        finally:
            api.kill()


@pytest.fixture
async def person(api: Api) -> AsyncIterator[Person]:
    async with People(f"http://127.0.0.1:{api.settings.port}") as people:
        yield await people.new()


async def upload(person: Person, way: Cutter, content: bytes, **more: Any) -> int:
    """Where it last went on. It may have been refused before that, while its old request was still being put away."""
    client = TusClient(f"{way.url}/api/uploads", headers={"Authorization": f"Bearer {person.token}"})
    named = {"filename": "large.bin", "folder": "x"}
    stream = io.BytesIO(content)
    uploader = client.uploader(file_stream=stream, metadata=named, retries=1000, retry_delay=0.1, **more)
    offsets: list[int] = []
    ask = uploader.get_offset
    uploader.get_offset = lambda: offsets.append(ask()) or offsets[-1]
    async with asyncio.timeout(PATIENCE):
        await asyncio.to_thread(uploader.upload)
    return offsets[-1]


async def check(person: Person, content: bytes) -> None:
    (document,) = (await person.http.get("/api/documents")).json()["items"]
    assert (document["filename"], document["folder"], document["size_bytes"]) == ("large.bin", "x", len(content))
    assert (await person.http.get(f"/api/documents/{document['id']}/content")).content == content


async def safe(resources: Resources, person: Person, size: int) -> None:
    """What has been sent is on its way for a while."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with resources.database.transaction(UUID(person.id)) as session:
                if await session.scalar(text("SELECT received_bytes FROM resumable_uploads")) >= size:
                    return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("killed", "more"),
    [(False, {}), (True, {}), (True, {"chunk_size": 7 * MiB, "upload_checksum": True})],
    ids=["cut", "killed", "killed, in checked pieces"],
)
async def test_it_goes_on_where_it_was(
    api: Api, person: Person, resources: Resources, killed: bool, more: dict[str, Any]
) -> None:
    content = Random(SIZE).randbytes(SIZE)

    async def then() -> None:
        await safe(resources, person, 32 * MiB)
        if killed:
            await api.again()

    async with Cutter(api.settings.port, SIZE * 3 // 4, then) as way:
        assert await upload(person, way, content, **more) >= 32 * MiB
    assert way.cut
    await check(person, content)
    async with resources.database.transaction(UUID(person.id)) as session:
        assert await session.scalar(text("SELECT count(*) FROM resumable_uploads WHERE document_id IS NULL")) == 0
        left = set(await session.scalars(text("SELECT object_key FROM unowned_objects")))
    store: Any = await open_store(api.settings)
    try:
        kept = {found.key async for found in store.list(f"{person.id}/")}
        assert len(kept - left) == 1
        if hasattr(store, "_unfinished"):
            assert [upload async for upload in store._unfinished()] == []
        else:
            assert list((Path(api.settings.storage_path) / ".uploads").iterdir()) == []
    finally:
        await store.close()
