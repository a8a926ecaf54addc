"""Two people before the same page at the same time: neither sees anything of the other's."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.windows import Windows
from tests.people import People

pytestmark = pytest.mark.usefixtures("reading")


async def test_nothing_of_the_other_is_seen(windows: Windows, people: People) -> None:
    anna, bert = await people.new(), await people.new()
    for person, word in ((anna, "heron"), (bert, "osprey")):
        (document,) = await person.add((f"{word}.txt", f"The {word} nests on the northern cliff.".encode()))
        person.document = document["id"]  # type: ignore[attr-defined]
    for person, own, word, others in ((anna, "heron", "osprey", bert), (bert, "osprey", "heron", anna)):
        window = await windows.open(person)
        page = await window.go("/library")
        await expect(page.get_by_role("row").filter(has_text=f"{own}.txt")).to_be_visible()
        await expect(page.get_by_text(word)).to_have_count(0)

        await page.goto(f"{window.address}/search?q={word} nests on the northern cliff")
        await expect(page.locator("a[data-hit]").first).to_be_visible()
        await expect(page.get_by_role("main").get_by_role("link").filter(has_text=word)).to_have_count(0)

        window.allow(r"Failed to load resource.*404 .*/api/documents/")
        await page.goto(f"{window.address}/documents/{others.document}")  # type: ignore[attr-defined]
        await expect(page.get_by_text("This document is not here")).to_be_visible()
        await expect(page.get_by_text(f"{word}.txt")).to_have_count(0)
