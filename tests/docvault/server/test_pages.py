"""The page's files over HTTP: what is kept, what is asked for again, and what is never the page."""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from litestar import Litestar

from docvault.server.headers import PAGE_POLICY
from docvault.server.middleware import RequestContext
from docvault.server.pages import NOT_PAGES, best, page_routes
from docvault.server.problems import on_error

INDEX = b"<!doctype html><title>the page</title>" + b" " * 2000
SCRIPT = b"console.log('hello');" * 200


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "a static"
    (folder / "assets").mkdir(parents=True)
    (folder / ".vite").mkdir()
    files = {
        "index.html": INDEX, "icon.svg": b"<svg/>", "sw.js": b"1", "manifest.webmanifest": b"{}", ".source": b"x",
        ".vite/manifest.json": b"{}", "assets/a-1.js": SCRIPT, "assets/a-1.js.gz": gzip.compress(SCRIPT),
        "assets/a-1.js.br": b"in truth by brotli", "assets/w-2.mjs": b"1", "assets/d-3.wasm": b"\0asm",
        "assets/f-4.woff2": b"wOF2", "index.html.gz": gzip.compress(INDEX),
    }  # fmt: skip
    for name, body in files.items():
        (folder / name).write_bytes(body)
    (tmp_path / "secret.txt").write_text("not for browsers")
    return folder


def application(static: Path) -> Litestar:
    return Litestar(page_routes(static), exception_handlers={Exception: on_error}, openapi_config=None)


@pytest.fixture
async def browser(static: Path) -> AsyncIterator[httpx.AsyncClient]:
    served: Any = RequestContext(application(static))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://vault.test") as client:
        client.headers["Accept-Encoding"] = "identity"
        yield client


@pytest.mark.parametrize("path", ["/", "/library/Reports/2026", "/search?q=x", "/read/1b.pdf", "/welcome/", "/apiary"])
async def test_addresses_of_the_page_are_its_first_file(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    again = await browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("/assets/a-1.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/w-2.mjs", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/d-3.wasm", "application/wasm", "public, max-age=31536000, immutable"),
        ("/assets/f-4.woff2", "font/woff2", "public, max-age=31536000, immutable"),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache"),
    ],
)
async def test_files_have_their_types_and_their_time(
    browser: httpx.AsyncClient, static: Path, path: str, kind: str, cache: str
) -> None:
    answer = await browser.get(path)
    assert answer.content == (static / path[1:]).read_bytes()
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (kind, cache)
    assert answer.headers["content-security-policy"] == PAGE_POLICY, "a worker obeys that of its own file"
    again = await browser.get(path, headers={"If-None-Match": f"W/{answer.headers['etag']}"})
    assert again.status_code == 304
    head = await browser.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "x-request-id": ""} == {**answer.headers, "x-request-id": ""}


async def test_compressed_twins_are_served_to_those_who_take_them(browser: httpx.AsyncClient, static: Path) -> None:
    etags: set[str] = set()
    for accepted, encoding, twin in [
        ("gzip, deflate, br, zstd", "br", "assets/a-1.js.br"),
        ("gzip;q=1.0, br;q=0", "gzip", "assets/a-1.js.gz"),
        ("identity", None, "assets/a-1.js"),
        ("", None, "assets/a-1.js"),
    ]:
        async with browser.stream("GET", "/assets/a-1.js", headers={"Accept-Encoding": accepted}) as answer:
            body = b"".join([piece async for piece in answer.aiter_raw()])
        assert (answer.headers.get("content-encoding"), answer.headers["vary"]) == (encoding, "Accept-Encoding")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert body == (static / twin).read_bytes()
        etags.add(answer.headers["etag"])
    assert len(etags) == 3
    assert "vary" not in (await browser.get("/icon.svg")).headers
    page = await browser.get("/", headers={"Accept-Encoding": "br, gzip"})
    assert (page.headers["content-encoding"], page.content) == ("gzip", INDEX), "there is no .br of it"


def test_weights_of_encodings() -> None:
    assert best(["br", "gzip"], "BR;q=0.000, gzip ; q=0.5") == "gzip"
    assert best(["br", "gzip"], "br; q=0.1,gzip") == "br"
    assert best([], "br") == best(["br"], "brotli") == ""


@pytest.mark.parametrize(
    "path", [f"/{first}/nowhere" for first in sorted(NOT_PAGES)] + ["/assets", "/api", "/assets/a-2.js"]
)
async def test_what_is_not_there_is_not_the_page(browser: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = await browser.request(method, path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
    assert (await browser.get(path)).json()["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%00", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "//etc/passwd",
        "/assets/..%2f..%2fsecret.txt", "/.source", "/.vite/manifest.json", "/index.html.gz/", "/assets%5c..%5cx",
    ],
)  # fmt: skip
async def test_nothing_beside_the_folder_is_served(static: Path, path: str) -> None:
    """As a server hands it on, and not as a client would tidy it up."""
    sent: list[Any] = []
    scope: Any = {
        "type": "http", "method": "GET", "path": unquote(path), "raw_path": path.encode(), "query_string": b"",
        "headers": [], "http_version": "1.1", "scheme": "http", "server": ("a", 1), "client": ("b", 2),
        "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(static)(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    assert body == INDEX or sent[0]["status"] == 404


async def test_a_page_that_was_built_again_is_seen_at_once(browser: httpx.AsyncClient, static: Path) -> None:
    old = await browser.get("/")
    (static / "index.html").write_bytes(b"<title>new</title>")
    (static / "index.html.gz").unlink()
    (static / "assets" / "a-1.js").rename(static / "assets" / "b-9.js")
    os.utime(static / "index.html", ns=(1, 1))
    new = await browser.get("/", headers={"If-None-Match": old.headers["etag"]})
    assert (new.status_code, new.content) == (200, b"<title>new</title>")
    assert (await browser.get("/assets/b-9.js")).content == SCRIPT
    assert (await browser.get("/assets/a-1.js")).status_code == 404


async def test_without_the_page_one_is_told_how_to_build_it(tmp_path: Path) -> None:
    served: Any = RequestContext(application(tmp_path / "nowhere"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://vault.test") as client:
        answer = await client.get("/library")
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
        assert "python -m docvault.web.build" in answer.text
        assert "<style" not in answer.text
        assert (await client.get("/assets/x.js")).status_code == 404
