"""Folders, tags, names and the trash, as people use them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.people import Person

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
