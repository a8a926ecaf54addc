"""The machines of one lane of the matrix: servers that may be killed, a second API and a second worker that are not."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec
import psutil

from docvault.ai.embeddings import tokenizer_path
from docvault.local.home import any_port, open_home
from docvault.local.postgres import LocalPostgres
from docvault.local.processes import Child, Program
from docvault.local.redis import LocalRedis
from docvault.resources import Resources, open_resources
from docvault.server.app import create_app
from docvault.server.migrate import migrate
from docvault.server.serve import server
from docvault.server.worker import working
from docvault.settings import Settings, as_environment, load_settings
from ingestion.extract.reader import Reader
from ingestion.jobs import Desk
from tests.faults import actor as acting
from tests.faults.actor import Plan
from tests.faults.cases import Case, Role
from tests.faults.disk import Disk, copied, small_disk
from tests.faults.proxy import Proxy
from tests.people import People
from tests.servers.s3 import s3_server

LEASE = 3.0
REAL_LEASE = Settings().lease
PATIENCE = 60.0
"""Seconds that anything may take before it counts as stuck: the machine may be busy with other things."""

PRELOADED = ["tests.faults.actor"]


class Actor:
    """A process that runs `tests.faults.actor`."""

    def __init__(self, process: BaseProcess, settings: Settings, log: Path) -> None:
        self.process, self.settings, self.log = process, settings, log
        self.ps = psutil.Process(process.pid)
        self.family: list[psutil.Process] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def stopped(self) -> bool:
        return self.alive and self.ps.status() == psutil.STATUS_STOPPED

    @property
    def alive(self) -> bool:
        return self.process.exitcode is None

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def children(self, *marks: str) -> list[psutil.Process]:
        """Those of whose command lines all `marks` are part."""
        found = self.ps.children(recursive=True)
        return [process for process in found if all(mark in " ".join(_command(process)) for mark in marks)]

    async def until_stopped(self) -> bool:
        """False when it ended first."""
        async with asyncio.timeout(PATIENCE):
            while self.alive and not self.stopped:
                await asyncio.sleep(0.01)
        return self.alive

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            while self.process.exitcode is None:
                await asyncio.sleep(0.01)
        return self.process.exitcode


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@dataclass
class World:
    """One of three: over files on a disk, on one that can be filled, and over an S3 server behind a proxy."""

    folder: Path
    settings: Settings
    """As actors have them: on S3, through the proxy."""
    resources: Resources
    """As the tests and the second worker have them."""
    people: People
    reader: Reader
    postgres: LocalPostgres
    redis: LocalRedis
    embedder: Child
    disk: Disk
    proxy: Proxy
    spawner: Any

    def spawn(self, role: Role, plan: Plan, name: str) -> Actor:
        settings = msgspec.structs.replace(self.settings, port=any_port(), worker_jobs=2)
        log = self.folder / f"{name}.log"
        process = self.spawner.Process(
            target=acting.act, args=(role, as_environment(settings), plan, str(log)), daemon=True
        )
        process.start()
        return Actor(process, settings, log)

    def unhurried(self) -> World:
        """With times as people have them."""
        usual = Settings()
        times = {name: getattr(usual, name) for name in ("lease", "heartbeat", "sweep", "retry_delay", "stop_grace")}
        settings = msgspec.structs.replace(self.settings, **times)
        ours = msgspec.structs.replace(self.resources.settings, **times)
        return replace(self, settings=settings, resources=replace(self.resources, settings=ours))

    @asynccontextmanager
    async def relief(self) -> AsyncGenerator[None]:
        """A second worker, in this process."""
        async with working(self.resources, Desk(self.resources, self.reader)):
            yield


@dataclass
class Worlds:
    """They share all servers but the store."""

    on_disk: World
    on_small_disk: World
    on_s3: World

    def of(self, case: Case) -> World:
        if case.on_s3:
            return self.on_s3
        return self.on_small_disk if case.fault == "disk full" else self.on_disk


@contextmanager
def _embedder(child: Child):
    child.start()
    try:
        yield child
    finally:
        child.stop()


@asynccontextmanager
async def open_worlds(models_home: Path) -> AsyncGenerator[Worlds]:
    """`models_home` is a home whose embedding model is ready."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dv-faults-")))
        home = open_home(folder / "home")
        # What is confirmed must be safe when PostgreSQL is killed; the machine itself is not.
        postgres = stack.enter_context(LocalPostgres(home, {"fsync": "off", "full_page_writes": "off"}))
        redis = stack.enter_context(LocalRedis(home))
        disk = stack.enter_context(small_disk(folder / "disk"))
        (folder / "s3").mkdir()
        s3 = stack.enter_context(s3_server(folder / "s3"))
        proxy = await stack.enter_async_context(Proxy(s3.endpoint))
        made = _settings(models_home, folder, redis)
        command = [sys.executable, "-m", "docvault.server.cli", "embed"]
        embedder = stack.enter_context(_embedder(Child(Program("embedder", command, as_environment(made)), home)))
        spawner: Any = multiprocessing.get_context("forkserver")
        spawner.set_forkserver_preload(PRELOADED)
        readers = Reader(made, tokenizer_path(made), 256)
        stack.push_async_callback(readers.close)

        async def world(name: str, actors: dict[str, Any], **ours: Any) -> World:
            own = msgspec.structs.replace(made, port=any_port(), **ours, **_database(postgres, name))
            await migrate(own)
            resources = await stack.enter_async_context(open_resources(own))
            address = await stack.enter_async_context(_serving(own))
            people = await stack.enter_async_context(People(address))
            settings = msgspec.structs.replace(own, **actors)
            return World(folder, settings, resources, people, readers, postgres, redis, embedder, disk, proxy, spawner)

        small = await world("small_disk", {}, storage_path=str(disk.folder / "objects"))
        small.resources.store.local_copy = partial(copied, small.resources.store)
        on_s3 = await world("s3", {"s3_endpoint_url": proxy.url}, **s3.settings)
        yield Worlds(await world("disk", {}), small, on_s3)


def _database(postgres: LocalPostgres, name: str) -> dict[str, str]:
    """Each store with a database of its own: what one does not hold, the other's sweeper must not miss."""
    postgres.create_database(name)
    urls = {"database_url": postgres.service_url, "database_owner_url": postgres.owner_url}
    return {setting: f"{url.rpartition('/')[0]}/{name}" for setting, url in urls.items()}


def _settings(home: Path, folder: Path, redis: LocalRedis) -> Settings:
    return load_settings(
        {},
        home=home,
        storage_path=str(folder / "objects"),
        redis_url=redis.url,
        secret_key="a key that is only good for tests, and long enough",
        embedder=str(folder / "e.sock"),
        chunk_tokens=32,
        lease=LEASE,
        heartbeat=0.5,
        sweep=0.2,
        retry_delay=0.1,
        max_crashes=5,  # a machine that is busy with other things can look like a crash with so short a lease
        stop_grace=4.0,
        s3_timeout=5.0,
        log_level="error",
        log_format="console",
    )


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncGenerator[str]:
    running = server(settings, create_app(settings))
    task = asyncio.create_task(running._serve(None))  # `serve` would take the signals that belong to the tests
    while not running.started:
        if task.done():
            raise RuntimeError("the API did not start") from task.exception()
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        running.should_exit = True
        await task
