"""What administrators do in the page, seen by those it is about."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

from playwright.async_api import expect

from tests.browser.windows import Window, Windows
from tests.people import PASSWORD, People, Person

LOCKED = Path(__file__).parents[1] / "corpus" / "encrypted.pdf"
ENDED = (r"Failed to load resource.*401 ", r"net::ERR_INCOMPLETE_CHUNKED_ENCODING")


async def sign_in(window: Window, email: str) -> None:
    page = await window.go("/sign-in")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_person_is_added_and_then_disabled_which_puts_them_out_at_once(windows: Windows, admin: Person) -> None:
    email = f"{uuid4().hex}@example.org"
    page = await (await windows.open(admin)).go("/admin/people")
    await page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("E-mail address").fill(email)
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Add", exact=True).click()
    row = page.get_by_role("list", name="People").get_by_role("listitem").filter(has_text=email)
    await expect(row).to_contain_text("Never seen")

    theirs = await windows.open()
    theirs.allow(*ENDED, r"Failed to load resource.*403 .*/api/auth/login")
    await sign_in(theirs, email)
    await expect(theirs.page.get_by_text("Nothing here yet")).to_be_visible()

    await row.get_by_role("button").click()
    await page.get_by_role("menuitem", name="Disable").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(row).to_contain_text("Disabled")
    await expect(theirs.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=60_000)
    await sign_in(theirs, email)
    await expect(theirs.page.get_by_role("alert")).to_be_visible()

    await row.get_by_role("button").click()
    await page.get_by_role("menuitem", name="Enable").click()
    await expect(page.get_by_text(f"{email} can sign in again.").first).to_be_visible()
    await sign_in(theirs, email)
    await expect(theirs.page.get_by_text("Nothing here yet")).to_be_visible()


async def test_a_failure_is_seen_without_its_name_and_tried_again(
    windows: Windows, admin: Person, people: People, reading: None
) -> None:
    person = await people.new()
    (document,) = await person.add((f"secret-{uuid4().hex}.pdf", LOCKED.read_bytes()))
    assert document["status"] == "failed"
    page = await (await windows.open(admin)).go("/admin/failures")
    row = page.get_by_role("listitem").filter(has_text="encrypted")
    await expect(row).to_be_visible()
    await expect(page.get_by_text("secret-")).to_have_count(0)
    await row.get_by_role("button").click()
    await expect(page.get_by_text("read again").first).to_be_visible()
    async with asyncio.timeout(60):
        while (await person.settled(document["id"]))["updated_at"] == document["updated_at"]:
            await asyncio.sleep(0.1)


async def test_administration_is_for_administrators(windows: Windows, reader: Person) -> None:
    page = await (await windows.open(reader)).go("/admin/people")
    await expect(page.get_by_text("Not for you")).to_be_visible()
    await page.get_by_role("button", name=f"Your account: {reader.email}").click()
    await expect(page.get_by_role("menuitem", name="Settings")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Administration")).to_have_count(0)
