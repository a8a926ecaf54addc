"""Where words stand on a page: what PDFium says, and what the reader marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2
from playwright.async_api import Locator, Page, expect

MARKED = """(section) => {
    const marks = [...section.querySelectorAll("[data-marks=cited] > span")].map((one) => one.getBoundingClientRect());
    const sheet = section.getBoundingClientRect();
    return marks.map((one) => [
        (one.left - sheet.left) / sheet.width, (one.top - sheet.top) / sheet.height,
        (one.right - sheet.left) / sheet.width, (one.bottom - sheet.top) / sheet.height,
    ]);
}"""


class Area(NamedTuple):
    """Shares of the page's width and height, from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: Area, slack: float = 0.01) -> bool:
        return (
            self.left <= other.left + slack and self.top <= other.top + slack
            and self.right >= other.right - slack and self.bottom >= other.bottom - slack
        )  # fmt: skip


def around(areas: list[Area]) -> Area:
    lefts, tops, rights, bottoms = zip(*areas, strict=True)
    return Area(min(lefts), min(tops), max(rights), max(bottoms))


def printed(file: Path, page: int, words: str) -> Area:
    """Where these words stand on this page, counted from 1."""
    document = pypdfium2.PdfDocument(file)
    try:
        sheet = document[page - 1]
        width, height = sheet.get_size()
        text: Any = sheet.get_textpage()
        found = text.search(words).get_next()
        assert found, f"page {page} of {file.name} does not say {words!r}"
        boxes = [text.get_charbox(index) for index in range(found[0], sum(found))]
        return around([Area(x0 / width, 1 - y1 / height, x1 / width, 1 - y0 / height) for x0, y0, x1, y1 in boxes])
    finally:
        document.close()


def sheet(page: Page, number: int) -> Locator:
    return page.locator(f"section[data-page='{number}']")


async def marked(page: Page, number: int) -> list[Area]:
    """What the reader marked on this page, once it did."""
    mark = sheet(page, number).locator("[data-marks=cited] > span").first
    await expect(mark).to_be_visible()
    await expect(mark).to_be_in_viewport()
    return [Area(*area) for area in await sheet(page, number).evaluate(MARKED)]
