"""Pictures of every page, from a DocVault of its own with the project's samples: docs/gallery/.

    .venv/bin/python scripts/gallery.py [--home FOLDER]

Needs Chromium and the built page. DocVault runs in a temporary home; `--home` names one in which the embedding model
was made ready, which saves half a minute. Pictures are taken in light and dark, at a desk and on a phone, and kept
small: 96 colours and no more pixels than the window has.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

sys.path.insert(0, str(Path(__file__).parents[1]))

from docvault.local.samples import ANSWER_FILE, QUESTION, sample_files
from docvault.local.welcome import ACCOUNT
from tests.browser.windows import until
from tests.people import Person, events

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "docs" / "gallery"
CORPUS = ROOT / "tests" / "corpus"
FOLDERS = {
    "Handbooks": ("handbook.docx", "guide.md", "report.pdf"),
    "Handbooks/Slides": ("crane.pptx", "tales.epub"),
    "Ledgers": ("dues.xlsx", "ships.csv"),
    "Scans": ("scan.pdf", "encrypted.pdf"),
}
EMAIL, PASSWORD = "mira@lantern-bay.example", "a few unrelated words"
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")
MOST_BYTES = 1_500_000
COLOURS = 96
READ = """() => {
    if (document.querySelector("article, [role=table], table")) return true;
    const seen = [...document.querySelectorAll("section[data-page]")].filter((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return bottom > 60 && top < innerHeight - 60;
    });
    return seen.length > 0 && seen.every((one) => one.querySelector("canvas"));
}"""
"""Whether every page in sight is drawn, or the text is there."""


class Shot(NamedTuple):
    """A page, a text that is there when it is, and words for the palette, where that is to be seen."""

    name: str
    title: str
    path: str
    text: str
    palette: str = ""


@asynccontextmanager
async def docvault(models: Path | None) -> AsyncGenerator[tuple[str, str]]:
    """A DocVault in a temporary home, as `docvault up` starts it: its address, and its own account's password."""
    with tempfile.TemporaryDirectory(prefix="docvault-gallery-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        if models and (models / "models").exists():
            (home / "models").symlink_to((models / "models").resolve())
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        variables = os.environ | {"DOCVAULT_HOME": str(home), "DOCVAULT_PORT": str(port)}
        out = Path(folder) / "out"
        with out.open("wb") as said:
            command = [sys.executable, "-m", "docvault.server.cli", "up", "--no-ask"]
            process = subprocess.Popen(command, env=variables, stdout=said, stderr=subprocess.STDOUT)
        try:
            await until_serving(process, out)
            secrets = json.loads((home / "secrets.json").read_text(encoding="utf-8"))
            yield f"http://127.0.0.1:{port}", secrets["account_password"]
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 60)


async def until_serving(process: subprocess.Popen[bytes], out: Path) -> None:
    async with asyncio.timeout(300):
        while "Ctrl-C stops it" not in out.read_text(encoding="utf-8"):
            if process.poll() is not None:
                raise SystemExit(f"DocVault did not start:\n{out.read_text(encoding='utf-8')}")
            await asyncio.sleep(0.2)


async def fill(address: str, password: str) -> Person:
    """An administrator with documents, tags, a conversation, and something in the trash."""
    client = httpx.AsyncClient(base_url=address, timeout=120)
    answer = await client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    person = Person(client, EMAIL, answer.raise_for_status().json())
    await promote(address, password, person)
    await person.add(*sample_files(), tags="station")
    for folder, names in FOLDERS.items():
        await person.add(*(CORPUS / name for name in names), folder=folder)
    (gone,) = await person.add(CORPUS / "log.txt")
    await person.http.post("/api/documents/bulk", json={"ids": [gone["id"]], "action": "trash"})
    async with person.http.stream("POST", "/api/chat", json={"question": QUESTION, "models": ["extractive"]}) as said:
        async for _ in events(said):
            pass
    return person


async def promote(address: str, password: str, person: Person) -> None:
    async with httpx.AsyncClient(base_url=address) as first:
        said = await first.post("/api/auth/login", json={"email": ACCOUNT, "password": password})
        first.headers["Authorization"] = f"Bearer {said.raise_for_status().json()['access_token']}"
        (await first.patch(f"/api/admin/people/{person.id}", json={"is_admin": True})).raise_for_status()


async def shots(person: Person) -> list[Shot]:
    documents = (await person.http.get("/api/documents", params={"limit": 100})).json()["items"]
    ids = {document["filename"]: document["id"] for document in documents}
    (talk, *_) = (await person.http.get("/api/conversations")).json()["items"]
    messages = (await person.http.get(f"/api/conversations/{talk['id']}")).json()["messages"]
    (cited, *_) = messages[-1]["citations"]
    place = "?" + urlencode({"page": cited["page"], "quote": cited["quote"]})
    return [
        Shot("library", "The library", "/library", "Ledgers"),
        Shot("library-grid", "The library as cards", "/library?view=grid&folder=Handbooks", "guide.md"),
        Shot("library-failed", "A document that could not be read says why", "/library?folder=Scans", "password"),
        Shot("trash", "The trash", "/library?trash=true", "log.txt"),
        Shot("search", "A search", f"/search?q={QUESTION}", "Page 3"),
        Shot("palette", "Everything by keyboard", "/library", "Ledgers", palette="dive plan"),
        Shot("reader", "A passage on its page", f"/documents/{ids[ANSWER_FILE]}{place}", ANSWER_FILE),
        Shot("reader-text", "A document without pages", f"/documents/{ids['storm-report.md']}", "storm-report.md"),
        Shot("reader-table", "A table", f"/documents/{ids['tide-gauges.csv']}", "tide-gauges.csv"),
        Shot("chat", "A new chat", "/chat", "Ask your documents"),
        Shot("answer", "An answer with its sources", f"/chat/{talk['id']}", "12 days"),
        Shot("settings", "The settings", "/settings", "Settings"),
        Shot("people", "The people, for administrators", "/admin/people", EMAIL),
        Shot("health", "Whether everything works, for administrators", "/admin/health", "PostgreSQL"),
        Shot("storage", "What is kept, and how much may be", "/settings/storage", "Storage"),
        Shot("sign-in", "Signing in", "/sign-in", "Sign in"),
    ]


async def take(page: Page, address: str, shot: Shot, file: Path) -> None:
    await page.goto(address + shot.path)
    await expect(page.get_by_text(shot.text).and_(page.locator(":visible")).first).to_be_visible(timeout=30_000)
    if shot.palette:
        await in_the_palette(page, shot.palette)
    await settled(page)
    save(await page.screenshot(animations="disabled", caret="hide"), file)


async def in_the_palette(page: Page, words: str) -> None:
    """It is fetched after the page, and until then nobody hears its keys."""
    field = page.get_by_role("combobox")
    async with asyncio.timeout(30):
        while not await field.count():
            await page.keyboard.press("Control+k")
            await asyncio.sleep(0.1)
    await field.fill(words)
    await expect(page.get_by_role("option").filter(has_text="Page 3").first).to_be_visible(timeout=30_000)


async def settled(page: Page) -> None:
    """Nothing turns or is being drawn, and the fonts are there."""
    await until(page, "!document.querySelector('[aria-busy=true], [data-skeleton]')")
    await page.evaluate("document.fonts.ready.then(() => undefined)")
    if "/documents/" in page.url:
        await until(page, READ)
    await page.wait_for_timeout(300)  # what fades in


def save(png: bytes, file: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.convert("RGB").save(file, "WEBP", lossless=True, method=6)


async def log_in(context: BrowserContext, address: str) -> None:
    answer = await context.request.post(f"{address}/api/auth/login", data={"email": EMAIL, "password": PASSWORD})
    assert answer.ok, await answer.text()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("Pictures need Chromium. Install it: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def picture_all(browser: Browser, address: str, wanted: list[Shot]) -> None:
    for device, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            window: Any = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
            context, stranger = [
                await browser.new_context(**window, locale="en-GB", reduced_motion="reduce") for _ in range(2)
            ]
            await log_in(context, address)
            page, first = await context.new_page(), await stranger.new_page()
            for shot in wanted:
                seen = first if shot.name == "sign-in" else page
                await take(seen, address, shot, GALLERY / f"{shot.name}-{device}-{scheme}.webp")
            await context.close()
            await stranger.close()


def readme(wanted: list[Shot]) -> str:
    """Light pictures for light screens, dark ones for dark ones."""
    lines = ["# The page in pictures", "", "Written by `scripts/gallery.py`. Light or dark, as your screen is.", ""]
    for shot in wanted:
        lines += [f"## {shot.title}", "", "<p>"]
        for device, (width, _) in SIZES.items():
            shown = 640 if width > 1000 else 200
            name = f"{shot.name}-{device}"
            lines += [
                "<picture>",
                f'  <source media="(prefers-color-scheme: dark)" srcset="{name}-dark.webp">',
                f'  <img src="{name}-light.webp" alt="{shot.title}, {device}" width="{shown}">',
                "</picture>",
            ]
        lines += ["</p>", ""]
    return "\n".join(lines)


async def main(models: Path | None) -> None:
    GALLERY.mkdir(exist_ok=True)
    async with docvault(models) as (address, password), chromium() as browser:
        person = await fill(address, password)
        wanted = await shots(person)
        await picture_all(browser, address, wanted)
        await person.http.aclose()
    (GALLERY / "README.md").write_text(readme(wanted), encoding="utf-8")
    names = {f"{shot.name}-{device}-{scheme}.webp" for shot in wanted for device in SIZES for scheme in SCHEMES}
    for old in GALLERY.glob("*.webp"):
        if old.name not in names:
            old.unlink()
    total = sum(file.stat().st_size for file in GALLERY.iterdir())
    print(f"{len(names)} pictures, {total / 1e6:.2f} MB, in {GALLERY.relative_to(ROOT)}")
    if total > MOST_BYTES:
        raise SystemExit(f"That is more than {MOST_BYTES / 1e6:.1f} MB.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a home in which the embedding model is ready")
    asyncio.run(main(parser.parse_args().home))
