"""Two people before the same page, at the same time or one after the other: neither sees anything of the other's."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_session import fill
from tests.browser.test_uploads import DROP, grown, kept_names, limit, line, percent, uploads
from tests.browser.windows import Windows
from tests.people import People, Person

pytestmark = pytest.mark.usefixtures("reading")


async def test_nothing_of_the_other_is_seen(windows: Windows, people: People) -> None:
    anna, bert = await people.new(), await people.new()
    for person, word in ((anna, "heron"), (bert, "osprey")):
        (document,) = await person.add((f"{word}.txt", f"The {word} nests on the northern cliff.".encode()))
        person.document = document["id"]  # type: ignore[attr-defined]
    for person, own, word, others in ((anna, "heron", "osprey", bert), (bert, "osprey", "heron", anna)):
        window = await windows.open(person)
        page = await window.go("/library")
        await expect(page.get_by_role("row").filter(has_text=f"{own}.txt")).to_be_visible()
        await expect(page.get_by_text(word)).to_have_count(0)

        await page.goto(f"{window.address}/search?q={word} nests on the northern cliff")
        await expect(page.locator("a[data-hit]").first).to_be_visible()
        await expect(page.get_by_role("main").get_by_role("link").filter(has_text=word)).to_have_count(0)

        window.allow(r"Failed to load resource.*404 .*/api/documents/")
        await page.goto(f"{window.address}/documents/{others.document}")  # type: ignore[attr-defined]
        await expect(page.get_by_text("This document is not here")).to_be_visible()
        await expect(page.get_by_text(f"{word}.txt")).to_have_count(0)


UPLOADS = "Object.keys(localStorage).filter((key) => key.startsWith('docvault.uploads.'))"


async def open_chat(page: Page) -> None:
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Chat").click()
    await expect(page.get_by_label("Your question")).to_be_visible()


async def ask_in_vain(page: Page, question: str) -> None:
    """The question is refused, and stays on the page to be asked again."""
    refusal = {"code": "too_many_requests", "detail": "Too many questions at once."}
    await page.route("**/api/chat", lambda route: route.fulfill(status=503, json=refusal))
    await page.get_by_label("Your question").fill(question)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main").get_by_text("Too many questions at once.")).to_be_visible()


async def ask_to_sign_out(page: Page, person: Person) -> None:
    await page.get_by_role("button", name=f"Your account: {person.email}").click()
    await page.get_by_role("menuitem", name="Sign out").click()


async def test_who_comes_after_somebody_else_finds_nothing_of_them(windows: Windows, people: People) -> None:
    anna, bert = await people.several(2)
    await anna.chat("Where does the heron nest?")
    (conversation,) = (await anna.http.get("/api/conversations")).json()["items"]
    window = await windows.open(anna)
    window.allow(r"Failed to load resource.*503 .*/api/chat", r"net::ERR_", r"Failed to load resource.*401 ")
    page = await window.go("/library")  # the chat is fetched when the session is long known
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    await open_chat(page)
    await ask_in_vain(page, "When does the heron leave?")
    session = await line(page)
    await page.evaluate(DROP, [["heron.txt", 1_900_000]])
    await grown(percent(page, "heron.txt"), 0)
    await page.get_by_role("link", name=conversation["title"]).hover()
    await page.get_by_role("button", name=f"What to do with “{conversation['title']}”").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(page.get_by_text("was deleted").first).to_be_visible()

    await ask_to_sign_out(page, anna)
    await page.get_by_role("button", name="Sign out anyway").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert (await anna.http.get(f"/api/conversations/{conversation['id']}")).status_code == 404
    await expect(page.get_by_text("heron")).to_have_count(0)
    await limit(session)

    await fill(page, bert.email)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    await expect(uploads(page)).to_have_count(0)
    await open_chat(page)
    await expect(page.get_by_text("What you ask is kept here.")).to_be_visible()
    await expect(page.get_by_text("heron")).to_have_count(0)
    await expect(page.get_by_label("Your question")).to_have_value("")
    assert await page.evaluate(UPLOADS) == []
    assert await kept_names(bert) == []

    await ask_to_sign_out(page, bert)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
