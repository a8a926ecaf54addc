from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from mmap import mmap
from pathlib import Path

import pytest

from docvault.storage.disk import BLOCK, write_past_cache
from tests.docvault.storage.contract import some_bytes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.fixture
def descriptor(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    yield descriptor
    os.close(descriptor)


def at_a_page(content: bytes) -> memoryview:
    memory = memoryview(mmap(-1, max(1, len(content))))
    memory[: len(content)] = content
    return memory[: len(content)]


def write(descriptor: int, sizes: Sequence[int]) -> bytes:
    """What was written, in pieces of these sizes."""
    given, size = [some_bytes(size) for size in sizes], 0
    for piece in given:
        size += write_past_cache(descriptor, size, at_a_page(piece))
    return b"".join(given)


@pytest.mark.parametrize(
    "sizes", [[BLOCK], [3 * BLOCK, BLOCK], [2 * BLOCK, 5], [7, BLOCK], [BLOCK - 1, BLOCK, 1, 2 * BLOCK], [0, BLOCK]]
)
def test_every_byte_is_where_it_belongs(descriptor: int, path: Path, sizes: list[int]) -> None:
    given = write(descriptor, sizes)
    assert path.read_bytes() == given


def test_a_file_system_that_knows_only_its_cache(descriptor: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some say so when the flag is set, others when a write comes."""
    plain = os.write

    def only_cached(to: int, data: memoryview) -> int:
        if fcntl.fcntl(to, fcntl.F_GETFL) & getattr(os, "O_DIRECT", 0):
            raise OSError(errno.EINVAL, "Invalid argument")
        return plain(to, data)

    monkeypatch.setattr(os, "write", only_cached)
    given = write(descriptor, [BLOCK, 2 * BLOCK, 9])
    assert path.read_bytes() == given


def test_a_write_that_takes_less_is_gone_on_with(descriptor: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = os.write
    monkeypatch.setattr(os, "write", lambda to, data: plain(to, data[:BLOCK]))
    given = write(descriptor, [3 * BLOCK, 2 * BLOCK])
    assert path.read_bytes() == given


def test_a_full_disk_is_told(descriptor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_to: int, _data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        write_past_cache(descriptor, 0, at_a_page(some_bytes(BLOCK)))
