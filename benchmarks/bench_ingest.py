"""Ingestion end to end against the embedder alone on the same passages, side by side in one run.

    python benchmarks/bench_ingest.py [--set financebench --set squad] [--files 200] [--rounds 2]

Starts a whole DocVault in a temporary home (API, one worker, PostgreSQL, Redis, files on disk), uploads documents of
`DOCVAULT_CORPORA` (without it, this project's small files many times over), and waits until all can be searched. Then
the same passages go through the same embedder in a process that does nothing else. The limit is 1.0: a pipeline that
keeps every core in the embedder. `accepted` is until the last upload was answered, `searchable` until all are ready.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from sqlalchemy import text

from docvault.ai.embeddings import open_embedder
from docvault.database import open_database
from docvault.local.home import any_port, open_home
from docvault.local.processes import Supervisor
from docvault.local.up import address, everything
from docvault.settings import Settings, load_settings

BATCH = 20  # files in one request


def documents(sets: list[str], most: int) -> list[tuple[str, bytes]]:
    corpora = os.environ.get("DOCVAULT_CORPORA")
    if corpora:
        folders = [Path(corpora) / name / "files" for name in sets]
        paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()][:most]
        return [(path.name, path.read_bytes()) for path in paths]
    print("DOCVAULT_CORPORA is not set: this project's own small files, each made different, stand in.")
    own = sorted((Path(__file__).parent.parent / "tests" / "corpus").glob("*.md"))
    return [(f"{n}-{own[0].name}", own[0].read_bytes() + f"\n\nNumber {n}.\n".encode() * 200) for n in range(most)]


async def end_to_end(settings: Settings, files: list[tuple[str, bytes]]) -> tuple[float, float, UUID]:
    """Seconds until accepted, seconds until searchable, and whose documents they are."""
    async with httpx.AsyncClient(base_url=address(settings), timeout=600) as client:
        who = {"email": f"{uuid4().hex}@example.org", "password": "correct horse battery 42"}
        account = (await client.post("/api/auth/register", json=who)).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {account['access_token']}"
        began = time.perf_counter()
        ids: list[str] = []
        for start in range(0, len(files), BATCH):
            parts = [("file", file) for file in files[start : start + BATCH]]
            answer = (await client.post("/api/documents", files=parts)).raise_for_status().json()
            ids += [document["id"] for document in answer["documents"]]
        accepted = time.perf_counter() - began
        failed = [error for id in dict.fromkeys(ids) if (error := await _settled(client, id))]
        print(f"  {len(set(ids))} documents, {len(failed)} failed {sorted(failed)[:3]}")
        return accepted, time.perf_counter() - began, UUID(account["user"]["id"])


async def _settled(client: httpx.AsyncClient, id: str) -> str | None:
    while True:
        document: dict[str, Any] = (await client.get(f"/api/documents/{id}")).raise_for_status().json()
        if document["status"] in ("ready", "failed"):
            return document["error"] and document["error"]["code"]
        await asyncio.sleep(0.2)


async def passages(settings: Settings, owner: UUID) -> list[str]:
    """What the embedder was given, document by document."""
    database = open_database(settings)
    try:
        async with database.transaction(owner) as session:
            rows = await session.execute(text("SELECT context, text FROM chunks ORDER BY document_id, ordinal"))
            return [f"{row.context}\n{row.text}" if row.context else row.text for row in rows]
    finally:
        await database.close()


async def alone(settings: Settings, texts: list[str]) -> float:
    embedder = await open_embedder(settings)
    try:
        await embedder.embed(texts[:64])
        began = time.perf_counter()
        for start in range(0, len(texts), 1024):
            await embedder.embed(texts[start : start + 1024])
        return time.perf_counter() - began
    finally:
        await embedder.close()


async def main(arguments: argparse.Namespace) -> None:
    files = documents(arguments.set or ["financebench", "mmlongbench", "squad"], arguments.files)
    size = sum(len(content) for _, content in files) / 1e6
    with tempfile.TemporaryDirectory(prefix="docvault-bench-") as folder:
        base = load_settings({}, home=Path(folder) / "home", log_level="warning")
        for round in range(arguments.rounds):
            home = open_home(base.home)
            settings = msgspec.structs.replace(base, port=any_port())
            with home.locked():
                async with everything(settings, home, Supervisor(), lambda _: None) as (stack, _):
                    print(f"round {round + 1}: {len(files)} files, {size:.1f} MB")
                    accepted, searchable, owner = await end_to_end(stack.settings, files)
                    texts = await passages(stack.settings, owner)
            only = await alone(base, texts)
            print(f"  accepted after {accepted:.1f} s ({len(files) / accepted * 60:.0f} files a minute)")
            print(
                f"  searchable after {searchable:.1f} s: {len(texts)} passages, {len(texts) / searchable:.0f} a second"
            )
            print(f"  the embedder alone {only:.1f} s: {len(texts) / only:.0f} a second")
            print(f"  ratio {only / searchable:.2f} of the embedder alone")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", help="folder of DOCVAULT_CORPORA with a folder `files`")
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=1)
    asyncio.run(main(parser.parse_args()))
