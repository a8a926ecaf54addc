"""What people do with their account: each thing is done in the page and seen over HTTP, or in another window."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.windows import Windows
from tests.people import PASSWORD, People, Person

OTHER = "another few unrelated words"
ENDED = (r"Failed to load resource.*401 ", r"net::ERR_INCOMPLETE_CHUNKED_ENCODING")


async def settings(windows: Windows, person: Person, section: str) -> Page:
    window = await windows.open(person)
    window.allow(*ENDED)
    return await window.go(f"/settings/{section}")


async def logs_in(people: People, person: Person, password: str) -> bool:
    answer = await people.stranger().post("/api/auth/login", json={"email": person.email, "password": password})
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


async def test_signing_out_everywhere_ends_the_other_window_too(windows: Windows, people: People) -> None:
    person = await people.new()
    other = await windows.open(person)
    other.allow(*ENDED)
    await expect((await other.go("/library")).get_by_text("Nothing here yet")).to_be_visible()
    page = await settings(windows, person, "account")
    await page.get_by_role("button", name="Sign out everywhere").click()
    await page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    for window in (page, other.page):
        await expect(window.get_by_role("heading", name="Sign in")).to_be_visible(timeout=60_000)
    assert (await person.http.get("/api/me")).status_code == 401


async def test_changing_the_password_ends_the_other_sessions(windows: Windows, people: People) -> None:
    person = await people.new()
    page = await settings(windows, person, "account")
    now, new = page.get_by_label("Your password now"), page.get_by_label("New password")
    await now.fill("not the password 12")
    await new.fill(OTHER)
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_text("This is not your password.")).to_be_visible()
    assert (await person.http.get("/api/me")).status_code == 200

    await now.fill(PASSWORD)
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_text("Your password is changed.").first).to_be_visible()
    assert (await person.http.get("/api/me")).status_code == 401
    assert await logs_in(people, person, OTHER)
    assert not await logs_in(people, person, PASSWORD)
    await page.reload()
    await expect(page.get_by_label("Your password now")).to_be_visible()  # this session goes on


async def test_ending_one_session(windows: Windows, people: People) -> None:
    person = await people.new()
    page = await settings(windows, person, "account")
    sessions = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    await expect(sessions).to_have_count(2)
    await sessions.filter(has_text="Python").get_by_role("button").click()
    await expect(page.get_by_text("is signed out.").first).to_be_visible()
    await expect(sessions).to_have_count(1)
    assert (await person.http.get("/api/me")).status_code == 401


async def test_a_key_is_shown_once_and_works_until_it_is_deleted(windows: Windows, people: People) -> None:
    person = await people.new()
    page = await settings(windows, person, "keys")
    await page.get_by_role("button", name="New key").click()
    await page.get_by_label("Name").fill("Nightly")
    await page.get_by_role("button", name="Make the key").click()
    dialog = page.get_by_role("dialog", name="Your new key")
    key = await dialog.locator("pre").first.inner_text()
    assert key in await dialog.locator("pre").last.inner_text()  # the example can be run as it stands
    await dialog.get_by_role("button", name="I have it").click()
    await page.reload()
    await expect(page.get_by_role("listitem").filter(has_text="Nightly")).to_be_visible()
    await expect(page.get_by_text(key)).to_have_count(0)

    program = people.stranger(Authorization=f"Bearer {key}")
    assert (await program.get("/api/documents")).json()["items"] == []
    assert (await program.post("/api/documents", files={"file": ("a.txt", b"a")})).status_code == 403
    await page.get_by_role("button", name="Delete the key Nightly").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete the key").click()
    await expect(page.get_by_text("“Nightly” is deleted.").first).to_be_visible()
    await expect(page.get_by_text("No keys yet")).to_be_visible()
    assert (await program.get("/api/documents")).status_code == 401


async def test_all_data_is_downloaded_as_one_zip(windows: Windows, reader: Person) -> None:
    page = await settings(windows, reader, "storage")
    async with page.expect_download() as given:
        await page.get_by_role("button", name="Export my data").click()
    download = await given.value
    with zipfile.ZipFile(io.BytesIO(Path(await download.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        assert any(name.endswith("Reports/2026/report.pdf") for name in archive.namelist()), archive.namelist()
    await expect(page.get_by_role("heading", name="Storage")).to_be_visible()  # the page stays


async def test_deleting_the_account_asks_for_password_and_address(windows: Windows, people: People) -> None:
    person = await people.new()
    page = await settings(windows, person, "account")
    await page.get_by_role("button", name="Delete my account…").click()
    dialog = page.get_by_role("dialog")
    submit = dialog.get_by_role("button", name="Delete my account and everything in it")
    await dialog.get_by_label("Your password").fill("not the password 12")
    await expect(submit).to_be_disabled()
    await dialog.get_by_label(f"Type {person.email} to confirm").fill(person.email)
    await submit.click()
    await expect(dialog.get_by_text("This is not your password.")).to_be_visible()
    await dialog.get_by_label("Your password").fill(PASSWORD)
    await submit.click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.get_by_text("Your account is deleted.").first).to_be_visible()
    assert not await logs_in(people, person, PASSWORD)
