"""Search latency: the service against the embedding of the question and the bare SQL, in one run.

    python benchmarks/bench_search.py [--chunks 10000] [--others 100000] [--questions 40] [--rounds 3] [--models FOLDER]

One person has `--chunks` passages in a vault that nobody else uses, and the same ones in a second vault beside
`--others` more, which ten others share. Every question is asked in turn, in one vault and then in the other,
- bare: its embedding, then one transaction with an exact scan of the vectors and PostgreSQL's own `ts_rank` over the
  words (no document frequency, no fusion, no text), on the database's driver alone;
- by `search.retrieve.retrieve`, in this process;
- over HTTP, by `POST /api/search`.

Printed are the medians and their ratios to bare (target 1.5), and what the others' passages change: the median of each
question's ratio (target 1.05). A machine's speed drifts from one minute to the next by more than that; hence two vaults
at the same time.
The words are drawn from a made-up vocabulary by Zipf's law, 150 a passage; vectors are random. `--models` is a home in
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
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from docvault.ai.embeddings import prepare_embedder
from docvault.local.home import any_port, open_home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.logging import setup_logging
from docvault.resources import Resources, open_resources
from docvault.server.migrate import migrate
from docvault.settings import load_settings
from search.queries import halfvec
from search.retrieve import Query, retrieve
from tests.conftest import serving

TARGET, OTHERS_TARGET = 1.5, 1.05
WORDS_A_PASSAGE = 150
PASSAGES_A_DOCUMENT = 50
OTHER_PEOPLE = 10
DICE = random.Random(7)
VOCABULARY = [
    "".join(DICE.choices("bcdfghklmnprst", k=1) + DICE.choices("aeiou", k=1)) * 2 + f"{n:x}" for n in range(20_000)
]
WEIGHTS = [1 / (n + 10) for n in range(len(VOCABULARY))]


def passage() -> str:
    return " ".join(DICE.choices(VOCABULARY, WEIGHTS, k=WORDS_A_PASSAGE))


def question() -> str:
    """Ten words: six as common as in passages, four rarer."""
    return " ".join(DICE.choices(VOCABULARY, WEIGHTS, k=6) + DICE.choices(VOCABULARY, k=4))


async def fill(connection: asyncpg.Connection, owner_id: UUID, texts: list[str], model: str, dimensions: int) -> None:
    """One person's passages, as the service would write them."""
    vectors = np.random.default_rng(1).normal(size=(len(texts), dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.owner_id', $1, true)", str(owner_id))
        for start in range(0, len(texts), PASSAGES_A_DOCUMENT):
            part = texts[start : start + PASSAGES_A_DOCUMENT]
            document, revision, ids = uuid4(), uuid4(), [uuid4() for _ in part]
            await connection.execute(_DOCUMENT, owner_id, document, revision, len(part), len(part) * WORDS_A_PASSAGE)
            await connection.execute(_REVISION, owner_id, document, revision, str(uuid4()))
            await connection.execute(_CHUNKS, owner_id, document, revision, ids, part, WORDS_A_PASSAGE)
            rows = [halfvec(vector.tolist()) for vector in vectors[start : start + PASSAGES_A_DOCUMENT]]
            await connection.execute(_VECTORS, owner_id, document, ids, rows, model)


_DOCUMENT = """
    INSERT INTO documents (owner_id, id, revision_id, filename, status, stage, language, chunks, tokens)
    VALUES ($1, $2, $3, 'bench.txt', 'ready', 'ready', 'en', $4, $5)
"""
_REVISION = """
    INSERT INTO revisions (owner_id, document_id, id, object_key, size_bytes, sha256, content_type)
    VALUES ($1, $2, $3, $4, 1, '', 'text/plain')
"""
_CHUNKS = """
    INSERT INTO chunks (owner_id, id, document_id, revision_id, ordinal, page, start_offset, end_offset, text, tokens,
        config, tsv)
    SELECT $1, id, $2, $3, n, 1, 0, length(words), words, $6, 'english', to_tsvector('english', words)
    FROM unnest($4::uuid[], $5::text[]) WITH ORDINALITY AS t (id, words, n)
"""
_VECTORS = """
    INSERT INTO chunk_vectors (owner_id, chunk_id, model_id, document_id, embedding)
    SELECT $1, id, $5, $2, vector::halfvec FROM unnest($3::uuid[], $4::text[]) AS t (id, vector)
"""
_BARE_VECTORS = """
    SELECT chunk_id, embedding <#> (SELECT $3::text::halfvec) FROM chunk_vectors
    WHERE owner_id = $1 AND model_id = $2 ORDER BY 2 LIMIT 100
"""
_BARE_WORDS = """
    SELECT id, ts_rank(tsv, (SELECT $2::text::tsquery)) FROM chunks
    WHERE owner_id = $1 AND tsv @@ (SELECT $2::text::tsquery) ORDER BY 2 DESC LIMIT 100
"""


async def new_user(connection: asyncpg.Connection) -> UUID:
    id = uuid4()
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.owner_id', $1, true)", str(id))
        await connection.execute(
            "INSERT INTO users (id, email, email_key, password_hash) VALUES ($1, $2, $2, '')", id, f"{id}@example.org"
        )
    return id


class Sides:
    """The same question to one vault, asked three ways."""

    def __init__(
        self, resources: Resources, connection: asyncpg.Connection, http: httpx.AsyncClient, owner_id: UUID
    ) -> None:
        self.resources = resources
        self.connection = connection
        self.http = http
        self.owner_id = owner_id

    async def bare(self, text: str) -> None:
        vector = halfvec((await self.resources.embedder.embed_query(text)).tolist())
        words = " | ".join(f"'{word}'" for word in text.split())
        async with self.connection.transaction():
            await self.connection.execute("SELECT set_config('app.owner_id', $1, true)", str(self.owner_id))
            await self.connection.fetch(_BARE_VECTORS, self.owner_id, self.resources.embedder.model_id, vector)
            await self.connection.fetch(_BARE_WORDS, self.owner_id, words)

    async def service(self, text: str) -> None:
        assert len(await retrieve(self.resources, self.owner_id, Query(text, 10))) == 10

    async def over_http(self, text: str) -> None:
        answer = await self.http.post("/api/search", json={"query": text})
        assert len(answer.json()["hits"]) == 10, answer.text


Taken = dict[str, list[float]]
"""Milliseconds of each side, in the order of the questions."""


async def measure(vaults: Sequence[Sides], questions: list[str], rounds: int) -> list[Taken]:
    """Of each vault; vaults and sides take turns at every question."""
    taken: list[Taken] = [{name: [] for name in ("bare", "service", "http")} for _ in vaults]
    for number in range(rounds + 1):
        for text in questions:
            for sides, times in zip(vaults, taken, strict=True):
                asked = {"bare": sides.bare, "service": sides.service, "http": sides.over_http}
                for name, ask in asked.items():
                    start = time.perf_counter()
                    await ask(text)
                    if number:  # the first round warms up
                        times[name].append((time.perf_counter() - start) * 1000)
    return taken


def report(title: str, taken: Taken) -> None:
    print(title)
    bare = statistics.median(taken["bare"])
    for name, times in taken.items():
        took = statistics.median(times)
        print(f"  {name:8} p50 {took:8.1f} ms   {took / bare:5.2f} of bare (target {TARGET})")


def change(alone: Taken, beside: Taken, name: str) -> float:
    return statistics.median(b / a for a, b in zip(alone[name], beside[name], strict=True))


async def main(arguments: argparse.Namespace) -> None:
    texts = [passage() for _ in range(arguments.chunks)]
    theirs = [passage() for _ in range(arguments.others)]
    questions = [question() for _ in range(arguments.questions)]
    async with AsyncExitStack() as stack:
        vaults = [await stack.enter_async_context(filled(arguments.models, texts, []))]
        if theirs:
            vaults.append(await stack.enter_async_context(filled(arguments.models, texts, theirs)))
        alone, *others = await measure(vaults, questions, arguments.rounds)
    report(f"{len(texts):,} passages, nobody else's", alone)
    for beside in others:
        report(f"the same beside {len(theirs):,} of others", beside)
        print(
            f"others' passages change the service to {change(alone, beside, 'service'):.2f} of what it was "
            f"(target {OTHERS_TARGET}), the bare SQL to {change(alone, beside, 'bare'):.2f}"
        )


@asynccontextmanager
async def filled(models: Path | None, texts: list[str], theirs: list[str]) -> AsyncIterator[Sides]:
    """A vault in which one person has `texts`, and ten others have `theirs`."""
    async with opened(models) as (resources, connection, client):
        answer = await client.post(
            "/api/auth/register", json={"email": "bench@example.org", "password": "correct horse battery"}
        )
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        sides = Sides(resources, connection, client, UUID(answer.json()["user"]["id"]))
        model, dimensions = resources.embedder.model_id, resources.embedder.dimensions
        await fill(connection, sides.owner_id, texts, model, dimensions)
        for n in range(OTHER_PEOPLE if theirs else 0):
            await fill(connection, await new_user(connection), theirs[n::OTHER_PEOPLE], model, dimensions)
        await analyze(resources)
        yield sides


async def analyze(resources: Resources) -> None:
    connection = await asyncpg.connect(resources.settings.database_owner_url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


@asynccontextmanager
async def opened(models: Path | None) -> AsyncIterator[tuple[Resources, asyncpg.Connection, httpx.AsyncClient]]:
    """A database, a Redis and the API, for this run alone."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="docvault-bench-"))
        home = open_home(Path(folder))
        postgres = stack.enter_context(LocalPostgres(home))
        redis = stack.enter_context(LocalRedis(home))
        settings = load_settings(
            {}, home=models or home.path, port=any_port(), storage_path=str(home.path / "objects"),
            database_url=postgres.service_url, database_owner_url=postgres.owner_url, redis_url=redis.url,
            secret_key="x" * 32, log_level="warning",
        )  # fmt: skip
        setup_logging("warning", "console")
        await prepare_embedder(settings)
        await migrate(settings)
        resources = await stack.enter_async_context(open_resources(settings))
        connection = await asyncpg.connect(settings.database_url, server_settings={"jit": "off"})
        stack.push_async_callback(connection.close)
        address = await stack.enter_async_context(serving(settings))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=60))
        yield resources, connection, client


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--others", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", type=Path, default=os.environ.get("DOCVAULT_TEST_MODELS"))
    asyncio.run(main(parser.parse_args()))
