"""The page without a connection, after sign-out, and when a newer version of it comes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import Page, expect

from docvault.server.middleware import RequestContext
from docvault.server.pages import page_routes
from docvault.server.problems import on_error
from tests.browser.windows import Window, Windows, until
from tests.people import People, Person

NO_NET = (
    r"net::ERR_INTERNET_DISCONNECTED",
    r"net::ERR_FAILED",
    r"net::ERR_NETWORK",
    r"Failed to load resource",
    r"DocVault cannot be reached",
)
KEPT = """async () => {
    const seen = (await caches.keys()).filter((name) => name.startsWith("docvault-seen-"));
    const paths = [];
    for (const name of seen) for (const request of await (await caches.open(name)).keys()) {
        if (request.headers.get("Authorization")) throw new Error("a token is kept");
        paths.push(new URL(request.url).pathname);
    }
    return { seen, paths };
}"""


async def seen_by(window: Window) -> Page:
    """The library, twice: the first time the service worker was not there yet."""
    page = await window.go("/library")
    await window.kept()
    await page.reload()
    await expect(page.get_by_role("row").filter(has_text="station-handbook.pdf")).to_be_visible()
    return page


async def test_without_a_connection_what_was_seen_is_there(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    window.allow(*NO_NET)
    page = await seen_by(window)
    await window.context.set_offline(True)
    await expect(page.get_by_text("What you saw before is still here")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("What you saw before is still here")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="station-handbook.pdf")).to_be_visible()
    await expect(page.get_by_role("button", name=f"Your account: {reader.email}")).to_be_visible()
    await page.get_by_role("link", name="Chat").first.click()
    await expect(page.get_by_label("Your question")).to_be_visible()

    await window.context.set_offline(False)
    await expect(page.get_by_text("What you saw before is still here")).to_have_count(0)
    await page.goto(f"{window.address}/search?q=dive plan")
    await expect(page.locator("a[data-hit]").first).to_be_visible()


async def test_nothing_is_kept_of_those_who_left(windows: Windows, reader: Person, people: People) -> None:
    window = await windows.open(reader)
    page = await seen_by(window)
    kept = await page.evaluate(KEPT)
    assert kept["seen"] == [f"docvault-seen-{reader.id}"]
    assert "/api/documents" in kept["paths"]
    assert not [path for path in kept["paths"] if path.startswith(("/api/auth", "/api/events", "/api/search"))]

    await page.get_by_role("button", name=f"Your account: {reader.email}").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await until(page, f"({KEPT})().then((kept) => kept.seen.length === 0)")
    window.allow(*NO_NET)
    await window.context.set_offline(True)
    await page.goto(f"{window.address}/library")
    await expect(page.get_by_text("station-handbook.pdf")).to_have_count(0)
    await window.context.set_offline(False)


class Served:
    """The page alone, from a folder of its own, so that a newer version can take its place."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def publish(self, version: str) -> None:
        """As a build would, with a version of its own."""
        before = self.version()
        for name in ("index.html", "sw.js"):
            path = self.folder / name
            path.write_text(path.read_text(encoding="utf-8").replace(before, version), encoding="utf-8")
            for twin in (".br", ".gz"):
                (self.folder / f"{name}{twin}").unlink(missing_ok=True)

    def version(self) -> str:
        return (self.folder / "index.html").read_text(encoding="utf-8").split('data-version="')[1].split('"')[0]


@pytest.fixture
async def served(built: Path, tmp_path: Path) -> AsyncIterator[Served]:
    folder = tmp_path / "static"
    shutil.copytree(built, folder)
    app = Litestar(page_routes(folder), exception_handlers={Exception: on_error}, openapi_config=None)
    around: Any = RequestContext(app)
    async with alone(around) as url:
        yield Served(folder, url)


@contextlib.asynccontextmanager
async def alone(app: Any) -> AsyncGenerator[str]:
    running = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(running._serve([listening]))  # `serve` would take the signals that are pytest's
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        running.should_exit = True
        await task


async def test_a_newer_version_waits_until_the_person_takes_it(served: Served, windows: Windows) -> None:
    window = await windows.open(address=served.url)
    window.allow(r"Failed to load resource.*404 .*/api/")
    page = await window.go("/sign-in")
    await window.kept()
    old = served.version()
    served.publish("0123456789abcdef")
    await page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => undefined)")
    await expect(page.get_by_text("A newer version of this page is ready.").first).to_be_visible()
    assert await page.evaluate("document.documentElement.dataset.version") == old
    await page.get_by_role("button", name="Reload").click()
    await until(page, "document.documentElement.dataset.version === '0123456789abcdef'")
    await window.context.set_offline(True)
    window.allow(*NO_NET)
    await page.reload()
    await until(page, "document.documentElement.dataset.version === '0123456789abcdef'")
    await window.context.set_offline(False)


async def test_a_page_that_is_new_already_asks_for_nothing(served: Served, windows: Windows) -> None:
    window = await windows.open(address=served.url)
    window.allow(r"Failed to load resource.*(404|405) .*/api/")
    page = await window.go("/sign-in")
    await window.kept()
    served.publish("fedcba9876543210")
    await page.reload()
    await until(
        page,
        """async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        const names = (await caches.keys()).filter((name) => name.startsWith("docvault-shell-"));
        return names.includes("docvault-shell-fedcba9876543210") && !registration.waiting && !registration.installing;
    }""",
    )
    await expect(page.get_by_text("A newer version of this page is ready.")).to_have_count(0)


REGISTER = "**/assets/RegisterPage-*.js"


async def one_part_is_gone(served: Served, windows: Windows) -> tuple[Window, list[str]]:
    """A page without a service worker, as over plain HTTP, that will not get a part at the first time."""
    window = await windows.open(address=served.url, service_workers="block")
    window.allow(
        r"Failed to load resource.*404 ", r"Failed to load resource.*405 .*/api/", "fetched|dynamically imported"
    )
    loaded: list[str] = []
    window.page.on("load", lambda page: loaded.append(page.url))
    page = await window.go("/sign-in")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.route(REGISTER, lambda route: route.fulfill(status=404, body=""), times=1)
    return window, loaded


async def test_a_part_that_a_deploy_took_away_leads_to_the_newer_page(served: Served, windows: Windows) -> None:
    window, loaded = await one_part_is_gone(served, windows)
    served.publish("00112233445566")
    await window.page.evaluate("history.pushState(null, '', '/register'); dispatchEvent(new PopStateEvent('popstate'))")
    await expect(window.page.get_by_role("heading", name="Make an account")).to_be_visible()
    assert await window.page.evaluate("document.documentElement.dataset.version") == "00112233445566"
    assert len(loaded) == 2


async def test_a_part_that_cannot_be_had_is_said_to_be_missing(served: Served, windows: Windows) -> None:
    """The server has no newer page: to load it anew again and again would mend nothing."""
    window, loaded = await one_part_is_gone(served, windows)
    await window.page.evaluate("history.pushState(null, '', '/register'); dispatchEvent(new PopStateEvent('popstate'))")
    await expect(window.page.get_by_text("This part of the page could not be fetched")).to_be_visible()
    assert len(loaded) == 1
    await window.page.get_by_role("button", name="Try again").click()
    await expect(window.page.get_by_role("heading", name="Make an account")).to_be_visible()
