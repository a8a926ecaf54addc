"""A ZIP made while it is sent is a ZIP, and is never in memory."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from docvault.export.archive import Archive

NOW = datetime(2024, 5, 6, 7, 8, 10, tzinfo=UTC)
MIB = 1024 * 1024


async def pieces(count: int, piece: bytes) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield piece


async def made(*files: tuple[str, int, bytes]) -> bytes:
    archive, sent = Archive(), b""
    for path, count, piece in files:
        async for part in archive.file(path, count * len(piece), NOW, pieces(count, piece)):
            sent += part
    sent += b"".join(archive.text("list.json", NOW, (b"[1,", b"2]")))
    return sent + archive.close()


async def test_it_can_be_unpacked() -> None:
    data = await made(("a/b.bin", 3, b"x" * MIB), ("empty.txt", 0, b""), ("über.txt", 1, b"text"))
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert read.namelist() == ["a/b.bin", "empty.txt", "über.txt", "list.json"]
        assert read.read("a/b.bin") == b"x" * 3 * MIB
        assert (read.read("empty.txt"), read.read("über.txt"), read.read("list.json")) == (b"", b"text", b"[1,2]")
        assert read.getinfo("a/b.bin").date_time == (2024, 5, 6, 7, 8, 10)


async def test_large_files_and_archives_take_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100_000)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    data = await made(("large.bin", 3, b"y" * MIB), ("small.txt", 1, b"z"))
    monkeypatch.undo()
    assert b"PK\x06\x06" in data  # its record at the end of the directory
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert len(read.read("large.bin")) == 3 * MIB


async def test_memory_is_flat() -> None:
    archive, piece = Archive(), bytes(MIB)
    tracemalloc.start()
    try:
        async for _ in archive.file("large.bin", 64 * MIB, NOW, pieces(64, piece)):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * MIB


@pytest.mark.parametrize("moment", [datetime(1601, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)])
async def test_moments_that_a_zip_cannot_say(moment: datetime) -> None:
    archive = Archive()
    sent = b"".join([part async for part in archive.file("x", 1, moment, pieces(1, b"x"))])
    with zipfile.ZipFile(io.BytesIO(sent + archive.close())) as read:
        assert read.getinfo("x").date_time[0] in (1980, 2107)
