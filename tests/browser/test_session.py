"""Coming in, staying in, going out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import text

from docvault.accounts.operations import email_key
from docvault.accounts.throttle import counter
from docvault.local.home import any_port
from docvault.local.postgres import LocalPostgres
from docvault.resources import Resources
from docvault.server.migrate import migrate
from docvault.settings import Settings
from tests.browser.windows import Window, Windows, faults, until
from tests.conftest import serving
from tests.people import PASSWORD, People, Person


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


@pytest.fixture(scope="module")
async def closed_vault(settings: Settings, built: Path) -> AsyncIterator[str]:
    """The vault of all tests, where nobody may register."""
    async with serving(msgspec.structs.replace(settings, port=any_port(), registration_open=False)) as url:
        yield url


async def fill(page: Page, email: str, password: str = PASSWORD) -> None:
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)


async def test_the_first_person_is_welcomed_and_is_the_administrator(new_vault: str, windows: Windows) -> None:
    window = await windows.open(address=new_vault)
    page = await window.go("/")
    await expect(page.get_by_role("heading", name="Welcome to DocVault")).to_be_visible()
    assert not await faults(page)
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


async def sign_out(page: Page, person: Person) -> None:
    await page.get_by_role("button", name=f"Your account: {person.email}").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def sessions(person: Person) -> int:
    return len((await person.http.get("/api/sessions")).json()["items"])


async def test_signing_out_without_a_connection_ends_the_session_with_the_next(
    windows: Windows, people: People
) -> None:
    person = await people.new()
    window = await windows.open(person)
    window.allow(r"Failed to load resource", r"net::ERR_", r"DocVault cannot be reached")
    page = await window.go("/library")
    await window.kept()
    await page.reload()
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    assert await sessions(person) == 2

    await window.context.set_offline(True)
    await sign_out(page, person)
    await expect(page.get_by_text("your session on the server ends as soon as it can")).to_be_visible()
    await until(page, "caches.keys().then((all) => !all.some((name) => name.startsWith('docvault-seen-')))")
    assert person.email not in await page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    await page.reload()
    await expect(page.get_by_text("your session on the server ends as soon as it can")).to_be_visible()
    assert await sessions(person) == 2

    await window.context.set_offline(False)
    await expect(page.get_by_text("your session on the server ends as soon as it can")).to_be_hidden()
    assert await sessions(person) == 1
    await page.goto(f"{window.address}/library")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_page_that_was_closed_in_between_does_not_sign_in_again(windows: Windows, people: People) -> None:
    person = await people.new()
    window = await windows.open(person)
    window.allow(r"Failed to load resource", r"net::ERR_", r"DocVault cannot be reached")
    page = await window.go("/library")
    await window.kept()  # the menu is fetched when it is opened
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    await window.context.set_offline(True)
    await sign_out(page, person)
    await page.close()
    await window.context.set_offline(False)
    other = await window.context.new_page()
    await other.goto(f"{window.address}/library")
    await expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await sessions(person) == 1


async def test_too_many_tries_are_counted_down(
    window: Window, people: People, resources: Resources, settings: Settings
) -> None:
    person = await people.new()
    stranger = people.stranger()
    for _ in range(settings.login_attempts):
        answer = await stranger.post("/api/auth/login", json={"email": person.email, "password": "wrong " * 3})
        assert answer.status_code == 401, answer.text
    window.allow(r"Failed to load resource.*429 ")
    await window.page.clock.install()
    page = await window.go("/sign-in")
    await fill(page, person.email)
    enter = page.get_by_role("button", name="Sign in")
    await enter.click()
    said = page.get_by_role("alert")
    await expect(said).to_have_text(re.compile(r"Too many tries. You can try again in 1[45]:\d\d"))
    before = await said.text_content()
    await expect(said).not_to_have_text(before or "")
    await expect(enter).to_be_disabled()
    await page.get_by_label("E-mail address").fill("another@example.org")  # whose tries are not used up
    await expect(enter).to_be_enabled()
    await page.get_by_label("E-mail address").fill(person.email)
    await expect(enter).to_be_disabled()

    await page.clock.fast_forward(settings.login_window * 1000)
    await expect(said).to_be_hidden()
    await resources.cache.delete(counter("email", email_key(person.email)), counter("client", "127.0.0.1"))
    await enter.click()
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()


async def test_where_registration_is_closed_the_page_says_so(
    closed_vault: str, windows: Windows, people: People
) -> None:
    await people.new()  # somebody is there
    window = await windows.open(address=closed_vault)
    page = await window.go("/sign-in")
    await expect(page.get_by_text("Accounts are made by the administrator.")).to_be_visible()
    await expect(page.get_by_role("link", name="Make one")).to_be_hidden()
    await window.go("/register")
    await expect(page.get_by_role("heading", name="Registration is closed here")).to_be_visible()


async def test_a_disabled_account_is_told_so(window: Window, people: People, resources: Resources) -> None:
    person = await people.new()
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE users SET disabled_at = now()"))
    window.allow(r"Failed to load resource.*403 ")
    page = await window.go("/sign-in")
    await fill(page, person.email)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("disabled")


async def test_a_link_signs_in_once(windows: Windows, people: People) -> None:
    person = await people.new()
    link = (await person.http.post("/api/auth/sign-in-link")).json()["url"]
    page = await (await windows.open()).go(link)
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    late = await windows.open()
    late.allow(r"Failed to load resource.*401 ")
    page = await late.go(link)
    await expect(page.get_by_role("alert")).to_contain_text("This link is no longer good.")
    assert "ticket" not in page.url
    await fill(page, person.email)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()


async def expect_inside(page: Page, person: Person) -> None:
    await expect(page.get_by_role("button", name=f"Your account: {person.email}")).to_be_visible()


@pytest.mark.parametrize("ended", [False, True])
async def test_a_link_signs_in_its_person_also_where_somebody_else_was(
    windows: Windows, people: People, ended: bool
) -> None:
    anna, bert = await people.several(2)
    window = await windows.open(anna)
    if ended:
        answer = await anna.http.post("/api/auth/logout", params={"everywhere": True})
        assert answer.is_success, answer.text
    renewals: list[str] = []
    window.page.on("request", lambda one: renewals.append(one.url) if "/api/auth/refresh" in one.url else None)
    page = await window.go((await bert.http.post("/api/auth/sign-in-link")).json()["url"])
    await expect_inside(page, bert)
    assert not renewals, "an answer about the other's cookie may come last"
    await page.reload()
    await expect_inside(page, bert)


async def test_a_link_in_one_tab_changes_the_person_in_the_other_and_what_it_hears_of(
    windows: Windows, people: People, reading: None
) -> None:
    anna, bert = await people.several(2)
    window = await windows.open(anna)
    page = await window.go("/library")
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    other = await window.context.new_page()
    await other.goto(window.address + (await bert.http.post("/api/auth/sign-in-link")).json()["url"])
    await expect_inside(other, bert)
    await expect_inside(page, bert)
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    await bert.add(("osprey.txt", b"The osprey nests on the northern cliff."))
    await expect(page.get_by_role("row").filter(has_text="osprey.txt")).to_be_visible()


async def test_a_password_changed_elsewhere_ends_the_session_and_one_comes_back_to_the_place(
    windows: Windows, people: People
) -> None:
    person = await people.new()
    window = await windows.open(person)
    page = await window.go("/search?q=tides")
    await expect(page.get_by_label("Search your documents")).to_have_value("tides")
    window.allow(r"Failed to load resource.*401 ", r"net::ERR_INCOMPLETE_CHUNKED_ENCODING")
    new = "another battery of horses 7"
    answer = await person.http.post("/api/me/password", json={"current": PASSWORD, "new": new})
    assert answer.is_success, answer.text
    await expect(page.get_by_text("Your session has ended.")).to_be_visible(timeout=60_000)
    await expect(page.get_by_label("E-mail address")).to_have_value(person.email)
    await page.get_by_label("Password", exact=True).fill(new)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Search your documents")).to_have_value("tides")
