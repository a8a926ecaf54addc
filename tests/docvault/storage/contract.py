"""What every object store promises, as tests. A store's own test class inherits them and gives the fixtures."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from docvault.settings import MiB, Settings
from docvault.storage import ObjectStore, Partial
from docvault.storage.uploading import nobody

Unfinished = Callable[[], Awaitable[int]]
"""Counts the uploads that are neither whole nor gone."""


def new_key() -> str:
    return f"{uuid4()}/{uuid4()}"


def some_bytes(size: int) -> bytes:
    """Every stretch of it is different, so that nothing can be mixed up unseen."""
    return Random(size).randbytes(size)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def pieces_of(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read_all(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    async with store.read(key, start, end) as pieces:
        return b"".join([piece async for piece in pieces])


async def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [found.key async for found in store.list(prefix)]


class Spares:
    """Keys for what does not fill a part."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def __call__(self) -> str:
        self.keys.append(new_key())
        return self.keys[-1]


def kept(partial: Partial) -> Partial:
    """As a database gives it back."""
    return msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(partial))), Partial)


async def grown(store: ObjectStore, key: str, partial: Partial, data: bytes, spares: Spares, **more: Any) -> Partial:
    async with aclosing(store.append(key, partial, pieces_of(data), spare=spares, **more)) as partials:
        partial = [partial, *[safe async for safe in partials]][-1]
    return kept(partial)


class ObjectStoreContract:
    @pytest.mark.parametrize(
        "size", [0, 1, MiB - 1, MiB, MiB + 1, 5 * MiB - 1, 5 * MiB, 5 * MiB + 1, 12 * MiB + 345], ids=str
    )
    async def test_what_is_put_is_read_back(self, store: ObjectStore, unfinished: Unfinished, size: int) -> None:
        key, data, digest = new_key(), some_bytes(size), hashlib.sha256()
        assert await store.put(key, pieces_of(data), digest) == size
        assert digest.digest() == hashlib.sha256(data).digest()
        assert await read_all(store, key) == data
        assert await store.size(key) == size
        assert await unfinished() == 0

    async def test_chunks_of_any_size_and_empty_ones(self, store: ObjectStore) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b""
            yield data[:1]
            yield data[1 : 7 * MiB]
            yield b""
            yield data[7 * MiB :]

        key, data = new_key(), some_bytes(7 * MiB + 17)
        assert await store.put(key, chunks()) == len(data)
        assert await read_all(store, key) == data

    async def test_very_many_tiny_chunks(self, store: ObjectStore) -> None:
        key, data, digest = new_key(), some_bytes(30_000), hashlib.sha256()
        assert await store.put(key, pieces_of(data, 7), digest) == len(data)
        assert digest.digest() == hashlib.sha256(data).digest()
        assert await read_all(store, key) == data

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (0, 1),
            (10, 20),
            (999_999, None),
            (0, None),
            (5, 5),
            (7, 3),
            (0, 5_000_000),
            (1_000_000, None),
            (2_000_000, 9),
        ],
    )
    async def test_ranges(self, store: ObjectStore, start: int, end: int | None) -> None:
        key, data = new_key(), some_bytes(1_000_000)
        await store.put(key, pieces_of(data))
        assert await read_all(store, key, start, end) == data[start:end]

    async def test_a_range_over_several_pieces(self, store: ObjectStore) -> None:
        key, data = new_key(), some_bytes(3 * MiB)
        await store.put(key, pieces_of(data))
        assert await read_all(store, key, 17, 3 * MiB - 17) == data[17:-17]

    async def test_a_reader_may_leave_early(self, store: ObjectStore) -> None:
        key, data = new_key(), some_bytes(4 * MiB)
        await store.put(key, pieces_of(data))
        for _ in range(3):
            async with store.read(key) as pieces:
                assert data.startswith(await anext(pieces))
        assert await read_all(store, key) == data

    async def test_a_missing_key(self, store: ObjectStore, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="No object"):
            await read_all(store, new_key())
        with pytest.raises(FileNotFoundError):
            await read_all(store, new_key(), 5, 5)
        with pytest.raises(FileNotFoundError):
            await store.size(new_key())
        with pytest.raises(FileNotFoundError):
            async with store.local_copy(new_key(), tmp_path):
                pass
        await store.delete(new_key())

    @pytest.mark.parametrize(
        "key",
        ["", "a", "/a", "a/", "a/b/c", "../a", "a/..", "./a", "a/.b", ".uploads/a", "a\\b/c", "a/b\n", "a/b\0", "a//b",
         "ä/b", "a/b.c", "a/" + "b" * 200, "/etc/passwd"],
    )  # fmt: skip
    async def test_a_key_that_is_not_two_ids(self, store: ObjectStore, tmp_path: Path, key: str) -> None:
        for refused in (
            store.put(key, pieces_of(b"x")), read_all(store, key), store.size(key), store.delete(key),
            store.local_copy(key, tmp_path).__aenter__(),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="not a key"):
                await refused

    async def test_delete(self, store: ObjectStore) -> None:
        key = new_key()
        await store.put(key, pieces_of(b"gone soon"))
        await store.delete(key)
        await store.delete(key)
        with pytest.raises(FileNotFoundError):
            await read_all(store, key)
        assert await keys(store, key.split("/")[0]) == []

    async def test_list(self, store: ObjectStore) -> None:
        owner, other = f"a{uuid4()}", f"b{uuid4()}"
        expected = sorted([*(f"{owner}/{number}" for number in range(7)), f"{owner}-x/1", f"{other}/1"])
        before = datetime.now(UTC) - timedelta(seconds=2)
        for key in reversed(expected):
            await store.put(key, pieces_of(key.encode()))
        assert [key for key in await keys(store) if key in expected] == expected
        assert await keys(store, f"{owner}/") == [key for key in expected if key.startswith(f"{owner}/")]
        assert await keys(store, owner) == [key for key in expected if key.startswith(owner)]
        assert await keys(store, f"{owner}/3") == [f"{owner}/3"]
        assert await keys(store, "nobody/") == []
        found = await anext(store.list(f"{other}/"))
        assert found.size == len(f"{other}/1")
        assert before < found.modified < datetime.now(UTC) + timedelta(seconds=2)

    async def test_local_copy(self, store: ObjectStore, tmp_path: Path) -> None:
        key, data = new_key(), some_bytes(6 * MiB)
        await store.put(key, pieces_of(data))
        async with store.local_copy(key, tmp_path) as path:
            assert path.read_bytes() == data
            assert mode_of(path) == 0o600
        assert names_in(tmp_path) == []
        assert await read_all(store, key) == data

    @pytest.mark.parametrize("after", [0, 1000, 5 * MiB, 11 * MiB])
    async def test_nothing_stays_of_a_broken_upload(
        self, store: ObjectStore, unfinished: Unfinished, after: int
    ) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            async for piece in pieces_of(some_bytes(after)):
                yield piece
            raise ConnectionResetError("the client left")

        key = new_key()
        with pytest.raises(ConnectionResetError, match="the client left"):
            await store.put(key, chunks())
        assert await unfinished() == 0
        assert key not in await keys(store)
        with pytest.raises(FileNotFoundError):
            await store.size(key)

    @pytest.mark.parametrize("after", [0, 1000, 5 * MiB, 11 * MiB])
    async def test_nothing_stays_of_a_cancelled_upload(
        self, store: ObjectStore, unfinished: Unfinished, after: int
    ) -> None:
        waiting = asyncio.Event()

        async def chunks() -> AsyncIterator[bytes]:
            async for piece in pieces_of(some_bytes(after)):
                yield piece
            waiting.set()
            await asyncio.Event().wait()

        key = new_key()
        upload = asyncio.ensure_future(store.put(key, chunks()))
        await waiting.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert await unfinished() == 0
        assert key not in await keys(store)

    @pytest.mark.parametrize("size", [1000, 11 * MiB])
    async def test_cancelled_at_any_moment_it_is_whole_or_gone(
        self, store: ObjectStore, unfinished: Unfinished, size: int
    ) -> None:
        data = some_bytes(size)
        for turns in [*range(12), *range(15, 200, 23)]:
            key = new_key()
            upload = asyncio.ensure_future(store.put(key, pieces_of(data, MiB), hashlib.sha256()))
            for _ in range(turns):
                await asyncio.sleep(0)
            upload.cancel()
            try:
                await upload
            except asyncio.CancelledError:
                assert key not in await keys(store)
            else:
                assert await read_all(store, key) == data
            assert await unfinished() == 0

    async def test_many_at_once(self, store: ObjectStore, unfinished: Unfinished) -> None:
        uploads = {new_key(): some_bytes(1000 * number) for number in range(40)}
        await asyncio.gather(*(store.put(key, pieces_of(data)) for key, data in uploads.items()))
        read = await asyncio.gather(*(read_all(store, key) for key in uploads))
        assert list(read) == list(uploads.values())
        assert await unfinished() == 0

    async def test_a_killed_process_leaves_nothing_to_be_seen(
        self, store: ObjectStore, settings: Settings, unfinished: Unfinished
    ) -> None:
        key = new_key()
        half = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "tests.docvault.storage.half_upload", key, *_arguments(settings)],
            stdout=subprocess.PIPE,
        )
        try:
            assert half.stdout is not None
            assert await asyncio.to_thread(half.stdout.readline) == b"half\n"
            assert await unfinished() == 1
        finally:
            half.send_signal(signal.SIGKILL)
            half.communicate()
        assert key not in await keys(store)
        with pytest.raises(FileNotFoundError):
            await read_all(store, key)
        assert await store.clear_unfinished(datetime.now(UTC) - timedelta(hours=1), nobody) == 0
        assert await unfinished() == 1
        assert await store.clear_unfinished(datetime.now(UTC) + timedelta(hours=1), nobody) == 1
        assert await unfinished() == 0

    @pytest.mark.parametrize(
        "sizes",
        [[], [0], [1], [5 * MiB], [5 * MiB, 1], [1, 2, 3], [4 * MiB, 4 * MiB, 4 * MiB], [1, 11 * MiB, 0]],
        ids=str,
    )
    @pytest.mark.parametrize("known", [True, False])
    async def test_an_object_grows_over_several_calls(
        self, store: ObjectStore, unfinished: Unfinished, sizes: list[int], known: bool
    ) -> None:
        key, data, spares = new_key(), some_bytes(sum(sizes)), Spares()
        partial, digest = Partial(), hashlib.sha256()
        more: dict[str, Any] = {"total": len(data) if known else None, "digest": digest}
        for size in sizes:
            partial = await grown(store, key, partial, data[partial.size : partial.size + size], spares, **more)
        assert (partial.size, digest.digest()) == (len(data), hashlib.sha256(data).digest())
        for _ in range(2):  # the process may die between finishing and writing it down
            await store.finish(key, partial)
            assert await read_all(store, key) == data
        assert await unfinished() == 0
        for spare in spares.keys:
            await store.delete(spare)
        assert [found.key async for found in store.list(key.split("/")[0])] == [key]

    async def test_only_what_was_kept_counts(self, store: ObjectStore) -> None:
        """Parts, rest and all: a call whose end nobody wrote down is as if it had never been."""
        key, data, spares = new_key(), some_bytes(14 * MiB), Spares()
        partial = await grown(store, key, Partial(), data[: 2 * MiB], spares)
        for size in (MiB, 4 * MiB, 11 * MiB):
            lost = await grown(store, key, partial, bytes(size), spares)
            assert lost.size == partial.size + size
            if lost.upload_id:
                await store.abort(key, lost)
        partial = await grown(store, key, partial, data[2 * MiB :], spares)
        await store.finish(key, partial)
        assert await read_all(store, key) == data

    @pytest.mark.parametrize("turns", [0, 3, 7, 11, 16, 24, 40, 80])
    async def test_cancelled_in_the_middle_it_can_go_on(
        self, store: ObjectStore, unfinished: Unfinished, turns: int
    ) -> None:
        key, data, spares = new_key(), some_bytes(13 * MiB), Spares()
        safe: list[Partial] = [Partial()]

        async def grow() -> None:
            async with aclosing(store.append(key, Partial(), pieces_of(data, MiB), spare=spares)) as partials:
                async for partial in partials:
                    safe.append(partial)  # noqa: PERF401 - it is cancelled in between

        growing = asyncio.ensure_future(grow())
        for _ in range(turns):
            await asyncio.sleep(0)
        growing.cancel()
        await asyncio.wait([growing])
        partial = await grown(store, key, safe[-1], data[safe[-1].size :], spares)
        await store.finish(key, partial)
        assert await read_all(store, key) == data
        assert await unfinished() == 0

    @pytest.mark.parametrize("size", [MiB, 6 * MiB])
    async def test_what_is_aborted_is_gone(self, store: ObjectStore, unfinished: Unfinished, size: int) -> None:
        key, spares = new_key(), Spares()
        partial = await grown(store, key, Partial(), some_bytes(size), spares)
        await store.abort(key, partial)
        await store.abort(key, partial)
        assert await unfinished() == 0
        with pytest.raises(FileNotFoundError):
            await store.size(key)
        for spare in spares.keys:
            await store.delete(spare)
        with pytest.raises(FileNotFoundError):
            await grown(store, key, partial, some_bytes(6 * MiB), spares)

    async def test_what_somebody_still_adds_to_is_not_cleared(self, store: ObjectStore, unfinished: Unfinished) -> None:
        key, data, spares = new_key(), some_bytes(7 * MiB), Spares()
        partial = await grown(store, key, Partial(), data[: 6 * MiB], spares)
        asked: list[str] = []

        async def live(key: str) -> bool:
            asked.append(key)
            return True

        tomorrow = datetime.now(UTC) + timedelta(hours=1)
        assert await store.clear_unfinished(tomorrow, live) == 0
        assert asked == [key]
        await store.finish(key, await grown(store, key, partial, data[6 * MiB :], spares))
        assert await read_all(store, key) == data
        await grown(store, other := new_key(), Partial(), data, spares)
        assert await store.clear_unfinished(tomorrow, nobody) == 1
        assert await unfinished() == 0
        assert await store.size(key) == 7 * MiB
        with pytest.raises(FileNotFoundError):
            await store.size(other)

    async def test_check(self, store: ObjectStore, unfinished: Unfinished) -> None:
        before = await keys(store)
        await asyncio.gather(*(store.check() for _ in range(5)))
        assert await keys(store) == before
        assert await unfinished() == 0


def _arguments(settings: Settings) -> list[str]:
    names = ("s3_endpoint_url", "s3_access_key_id", "s3_secret_access_key", "s3_bucket")
    return [str(settings.home), *(getattr(settings, name) for name in names)]
