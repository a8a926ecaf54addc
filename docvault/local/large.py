"""Large files, sent in pieces: where one is lost the next try goes on behind it (tus 1.0, https://tus.io)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

from docvault.errors import DocVaultError
from docvault.local.connect import Away, Connection
from docvault.local.folder import Item

LARGE = 64 * 1024 * 1024
"""Bytes from which a file is sent in pieces."""
PIECE = 16 * 1024 * 1024
VERSION = {"Tus-Resumable": "1.0.0"}
TAKEN = (409, 423)
"""Other bytes are wanted, or the server still holds a request of ours that broke off."""


async def send_large(
    connection: Connection, item: Item, tags: Sequence[str], seen: Callable[[int], None]
) -> dict[str, Any] | None:
    """The document, as an upload answers it. None where this DocVault takes no pieces.

    `seen` hears of bytes that are safe. Raises `DocVaultError`, and `OSError` where the file cannot be read.
    """
    headers = {**VERSION, "Upload-Length": str(item.size), "Upload-Metadata": _metadata(item, tags)}
    begun = await connection.request("POST", "/api/uploads", lambda: {"headers": headers}, allow=[404, 405])
    if begun.is_error:
        return None
    place, offset, losses = begun.headers["Location"], 0, 0
    answer = begun
    with item.path.open("rb") as file:
        while offset < item.size:
            file.seek(offset)
            piece = file.read(PIECE)
            if not piece:
                raise OSError("it became shorter meanwhile")
            answer = await connection.request("PATCH", place, _patch(piece, offset), allow=TAKEN)
            if answer.status_code in TAKEN:
                losses += 1
                await _patience(connection, losses)
                answer = await connection.request("HEAD", place, lambda: {"headers": VERSION})
            reached = int(answer.headers["Upload-Offset"])
            losses = 0 if reached > offset else losses
            seen(reached - offset)
            offset = reached
    id = answer.headers.get("X-Document-Id")
    if not id:
        raise DocVaultError("The file arrived, and was not accepted.", code="upload_expired", hint="Send it again.")
    document = await connection.get(f"/api/documents/{id}")
    return document | {"duplicate_of": id if answer.headers.get("X-Duplicate") else None}


async def _patience(connection: Connection, losses: int) -> None:
    if losses > len(connection.pauses):
        raise Away("The server does not take the next bytes.", code="unreachable")
    await asyncio.sleep(connection.pauses[losses - 1])


def _patch(piece: bytes, offset: int) -> Callable[[], dict[str, Any]]:
    headers = {**VERSION, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return lambda: {"content": piece, "headers": headers}


def _metadata(item: Item, tags: Sequence[str]) -> str:
    named = {"filename": item.name, "folder": item.folder, "tags": ",".join(tags)}
    return ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in named.items() if value)
