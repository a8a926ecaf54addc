"""Upload throughput: a form taken apart, hashed and put into a store, against writing the same parts with nothing else.

    python benchmarks/bench_upload.py [--mib 512] [--rounds 5]

Both sides write the same random bytes to the same store in turn, and the median of the rounds' ratios is printed for
files on disk and for S3 (`rclone serve s3` on this machine). The target is 0.6 of bare writing. The growth of this
process's memory while the form streams is printed next to it. So is the ratio of the fastest round of each side: a
virtual machine that gives freed memory back to its host (free page reporting) pays up to a second for 512 MiB of page
cache when it touches it again, whichever side that meets. At most two objects of `--mib` exist at any time.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from docvault.settings import MiB, Settings
from docvault.storage import ObjectStore
from docvault.storage.factory import open_store
from docvault.storage.s3 import S3Store
from ingestion.multipart import Limits, parts
from tests.servers.s3 import s3_server

CHUNK = os.urandom(64 * 1024)
"""As an HTTP server hands the body over."""

BOUNDARY = "------------------------d74496d66958873e"
"""As long as the usual clients'; the search for a shorter one is slower."""

TARGET = 0.6


async def form(mib: int) -> AsyncIterator[bytes]:
    yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'.encode()
    for _ in range(mib * MiB // len(CHUNK)):
        yield CHUNK
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


async def ours(store: ObjectStore, mib: int) -> None:
    limits = Limits(max_file_bytes=1 << 50, max_request_bytes=1 << 50, max_files=1)
    async for part in parts(form(mib), f"multipart/form-data; boundary={BOUNDARY}", limits):
        digest = hashlib.sha256()

        await store.put("bench/ours", part, digest)
        digest.digest()
    await store.delete("bench/ours")


async def bare_file(folder: Path, mib: int) -> None:
    def write() -> None:
        part = CHUNK * (MiB // len(CHUNK))
        with (folder / "bare").open("wb", buffering=0) as file:
            for _ in range(mib):
                file.write(part)
            os.fsync(file.fileno())
        (folder / "bare").replace(folder / "bare.done")
        (folder / "bare.done").unlink()

    await asyncio.to_thread(write)


async def bare_s3(store: S3Store, mib: int, part_mib: int = 8) -> None:
    client, where = store._s3._client, {"Bucket": store._s3.bucket, "Key": "bench/bare"}
    upload = await client.create_multipart_upload(**where)
    body, done = CHUNK * (part_mib * MiB // len(CHUNK)), []
    for number in range(1, mib // part_mib + 1):
        answer = await client.upload_part(**where, UploadId=upload["UploadId"], PartNumber=number, Body=body)
        done.append({"PartNumber": number, "ETag": answer["ETag"]})
    await client.complete_multipart_upload(**where, UploadId=upload["UploadId"], MultipartUpload={"Parts": done})
    await client.delete_object(**where)


async def seconds(work: Awaitable[None]) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start


async def compare(
    name: str, mib: int, rounds: int, ours: Callable[[int], Awaitable[None]], bare: Callable[[int], Awaitable[None]]
) -> None:
    await ours(8)
    await bare(8)
    ratios: list[float] = []
    times: list[tuple[float, float]] = []
    grown: list[float] = []
    for number in range(rounds):
        with Memory() as memory:
            mine = await seconds(ours(mib))
        grown.append(memory.growth)
        theirs = await seconds(bare(mib))
        ratios.append(theirs / mine)
        times.append((mine, theirs))
        print(f"{name} {number + 1}: {mib / mine:.0f} MiB/s, bare {mib / theirs:.0f} MiB/s, ratio {ratios[-1]:.2f}")
    fastest = min(theirs for _, theirs in times) / min(mine for mine, _ in times)
    print(
        f"{name}: median ratio {statistics.median(ratios):.2f} (target {TARGET}), of the fastest rounds {fastest:.2f}, "
        f"memory +{max(grown):.0f} MiB\n",
        flush=True,
    )


class Memory:
    """The most resident memory of this process over what it had at first, in MiB."""

    def __enter__(self) -> Memory:
        self._process, self._stop = psutil.Process(), threading.Event()
        self._start = self._peak = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self._peak = max(self._peak, self._process.memory_info().rss)

    @property
    def growth(self) -> float:
        return (self._peak - self._start) / MiB


async def main(mib: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = await open_store(Settings(home=root))
        await compare("files", mib, rounds, lambda size: ours(store, size), lambda size: bare_file(root, size))
        await store.close()
        with s3_server(root) as server:
            bucket = await open_store(Settings(home=root, **server.settings))
            assert isinstance(bucket, S3Store)
            await compare("s3", mib, rounds, lambda size: ours(bucket, size), lambda size: bare_s3(bucket, size))
            await bucket.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=512, help="size of each upload")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.mib, arguments.rounds))
