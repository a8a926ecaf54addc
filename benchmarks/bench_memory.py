"""How a worker's memory grows with the passages that flow through it: not at all.

    python benchmarks/bench_memory.py [--passages 100000] [--document 2000]

One worker process reads documents of `--document` passages each until `--passages` are indexed. The embedding model is
doubled by an endpoint on loopback that answers with made-up vectors at once, for the real one would take hours; all
else is real. Memory is that of the worker and its children (unique set size, the kernel's count of pages that nobody
else has), looked at twice a second. Printed is the highest in each tenth of the way. Limit: the last five tenths at
most 1.15 times the second to the fifth, and at most 64 MiB more.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import bench_workers
import msgspec
import numpy as np
import psutil
import uvicorn
from litestar import Litestar, post
from sqlalchemy import text

from docvault.ai.embeddings import prepare_embedder
from docvault.local.home import any_port, open_home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.resources import Resources, open_resources
from docvault.server.migrate import migrate
from docvault.settings import load_settings
from docvault.unit_of_work import unit_of_work
from ingestion import queries
from ingestion.accept import Received, accept

DIMENSIONS = 384
MIB = 1024 * 1024
LONGEST = 7200.0  # seconds
WORDS = "The keeper of the lighthouse counts the ships that pass the cape and writes their names into his book. "


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--document", type=int, default=2_000, help="passages in each document")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="docvault-bench-") as folder, endpoint() as address:
        home = open_home(Path(folder) / "home")
        with LocalPostgres(home, {"max_wal_size": "4GB"}) as postgres, LocalRedis(home) as redis:
            settings = load_settings(
                {}, home=home.path, database_url=postgres.service_url, database_owner_url=postgres.owner_url,
                redis_url=redis.url, secret_key=uuid4().hex * 2, log_level="error", sweep=0.5,
                embedding_base_url=address, embedding_model="made-up", embedding_api_key="none",
                max_owner_bytes=1 << 40, default_language="en",
            )  # fmt: skip
            await prepare_embedder(settings, lambda _line: None)
            await migrate(settings)
            async with open_resources(settings) as resources:
                owner = await fill(resources, max(1, asked.passages // asked.document), asked.document)
                worker = bench_workers.spawn(settings, "work")
                try:
                    tenths = await flow(resources, owner, worker.pid)
                finally:
                    worker.terminate()
                    worker.wait()
    report(tenths)


@contextmanager
def endpoint() -> Iterator[str]:
    """An OpenAI-compatible endpoint whose vectors mean nothing and cost nothing."""
    vector = np.random.default_rng(7).standard_normal(DIMENSIONS).astype(np.float32)
    written = [round(float(x), 4) for x in vector / np.linalg.norm(vector)]

    @post("/embeddings", status_code=200)
    async def embeddings(data: dict[str, Any]) -> dict[str, Any]:
        texts = data["input"] if isinstance(data["input"], list) else [data["input"]]
        items = [{"object": "embedding", "index": at, "embedding": written} for at in range(len(texts))]
        return {"object": "list", "model": "made-up", "data": items, "usage": {"prompt_tokens": 1, "total_tokens": 1}}

    port = any_port()
    server = uvicorn.Server(uvicorn.Config(Litestar([embeddings], logging_config=None), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


async def fill(resources: Resources, documents: int, passages: int) -> UUID:
    owner = uuid4()
    async with resources.database.transaction(owner) as session:
        await session.execute(
            text("INSERT INTO users (id, email, email_key, password_hash) VALUES (:id, :email, :email, '')"),
            {"id": owner, "email": f"{owner}@example.org"},
        )
    for first in range(0, documents, 100):
        files = [await stored(resources, owner, n, passages) for n in range(first, min(first + 100, documents))]
        async with unit_of_work(resources.database, resources.queue, resources.cache, owner) as unit:
            await accept(unit, resources.settings, files)
    return owner


async def stored(resources: Resources, owner: UUID, number: int, passages: int) -> Received:
    """No two paragraphs alike: what was embedded once is not embedded again."""
    body = "\n\n".join(f"# Day {part} of {number}\n\nBook {number}, {part}. {WORDS * 10}" for part in range(passages))
    raw = body.encode()
    revision = uuid4()
    key = f"{owner}/{revision}"
    async with resources.database.transaction(owner) as session:
        await queries.reserve_object(session, owner, key, 3600)

    async def pieces():
        yield raw

    await resources.store.put(key, pieces())
    return Received(revision, key, f"book-{number}.md", "text/markdown", len(raw), hashlib.sha256(raw).digest())


class Sample(msgspec.Struct):
    passages: int
    bytes: int


async def flow(resources: Resources, owner: UUID, pid: int) -> list[Sample]:
    samples: list[Sample] = []
    until, began = time.monotonic() + LONGEST, time.monotonic()
    query = text(
        "SELECT count(*) FILTER (WHERE status IN ('queued', 'processing')), "
        "count(*) FILTER (WHERE status = 'failed'), coalesce(sum(chunks), 0) FROM documents WHERE owner_id = :owner"
    )
    while time.monotonic() < until:
        async with resources.database.transaction(owner) as session:
            left, failed, passages = (await session.execute(query, {"owner": owner})).one()
        samples.append(Sample(int(passages), memory(pid)))
        if failed:
            raise SystemExit(f"{failed} documents failed")
        if left == 0:
            seconds = time.monotonic() - began
            print(f"{passages:,} passages in {seconds:.0f} s: {passages / seconds:,.0f} a second")
            return samples
        await asyncio.sleep(0.5)
    raise SystemExit(f"it took longer than {LONGEST:.0f} s")


def memory(pid: int) -> int:
    """Bytes that the worker and its children have to themselves."""
    total = 0
    process = psutil.Process(pid)
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().uss
        except psutil.NoSuchProcess:
            continue
    return total


def report(samples: list[Sample]) -> None:
    whole = samples[-1].passages
    tenths = [0] * 10
    for sample in samples:
        at = min(9, sample.passages * 10 // max(1, whole))
        tenths[at] = max(tenths[at], sample.bytes)
    for at, most in enumerate(tenths):
        if most:  # a large document may fill several at once
            print(f"  {whole * (at + 1) // 10:>9,} passages  {most / MIB:6.0f} MiB")
    early, late = max(tenths[1:5]), max(tenths[5:])
    ratio, more = late / early, (late - early) / MIB
    reached = "reached" if ratio <= 1.15 and more <= 64 else "MISSED"
    print(f"second half / first half  {ratio:.2f}, {more:+.0f} MiB  limit <= 1.15 and <= +64 MiB  {reached}")


if __name__ == "__main__":
    asyncio.run(main())
