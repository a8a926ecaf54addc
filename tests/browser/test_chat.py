"""A question to two models of which one is broken, and from the other's citation to the words it stands on.

Then what is written at length, what is stopped, and what a reload must not lose.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Page, expect

from docvault.local.samples import ANSWER_PAGE, QUESTION
from tests.browser.models import BROKEN, CODE, GOOD, LONG, SILENT
from tests.browser.places import around, marked, printed
from tests.browser.test_search import handbook
from tests.browser.windows import PATIENCE, Windows, until
from tests.people import Person


async def choose(page: Page, *models: str) -> None:
    await page.get_by_role("button", name="Choose who answers").click()
    for name in models:
        await page.get_by_role("option").filter(has_text=name).click()
    quotes = page.get_by_role("option").filter(has_text="built in")
    if await quotes.get_attribute("aria-selected") == "true":
        await quotes.click()
    await page.keyboard.press("Escape")


async def test_one_model_fails_and_the_other_is_checked_on_the_page(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/chat")
    await choose(page, GOOD, BROKEN)
    await page.get_by_label("Your question").fill(QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("12 days before the trip").first).to_be_visible()
    await expect(page.get_by_role("button", name="Ask this model again").first).to_be_visible()
    chip = page.get_by_role("link", name="Source 1: ").first
    await expect(chip).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("12 days before the trip").first).to_be_visible()
    quote = parse_qs(urlsplit(await chip.get_attribute("href") or "").query)
    await chip.click()
    await page.wait_for_url(f"**/documents/*page={ANSWER_PAGE}*")
    assert quote["page"] == [str(ANSWER_PAGE)]
    where = around(await marked(page, ANSWER_PAGE))
    assert where.covers(printed(handbook(), ANSWER_PAGE, "12 days"))
    assert where.bottom - where.top < 0.2, f"a few lines are marked, not the page: {where} {quote}"


async def test_quotes_answer_without_a_model_and_are_kept(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/chat")
    await page.get_by_label("Your question").fill(QUESTION)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/chat/*")
    await expect(page.get_by_role("link", name="Source 1: ").first).to_be_visible()
    history = page.get_by_role("complementary").get_by_role("link").filter(has_text="dive plan")
    await expect(history.first).to_be_visible()


async def ask(page: Page, question: str) -> None:
    await page.get_by_label("Your question").fill(question)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/chat/*")


async def test_where_another_answer_is_refused_all_stay_and_trying_again_asks_for_it(
    windows: Windows, reader: Person
) -> None:
    window = await windows.open(reader)
    window.allow(r"Failed to load resource.*429 .*/api/chat")
    page = await window.go("/chat")
    await choose(page, GOOD, BROKEN)
    await ask(page, QUESTION)
    await expect(page.get_by_role("button", name="Answer again")).to_be_enabled()
    refusal = json.dumps({"code": "too_many_requests", "detail": "Wait a moment."})
    await window.context.route("**/api/chat", lambda route: route.fulfill(status=429, body=refusal))
    await page.get_by_role("button", name="Answer again").click()
    await expect(page.get_by_role("alert")).to_contain_text("Wait a moment.")
    await expect(page.get_by_role("article")).to_have_count(2)
    await expect(page.get_by_text("12 days before the trip").first).to_be_visible()
    await window.context.unroute("**/api/chat")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_role("button", name="Answer again")).to_be_enabled()
    id = urlsplit(page.url).path.rsplit("/", 1)[1]
    kept = (await reader.http.get(f"/api/conversations/{id}")).json()["messages"]
    assert sorted(message["role"] for message in kept) == ["assistant", "assistant", "user"]


async def test_what_is_long_is_read_from_where_one_likes(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/chat")
    await choose(page, LONG)
    await ask(page, QUESTION)
    await expect(page.get_by_text("Line 59 of it.")).to_be_in_viewport()
    code = page.get_by_role("code")
    await expect(code).to_have_text(CODE)
    await expect(code.locator("span").filter(has_text="before the trip")).to_have_css("font-style", "italic")
    latest = page.get_by_role("button", name="To the latest")
    await expect(latest).to_be_hidden()
    await page.get_by_role("region", name="The conversation").hover()
    await page.mouse.wheel(0, -900)
    await latest.click()
    await expect(page.get_by_text("Line 59 of it.")).to_be_in_viewport()


async def test_what_was_stopped_is_kept_as_far_as_it_came(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/chat")
    await choose(page, SILENT)
    await ask(page, QUESTION)
    await expect(page.get_by_text("What came first.")).to_be_visible()
    await page.get_by_role("button", name="Stop the answer").click()
    await expect(page.get_by_text("Stopped here.")).to_be_visible()
    id = urlsplit(page.url).path.rsplit("/", 1)[1]
    async with asyncio.timeout(PATIENCE / 1000):
        while (await reader.http.get(f"/api/conversations/{id}")).status_code != 200:
            await asyncio.sleep(0.05)
    await page.reload()
    await expect(page.get_by_text("What came first.")).to_be_visible()
    await expect(page.get_by_text("Stopped here.")).to_be_visible()


async def test_a_reload_loses_nothing_that_was_chosen(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/chat")
    await choose(page, GOOD, BROKEN)
    await page.get_by_role("button", name="Choose which documents are asked").click()
    # Eight are shown unasked, and of those that came together which ones is left to chance.
    await page.get_by_role("combobox", name="Choose which documents are asked").fill(handbook().name)
    await page.get_by_role("option").filter(has_text=handbook().name).click()
    await page.keyboard.press("Escape")
    await page.get_by_label("Your question").fill(QUESTION)
    await page.reload()
    about = page.get_by_role("list", name="Only these are asked")
    await expect(about).to_contain_text(handbook().name)
    await expect(page.get_by_role("button", name="Choose who answers: 2 models")).to_be_visible()
    await expect(page.get_by_label("Your question")).to_have_value(QUESTION)
    await page.get_by_label("Your question").press("Enter")
    await page.wait_for_url("**/chat/*-*")
    edge = page.get_by_role("separator")
    await expect(page.get_by_role("button", name="Ask this model again")).to_be_enabled()
    before = await edge.bounding_box()
    await edge.press("ArrowRight")
    after = await edge.bounding_box()
    assert before and after and after["x"] > before["x"] + 10
    await page.goto(page.url.split("?")[0])
    await expect(about).to_have_count(2)  # with the question, and for the next
    await until(
        page, f"Math.abs(document.querySelector('[role=separator]').getBoundingClientRect().x - {after['x']}) < 3"
    )


async def test_what_cannot_be_imported_is_said_and_what_can_is_there(
    windows: Windows, reader: Person, tmp_path: Path
) -> None:
    window = await windows.open(reader)
    window.allow("400")
    page = await window.go("/chat")
    file = page.locator("input[type=file][accept*=json]")
    for name, text, said in (
        ("a.json", "no JSON", "This file is no JSON."),
        ("b.json", '{"a": 1}', "This file holds no conversation."),
    ):
        (tmp_path / name).write_text(text)
        await file.set_input_files(tmp_path / name)
        await expect(page.get_by_text(said).first).to_be_visible()
    at = "2026-01-01T00:00:00Z"
    messages = [
        {"role": "user", "content": "Who keeps the keys?", "created_at": at},
        {
            "role": "assistant",
            "content": "Nobody.",
            "created_at": at,
            "answers": 0,
            "model": "acme/clear",
            "seconds": 7.0,
        },
    ]
    saved = {"title": "Keys", "created_at": at, "messages": messages}
    (tmp_path / "c.json").write_text(json.dumps([saved]))
    await file.set_input_files(tmp_path / "c.json")
    await page.wait_for_url("**/chat/*-*")
    await expect(page.get_by_role("article")).to_contain_text("Nobody.")
    await expect(page.get_by_role("article")).to_contain_text("7 sec")
