"""A real browser before the real page: one Chromium for the folder, a fresh window with nothing in it for each test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import text

from docvault.local.home import any_port
from docvault.local.samples import sample_files
from docvault.resources import Resources
from docvault.server.worker import working
from docvault.settings import Provider, Settings
from docvault.web.build import STATIC, is_due
from ingestion.extract.reader import Reader
from ingestion.jobs import Desk
from tests.browser.models import BROKEN, GOOD, LONG, SILENT, models
from tests.browser.windows import Window, Windows
from tests.conftest import CORPUS, serving
from tests.people import People, Person
from tests.servers.openai_server import openai_server

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
READ = ("report.pdf", "guide.md", "log.txt", "turned.pdf")
"""Of `tests/corpus`: what the reader of these tests has, beside the samples."""


@pytest.fixture(scope="package")
def built() -> Path:
    if is_due() or not (STATIC / "index.html").exists():
        pytest.fail("The page is not built, or older than its source. Build it: python -m docvault.web.build")
    return STATIC


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail("These tests need Chromium. Install it: apt-get install chromium (on a Mac: Google Chrome)")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        await running.close()


@pytest.fixture(scope="package")
async def address(settings: Settings, built: Path) -> AsyncIterator[str]:
    """Over the vault of all tests, but with language models: one answers, one is broken."""
    async with openai_server() as provider:
        models(provider)
        acme = Provider("acme", [GOOD, LONG, SILENT, BROKEN], provider.base_url, "sk-test")
        changed = msgspec.structs.replace(settings, port=any_port(), providers=[acme])
        async with serving(changed) as url:
            yield url


@pytest.fixture(scope="package")
async def people(address: str) -> AsyncIterator[People]:
    async with People(address) as made:
        yield made


@pytest.fixture(scope="package")
async def reading(resources: Resources, document_reader: Reader) -> AsyncIterator[None]:
    """A worker: what is uploaded is read."""
    async with working(resources, Desk(resources, document_reader)):
        yield


@pytest.fixture(scope="package")
async def reader(people: People, admin: Person, reading: None) -> Person:
    """Somebody with documents, and not the first one, who would be an administrator. Tests change none of them."""
    person = await people.new()
    added = await person.add(*sample_files())
    added += await person.add(*(CORPUS / name for name in READ), folder="Reports/2026", tags="kept")
    assert {document["status"] for document in added} == {"ready"}, added
    return person


@pytest.fixture(scope="package")
async def admin(people: People, resources: Resources) -> Person:
    person = await people.new()
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE users SET is_admin = true WHERE id = :id"), {"id": person.id})
    return person


@pytest.fixture
async def windows(browser: Browser, address: str) -> AsyncIterator[Windows]:
    """Opens windows, each with cookies and caches of its own. What their consoles complain about fails the test."""
    made = Windows(browser, address)
    yield made
    await made.close()


@pytest.fixture
async def window(windows: Windows) -> Window:
    return await windows.open()


@pytest.fixture
async def inside(windows: Windows, people: People) -> tuple[Page, Person]:
    """A new person in their empty library."""
    person = await people.new()
    window = await windows.open(person)
    await window.go("/library")
    return window.page, person


Enter = Callable[[Person], Awaitable[Page]]
