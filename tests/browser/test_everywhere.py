"""What holds on every page: it fits a phone, everybody can use it, and the browser may do no more than it needs.

Two windows share the pages: one looks while the other loads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain

import httpx
import pytest
from playwright.async_api import FilePayload, Page, expect

from docvault.local.samples import sample_files
from docvault.server.headers import PAGE_POLICY, SECURITY_HEADERS
from tests.browser.windows import DESK, PHONE, Window, Windows, faults, sideways, until
from tests.people import Person

Step = Callable[[Page], Awaitable[object]]
OUTSIDE = {
    "/sign-in": "Sign in",
    "/register": "Make an account",
    "/welcome": "Sign in",  # once there is somebody, it leads there
    "/sign-in#ticket=worn-out": "Sign in",
    "/nowhere": "There is no such page",
}
ADMINISTRATION = {
    "/admin": "Administration",
    "/admin/people": "Add a person",
    "/admin/health": "Object store",
    "/admin/failures": "Why documents failed",
}


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
        "/settings/appearance": "Language",
        "/settings/models": "Your models",
        "/settings/account": "Where you are signed in",
        "/settings/keys": "New key",
        "/settings/webhooks": "New webhook",
        "/settings/storage": "Export my data",
        "/settings/about": "Longest question",
        "/admin": "Not for you",
    }


async def check(page: Page, path: str, text: str, *, narrow: bool) -> list[str]:
    """What is wrong with this page."""
    await expect(page.get_by_text(text).and_(page.locator(":visible")).first).to_be_visible()
    await until(page, "!document.querySelector('[aria-busy=true], [data-skeleton]')")
    found = await faults(page)
    if narrow:
        found += await sideways(page)
    return [f"{path}: {one}" for one in found]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_every_page_is_for_everybody(
    windows: Windows, reader: Person, admin: Person, size: tuple[int, int]
) -> None:
    async def walk(person: Person | None, pages: Sequence[tuple[str, str]]) -> list[str]:
        window = await windows.open(person, size=size)
        window.allow(r"Failed to load resource.*40[01] .*/api/auth/")  # the worn-out link
        wrong: list[str] = []
        for path, text in pages:
            wrong += await check(await window.go(path), path, text, narrow=size == PHONE)
        return wrong

    await admin.add(("nothing.txt", b""))  # so that there is a failure to see
    theirs = list((await places(reader)).items())
    nobody, administrators = list(OUTSIDE.items()), list(ADMINISTRATION.items())

    async def others() -> list[str]:
        return await walk(None, nobody) + await walk(admin, administrators) + await walk(reader, theirs[::3])

    mine = [one for at, one in enumerate(theirs) if at % 3]
    found = await asyncio.gather(walk(reader, mine), others())
    assert not any(found), "\n".join(chain(*found))


def button(name: str) -> Step:
    return lambda page: page.get_by_role("button", name=name).and_(page.locator(":visible")).first.click()


def key(name: str) -> Step:
    return lambda page: page.keyboard.press(name)


def item(name: str) -> Step:
    return lambda page: page.get_by_role("menuitem", name=name).click()


def words(label: str, text: str) -> Step:
    return lambda page: page.get_by_label(label).fill(text)


def files(*given: FilePayload) -> Step:
    return lambda page: page.locator("input[type=file]").first.set_input_files(given)


MORE = button("More about station-handbook.pdf")
OVERLAYS: list[tuple[str, list[Step], str]] = [
    ("/library", [button("New")], "[role=menu]"),
    ("/library", [button("New"), item("New folder")], "[role=dialog]"),
    ("/library", [button("Filters")], "[role=menu]"),
    ("/library", [button("Sort")], "[role=menu]"),
    ("/library", [MORE], "[role=menu]"),
    ("/library", [MORE, item("Move to a folder")], "[role=dialog]"),
    ("/library", [MORE, item("Tags")], "[role=dialog]"),
    ("/library", [MORE, item("Rename")], "[role=dialog]"),
    ("/library", [key("Control+k"), lambda page: page.get_by_role("combobox").fill("dive plan")], "[role=option]"),
    ("/library", [files({"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})], "[aria-label=Uploads]"),
    ("/chat", [button("Choose who answers")], "[role=option]"),
    ("/chat", [button("Choose which documents are asked")], "[role=option]"),
    ("/settings/account", [button("Sign out everywhere")], "[role=dialog]"),
    ("/settings/account", [button("Delete my account")], "[role=dialog]"),
    ("/settings/account", [words("Your password now", "x"), words("New password", "x"), key("Enter")], "[role=alert]"),
    ("/settings/keys", [button("New key")], "[role=dialog]"),
    ("/settings/keys", [button("New key"), words("Name", "x"), button("Make the key")], "[role=dialog] pre"),
    ("/settings/webhooks", [button("New webhook")], "[role=dialog]"),
    ("/admin/people", [button("Add a person")], "[role=dialog]"),
    ("/admin/people", [button("What to do with")], "[role=menu]"),
    ("/admin/people", [button("What to do with"), item("Set a password")], "[role=dialog]"),
    ("/admin/people", [button("What to do with"), item("Disable")], "[role=dialog]"),
]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_dialogs_and_menus_are_for_everybody(
    windows: Windows, admin: Person, reader: Person, size: tuple[int, int]
) -> None:
    """Of somebody who sees all of them."""
    if not (await admin.http.get("/api/documents", params={"q": "station-handbook"})).json()["items"]:
        await admin.add(*sample_files())

    async def walk(overlays: Sequence[tuple[str, list[Step], str]]) -> list[str]:
        window = await windows.open(admin, size=size)
        wrong: list[str] = []
        for path, steps, shown in overlays:
            page = await window.go(path)
            await until(
                page, "document.querySelector('main') && !document.querySelector('[aria-busy=true], [data-skeleton]')"
            )
            for step in steps:
                await step(page)
            await expect(page.locator(shown).first).to_be_visible()
            wrong += [f"{path} {shown}: {one}" for one in await faults(page)]
        return wrong

    found = await asyncio.gather(walk(OVERLAYS[::2]), walk(OVERLAYS[1::2]))
    assert not any(found), "\n".join(chain(*found))


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


async def test_a_pane_that_breaks_takes_no_other_with_it(windows: Windows, reader: Person) -> None:
    """Both that show folders do: what is around them stays."""
    window = await windows.open(reader)
    window.allow("")  # React says much about it
    await window.page.route("**/api/folders*", lambda route: route.fulfill(json={"items": [None]}))
    page = await window.go("/library")
    await expect(page.get_by_text("This part of the page stopped")).to_have_count(2)
    await expect(page.get_by_role("link", name="Chat", exact=True).first).to_be_visible()
    await expect(page.get_by_role("button", name=f"Your account: {reader.email}")).to_be_visible()
