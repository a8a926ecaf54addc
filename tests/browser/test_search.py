"""From a few words to the very place on the page, without a mouse."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from docvault.local.samples import ANSWER_FILE, ANSWER_PAGE, sample_files
from tests.browser.places import around, marked, printed
from tests.browser.windows import Windows
from tests.people import People, Person

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


async def test_a_long_document_leaves_room_for_others_and_shows_more_when_asked(
    windows: Windows, people: People, reading: None
) -> None:
    person = await people.new()
    chapter = "The heron stands at the mouth of the river and waits for the tide. " + "Nothing else happens here. " * 80
    chapters = "\n\n".join(f"# Day {n}\n\n{chapter} It left at {n} o'clock." for n in range(1, 40))
    note = b"A heron was seen by the river once, they say, though the tide was out and nobody else was there."
    await person.add(("journal.md", chapters.encode()), ("note.txt", note))
    window = await windows.open(person)
    page = await window.go("/search?q=heron waits for the tide")
    journal = page.get_by_role("region", name="journal.md")
    await expect(page.get_by_role("region", name="note.txt").get_by_role("link")).to_have_count(2)
    await expect(journal.locator("a[data-hit]")).to_have_count(4)

    await journal.get_by_role("button", name="More in this document").click()
    await expect(journal.locator("a[data-hit]")).to_have_count(30)
    await expect(journal.locator("a[data-hit]").nth(4)).to_be_focused()
    await expect(journal.get_by_role("button")).to_have_count(0)
    await page.get_by_label("Search your documents").fill("heron by the river")
    await expect(journal.locator("a[data-hit]")).to_have_count(4)
