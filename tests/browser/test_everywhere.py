"""What holds on every page: it fits a phone, everybody can use it, and the browser may do no more than it needs."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Page, expect

from docvault.server.headers import PAGE_POLICY, SECURITY_HEADERS
from tests.browser.windows import DESK, PHONE, Scheme, Window, Windows, sideways, until, violations
from tests.people import Person

OUTSIDE = {"/sign-in": "Sign in", "/register": "Make an account"}


async def places(person: Person) -> dict[str, str]:
    """Every page for people who are signed in, and a text that shows when it is there."""
    documents = (await person.http.get("/api/documents")).json()["items"]
    ids = {document["filename"]: document["id"] for document in documents}
    return {
        "/library": "station-handbook.pdf",
        "/library?view=grid": "station-handbook.pdf",
        "/library?trash=true": "The trash is empty",
        "/library?folder=Reports%2F2026": "report.pdf",
        "/search": "Search by meaning and by words",
        "/search?q=dive%20plan": "Page 3",
        f"/documents/{ids['station-handbook.pdf']}": "station-handbook.pdf",
        f"/documents/{ids['guide.md']}": "guide.md",
        f"/documents/{ids['tide-gauges.csv']}": "tide-gauges.csv",
        "/chat": "Ask your documents",
        "/settings": "Settings",
        "/nowhere": "There is no such page",
    }


async def check(page: Page, path: str, text: str, *, narrow: bool) -> list[str]:
    """What is wrong with this page."""
    await expect(page.get_by_text(text).and_(page.locator(":visible")).first).to_be_visible()
    await until(page, "!document.querySelector('[aria-busy=true], [data-skeleton]')")
    found = await violations(page)
    if narrow:
        found += await sideways(page)
    return [f"{path}: {one}" for one in found]


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)])
async def test_every_page_is_for_everybody(
    windows: Windows, reader: Person, scheme: Scheme, size: tuple[int, int]
) -> None:
    narrow = size == PHONE
    stranger = await windows.open(scheme=scheme, size=size)
    wrong: list[str] = []
    for path, text in OUTSIDE.items():
        wrong += await check(await stranger.go(path), path, text, narrow=narrow)
    window = await windows.open(reader, scheme=scheme, size=size)
    for path, text in (await places(reader)).items():
        wrong += await check(await window.go(path), path, text, narrow=narrow)
    assert not wrong, "\n".join(wrong)


async def test_dialogs_and_menus_are_for_everybody(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/library")
    wrong: list[str] = []
    await page.get_by_role("button", name="New", exact=True).click()
    await expect(page.get_by_role("menu")).to_be_visible()
    wrong += await violations(page)
    await page.get_by_role("menuitem", name="New folder").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    wrong += await violations(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("dive plan")
    await expect(page.get_by_role("option").filter(has_text="Page 3").first).to_be_visible()
    wrong += await violations(page)
    assert not wrong, "\n".join(wrong)


async def test_the_page_is_served_with_its_walls(address: str, window: Window) -> None:
    async with httpx.AsyncClient(base_url=address) as client:
        for path in ("/", "/library", "/sw.js"):
            headers = (await client.get(path)).headers
            assert headers["content-security-policy"] == PAGE_POLICY
            assert "unsafe-inline" not in headers["content-security-policy"].replace("wasm-unsafe-eval", "")
            for name in set(SECURITY_HEADERS) - {"Content-Security-Policy", "Cache-Control"}:
                assert headers[name] == SECURITY_HEADERS[name]
            assert headers["cache-control"] == "no-cache"
    page = await window.go("/sign-in")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    window.allow("Content Security Policy", "script-src")
    ran = await page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.head.append(script);
        return window.ran === true;
    }""")
    assert not ran


async def test_everything_is_reached_by_tab_and_shows_where_it_is(windows: Windows, reader: Person) -> None:
    window = await windows.open(reader)
    page = await window.go("/library")
    await expect(page.get_by_role("row").first).to_be_visible()
    seen: list[str] = []
    for _ in range(30):
        await page.keyboard.press("Tab")
        name, ring = await page.evaluate("""() => {
            const at = document.activeElement, style = getComputedStyle(at);
            const drawn = style.outlineStyle !== "none" || style.boxShadow !== "none";
            return [at.getAttribute("aria-label") ?? at.textContent.trim().slice(0, 40), drawn || at === document.body];
        }""")
        assert ring, f"the focus cannot be seen on {name!r}"
        seen.append(name)
    assert seen[0] == "Skip to the content"
    for wanted in ("Library", "Search", "Chat", "New", "Filter by name", "Filters", "Sort"):
        assert any(wanted in name for name in seen), f"{wanted} is not reached by Tab: {seen}"
