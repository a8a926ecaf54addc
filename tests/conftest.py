"""Real servers for the whole run: one PostgreSQL and one Redis in a temporary home, the API on a socket, a worker.

Tests share them and stand apart by person: each makes accounts of its own, and nobody sees another's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar

from docvault.ai.embeddings import prepare_embedder, tokenizer_path
from docvault.local.home import Home, any_port, open_home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.logging import setup_logging
from docvault.resources import Resources, open_resources
from docvault.server.app import create_app
from docvault.server.migrate import migrate
from docvault.server.serve import server
from docvault.server.worker import working
from docvault.settings import Settings, load_settings
from ingestion.extract.reader import Reader
from ingestion.jobs import Desk
from tests.people import People

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="docvault-tests-") as folder:
        yield open_home(Path(folder) / "home")


@pytest.fixture(scope="session")
def postgres(home: Home) -> Iterator[LocalPostgres]:
    with LocalPostgres(home, {"fsync": "off", "synchronous_commit": "off"}) as running:
        yield running


@pytest.fixture(scope="session")
def redis(home: Home) -> Iterator[LocalRedis]:
    with LocalRedis(home) as running:
        yield running


@pytest.fixture(scope="session")
async def embedding_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose embedding model is ready: made once a run, for it takes half a minute."""
    if given := os.environ.get("DOCVAULT_TEST_MODELS"):
        path = Path(given)
    else:
        path, base = tmp_path_factory.mktemp("embedding-home"), tmp_path_factory.getbasetemp()
        # All processes of a run share it: theirs are folders in that of the run.
        models = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "models"
        models.mkdir(mode=0o700, exist_ok=True)
        (path / "models").symlink_to(models)
    await prepare_embedder(load_settings({}, home=path))
    return path


@pytest.fixture(scope="session")
async def settings(home: Home, postgres: LocalPostgres, redis: LocalRedis, embedding_home: Path) -> Settings:
    made = load_settings(
        {},
        home=embedding_home,
        port=any_port(),
        storage_path=str(home.path / "objects"),
        database_url=postgres.service_url,
        database_owner_url=postgres.owner_url,
        redis_url=redis.url,
        secret_key="a key that is only good for tests, and long enough",
        log_level="warning",
        log_format="console",
        max_file_bytes=2_000_000,
        max_request_bytes=5_000_000,
        max_request_files=20,
        retry_delay=0.05,
        sweep=0.2,
        heartbeat=0.2,
        lease=5.0,  # what is alive must not be called dead on a busy machine
    )
    setup_logging(made.log_level, made.log_format)
    await migrate(made)
    return made


@pytest.fixture(scope="session")
async def resources(settings: Settings) -> AsyncIterator[Resources]:
    async with open_resources(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
async def app(settings: Settings) -> Litestar:
    return create_app(settings)


@pytest.fixture(scope="session")
async def address(settings: Settings) -> AsyncIterator[str]:
    """The API behind a real socket."""
    async with serving(settings) as url:
        yield url


@contextlib.asynccontextmanager
async def serving(settings: Settings, app: Litestar | None = None) -> AsyncIterator[str]:
    running = server(settings, app or create_app(settings))
    task = asyncio.create_task(running._serve(None))  # `serve` would take the signals that belong to pytest
    while not running.started:
        if task.done():
            raise RuntimeError("the API did not start") from task.exception()
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        running.should_exit = True
        await task


@pytest.fixture(scope="session")
async def document_reader(resources: Resources) -> AsyncIterator[Reader]:
    settings = resources.settings
    made = Reader(settings, tokenizer_path(settings), resources.embedder.max_tokens)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def worker(resources: Resources, document_reader: Reader) -> AsyncIterator[Desk]:
    """A worker in this process, for the tests of a module that asks for one: what is uploaded is read."""
    desk = Desk(resources, document_reader)
    async with working(resources, desk):
        yield desk


@pytest.fixture(scope="session")
async def people(address: str) -> AsyncIterator[People]:
    async with People(address) as made:
        yield made


@pytest.fixture
def corpus() -> Path:
    """Small files of every format, made by `tests/corpus/make.py`."""
    return CORPUS


@pytest.fixture
def changed(settings: Settings):
    """The settings with something else: `changed(max_attempts=1)`."""
    return lambda **values: msgspec.structs.replace(settings, **values)
