"""Putting files in, and what is said of those that are not taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from docvault.settings import Settings
from tests.people import Person

FILES = ("report.pdf", "guide.md", "ships.csv")
pytestmark = pytest.mark.usefixtures("reading")
Inside = tuple[Page, Person]


async def put(page: Page, *files: Path) -> None:
    async with page.expect_file_chooser() as chosen:
        await page.get_by_role("button", name="New", exact=True).first.click()
        await page.get_by_role("menuitem", name="Upload files").click()
    await (await chosen.value).set_files([str(file) for file in files])


def uploads(page: Page):
    return page.get_by_role("region", name="Uploads")


def row(page: Page, name: str):
    return uploads(page).get_by_role("listitem").filter(has_text=name)


async def test_files_go_up_and_are_followed_until_they_are_ready(inside: Inside, corpus: Path) -> None:
    page, person = inside
    await put(page, *(corpus / name for name in FILES))
    await expect(uploads(page).get_by_role("heading", name="3 files uploaded")).to_be_visible()
    for name in FILES:
        await expect(row(page, name)).to_contain_text("Ready")
        await expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()
    kept = (await person.http.get("/api/documents")).json()["items"]
    assert {document["filename"] for document in kept} == set(FILES)
    assert {document["status"] for document in kept} == {"ready"}
    await expect(page.get_by_role("row").filter(has_text="report.pdf")).to_contain_text("page")


async def test_a_folder_goes_up_with_its_folders(inside: Inside, corpus: Path, tmp_path: Path) -> None:
    page, person = inside
    below = tmp_path / "Station" / "Logs"
    below.mkdir(parents=True)
    for name in ("log.txt", "ships.csv"):
        (below / name).write_bytes((corpus / name).read_bytes())
    (tmp_path / "Station" / "guide.md").write_bytes((corpus / "guide.md").read_bytes())
    async with page.expect_file_chooser() as chosen:
        await page.get_by_role("button", name="New", exact=True).first.click()
        await page.get_by_role("menuitem", name="Upload a folder").click()
    await (await chosen.value).set_files(str(tmp_path / "Station"))
    await expect(uploads(page).get_by_role("heading", name="3 files uploaded")).to_be_visible()
    tree = page.get_by_role("navigation", name="Folders")
    await expect(tree.get_by_role("link", name="Station")).to_be_visible()
    kept = (await person.http.get("/api/documents")).json()["items"]
    assert {(document["folder"], document["filename"]) for document in kept} == {
        ("Station", "guide.md"), ("Station/Logs", "log.txt"), ("Station/Logs", "ships.csv"),
    }  # fmt: skip


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    inside: Inside, settings: Settings, tmp_path: Path
) -> None:
    page, person = inside
    large = tmp_path / "large.txt"
    large.write_bytes(b"x" * (settings.max_file_bytes + 1))
    await put(page, large)
    await expect(row(page, "large.txt")).to_contain_text("Too large: 2 MB. At most 2 MB are taken.")
    assert (await person.http.get("/api/documents")).json()["items"] == []


async def test_a_file_that_cannot_be_read_says_why(inside: Inside, corpus: Path) -> None:
    page, _ = inside
    await put(page, corpus / "encrypted.pdf")
    await expect(row(page, "encrypted.pdf")).to_contain_text("password")
    await expect(page.get_by_role("row").filter(has_text="encrypted.pdf")).to_contain_text("password")


async def test_the_same_bytes_again_are_said_and_not_kept_twice(inside: Inside, corpus: Path) -> None:
    page, person = inside
    await person.add(corpus / "guide.md")
    await put(page, corpus / "guide.md")
    await expect(row(page, "guide.md")).to_contain_text("Was here already")
    assert len((await person.http.get("/api/documents")).json()["items"]) == 1


async def test_files_dropped_anywhere_go_into_the_folder_that_is_open(inside: Inside) -> None:
    page, person = inside
    await page.goto(page.url.split("/library")[0] + "/library?folder=Dropped")
    await expect(page.get_by_text("This folder is empty")).to_be_visible()
    await page.evaluate("""() => {
        const data = new DataTransfer();
        data.items.add(new File(["Herons nest late this year."], "herons.txt", { type: "text/plain" }));
        for (const kind of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }""")
    await expect(row(page, "herons.txt")).to_contain_text("Ready")
    (document,) = (await person.http.get("/api/documents")).json()["items"]
    assert document["folder"] == "Dropped"
