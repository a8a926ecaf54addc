"""A question to two models of which one is broken, and from the other's citation to the words it stands on."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Page, expect

from docvault.local.samples import ANSWER_PAGE, QUESTION
from tests.browser.models import BROKEN, GOOD
from tests.browser.places import around, marked, printed
from tests.browser.test_search import handbook
from tests.browser.windows import Windows
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
