"""The process under test: a real worker or API that stops itself with SIGSTOP when it comes to a step.

What it runs is `docvault.server.worker.work` and `docvault.server.serve.serve`. Around that, functions are wrapped that
tell what a transaction is about, so that a step like "index: before commit" is found where the statements have been
sent and COMMIT has not. Stopped there, it is killed, frozen for long, or goes on in a world that has changed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial, wraps
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

import docvault.ai.embedding_client as embedding_client
import docvault.library.queries as library
import docvault.server.serve as api
import docvault.server.worker as worker
import ingestion.embed
import ingestion.queries as queries
import ingestion.reading_queries as reading_queries
from docvault.database import Database
from docvault.logging import setup_logging
from docvault.settings import Settings, load_settings
from docvault.storage.files import FileStore
from docvault.storage.s3 import S3Store
from ingestion.extract.confine import die_with_parent
from ingestion.extract.reader import Reader
from ingestion.progress import Progress
from ingestion.queries import Claim
from tests.faults import broken
from tests.faults.cases import Role
from tests.faults.disk import copied

SLICE = 3
"""Passages embedded at a time, so that even short documents have their vectors staged."""
FILE_LIMIT = 1_300_000
"""Bytes: more than is stored when a "store: during" stops, and less than the file has."""

LABELS: dict[ModuleType, dict[str, str]] = {
    queries: {
        "claim": "claim", "beat": "heartbeat", "fail": "fail", "hand_back": "hand back", "adopt_objects": "accept",
        "reserve_object": "note the key", "postpone_object": "sweep, take", "forget_object": "sweep, forget",
    },
    reading_queries: {"known_vectors": "reuse vectors", "stage_vectors": "stage vectors", "serve_revision": "index"},
    library: {"remove": "delete"},
}  # fmt: skip
"""What a transaction is about, by the function that is called in it. The last one called says it."""


class Plan(msgspec.Struct, frozen=True):
    """Where to stop. `bytes` of one object are stored before "store: during"; `copied`: see `tests.faults.disk`."""

    step: str = ""
    filename: str = ""
    slow: bool = False
    broken: str = ""
    copied: bool = False
    bytes: int = 1_200_000


def act(role: Role, environment: dict[str, str], plan: Plan, log: str) -> None:
    """The whole life of the process. Ends as the real one does."""
    os.setsid()
    die_with_parent(os.getppid())
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.update(environment)
    settings = load_settings()
    setup_logging("info", "console")
    signal.signal(signal.SIGUSR1, lambda *_: _limit_files(FILE_LIMIT))
    signal.signal(signal.SIGUSR2, lambda *_: _limit_files(None))
    Stops(role, plan).install()
    if plan.broken:
        broken.KINDS[plan.broken]()
    asyncio.run(_main(role, settings))


def _limit_files(size: int | None) -> None:
    """Where there is no disk to fill: no file may grow beyond `size` bytes, and writing fails half-way as there."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


async def _main(role: Role, settings: Settings) -> None:
    await (worker.work(settings) if role == "worker" else api.serve(settings))


class Stops:
    """Finds the steps, and stops at the one that is wanted, once."""

    def __init__(self, role: Role, plan: Plan) -> None:
        self.role, self.plan = role, plan
        self.reached = False

    def at(self, step: str, filename: str = "") -> None:
        if self.reached or step != self.plan.step:
            return
        if self.plan.filename and filename and filename != self.plan.filename:
            return
        self.reached = True
        print(f"actor: stops at {step} {filename}", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        print("actor: goes on", flush=True)

    def install(self) -> None:
        self._transactions()
        self._stores()
        self._embedder()
        self._reader()

    def _transactions(self) -> None:
        for module, names in LABELS.items():
            for name, label in names.items():
                setattr(module, name, _labelled(getattr(module, name), label))
        original = Database.transaction

        @asynccontextmanager
        async def transaction(database: Database, owner_id: UUID, **more: Any) -> AsyncGenerator[AsyncSession]:
            async with original(database, owner_id, **more) as session:
                yield session
                label, filename = self._label(session)
                self.at(f"{label}: before commit", filename)
            self.at(f"{label}: after commit", filename)

        Database.transaction = transaction

    def _label(self, session: AsyncSession) -> tuple[str, str]:
        labels: dict[str, str] = session.info.get("labels", {})
        if not labels:
            return "", ""
        last, filename = list(labels.items())[-1]
        if "accept" in labels and "index" in labels:
            last = "unpack"
        if last == "note the key" and self.role == "worker":
            last = "note members"
        return last, filename

    def _stores(self) -> None:
        during, after = "store: during", "store: after"
        if self.role == "worker":
            during, after = "store a member: during", ""
        for store in (FileStore, S3Store):
            store.put = self._put(store.put, during, after)
            store.local_copy = self._local_copy(copied if self.plan.copied else store.local_copy)
            store.delete = self._delete(store.delete)

    def _put(self, original: Any, during: str, after: str) -> Any:
        async def slowed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in chunks:
                yield chunk
                size += len(chunk)
                if size > self.plan.bytes:
                    await asyncio.sleep(0.02)  # what is full is being written
                    self.at(during)

        async def put(store: Any, key: str, chunks: AsyncIterator[bytes], digest: Any = None) -> int:
            size: int = await original(store, key, slowed(chunks), digest)
            self.at(after)
            return size

        return put

    def _local_copy(self, original: Any) -> Any:
        @asynccontextmanager
        async def local_copy(store: Any, key: str, folder: Path) -> AsyncGenerator[Path]:
            self.at("fetch: before")
            async with original(store, key, folder) as path:
                yield path

        return local_copy

    def _delete(self, original: Any) -> Any:
        async def delete(store: Any, key: str) -> None:
            await original(store, key)
            self.at("sweep: removed")

        return delete

    def _embedder(self) -> None:
        ingestion.embed.SLICE = SLICE
        original = embedding_client.RemoteEmbedder.embed

        async def embed(embedder: Any, texts: Sequence[str]) -> Any:
            asking = asyncio.ensure_future(original(embedder, texts))
            for _ in range(10):  # until the request is on its way
                await asyncio.sleep(0)
            self.at("embed: during")
            return await asking

        embedding_client.RemoteEmbedder.embed = embed

    def _reader(self) -> None:
        if self.plan.slow:
            slow = partial(Reader, extractors={"text/plain": "tests.faults.slow:extract"})
            worker.Reader = slow
        original = Progress.pages

        def pages(progress: Progress, done: int, total: int, share: float) -> None:
            original(progress, done, total, share)
            self.at("extract: during")

        Progress.pages = pages


def _labelled(original: Callable[..., Any], label: str) -> Callable[..., Any]:
    @wraps(original)
    async def labelled(session: AsyncSession, *arguments: Any, **more: Any) -> Any:
        result = await original(session, *arguments, **more)
        labels = session.info.setdefault("labels", {})
        labels.pop(label, None)
        labels[label] = next((found.filename for found in (result, *arguments) if isinstance(found, Claim)), "")
        return result

    return labelled
