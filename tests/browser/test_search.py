"""From a few words to the very place on the page, without a mouse."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from docvault.local.samples import ANSWER_FILE, ANSWER_PAGE, sample_files
from tests.browser.places import around, marked, printed
from tests.browser.windows import Windows
from tests.people import Person

QUERY = "dive plan safety officer"
WORDS = "12 days"


def handbook() -> Path:
    return next(file for file in sample_files() if file.name == ANSWER_FILE)


async def test_the_palette_leads_to_the_marked_passage(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/library")
    await expect(page.get_by_role("row").first).to_be_visible()
    await page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search and commands")
    await expect(field).to_be_focused()
    await field.fill(QUERY)
    passage = page.get_by_role("option").filter(has_text=f"{ANSWER_FILE} · Page {ANSWER_PAGE}").first
    await expect(passage).to_be_visible()
    for _ in range(50):  # it goes round, and more may be found meanwhile
        if await passage.get_attribute("aria-selected") == "true":
            break
        await page.keyboard.press("ArrowDown")
    await expect(passage).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/documents/*page={ANSWER_PAGE}*")
    areas = await marked(page, ANSWER_PAGE)
    assert around(areas).covers(printed(handbook(), ANSWER_PAGE, WORDS))


async def test_the_search_page_is_used_by_keyboard(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/search")
    field = page.get_by_label("Search your documents")
    await expect(field).to_be_focused()
    await page.keyboard.type(QUERY)
    hits = page.locator("a[data-hit]")
    await expect(hits.first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(hits.nth(0)).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(hits.nth(1)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(field).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/documents/*page=*")
    await page.go_back()
    await expect(field).to_have_value(QUERY)


async def test_a_passage_of_a_text_is_marked_too(windows: Windows, reader: Person) -> None:
    (hit, *_) = await reader.search("storm", filters={"content_type": "text/markdown"}, mode="keyword")
    window = await windows.open(reader)
    page = await window.go(f"/documents/{hit['document_id']}?page={hit['page']}&start={hit['passage_start']}"
                           f"&end={hit['passage_end']}")  # fmt: skip
    mark = page.locator("mark[data-mark=cited]")
    await expect(mark.first).to_be_in_viewport()
    said = " ".join(" ".join(await mark.all_text_contents()).split())
    assert said.split()[0] in hit["text"].replace("#", "")
    assert said.split()[-1] in hit["text"]
