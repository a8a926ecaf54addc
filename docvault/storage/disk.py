"""What a file needs to be safe on the disk, and one that grows over several requests. All of it blocks."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

from docvault.errors import Locked

BLOCK = 4096
"""Bytes of which a write past the cache begins and ends at a multiple: no disk in use has larger sectors."""

AHEAD = 8 * 1024 * 1024
"""Bytes the disk is given to write in one go while more arrive."""


class GrowingFile:
    """A file that is written from `size` on. What lies behind that was never safe, and is cut off.

    Nobody else writes to it meanwhile: the lock ends with the process that holds it. A process that was frozen and goes
    on later holds it still, so that it never writes into what others have finished since.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self.safe = size
        self._file: FileIO | None = None

    def open(self) -> None:
        """Raises `FileNotFoundError` when the file is gone or shorter than `size`, and `Locked`."""
        self._file = FileIO(_descriptor(self.path, new=not self.size), "r+b")
        lock(self._file.fileno())
        if os.fstat(self._file.fileno()).st_size < self.size:
            raise FileNotFoundError(f"{self.path} is shorter than it was")
        self._file.truncate(self.size)
        self._file.seek(self.size)
        if not self.size:
            sync_folder(self.path.parent)

    def write(self, batch: Sequence[bytes]) -> int:
        assert self._file is not None
        self.size += write_all(self._file.fileno(), self.size, batch)
        return self.size

    def sync(self, size: int) -> int:
        """After this, the first `size` bytes are safe."""
        assert self._file is not None
        sync(self._file.fileno())
        self.safe = size
        return size

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def put_in_place(growing: Path, target: Path, size: int) -> None:
    """Give a finished file its name. Raises as `GrowingFile.open` does, unless it has it already."""
    file = GrowingFile(growing, size)
    try:
        file.open()
        if not size:  # the only one that nobody has synced yet
            file.sync(size)
        make_folder(target.parent)
        growing.replace(target)
        sync_folder(target.parent)
    except FileNotFoundError:
        if not target.exists() or target.stat().st_size != size:
            raise
    finally:
        file.close()


def write_all(descriptor: int, start: int, batch: Sequence[bytes | memoryview]) -> int:
    """Write at the end, which is at `start`, and have the disk begin with it. Returns how many bytes."""
    rest = [memoryview(piece) for piece in batch if piece]
    size = sum(map(len, rest))
    while rest:  # a write may take less than it was given
        taken = os.writev(descriptor, rest)
        while rest and taken >= len(rest[0]):
            taken -= len(rest.pop(0))
        if taken:
            rest[0] = rest[0][taken:]
    end = start + size
    if end // AHEAD > start // AHEAD and hasattr(os, "posix_fadvise"):
        # On Linux this starts the writing of what is only in memory yet, and does not wait for it: the disk works
        # while more arrives and is hashed, and the sync at the end has little left to do.
        begin = start // AHEAD * AHEAD
        os.posix_fadvise(descriptor, begin, end - begin, os.POSIX_FADV_DONTNEED)
    return size


def write_past_cache(descriptor: int, start: int, filled: memoryview) -> int:
    """As `write_all`, but from the memory of `filled` straight to the disk where that can be. Returns how many bytes.

    A large file is read once, later, if at all: through the page cache it costs a copy and memory, and drives out what
    the database had there. `filled` must begin at a page of the memory. What the file system does not take that way,
    the odd end of a file among it, goes through the cache.
    """
    taken = 0
    if not start % BLOCK and not len(filled) % BLOCK and _past_cache(descriptor, True):
        try:
            taken = os.write(descriptor, filled)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
    if taken < len(filled):
        _past_cache(descriptor, False)
        write_all(descriptor, start + taken, [filled[taken:]])
    return len(filled)


def make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Locked(
            "Another request is adding to this upload.",
            code="upload_locked",
            hint="Ask where it stands, and go on from there.",
            retry_after=1,
        ) from None


def sync(descriptor: int) -> None:
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(descriptor)
    else:  # macOS, whose fsync stops at the drive's own cache
        fcntl.fcntl(descriptor, full)


def sync_folder(folder: Path) -> None:
    """A new name is only safe once the folder that holds it is on the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _past_cache(descriptor: int, on: bool) -> bool:
    """Whether the file system lets it be so."""
    direct = getattr(os, "O_DIRECT", 0)  # macOS has none
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | direct if on else flags & ~direct)
    except OSError:
        return False
    return bool(direct)


def _descriptor(path: Path, *, new: bool) -> int:
    try:
        return os.open(path, os.O_RDWR | (os.O_CREAT if new else 0), 0o600)
    except FileNotFoundError:
        if not new and path.parent.exists():
            raise
        # Not made anew: an unmounted disk leaves an empty folder in its place, and that is no place for documents.
        raise OSError(f"{path.parent} is gone") from None
