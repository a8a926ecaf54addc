"""The same vault over an S3 server: bytes in, read, out again in part, and gone when they are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from docvault.ai.embeddings import tokenizer_path
from docvault.local.home import any_port
from docvault.resources import open_resources
from docvault.server.worker import working
from docvault.settings import Settings
from docvault.storage import ObjectStore
from ingestion.extract.reader import Reader
from ingestion.jobs import Desk
from tests.conftest import serving
from tests.people import People
from tests.servers.s3 import s3_server

CORPUS = Path(__file__).parent.parent / "corpus"


@pytest.fixture(scope="module")
async def vault(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> AsyncIterator[tuple[People, ObjectStore]]:
    with s3_server(tmp_path_factory.mktemp("s3")) as s3:
        own = msgspec.structs.replace(settings, port=any_port(), max_file_bytes=30_000_000, **s3.settings)
        own = msgspec.structs.replace(own, max_request_bytes=40_000_000)
        async with open_resources(own) as resources:
            reader = Reader(own, tokenizer_path(own), resources.embedder.max_tokens)
            async with working(resources, Desk(resources, reader)), serving(own) as url, People(url) as people:
                yield people, resources.store
            await reader.close()


async def keys(store: ObjectStore, owner: str) -> list[str]:
    return [found.key async for found in store.list(f"{owner}/")]


async def test_a_document_lives_in_the_bucket(vault: tuple[People, ObjectStore]) -> None:
    people, store = vault
    person = await people.new()
    content = (CORPUS / "report.pdf").read_bytes()
    (document,) = await person.add(CORPUS / "report.pdf")
    assert document["error"] is None
    assert len(await keys(store, person.id)) == 1
    (hit, *_) = await person.search("How many tons did the dredger Otter raise?")
    assert (hit["filename"], hit["page"]) == ("report.pdf", 1)
    url = f"/api/documents/{document['id']}/content"
    assert (await person.http.get(url)).content == content
    part = await person.http.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    assert (await person.http.delete(f"/api/documents/{document['id']}")).status_code == 204
    async with asyncio.timeout(10):
        while await keys(store, person.id):
            await asyncio.sleep(0.05)


async def test_many_parts(vault: tuple[People, ObjectStore]) -> None:
    people, _ = vault
    person = await people.new()
    content = bytes(range(256)) * 80_000  # 20 MB: three parts
    (document,) = await person.upload(("big.bin", content))
    assert document["size_bytes"] == len(content)
    assert (await person.http.get(f"/api/documents/{document['id']}/content")).content == content


@pytest.mark.parametrize("size", [100, 31_000_000])
async def test_what_is_refused_leaves_nothing_in_the_bucket(vault: tuple[People, ObjectStore], size: int) -> None:
    people, store = vault
    person = await people.new()
    answer = await person.http.post(
        "/api/documents", files=[("file", ("a.txt", b"kept?")), ("file", ("b.bin", bytes(size)))], data={"folder": ".."}
    )
    assert answer.status_code in (400, 413)
    assert await keys(store, person.id) == []
