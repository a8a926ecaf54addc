"""A question while another person's import is embedded, against the same question on an idle machine, in one run.

    python benchmarks/bench_interference.py [--documents 40] [--questions 60] [--models FOLDER]

Starts a whole DocVault in a temporary home (embedder, API, one worker, PostgreSQL, Redis). One person has 200 passages;
another uploads `--documents` of some 60 passages each. Measured are the vector alone (asked of the embedder by its
socket), and `POST /api/search`, which adds the database. Limits: the median under import at most 3 times the idle one
for the vector, and 4 times for the search; the 95th percentile of the search below 250 ms. `--models` is a home in
which the embedding model was made ready.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec

sys.path.insert(0, str(Path(__file__).parent))

from bench_embedder import WORDS

from docvault.ai.embeddings import Embedder, open_embedder
from docvault.local.home import any_port, open_home
from docvault.local.processes import Supervisor
from docvault.local.up import address, everything
from docvault.settings import Settings, load_settings

VECTOR_LIMIT, SEARCH_LIMIT, SEARCH_P95 = 3.0, 4.0, 250.0
DICE = random.Random(11)


def text(words: int) -> bytes:
    sentences = [" ".join(DICE.choices(WORDS, k=12)).capitalize() + "." for _ in range(words // 12)]
    return "\n\n".join(" ".join(sentences[start : start + 8]) for start in range(0, len(sentences), 8)).encode()


def question() -> str:
    return " ".join(DICE.choices(WORDS, k=7))


async def person(settings: Settings) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=address(settings), timeout=120)
    who = {"email": f"{uuid4().hex}@example.org", "password": "correct horse battery 42"}
    account = (await client.post("/api/auth/register", json=who)).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {account['access_token']}"
    return client


async def upload(client: httpx.AsyncClient, documents: int, words: int) -> list[str]:
    ids: list[str] = []
    for start in range(0, documents, 10):
        files = [("file", (f"{uuid4().hex}.txt", text(words))) for _ in range(min(10, documents - start))]
        answer = (await client.post("/api/documents", files=files)).raise_for_status().json()
        ids += [document["id"] for document in answer["documents"]]
    return ids


async def done(client: httpx.AsyncClient, ids: list[str]) -> int:
    states = [(await client.get(f"/api/documents/{id}")).json()["status"] for id in ids]
    assert "failed" not in states, states
    return states.count("ready")


async def measure(asks: dict[str, Callable[[], Awaitable[Any]]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each way to ask; they take turns."""
    taken: dict[str, list[float]] = {name: [] for name in asks}
    for number in range(rounds + 5):
        for name, ask in asks.items():
            began = time.perf_counter()
            await ask()
            if number >= 5:  # the first ones warm up
                taken[name].append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.05)  # as people do, so that the questions are not themselves the load
    return taken


def show(title: str, taken: dict[str, list[float]]) -> dict[str, tuple[float, float]]:
    found = {name: (statistics.median(times), statistics.quantiles(times, n=20)[-1]) for name, times in taken.items()}
    print(title, *(f"  {name:7} p50 {p50:7.1f} ms, p95 {p95:7.1f} ms" for name, (p50, p95) in found.items()), sep="\n")
    return found


async def run(settings: Settings, embedder: Embedder, arguments: argparse.Namespace) -> int:
    reader, importer = await person(settings), await person(settings)
    own = await upload(reader, 4, 7000)
    while await done(reader, own) < len(own):
        await asyncio.sleep(0.2)

    async def search() -> None:
        hits = (await reader.post("/api/search", json={"query": question()})).raise_for_status().json()["hits"]
        assert hits

    asks = {"vector": lambda: embedder.embed_query(question()), "search": search}
    idle = show("idle", await measure(asks, arguments.questions))
    theirs = await upload(importer, arguments.documents, 8500)
    while await done(importer, theirs) < 1:  # until it runs at full speed
        await asyncio.sleep(0.2)
    busy = show("while another's import is embedded", await measure(asks, arguments.questions))
    left = len(theirs) - await done(importer, theirs)
    print(f"{left} of {len(theirs)} documents were still to do at the end")
    assert left, "the import ended too early: ask for more --documents"
    ratios = {name: busy[name][0] / idle[name][0] for name in asks}
    rows = [
        ("vector, p50 / idle", ratios["vector"], VECTOR_LIMIT),
        ("search, p50 / idle", ratios["search"], SEARCH_LIMIT),
        ("search, p95 in ms", busy["search"][1], SEARCH_P95),
    ]
    for name, value, limit in rows:
        print(f"{name:20s} {value:7.2f}  limit <= {limit:.2f}  {'reached' if value <= limit else 'MISSED'}")
    await reader.aclose()
    await importer.aclose()
    return int(any(value > limit for _, value, limit in rows))


async def main(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="docvault-bench-") as folder:
        path = Path(folder) / "home"
        path.mkdir(mode=0o700)
        if arguments.models:
            (path / "models").symlink_to(Path(arguments.models) / "models")
        home = open_home(path)
        settings = msgspec.structs.replace(load_settings({}, home=path, log_level="warning"), port=any_port())
        with home.locked():
            async with everything(settings, home, Supervisor(), lambda _: None) as (stack, _):
                embedder = await open_embedder(stack.settings)
                try:
                    return await run(stack.settings, embedder, arguments)
                finally:
                    await embedder.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--models", type=Path, default=os.environ.get("DOCVAULT_TEST_MODELS"))
    sys.exit(asyncio.run(main(parser.parse_args())))
