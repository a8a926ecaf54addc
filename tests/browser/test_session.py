"""Coming in, staying in, going out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from playwright.async_api import Page, expect

from docvault.local.home import any_port
from docvault.local.postgres import LocalPostgres
from docvault.server.migrate import migrate
from docvault.settings import Settings
from tests.browser.windows import Window, Windows
from tests.conftest import serving
from tests.people import PASSWORD, People


@pytest.fixture
async def new_vault(settings: Settings, postgres: LocalPostgres, built: Path) -> AsyncIterator[str]:
    """A DocVault with nobody in it."""
    name = f"first_{uuid4().hex}"
    postgres.create_database(name)
    own = {"database_url": f"{postgres.service_url.rsplit('/', 1)[0]}/{name}"}
    own["database_owner_url"] = f"{postgres.owner_url.rsplit('/', 1)[0]}/{name}"
    changed = msgspec.structs.replace(settings, port=any_port(), **own)
    await migrate(changed)
    async with serving(changed) as url:
        yield url
    postgres.drop_database(name)


async def fill(page: Page, email: str, password: str = PASSWORD) -> None:
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)


async def test_the_first_person_is_welcomed_and_is_the_administrator(new_vault: str, windows: Windows) -> None:
    window = await windows.open(address=new_vault)
    page = await window.go("/")
    await expect(page.get_by_role("heading", name="Welcome to DocVault")).to_be_visible()
    await fill(page, "first@example.org")
    await page.get_by_role("button", name="Make the administrator's account").click()
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    await page.get_by_role("button", name="Your account: first@example.org").click()
    await expect(page.get_by_role("menuitem", name="Administration")).to_be_visible()


async def test_signing_in_staying_over_a_reload_and_signing_out(window: Window, people: People) -> None:
    person = await people.new()
    page = await window.go("/search?q=tides")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    window.allow(r"Failed to load resource.*401 .*/api/auth/login")
    await fill(page, person.email, "not the password 12")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()

    await fill(page, person.email)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Search your documents")).to_have_value("tides")  # where they wanted to go
    await page.reload()
    await expect(page.get_by_label("Search your documents")).to_have_value("tides")

    await page.get_by_role("button", name=f"Your account: {person.email}").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto(f"{window.address}/library")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_making_an_account(window: Window) -> None:
    page = await window.go("/register")
    await fill(page, f"{uuid4().hex}@example.org", "short")
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_text("Too short")).to_be_visible()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()


async def test_ending_all_sessions_ends_the_one_in_another_window(windows: Windows, people: People) -> None:
    person = await people.new()
    window = await windows.open(person)
    page = await window.go("/library")
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    window.allow(r"Failed to load resource.*401 ", r"net::ERR_INCOMPLETE_CHUNKED_ENCODING")
    answer = await person.http.post("/api/auth/logout", params={"everywhere": True})
    assert answer.is_success, answer.text
    # The stream of events ends with the session, so the page notices without a click.
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=60_000)


async def test_two_tabs_are_one_session(windows: Windows, people: People) -> None:
    person = await people.new()
    window = await windows.open(person)
    page = await window.go("/library")
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    other = await window.context.new_page()
    await other.goto(f"{window.address}/search")
    await expect(other.get_by_label("Search your documents")).to_be_visible()
    await page.get_by_role("button", name=f"Your account: {person.email}").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
