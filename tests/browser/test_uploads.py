"""Putting files in, and what is said of those that are not taken."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import CDPSession, Dialog, Page, Request, expect

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


DROP = """(files) => {
    const data = new DataTransfer();
    for (const [name, size] of files)
        data.items.add(new File([`${name} `.repeat(size).slice(0, size)], name, { type: "text/plain" }));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
SLOW = 60_000  # bytes a second: a busy machine has time to look


async def drop(page: Page, *files: tuple[str, int]) -> None:
    """Files of these names and sizes in bytes, into an empty library."""
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    await page.evaluate(DROP, [list(file) for file in files])


def asked(page: Page, path: str, method: str) -> list[Request]:
    """What the page asks of addresses that have this in them, from now on."""
    found: list[Request] = []
    page.on("request", lambda one: found.append(one) if path in one.url and one.method == method else None)
    return found


async def line(page: Page) -> CDPSession:
    """A slow one, until `faster`."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await limit(session, SLOW)
    return session


async def limit(session: CDPSession, upload: int = -1) -> None:
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
    await session.send("Network.emulateNetworkConditions", limits)


def large(folder: Path) -> Path:
    """Too large to share a request."""
    file = folder / "large.bin"
    file.write_bytes(os.urandom(1_900_000))
    return file


async def grown(read: Callable[[], Awaitable[float]], beyond: float) -> float:
    async with asyncio.timeout(15):
        while (now := await read()) <= beyond:
            await asyncio.sleep(0.05)
    return now


def percent(page: Page, name: str) -> Callable[[], Awaitable[float]]:
    """How much of a file went out, as the page says."""

    async def read() -> float:
        return float(await row(page, name).get_by_role("progressbar").get_attribute("aria-valuenow") or 0)

    return read


async def accept(dialog: Dialog) -> None:
    assert dialog.type == "beforeunload"
    await dialog.accept()


async def kept_names(person: Person) -> list[str]:
    found = (await person.http.get("/api/documents", params={"limit": 100})).json()["items"]
    return sorted(document["filename"] for document in found)


async def test_many_small_files_share_a_few_requests(inside: Inside) -> None:
    page, person = inside
    requests = asked(page, "/api/documents", "POST")
    names = [f"note-{number}.txt" for number in range(50)]
    await drop(page, *((name, 30) for name in names))
    await expect(uploads(page).get_by_role("heading", name="50 files uploaded")).to_be_visible()
    assert len(requests) == 3  # the server takes 20 files a request
    assert await kept_names(person) == sorted(names)


async def test_one_of_several_is_cancelled_while_they_are_sent(inside: Inside) -> None:
    page, person = inside
    session = await line(page)
    await drop(page, ("first.txt", 400_000), ("second.txt", 400_000), ("third.txt", 400_000))
    await grown(percent(page, "first.txt"), 10)
    await uploads(page).get_by_role("button", name="Cancel: second.txt").click()
    await limit(session)
    await expect(uploads(page).get_by_role("heading", name="2 files uploaded")).to_be_visible()
    assert await kept_names(person) == ["first.txt", "third.txt"]


async def test_progress_speed_and_the_time_left_move_and_a_reload_goes_on(inside: Inside, tmp_path: Path) -> None:
    page, person = inside
    page.on("dialog", accept)
    session = await line(page)
    file = large(tmp_path)
    await put(page, file)
    read = percent(page, "large.bin")
    first = await grown(read, 0)
    pace = uploads(page).get_by_text(re.compile(r"of 1.9 MB · .+/s · .+ left"))
    await expect(pace).to_be_visible()
    said = await pace.text_content()
    assert await grown(read, await grown(read, first)) > first
    assert await pace.text_content() != said

    await page.reload()
    await expect(uploads(page).get_by_role("heading", name="1 upload was interrupted")).to_be_visible()
    await expect(row(page, "large.bin")).to_contain_text("choose the file again to go on")
    await limit(session)
    more = asked(page, "/api/uploads/", "PATCH")
    await put(page, file)
    await expect(uploads(page).get_by_role("heading", name="1 file uploaded")).to_be_visible()
    assert int(more[0].headers["upload-offset"]) > 0
    (document,) = (await person.http.get("/api/documents")).json()["items"]
    assert document["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


async def test_small_files_that_a_reload_broke_off_are_said_and_not_kept_twice(
    inside: Inside, corpus: Path, tmp_path: Path
) -> None:
    page, person = inside
    page.on("dialog", accept)
    session = await line(page)
    big = tmp_path / "big.txt"
    big.write_bytes(b"A long letter. " * 60_000)
    await put(page, corpus / "guide.md", big)
    await grown(percent(page, "big.txt"), 10)
    await page.reload()
    await expect(uploads(page).get_by_role("heading", name="2 uploads were interrupted")).to_be_visible()
    await limit(session)
    await put(page, corpus / "guide.md", big)
    await expect(uploads(page).get_by_role("heading", name="2 files uploaded")).to_be_visible()
    assert await kept_names(person) == ["big.txt", "guide.md"]


async def test_who_leaves_while_files_are_sent_is_asked_first(inside: Inside, tmp_path: Path) -> None:
    page, person = inside
    session = await line(page)
    await put(page, large(tmp_path))
    await grown(percent(page, "large.bin"), 0)
    async with page.expect_event("dialog") as asked_for:
        await page.close(run_before_unload=True)
    dialog = await asked_for.value
    assert dialog.type == "beforeunload"
    await dialog.dismiss()

    await page.get_by_role("button", name=f"Your account: {person.email}").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    question = page.get_by_role("dialog", name="1 file is still being sent")
    await question.get_by_role("button", name="Stay").click()
    await expect(question).to_be_hidden()
    await limit(session)
    await expect(uploads(page).get_by_role("heading", name="1 file uploaded")).to_be_visible()


async def test_who_signs_out_all_the_same_leaves_nothing_behind(inside: Inside, tmp_path: Path) -> None:
    page, person = inside
    await line(page)
    await put(page, large(tmp_path))
    await grown(percent(page, "large.bin"), 0)
    await page.get_by_role("button", name=f"Your account: {person.email}").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.get_by_role("button", name="Sign out anyway").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('docvault.uploads.'))"
    assert await page.evaluate(kept) == []
    assert await kept_names(person) == []
