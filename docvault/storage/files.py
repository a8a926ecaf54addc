"""Objects as files in one folder: `<folder>/<owner id>/<revision id>`, and half-written ones in `<folder>/.uploads`.

Those that arrive over several requests are named `<owner id>.<revision id>` there: no id holds a dot.
"""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import uuid4

from docvault.errors import ConfigurationError, Unavailable
from docvault.logging import get_logger
from docvault.storage import Digest, Live, Partial, Spare, StoredObject
from docvault.storage.disk import GrowingFile, make_folder, put_in_place, sync, sync_folder, write_all, write_past_cache
from docvault.storage.overlap import Overlap
from docvault.storage.uploading import (
    KEY,
    MOST_CHUNKS,
    hashing,
    in_batches,
    settled,
    update_with,
    valid_key,
    written,
)

P = ParamSpec("P")
log = get_logger(__name__)
T = TypeVar("T")

BATCH = 4 * 1024 * 1024
"""Bytes that go to a thread at once: with fewer, the handing over and the waiting for each other show."""

PIECE = 1024 * 1024
"""Bytes that come from a thread in one hop: a hop costs about 0.1 ms, a MiB in the page cache 0.3 ms."""

SAFE_BYTES = 32 * 1024 * 1024
SAFE_SECONDS = 5.0
"""An upload of several requests is synced to the disk after so many bytes or seconds, whichever comes first."""

LISTED = 1000
"""Objects that a list has looked at ahead of who reads it; of the others it holds the names alone."""

THREADS = 16
"""They wait for the disk, mostly, and are this store's own: a slow disk must not hold up anything else."""


class FileStore:
    """An `ObjectStore` on a disk of this machine (or one shared by every machine that runs DocVault).

    A file appears under its key whole and synced to the disk, or not at all. Folders are made with mode 0700, files
    with 0600. A full or broken disk raises `Unavailable`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._uploads = root / ".uploads"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")

    @classmethod
    async def open(cls, root: Path) -> FileStore:
        """Make the folder where it is missing. Raises `ConfigurationError` when it cannot be made or written to."""
        store = cls(root)
        try:
            await store._run(store._prepare)
        except (OSError, Unavailable) as error:
            await store.close()
            reason = error.__cause__ or error
            raise ConfigurationError(
                f"The folder for uploaded files, {root}, cannot be used: {reason}.",
                hint="Set DOCVAULT_STORAGE_PATH or DOCVAULT_HOME to a folder that this account may write to.",
            ) from error
        return store

    async def put(self, key: str, chunks: AsyncIterator[bytes], digest: Digest | None = None) -> int:
        upload = _Upload(self._uploads / uuid4().hex, self._path(key))
        try:
            incoming = aiter(chunks)
            async with aclosing(in_batches(incoming, BATCH)) as batches:
                first = await anext(batches, [])
            if sum(map(len, first)) < BATCH and len(first) < MOST_CHUNKS:  # the last one, too: a small file
                await self._run(upload.write_and_commit, first, digest)  # one hop for everything
            else:
                await self._write(upload, first, incoming, digest)
                await self._run(upload.commit)
        except BaseException:
            with suppress(Unavailable):  # what cannot be removed now, `clear_unfinished` does later
                await self._run(upload.discard)
            raise
        return upload.size

    @asynccontextmanager
    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[AsyncIterator[bytes]]:
        reader = _Reader(self._path(key), start, end)
        try:
            yield self._pieces(reader, await self._run(reader.open_and_read))
        finally:
            reader.close()

    @asynccontextmanager
    async def local_copy(self, key: str, folder: Path) -> AsyncGenerator[Path]:
        await self.size(key)
        yield self._path(key)

    async def size(self, key: str) -> int:
        return (await self._run(self._path(key).stat)).st_size

    async def delete(self, key: str) -> None:
        await self._run(self._path(key).unlink, missing_ok=True)

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        for owner in await self._run(_owners, self._root):
            folder = f"{owner}/"
            if folder.startswith(prefix) or prefix.startswith(folder):
                rest = prefix[len(folder) :]  # nothing where the prefix is a part of the folder's name
                names = await self._run(_names, self._root / owner, rest)
                for start in range(0, len(names), LISTED):
                    for found in await self._run(_objects, self._root, owner, names[start : start + LISTED]):
                        yield found

    async def append(
        self,
        key: str,
        partial: Partial,
        chunks: AsyncIterator[bytes],
        *,
        spare: Spare,
        total: int | None = None,
        digest: Digest | None = None,
    ) -> AsyncGenerator[Partial]:
        file, due = GrowingFile(self._growing(key), partial.size), time.monotonic() + SAFE_SECONDS

        async def write(batch: list[bytes]) -> int:
            async with hashing(digest, batch):
                return await self._run(file.write, batch)

        try:
            await self._run(file.open)
            async with (
                aclosing(in_batches(chunks, BATCH, SAFE_SECONDS)) as batches,
                aclosing(written(batches, write)) as sizes,
            ):
                async for size in sizes:  # the next batch is being written meanwhile: it is not among the safe ones
                    if size - file.safe >= SAFE_BYTES or time.monotonic() >= due:
                        yield Partial(await self._run(file.sync, size))
                        due = time.monotonic() + SAFE_SECONDS
            yield Partial(await self._run(file.sync, file.size))
        finally:
            await self._run(file.close)

    async def finish(self, key: str, partial: Partial) -> None:
        await self._run(put_in_place, self._growing(key), self._path(key), partial.size)

    async def abort(self, key: str, partial: Partial) -> None:
        await self._run(self._growing(key).unlink, missing_ok=True)

    async def clear_unfinished(self, before: datetime, live: Live) -> int:
        removed = 0
        for name in await self._run(_older, self._uploads, before.timestamp()):
            key = name.replace(".", "/")
            if not (KEY.fullmatch(key) and await live(key)):
                await self._run((self._uploads / name).unlink, missing_ok=True)
                removed += 1
        return removed

    async def check(self) -> None:
        await self._run(self._probe)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)

    async def _write(
        self, upload: _Upload, first: list[bytes], incoming: AsyncIterator[bytes], digest: Digest | None
    ) -> None:
        overlap = Overlap(self._threads, BATCH, digest, upload.write_large)
        try:
            with self._answers():
                while first:
                    await overlap.add(first.pop(0))
            async for chunk in incoming:
                with self._answers():
                    await overlap.add(chunk)
            with self._answers():
                await overlap.finish()
        finally:
            await settled(overlap.stop())

    async def _pieces(self, reader: _Reader, piece: bytes) -> AsyncIterator[bytes]:
        while piece:
            yield piece
            piece = await self._run(reader.read)

    def _path(self, key: str) -> Path:
        return self._root / valid_key(key)

    def _growing(self, key: str) -> Path:
        return self._uploads / valid_key(key).replace("/", ".")

    def _prepare(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._uploads.mkdir(mode=0o700, exist_ok=True)
        self._probe()

    def _probe(self) -> None:
        upload = _Upload(self._uploads / uuid4().hex, self._uploads / f"check-{uuid4().hex}")
        try:
            upload.write([b"check"])
            upload.commit()
            if upload.target.read_bytes() != b"check":
                raise OSError("the folder gives back other bytes than were written")
        finally:
            upload.discard()

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in a thread. It has ended when this returns or raises, even on cancellation."""
        loop = asyncio.get_running_loop()
        with self._answers():
            return await settled(loop.run_in_executor(self._threads, lambda: function(*args, **kwargs)))

    @contextmanager
    def _answers(self) -> Generator[None]:
        """What the disk can answer, in this project's errors."""
        try:
            yield
        except FileNotFoundError as error:
            raise FileNotFoundError("No object with this key is in the store.") from error
        except OSError as error:
            log.error("the disk of the uploaded files failed", folder=str(self._root), reason=str(error))
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            raise Unavailable(
                f"The disk that keeps the documents {'is full' if full else 'cannot be used'}.",
                hint="Try again later, or tell the people who run this DocVault.",
            ) from error


class _Upload:
    """A file on its way in. Its methods block and are never called two at a time."""

    def __init__(self, temporary: Path, target: Path) -> None:
        self.temporary = temporary
        self.target = target
        self.size = 0
        self._file: FileIO | None = None
        self._committed = False

    def write(self, batch: Sequence[bytes]) -> None:
        file = self._file = self._file or self._create()
        self.size += write_all(file.fileno(), self.size, batch)

    def write_large(self, filled: memoryview) -> None:
        file = self._file = self._file or self._create()
        self.size += write_past_cache(file.fileno(), self.size, filled)

    def write_and_commit(self, batch: Sequence[bytes], digest: Digest | None) -> None:
        if digest:
            update_with(digest, batch)
        self.write(batch)
        self.commit()

    def commit(self) -> None:
        assert self._file is not None
        sync(self._file.fileno())
        self._file.close()
        make_folder(self.target.parent)
        self.temporary.replace(self.target)
        self._committed = True
        sync_folder(self.target.parent)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
        self.temporary.unlink(missing_ok=True)
        if self._committed:
            self.target.unlink(missing_ok=True)

    def _create(self) -> FileIO:
        try:
            return FileIO(os.open(self.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except FileNotFoundError:
            # Not made anew: an unmounted disk leaves an empty folder in its place, and that is no place for documents.
            raise OSError(f"{self.temporary.parent} is gone") from None


class _Reader:
    """A file on its way out, from `start` up to `end`. `open_and_read` and `read` block."""

    def __init__(self, path: Path, start: int, end: int | None) -> None:
        self._path = path
        self._start = start
        self._left = None if end is None else max(0, end - start)
        self._file: FileIO | None = None

    def open_and_read(self) -> bytes:
        self._file = FileIO(self._path, "rb")
        self._file.seek(self._start)
        return self.read()

    def read(self) -> bytes:
        assert self._file is not None
        piece = self._file.read(PIECE if self._left is None else min(PIECE, self._left))
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _owners(folder: Path) -> list[str]:
    """Sorted as the keys are: with the slash that follows each of them."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    return sorted(names, key=lambda name: f"{name}/")


def _names(folder: Path, prefix: str) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name.startswith(prefix))


def _objects(root: Path, owner: str, names: Sequence[str]) -> list[StoredObject]:
    found: list[StoredObject] = []
    for name in names:
        key = f"{owner}/{name}"
        if KEY.fullmatch(key):
            with suppress(FileNotFoundError):  # deleted since
                status = (root / key).stat()
                found.append(StoredObject(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
    return found


def _older(folder: Path, before: float) -> list[str]:
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.stat().st_mtime < before:
                    found.append(entry.name)
    return found
