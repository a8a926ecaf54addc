"""A document's bytes over HTTP: whole, or one range of them (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote

from litestar import Response
from litestar.response import Stream

from docvault.errors import Conflict, NotFound, RequestError
from docvault.models import Document, Revision
from docvault.storage import ObjectStore

_RANGE = re.compile(r"bytes=(\d{0,30})-(\d{0,30})")  # Python refuses to read numbers of thousands of digits

UNKNOWN = ("not_scanned", "scan_too_large", "cancelled", "gave_up", "internal")
"""Codes of documents that may have failed before they were scanned. All others come from reading, which is later."""


class RangeNotSatisfiable(RequestError):
    status, code = 416, "range_not_satisfiable"


async def content(
    store: ObjectStore,
    document: Document,
    revision: Revision,
    asked: Mapping[str, str],
    *,
    scanned: bool = False,
    inline: bool = False,
) -> Stream | Response[bytes]:
    """`inline` lets a browser show it. `scanned` says that every file must pass a virus scan.

    Raises `Conflict` for bytes that have not.
    """
    check_clean(document, scanned=scanned)
    etag = f'"{revision.sha256.hex()}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(document.filename, inline=inline),
        # A document is never run as a page of this origin, whatever is in it, and never taken for another type.
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in asked.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    part = None if asked.get("if-range", etag) != etag else byte_range(asked.get("range", ""), revision.size_bytes)
    start, end = part or (0, revision.size_bytes)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{revision.size_bytes}"
    body = await _open(store, revision.object_key, start, end)
    return Stream(body, status_code=206 if part else 200, headers=headers, media_type=revision.content_type)


def check_clean(document: Document, *, scanned: bool) -> None:
    """Raises `Conflict` when the bytes that would be served are infected or, if they must be scanned, may be."""
    if document.status == "ready" or document.pending_revision_id is not None:
        return  # these were read, and so scanned before; a newer revision may not have been
    if document.status == "failed" and document.error_code == "infected":
        raise Conflict(
            "A virus scan found something in this document: its bytes are not given out.",
            code="infected",
            hint="Delete it. Its `error` says what was found.",
        )
    if scanned and not document.chunks and (document.status != "failed" or document.error_code in UNKNOWN):
        raise Conflict(
            "This document has not passed the virus scan: its bytes are not given out.",
            code="not_scanned",
            hint="Wait until it is ready, or retry it if it failed.",
        )


async def _open(store: ObjectStore, key: str, start: int, end: int) -> AsyncIterator[bytes]:
    """Opened before the answer begins, so that an object that is missing is an error and not half an answer."""
    opened = store.read(key, start, end)
    try:
        pieces = await opened.__aenter__()
    except FileNotFoundError:
        raise NotFound("The bytes of this document are not there.", code="content_missing") from None

    async def body() -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                yield piece
        finally:
            await opened.__aexit__(None, None, None)

    return body()


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """The first and one past the last byte, or None to send everything (no range, or a form we do not serve).

    Raises `RangeNotSatisfiable` when it begins behind the end.
    """
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last N bytes
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise RangeNotSatisfiable(f"The document has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return start, end


def disposition(filename: str, *, inline: bool = False) -> str:
    """RFC 6266: a plain name for old clients, the real one for all others."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", filename)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
