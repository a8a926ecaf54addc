from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from docvault.errors import ConfigurationError, Unavailable
from docvault.settings import MiB, Settings
from docvault.storage.factory import open_store
from docvault.storage.s3 import S3Store
from tests.docvault.storage.contract import (
    ObjectStoreContract,
    Unfinished,
    keys,
    new_key,
    pieces_of,
    read_all,
    some_bytes,
)
from tests.docvault.storage.stub_s3 import StubS3
from tests.servers.s3 import S3Server


@pytest.fixture(scope="module")
def settings(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, upload_part_bytes=5 * MiB, **s3.settings | {"s3_bucket": f"bucket-{uuid4()}"})


@pytest.fixture(scope="module")
async def store(settings: Settings) -> AsyncIterator[S3Store]:
    store = await open_store(settings)
    assert isinstance(store, S3Store)
    yield store
    await store.close()


@pytest.fixture
def unfinished(store: S3Store) -> Unfinished:
    async def count() -> int:
        return len([upload async for upload in store._unfinished()])  # pyright: ignore[reportPrivateUsage]

    return count


class TestS3Store(ObjectStoreContract):
    async def test_the_bucket_is_made_once(self, store: S3Store, settings: Settings) -> None:
        key = new_key()
        await store.put(key, pieces_of(b"kept"))
        again = await open_store(settings)
        assert await read_all(again, key) == b"kept"
        await again.close()

    async def test_a_wrong_secret(self, settings: Settings, store: S3Store) -> None:
        wrong = await open_store(_changed(settings, s3_secret_access_key="wrong"))
        with pytest.raises(Unavailable):
            await wrong.check()
        with pytest.raises(Unavailable):
            await wrong.put(new_key(), pieces_of(b"x"))
        await wrong.close()

    async def test_a_bucket_that_cannot_be_made(self, settings: Settings) -> None:
        with pytest.raises(ConfigurationError, match="The bucket x is not there and cannot be made"):
            await open_store(_changed(settings, s3_bucket="x"))

    async def test_an_address_that_is_none(self, settings: Settings) -> None:
        with pytest.raises(ConfigurationError, match="S3_ENDPOINT_URL"):
            await open_store(_changed(settings, s3_endpoint_url="not an address"))

    async def test_a_server_that_is_down(self, settings: Settings) -> None:
        down = await open_store(_changed(settings, s3_endpoint_url="http://127.0.0.1:9", s3_timeout=0.5))
        with pytest.raises(Unavailable):
            await down.check()
        with pytest.raises(Unavailable):
            await down.put(new_key(), pieces_of(some_bytes(6 * MiB)))
        await down.close()


@pytest.fixture(scope="module")
async def stub_server() -> AsyncIterator[StubS3]:
    async with StubS3() as stub:
        yield stub


@pytest.fixture(scope="module")
async def stubbed(stub_server: StubS3) -> AsyncIterator[S3Store]:
    settings = Settings(
        s3_endpoint_url=stub_server.url, s3_bucket="bucket", s3_access_key_id="k", s3_secret_access_key="s",
        upload_part_bytes=5 * MiB, s3_timeout=10.0,
    )  # fmt: skip
    store = await open_store(settings)
    assert isinstance(store, S3Store)
    yield store
    await store.close()


@pytest.fixture
def stub(stub_server: StubS3, stubbed: S3Store) -> StubS3:
    stub_server.reset()
    return stub_server


class TestAgainstAStubbornServer:
    """Answers no well-behaved server gives."""

    async def test_a_small_object_is_one_request(self, stub: StubS3, stubbed: S3Store) -> None:
        await stubbed.put("owner/small", pieces_of(b"small"))
        assert stub.log == ["PutObject"]
        assert stub.objects == {"owner/small": b"small"}

    async def test_a_large_object_goes_in_parts_of_one_size(self, stub: StubS3, stubbed: S3Store) -> None:
        data = some_bytes(11 * MiB)
        await stubbed.put("owner/large", pieces_of(data))
        assert stub.log == ["CreateMultipartUpload", *["UploadPart"] * 3, "CompleteMultipartUpload"]
        assert stub.part_sizes == [5 * MiB, 5 * MiB, MiB]
        assert stub.objects == {"owner/large": data}

    async def test_no_body_is_announced_but_its_md5_is(self, stub: StubS3, stubbed: S3Store) -> None:
        await stubbed.put("owner/large", pieces_of(some_bytes(6 * MiB)))
        await stubbed.put("owner/small", pieces_of(b"small"))
        assert [headers.get("Expect") for headers in stub.body_headers] == [None] * 3
        assert all("Content-MD5" in headers for headers in stub.body_headers)

    @pytest.mark.parametrize(
        "operation", ["PutObject", "UploadPart", "CreateMultipartUpload", "CompleteMultipartUpload"]
    )
    async def test_503_is_tried_again(self, stub: StubS3, stubbed: S3Store, operation: str) -> None:
        stub.fail(operation, times=1)
        data = some_bytes(100 if operation == "PutObject" else 6 * MiB)
        assert await stubbed.put("owner/object", pieces_of(data)) == len(data)
        assert stub.objects == {"owner/object": data}

    @pytest.mark.parametrize(
        "operation", ["PutObject", "UploadPart", "CreateMultipartUpload", "CompleteMultipartUpload"]
    )
    async def test_503_for_good(self, stub: StubS3, stubbed: S3Store, operation: str) -> None:
        stub.fail(operation, times=99)
        data = some_bytes(100 if operation == "PutObject" else 11 * MiB)
        with pytest.raises(Unavailable, match="does not answer"):
            await stubbed.put("owner/object", pieces_of(data))
        assert stub.log.count(operation) == 3
        assert stub.objects == {}
        assert stub.uploads == {}

    async def test_cancelled_while_the_upload_begins(self, stub: StubS3, stubbed: S3Store) -> None:
        """The server has begun it already, and its answer, which names it, is still to come."""
        answer = stub.hold("CreateMultipartUpload")
        upload = asyncio.ensure_future(stubbed.put("owner/large", pieces_of(some_bytes(6 * MiB))))
        await answer.reached.wait()
        assert len(stub.uploads) == 1
        upload.cancel()
        answer.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert stub.uploads == {}
        assert "AbortMultipartUpload" in stub.log

    @pytest.mark.parametrize("operation", ["PutObject", "CompleteMultipartUpload"])
    async def test_cancelled_when_all_is_stored_but_not_answered(
        self, stub: StubS3, stubbed: S3Store, operation: str
    ) -> None:
        answer = stub.hold(operation)
        data = some_bytes(100 if operation == "PutObject" else 6 * MiB)
        upload = asyncio.ensure_future(stubbed.put("owner/object", pieces_of(data)))
        await answer.reached.wait()
        assert list(stub.objects) == ["owner/object"]
        upload.cancel()
        answer.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert stub.objects == {}

    async def test_cancelled_twice_it_still_clears_away(self, stub: StubS3, stubbed: S3Store) -> None:
        part, abort = stub.hold("UploadPart"), stub.hold("AbortMultipartUpload")
        upload = asyncio.ensure_future(stubbed.put("owner/large", pieces_of(some_bytes(6 * MiB))))
        await part.reached.wait()
        upload.cancel()
        part.go_on.set()
        await abort.reached.wait()
        upload.cancel()
        abort.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert stub.uploads == {}

    async def test_a_completion_whose_answer_got_lost(self, stub: StubS3, stubbed: S3Store) -> None:
        stub.fail("CompleteMultipartUpload", times=1, after=True)
        data = some_bytes(6 * MiB)
        assert await stubbed.put("owner/large", pieces_of(data)) == len(data)
        assert stub.objects == {"owner/large": data}

    async def test_a_server_that_goes_silent(
        self, stub: StubS3, stubbed: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stub.hold("HeadObject")
        monkeypatch.setattr(stubbed._s3, "timeout", 0.2)
        with pytest.raises(Unavailable):
            await stubbed.size("owner/object")

    @pytest.mark.parametrize(("start", "end"), [(10, 20), (300_000, 600_000), (999_990, None), (0, 5)])
    async def test_a_server_that_does_not_know_ranges(
        self, stub: StubS3, stubbed: S3Store, start: int, end: int | None
    ) -> None:
        data = stub.objects["owner/object"] = some_bytes(1_000_000)
        assert await read_all(stubbed, "owner/object", start, end) == data[start:end]

    async def test_a_download_that_breaks_off(self, stub: StubS3, stubbed: S3Store) -> None:
        stub.objects["owner/object"] = some_bytes(1_000_000)
        stub.break_off_after = 500_000
        with pytest.raises(Unavailable):
            await read_all(stubbed, "owner/object")

    async def test_a_long_list_comes_in_pages(self, stub: StubS3, stubbed: S3Store) -> None:
        stub.objects |= {f"owner/{number:03}": b"x" for number in range(25)} | {".check/abc": b"x"}
        assert await keys(stubbed) == [f"owner/{number:03}" for number in range(25)]
        assert stub.log.count("ListObjectsV2") == 3

    async def test_a_part_that_was_changed_on_the_way(self, stub: StubS3, stubbed: S3Store) -> None:
        stub.corrupt = True
        with pytest.raises(Unavailable):
            await stubbed.put("owner/large", pieces_of(some_bytes(6 * MiB)))
        assert (stub.objects, stub.uploads) == ({}, {})


def _changed(settings: Settings, **changes: Any) -> Settings:
    return Settings(**{name: getattr(settings, name) for name in Settings.__struct_fields__} | changes)
