"""Windows of the browser, watched: what their consoles say must be nothing bad."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

from docvault.web.build import APP
from tests.people import PASSWORD, Person

Scheme = Literal["light", "dark"]
PATIENCE = 15_000.0  # milliseconds for anything to show; reading documents takes longer on a busy machine
DESK, PHONE = (1280, 800), (390, 844)
NOBODY_YET = re.compile(r"Failed to load resource.*401 .*/api/auth/refresh")
"""The page asks whether somebody is signed in, and the browser reports the answer "no" as an error."""
AXE = APP / "node_modules" / "axe-core" / "axe.min.js"

expect.set_options(timeout=PATIENCE)


async def until(page: Page, condition: str) -> None:
    """As Playwright's `wait_for_function`, which the page's Content-Security-Policy keeps from looking twice."""
    async with asyncio.timeout(PATIENCE / 1000):
        while True:
            with contextlib.suppress(Error):  # the page was left meanwhile
                if await page.evaluate(condition):
                    return
            await asyncio.sleep(0.05)


class Window:
    """One page in a context of its own. `allow` what its console may say, as patterns."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context = context
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.allowed = [NOBODY_YET]
        page.on("console", self._said)
        page.on("pageerror", self._threw)

    def allow(self, *patterns: str) -> None:
        self.allowed += map(re.compile, patterns)

    async def go(self, path: str) -> Page:
        await self.page.goto(self.address + path)
        return self.page

    async def kept(self) -> Page:
        """Once the service worker has the page and answers for it."""
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        await until(self.page, "navigator.serviceWorker.controller !== null")
        return self.page

    def bad(self) -> list[str]:
        return [said for said in self.complaints if not any(one.search(said) for one in self.allowed)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def _threw(self, error: Error) -> None:
        self.complaints.append(f"thrown: {error.message}")


class Windows:
    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self._open: list[Window] = []

    async def open(
        self,
        person: Person | None = None,
        *,
        size: tuple[int, int] = DESK,
        scheme: Scheme = "light",
        address: str | None = None,
        **more: Any,
    ) -> Window:
        """Signed in where a person is given: the session's cookie is there before the first page is."""
        viewport: Any = {"width": size[0], "height": size[1]}
        context = await self.browser.new_context(
            viewport=viewport, color_scheme=scheme, reduced_motion="reduce", locale="en-GB", **more
        )
        context.set_default_timeout(PATIENCE)
        window = Window(context, await context.new_page(), address or self.address)
        self._open.append(window)
        if person:
            await log_in(window, person)
        return window

    async def close(self) -> None:
        for window in self._open:
            await window.context.close()
        bad = {number: window.bad() for number, window in enumerate(self._open) if window.bad()}
        assert not bad, f"The browser's console complains: {bad}"


async def log_in(window: Window, person: Person) -> None:
    body = {"email": person.email, "password": PASSWORD}
    answer = await window.context.request.post(f"{window.address}/api/auth/login", data=body)
    assert answer.ok, await answer.text()


async def faults(page: Page) -> list[str]:
    """What axe finds, and of the dark theme what is too pale: all else is the same in both, and so is it on a phone."""
    found = await violations(page)
    if page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}:
        return found
    await dressed(page, "dark")
    found += [f"dark: {one}" for one in await violations(page, "color-contrast")]
    await dressed(page, "light")
    return found


async def dressed(page: Page, scheme: Scheme) -> None:
    """With less motion asked for nothing fades. No frame is waited for: a window beside another may draw none."""
    await page.emulate_media(color_scheme=scheme)
    await until(page, f"matchMedia('(prefers-color-scheme: {scheme})').matches")


async def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds serious or critical by these rules, or by all of them, as `rule: element`."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8") + "\n;undefined")
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = await page.evaluate("(how) => axe.run(document, how).then((said) => said.violations)", options)
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]} {_why(node)}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])


async def sideways(page: Page) -> list[str]:
    """Whether the page, or its main part, scrolls sideways; and what stands out beyond its right edge, if so."""
    return await page.evaluate("""() => {
        const width = document.documentElement.clientWidth;
        const wide = [document.scrollingElement, document.querySelector("main")]
            .filter((one) => one && one.scrollWidth > one.clientWidth + 1)
            .map((one) => `${one.tagName} scrolls: ${one.scrollWidth} > ${one.clientWidth}`);
        const out = [...document.querySelectorAll("main *")]
            .filter((one) => one.getBoundingClientRect().right > width + 1)
            .map((one) => `beyond the edge: ${one.cloneNode().outerHTML}`);
        return wide.length ? [...wide, ...out.slice(0, 5)] : [];
    }""")
