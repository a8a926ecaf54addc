"""Folders, tags, names and the trash, as people use them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from docvault.resources import Resources
from tests.browser.windows import Windows
from tests.docvault.library.shelf import put_many
from tests.people import People, Person

pytestmark = pytest.mark.usefixtures("reading")
NAMES = ("guide.md", "log.txt", "ships.csv")


@pytest.fixture
async def shelf(inside: tuple[Page, Person], corpus: Path) -> tuple[Page, Person]:
    page, person = inside
    await person.add(*(corpus / name for name in NAMES))
    for name in NAMES:
        await expect(row(page, name)).to_be_visible()
    return page, person


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


async def act(page: Page, name: str, action: str) -> None:
    await row(page, name).hover()
    await row(page, name).get_by_role("button", name=f"More about {name}").click()
    await page.get_by_role("menuitem", name=action, exact=True).click()


async def only(person: Person, **query: str) -> list[str]:
    answer = await person.http.get("/api/documents", params=query)
    return sorted(document["filename"] for document in answer.json()["items"])


async def test_a_document_is_moved_into_a_new_folder(shelf: tuple[Page, Person]) -> None:
    page, person = shelf
    await page.get_by_role("button", name="New", exact=True).click()
    await page.get_by_role("menuitem", name="New folder").click()
    await page.get_by_label("Name of the folder").fill("Field work")
    await page.get_by_role("button", name="Create").click()
    tree = page.get_by_role("navigation", name="Folders")
    await expect(tree.get_by_role("link", name="Field work")).to_be_visible()

    await act(page, "log.txt", "Move to a folder")
    dialog = page.get_by_role("dialog", name="Move 1 document")
    await dialog.get_by_text("Field work").click()
    await dialog.get_by_role("button", name="Move").click()
    await expect(page.get_by_text("1 document moved to Field work", exact=True)).to_be_visible()
    await tree.get_by_role("link", name="Field work").click()
    await expect(row(page, "log.txt")).to_be_visible()
    await expect(row(page, "guide.md")).to_have_count(0)
    assert await only(person, folder="Field work") == ["log.txt"]


async def test_a_tag_is_given_and_filtered_by(shelf: tuple[Page, Person]) -> None:
    page, person = shelf
    await act(page, "guide.md", "Tags")
    dialog = page.get_by_role("dialog", name="Tags of 1 document")
    await dialog.get_by_label("New tag").fill("tides")
    await dialog.get_by_role("button", name="Add").click()
    await dialog.get_by_role("button", name="Save").click()
    await row(page, "guide.md").get_by_role("link", name="tides").click()
    await expect(row(page, "log.txt")).to_have_count(0)
    await expect(row(page, "guide.md")).to_be_visible()
    assert await only(person, tag="tides") == ["guide.md"]


async def test_a_document_gets_another_name(shelf: tuple[Page, Person]) -> None:
    page, person = shelf
    await act(page, "log.txt", "Rename")
    await page.get_by_label("Name of the document").fill("watch.txt")
    await page.get_by_role("button", name="Rename").click()
    await expect(row(page, "watch.txt")).to_be_visible()
    await page.reload()
    await expect(row(page, "watch.txt")).to_be_visible()
    assert await only(person) == ["guide.md", "ships.csv", "watch.txt"]


async def test_what_is_deleted_comes_back_by_undo_and_from_the_trash(shelf: tuple[Page, Person]) -> None:
    page, person = shelf
    await act(page, "log.txt", "Delete")
    await expect(row(page, "log.txt")).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(row(page, "log.txt")).to_be_visible()

    await act(page, "guide.md", "Delete")
    await expect(row(page, "guide.md")).to_have_count(0)
    await page.get_by_role("navigation", name="Folders").get_by_role("link", name="Trash").click()
    await expect(row(page, "guide.md")).to_be_visible()
    assert await only(person) == ["log.txt", "ships.csv"]
    await act(page, "guide.md", "Restore")
    await expect(row(page, "guide.md")).to_have_count(0)
    await page.get_by_role("link", name="Library").first.click()
    await expect(row(page, "guide.md")).to_be_visible()
    assert await only(person) == sorted(NAMES)


async def test_several_are_chosen_and_deleted_together(shelf: tuple[Page, Person]) -> None:
    page, person = shelf
    for name in ("guide.md", "ships.csv"):
        await row(page, name).hover()
        await row(page, name).get_by_role("checkbox").click()
    bar = page.get_by_role("toolbar", name="2 chosen")
    await bar.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("2 documents are in the trash").first).to_be_visible()
    await expect(row(page, "guide.md")).to_have_count(0)
    assert await only(person) == ["log.txt"]


async def test_the_list_is_walked_and_opened_by_keyboard(shelf: tuple[Page, Person]) -> None:
    page, _ = shelf
    await page.get_by_role("row").first.focus()
    await page.keyboard.press("ArrowDown")
    name = await page.evaluate("document.activeElement.querySelector('a').textContent")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/documents/*")
    await expect(page.get_by_role("heading", name=name).first).to_be_visible()


async def test_chosen_documents_are_dragged_onto_a_folder(shelf: tuple[Page, Person]) -> None:
    page, person = shelf
    await person.http.post("/api/folders", json={"path": "Field work"})
    await page.reload()
    folder = page.get_by_role("navigation", name="Folders").get_by_role("link", name="Field work")
    for name in ("guide.md", "ships.csv"):
        await row(page, name).get_by_role("checkbox").click()
    await expect(page.get_by_role("toolbar", name="2 chosen")).to_be_visible()
    await row(page, "ships.csv").drag_to(folder)
    await expect(page.get_by_text("2 documents moved to Field work", exact=True)).to_be_visible()
    for name in ("guide.md", "ships.csv"):
        await expect(row(page, name)).to_have_count(0)
    await expect(page.get_by_role("toolbar", name="chosen")).to_have_count(0)
    await row(page, "log.txt").drag_to(folder)
    await expect(page.get_by_text("1 document moved to Field work", exact=True)).to_be_visible()
    assert await only(person, folder="Field work") == sorted(NAMES)


# --- a long list --------------------------------------------------------------------------------------------------

MANY = 730


@pytest.fixture
async def long_list(windows: Windows, people: People, resources: Resources) -> tuple[Page, Person]:
    """In the order it is shown: `Report 001.pdf` to `Report 730.pdf`."""
    person = await people.new()
    await put_many(resources, person.id, MANY)
    window = await windows.open(person)
    await window.go("/library")
    await expect(row(window.page, "Report 001.pdf")).to_be_visible()
    return window.page, person


async def test_a_long_list_is_looked_at_anywhere(long_list: tuple[Page, Person]) -> None:
    page, _ = long_list
    grid = page.get_by_role("grid")
    await expect(grid).to_have_attribute("aria-rowcount", str(MANY))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/documents?" in request.url else None)
    await grid.evaluate("grid => { grid.parentElement.scrollTop = 400 * 44 }")  # as the scroll bar does
    await expect(row(page, "Report 405.pdf")).to_be_visible()
    assert 1 <= len(asked) <= 2, asked
    await expect(page.get_by_role("row").filter(has_text="Report")).not_to_have_count(0)
    assert await page.get_by_role("row").count() < 100

    await row(page, "Report 405.pdf").focus()
    await page.keyboard.press("End")
    await expect(row(page, "Report 730.pdf")).to_be_focused()
    await page.keyboard.press("PageUp")
    await expect(row(page, "Report 730.pdf")).not_to_be_focused()
    await page.keyboard.press("Home")
    await expect(row(page, "Report 001.pdf")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(row(page, "Report 002.pdf")).to_be_focused()

    await grid.evaluate("grid => { grid.parentElement.scrollTop = 400 * 44 }")
    await expect(row(page, "Report 405.pdf")).to_be_visible()
    await expect(row(page, "Report 002.pdf")).to_have_count(0)
    await page.keyboard.press("ArrowDown")  # from where the keys were
    await expect(row(page, "Report 003.pdf")).to_be_focused()


async def test_a_range_goes_over_what_nobody_looked_at(long_list: tuple[Page, Person]) -> None:
    page, person = long_list
    await row(page, "Report 003.pdf").get_by_role("checkbox").click()
    await page.get_by_role("grid").evaluate("grid => { grid.parentElement.scrollTop = grid.offsetHeight }")
    await row(page, "Report 728.pdf").get_by_role("checkbox").click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="726 chosen")
    await bar.get_by_role("button", name="Choose all 730").click()
    await page.get_by_role("toolbar", name="730 chosen").get_by_role("button", name="Choose none").click()
    await row(page, "Report 720.pdf").focus()
    await page.keyboard.press("Shift+Home")
    await page.get_by_role("toolbar", name="720 chosen").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("720 documents are in the trash").first).to_be_visible()
    await expect(row(page, "Report 721.pdf")).to_be_visible()
    await expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "10")
    assert len(await only(person, limit="500")) == 10
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(MANY))


async def test_only_what_is_in_sight_is_asked_for_again(long_list: tuple[Page, Person]) -> None:
    page, person = long_list
    for top in (200, 400, 600):
        await page.get_by_role("grid").evaluate("(grid, row) => { grid.parentElement.scrollTop = row * 44 }", top)
        await expect(row(page, f"Report {top + 5}.pdf")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/documents?" in request.url else None)
    found = await person.http.get("/api/documents", params={"q": "Report 610.pdf"})
    (document,) = found.json()["items"]
    await person.http.patch(f"/api/documents/{document['id']}", json={"filename": "Seen at once.pdf"})
    await expect(row(page, "Seen at once.pdf")).to_be_visible()
    await person.http.delete(f"/api/documents/{document['id']}")
    await expect(row(page, "Seen at once.pdf")).to_have_count(0)
    await expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(MANY - 1))
    await expect(row(page, "Report 611.pdf")).to_be_visible()
    assert {url.split("offset=")[1].split("&")[0] for url in asked} <= {"500", "600"}, asked
