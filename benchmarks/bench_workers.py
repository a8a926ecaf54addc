"""Does a second worker help, and a fourth? The same documents read by 1, 2 and 4 worker processes.

Every round has databases of its own, the same files and one embedder process for all, as `docvault up` has. On a
machine with C cores more workers than C cannot be faster: what is looked at is that they are no slower, and that none
reads a document that another has (attempts beyond the first are counted).

    python benchmarks/bench_workers.py [--documents 300] [--rounds 1]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text

from docvault.ai.embeddings import prepare_embedder
from docvault.local.home import open_home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.resources import Resources, open_resources
from docvault.server.migrate import migrate
from docvault.settings import Settings, as_environment, load_settings
from docvault.unit_of_work import unit_of_work
from ingestion.accept import Received, accept

WORDS = "The keeper of the lighthouse counts the ships that pass the cape, and writes their names into his book. "
COMMAND = (sys.executable, "-m", "docvault.server.cli")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    models = load_settings({}, home=Path(os.environ.get("DOCVAULT_HOME", "~/.docvault")).expanduser())
    await prepare_embedder(models, print)
    print(f"{len(os.sched_getaffinity(0))} cores, {asked.documents} documents of about 5 passages")
    for _ in range(asked.rounds):
        alone = 0.0
        for workers in (1, 2, 4):
            seconds, attempts = await one(models, workers, asked.documents)
            alone = alone or seconds
            print(
                f"{workers} worker{'s' if workers > 1 else ' '}  {asked.documents / seconds:6.1f} documents/s   "
                f"{alone / seconds:5.2f} of one worker   {attempts - asked.documents} read twice",
                flush=True,
            )


async def one(models: Settings, workers: int, documents: int) -> tuple[float, int]:
    """Seconds from the workers' first look until the last document is ready, and how many attempts that took."""
    with tempfile.TemporaryDirectory(prefix="docvault-bench-") as folder:
        home = open_home(Path(folder) / "home")
        (home.path / "models").symlink_to(models.models_path)
        with LocalPostgres(home) as postgres, LocalRedis(home) as redis:
            settings = load_settings(
                {}, home=home.path, database_url=postgres.service_url, database_owner_url=postgres.owner_url,
                redis_url=redis.url, secret_key=uuid4().hex * 2, log_level="error", sweep=0.2,
                embedder=str(Path(folder) / "embedder.sock"),
            )  # fmt: skip
            await migrate(settings)
            async with open_resources(msgspec.structs.replace(settings, embedder="")) as resources:
                owner = await fill(resources, documents)
                processes = [spawn(settings, "embed")]
                try:
                    processes += [spawn(settings, "work") for _ in range(workers)]
                    return await finished(resources, owner, documents)
                finally:
                    for process in processes:
                        process.terminate()
                    for process in processes:
                        process.wait()


def spawn(settings: Settings, command: str) -> subprocess.Popen[bytes]:
    environment = as_environment(msgspec.structs.replace(settings, database_owner_url=""))
    return subprocess.Popen([*COMMAND, command], env=environment)


async def fill(resources: Resources, documents: int) -> UUID:
    owner = uuid4()
    async with resources.database.transaction(owner) as session:
        await session.execute(
            text("INSERT INTO users (id, email, email_key, password_hash) VALUES (:id, :email, :email, '')"),
            {"id": owner, "email": f"{owner}@example.org"},
        )
    files = [await stored(resources, owner, number) for number in range(documents)]
    async with unit_of_work(resources.database, resources.queue, resources.cache, owner) as unit:
        await accept(unit, resources.settings, files)
    return owner


async def stored(resources: Resources, owner: UUID, number: int) -> Received:
    import hashlib

    from ingestion import queries

    body = "\n\n".join(f"Page {part} of book {number}. {WORDS * 6}" for part in range(5)).encode()
    revision = uuid4()
    key = f"{owner}/{revision}"
    async with resources.database.transaction(owner) as session:
        await queries.reserve_object(session, owner, key, 3600)

    async def pieces():
        yield body

    await resources.store.put(key, pieces())
    return Received(revision, key, f"book-{number}.txt", "text/plain", len(body), hashlib.sha256(body).digest())


async def finished(resources: Resources, owner: UUID, documents: int) -> tuple[float, int]:
    """Counted from the first claim, so that starting processes is not measured."""
    query = text(
        "SELECT count(*) FILTER (WHERE status = 'ready'), sum(attempt), min(started_at), max(finished_at), "
        "count(*) FILTER (WHERE status = 'failed') FROM documents"
    )
    until = time.monotonic() + 1800
    while time.monotonic() < until:
        async with resources.database.transaction(owner) as session:
            ready, attempts, first, last, failed = (await session.execute(query)).one()
        if failed:
            raise SystemExit(f"{failed} documents failed")
        if ready == documents:
            return (last - first).total_seconds(), int(attempts)
        await asyncio.sleep(0.2)
    raise SystemExit("it took longer than half an hour")


if __name__ == "__main__":
    asyncio.run(main())
