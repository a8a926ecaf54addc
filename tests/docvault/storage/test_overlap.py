from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from docvault.storage.overlap import DEPTH, Overlap, Strand
from tests.docvault.storage.contract import some_bytes

SIZE = 1000


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


class File:
    """What was written, in order."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.parts: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def write(self, filled: memoryview) -> None:
        assert self.go_on.wait(10)
        self.parts.append(len(filled))
        self.content += filled


@pytest.mark.parametrize("piece", [1, 7, 999, 1000, 1001, 5500])
@pytest.mark.parametrize("total", [1, 999, 1000, 1001, 5000, 12_345])
async def test_every_byte_is_hashed_and_written_once(threads: ThreadPoolExecutor, piece: int, total: int) -> None:
    content, file, digest = some_bytes(total), File(), hashlib.sha256()
    overlap = Overlap(threads, SIZE, digest, file.write)
    for start in range(0, total, piece):
        await overlap.add(content[start : start + piece])
    await overlap.finish()
    assert bytes(file.content) == content
    assert digest.digest() == hashlib.sha256(content).digest()
    assert file.parts == [SIZE] * (total // SIZE) + [total % SIZE] * bool(total % SIZE)


async def test_it_waits_where_the_disk_is_slower(threads: ThreadPoolExecutor) -> None:
    content, file = some_bytes(20 * SIZE), File()
    file.go_on.clear()
    overlap = Overlap(threads, SIZE, None, file.write)
    adding = asyncio.ensure_future(overlap.add(content))
    await asyncio.wait([adding], timeout=0.2)
    assert not adding.done()
    assert len(overlap._parts) == DEPTH, "and holds no more than its buffers"
    file.go_on.set()
    await adding
    await overlap.finish()
    assert bytes(file.content) == content


async def test_the_first_error_is_raised_and_nothing_runs_after_it_stopped(threads: ThreadPoolExecutor) -> None:
    calls = 0

    def broken(_filled: memoryview) -> None:
        nonlocal calls
        calls += 1
        raise OSError(28, "full")

    overlap = Overlap(threads, SIZE, hashlib.sha256(), broken)
    with pytest.raises(OSError, match="full"):
        await overlap.add(some_bytes(20 * SIZE))
    await overlap.stop()
    before = calls
    await asyncio.sleep(0)
    assert calls == before <= DEPTH


async def test_who_is_cancelled_can_wait_for_what_is_under_way(threads: ThreadPoolExecutor) -> None:
    file = File()
    file.go_on.clear()
    overlap = Overlap(threads, SIZE, None, file.write)
    adding = asyncio.ensure_future(overlap.add(some_bytes(20 * SIZE)))
    await asyncio.wait([adding], timeout=0.05)
    adding.cancel()
    await asyncio.wait([adding], timeout=0.05)
    file.go_on.set()
    await asyncio.wait([adding])
    await overlap.stop()
    written = len(file.content)
    await asyncio.sleep(0.01)
    assert adding.cancelled()
    assert len(file.content) == written


def test_calls_of_a_strand_are_in_order_and_never_two_at_a_time(threads: ThreadPoolExecutor) -> None:
    strand, running, seen = Strand(threads), threading.Lock(), list[int]()

    def call(number: int) -> int:
        assert running.acquire(blocking=False), "another one is running"
        seen.append(number)
        running.release()
        return number

    results = [strand.call(call, number) for number in range(2000)]
    assert [result.result(10) for result in results] == seen == list(range(2000))
