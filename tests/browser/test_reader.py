"""What a document leads to: links, its table of contents, and words that were read in a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from reportlab.pdfgen.canvas import Canvas

from tests.browser.places import sheet
from tests.browser.windows import Window, Windows
from tests.ingestion.extract.pictures import need_tesseract, pdf_of, picture_of
from tests.people import People, Person

ADDRESS = "https://tides.example/table?year=1887"
WORD = "anchorage"


def leading(path: Path) -> Path:
    """Four pages, a table of contents, and on the first page a link to the third and one out of the document."""
    canvas = Canvas(str(path), invariant=1)
    for number, title in enumerate(("Contents", "Tides", "Moorings", "Lights"), 1):
        canvas.bookmarkPage(title)
        canvas.addOutlineEntry(title, title)
        canvas.drawString(72, 750, f"{title}. This is page {number} of the pilot's book, which is kept in the harbour.")
        if number == 1:
            canvas.drawString(72, 700, "See the moorings, or the tables of the tides.")
            canvas.linkAbsolute("", "Moorings", (72, 695, 160, 715))
            canvas.linkURL(ADDRESS, (170, 695, 330, 715))
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    need_tesseract()
    folder = tmp_path_factory.mktemp("reader")
    lines = ["The harbour master keeps the book.", f"Pay for the {WORD} at noon.", "Nothing else is owed here."]
    return leading(folder / "pilot.pdf"), pdf_of(folder / "scan.pdf", picture_of(lines))


@pytest.fixture(scope="module")
async def owner(people: People, reading: None, files: tuple[Path, Path]) -> tuple[Person, str, str]:
    person = await people.new()
    pilot, scan = await person.add(*files)
    assert (pilot["status"], scan["status"]) == ("ready", "ready"), (pilot, scan)
    return person, pilot["id"], scan["id"]


async def opened(windows: Windows, owner: tuple[Person, str, str], place: str) -> tuple[Window, Page]:
    window = await windows.open(owner[0])
    return window, await window.go(f"/documents/{place}")


async def test_links_lead_inside_at_once_and_outside_when_asked(
    windows: Windows, owner: tuple[Person, str, str]
) -> None:
    _, page = await opened(windows, owner, owner[1])
    await sheet(page, 1).get_by_role("button", name="See the mooring").click()
    await expect(sheet(page, 3)).to_be_in_viewport()
    await page.wait_for_url("**page=3*")
    await page.go_back()
    await expect(sheet(page, 1)).to_be_in_viewport()
    link = sheet(page, 1).get_by_role("link")
    assert await link.get_attribute("rel") == "noopener noreferrer"
    await link.click()
    dialog = page.get_by_role("dialog", name="Open this address in a new tab?")
    await expect(dialog).to_contain_text(ADDRESS)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert len(page.context.pages) == 1


async def test_the_table_of_contents_leads_to_its_pages(windows: Windows, owner: tuple[Person, str, str]) -> None:
    _, page = await opened(windows, owner, owner[1])
    await page.get_by_role("button", name="Table of contents", exact=True).click()
    contents = page.get_by_role("navigation", name="Contents")
    await contents.get_by_role("button", name="Lights", exact=True).click()
    await expect(sheet(page, 4)).to_be_in_viewport()
    await page.wait_for_url("**page=4*")
    await page.reload()
    await expect(sheet(page, 4)).to_be_in_viewport()


async def test_a_word_found_in_a_scan_is_marked_alone(windows: Windows, owner: tuple[Person, str, str]) -> None:
    _, page = await opened(windows, owner, f"{owner[2]}?q={WORD}")
    mark = sheet(page, 1).locator("[data-marks=current] > span")
    await expect(mark).to_have_count(1)
    await expect(mark).to_be_in_viewport()
    box, whole = await mark.bounding_box(), await sheet(page, 1).bounding_box()
    assert box and whole
    assert 0.1 < box["width"] / whole["width"] < 0.3
    assert 0.2 < (box["x"] - whole["x"]) / whole["width"] < 0.4  # behind "Pay for the"


async def test_what_a_search_opens_is_the_sentence(windows: Windows, owner: tuple[Person, str, str]) -> None:
    window = await windows.open(owner[0])
    page = await window.go(f"/search?q=who pays for the {WORD}")
    hit = page.locator("a[data-hit]").filter(has_text=WORD).first
    await expect(hit).to_be_visible()
    said = " ".join("".join(await hit.locator("mark").all_text_contents()).split())
    assert said == f"Pay for the {WORD} at noon."
    await hit.click()
    mark = page.locator("[data-marks=cited] > span")
    await expect(mark.first).to_be_in_viewport()
    await expect(mark).to_have_count(1)
