"""A ZIP that is sent while it is made: nothing but the piece at hand, and a line for each file, is in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from datetime import datetime

EARLIEST, LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""What a ZIP can say of time."""
BATCH = 256 * 1024
"""Bytes of small things that are sent together."""


class _Outbox(io.RawIOBase):
    """What the ZIP writes, until it is taken. Cannot seek: sizes follow the bytes of each file (APPNOTE 4.3.9)."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        self.waiting += len(data)
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces, self.waiting = [], 0
        return taken


class Archive:
    """Each method gives the bytes to send next. The files of a person are stored, as most are packed already."""

    def __init__(self) -> None:
        self._outbox = _Outbox()
        self._zip = zipfile.ZipFile(self._outbox, "w", allowZip64=True)

    async def file(
        self, path: str, size: int, changed: datetime, pieces: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes]:
        """`size` is what is expected, in bytes: from 2 GiB on, a file takes ZIP64."""
        with self._zip.open(_entry(path, size, changed), "w") as entry:
            async for piece in pieces:
                entry.write(piece)
                if self._outbox.waiting >= BATCH:
                    yield self._outbox.take()
        if self._outbox.waiting >= BATCH:
            yield self._outbox.take()

    def text(self, path: str, changed: datetime, lines: Iterable[bytes]) -> Iterator[bytes]:
        with self._zip.open(_entry(path, 0, changed, zipfile.ZIP_DEFLATED), "w", force_zip64=True) as entry:
            for line in lines:
                entry.write(line)
                if self._outbox.waiting >= BATCH:
                    yield self._outbox.take()

    def close(self) -> bytes:
        self._zip.close()
        return self._outbox.take()


def _entry(path: str, size: int, changed: datetime, how: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    moment = min(max(changed.timetuple()[:6], EARLIEST), LATEST)
    entry = zipfile.ZipInfo(path, moment)
    entry.compress_type = how
    entry.file_size = size
    entry.external_attr = 0o600 << 16  # a file that its owner may read and write
    return entry
