from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from docvault.errors import ConfigurationError, Locked, Unavailable
from docvault.settings import MiB, Settings
from docvault.storage import Partial, files
from docvault.storage.factory import open_store
from docvault.storage.files import FileStore
from tests.docvault.storage.contract import (
    ObjectStoreContract,
    Spares,
    Unfinished,
    grown,
    mode_of,
    names_in,
    new_key,
    pieces_of,
    read_all,
    some_bytes,
)


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[FileStore]:
    store = await open_store(settings)
    assert isinstance(store, FileStore)
    yield store
    await store.close()


@pytest.fixture
def unfinished(settings: Settings) -> Unfinished:
    async def count() -> int:
        return len(names_in(settings.objects_path / ".uploads"))

    return count


class TestFileStore(ObjectStoreContract):
    async def test_only_its_owner_may_look(self, store: FileStore, settings: Settings) -> None:
        await store.put(new_key(), pieces_of(b"private"))
        await store.put(new_key(), pieces_of(some_bytes(2 * MiB)))
        for folder, _, names in os.walk(settings.objects_path):
            assert mode_of(Path(folder)) == 0o700
            assert {mode_of(Path(folder, name)) for name in names} <= {0o600}

    async def test_the_local_copy_is_the_very_file(self, store: FileStore, settings: Settings, tmp_path: Path) -> None:
        key = new_key()
        await store.put(key, pieces_of(b"here"))
        async with store.local_copy(key, tmp_path) as path:
            assert path == settings.objects_path / key
        assert path.exists()

    async def test_the_name_appears_after_the_bytes_are_on_the_disk(
        self, store: FileStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[str] = []
        sync, replace = os.fsync, Path.replace

        def noted_sync(descriptor: int) -> None:
            done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
            sync(descriptor)

        def noted_replace(path: Path, target: Path) -> Path:
            done.append("rename")
            return replace(path, target)

        monkeypatch.setattr(os, "fsync", noted_sync)
        monkeypatch.setattr(Path, "replace", noted_replace)
        await store.put("owner/first", pieces_of(b"1"))
        await store.put("owner/second", pieces_of(some_bytes(9 * MiB)))
        assert done == ["file", "folder", "rename", "folder", "file", "rename", "folder"]

    async def test_what_lies_around_is_not_listed(self, store: FileStore, settings: Settings) -> None:
        await store.put("owner/object", pieces_of(b"1"))
        (settings.objects_path / "lost+found").mkdir()
        (settings.objects_path / "README").write_text("not an object")
        (settings.objects_path / "owner" / ".DS_Store").write_text("not an object")
        assert [found.key async for found in store.list()] == ["owner/object"]

    async def test_a_second_upload_replaces_the_first_whole(self, store: FileStore) -> None:
        await store.put("owner/object", pieces_of(b"first"))
        await store.put("owner/object", pieces_of(b"2nd"))
        assert await read_all(store, "owner/object") == b"2nd"

    async def test_a_full_disk(self, store: FileStore, monkeypatch: pytest.MonkeyPatch, unfinished: Unfinished) -> None:
        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match="The disk that keeps the documents is full"):
            await store.put(new_key(), pieces_of(b"x"))
        assert await unfinished() == 0
        with pytest.raises(Unavailable):
            await store.check()

    async def test_a_disk_that_is_gone(self, store: FileStore, settings: Settings) -> None:
        settings.objects_path.rename(settings.home / "elsewhere")
        with pytest.raises(Unavailable):
            await store.put(new_key(), pieces_of(b"x"))
        with pytest.raises(Unavailable):
            await store.check()
        assert not settings.objects_path.exists()

    async def test_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "objects").write_text("a file")
        with pytest.raises(ConfigurationError, match=r"The folder for uploaded files, .*/objects, cannot be used"):
            await open_store(Settings(home=tmp_path))

    async def test_two_at_once_do_not_mix(self, store: FileStore) -> None:
        """One that was frozen must not wake up and write into what others have finished since."""
        key, begun, go_on = new_key(), asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            begun.set()
            yield some_bytes(2 * MiB)
            await go_on.wait()

        first = asyncio.ensure_future(anext(store.append(key, Partial(), slow(), spare=Spares())))
        await begun.wait()
        with pytest.raises(Locked):
            await grown(store, key, Partial(), b"other", Spares())
        with pytest.raises(Locked):
            await store.finish(key, Partial())
        go_on.set()
        assert (await first).size == 2 * MiB

    async def test_what_was_acknowledged_is_on_the_disk(
        self, store: FileStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []
        sync = os.fsync

        def noted(descriptor: int) -> None:
            synced.append(os.fstat(descriptor).st_size)
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", noted)
        async for partial in store.append(new_key(), Partial(), pieces_of(bytes(70 * MiB), MiB), spare=Spares()):
            assert synced[-1] >= partial.size
        assert partial.size == 70 * MiB
        assert len(synced) >= 3 + 1  # the folder, twice 32 MiB, the end

    async def test_what_comes_slowly_is_kept_in_time(self, store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not only when there is much of it: a slow client has most to lose when the server dies."""
        monkeypatch.setattr(files, "SAFE_SECONDS", 0.0)
        sizes = [
            partial.size
            async for partial in store.append(new_key(), Partial(), pieces_of(bytes(10), 1), spare=Spares())
        ]
        assert sizes == [*range(1, 11), 10]
