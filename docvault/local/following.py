"""Documents that were sent, until each is ready or has failed: by the API's events, and by asking where those broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from itertools import islice
from typing import Any

import httpx
import msgspec

from docvault.local.connect import Away, Connection, unreachable
from docvault.local.sending import Outcome, Pending

ASK = 1000  # hashes in one question
DELETED = {"code": "not_found", "detail": "It was deleted meanwhile."}
Event = tuple[str, Any]
Hear = Callable[[str, Any], None]


async def follow(connection: Connection, outcome: Outcome, hear: Hear) -> None:
    """Until nothing of `outcome` is pending. `hear` gets every event, after the outcome knows of it.

    Raises `Away` when the API stays away for as long as the connection is patient.
    """
    ours, tries = set(outcome.pending), 0
    while outcome.pending:
        try:
            async with aclosing(_events(connection)) as events:
                async for name, data in events:
                    tries = 0
                    await _take(connection, outcome, ours, name, data)
                    hear(*(("totals", data["totals"]) if name == "snapshot" else (name, data)))
                    if not outcome.pending:
                        return
        except (httpx.TransportError, Away) as error:
            if tries == len(connection.pauses):
                raise Away(unreachable(connection.client, error).detail, code="unreachable") from None
        await asyncio.sleep(connection.pauses[tries] if tries < len(connection.pauses) else 0.0)
        tries += 1


async def _take(connection: Connection, outcome: Outcome, ours: set[str], name: str, data: Any) -> None:
    if name == "snapshot":
        await reconcile(connection, outcome)
    elif name == "document":
        _document(outcome, ours, data)
    elif name == "deleted":
        outcome.settle(data["id"], "failed", DELETED)


async def reconcile(connection: Connection, outcome: Outcome) -> None:
    """Learn what became of the pending documents while nobody listened."""
    waiting = iter(dict(outcome.pending).items())
    while part := dict(islice(waiting, ASK)):
        body = {"sha256": [pending.sha256 for pending in part.values()]}
        answer = await connection.request("POST", "/api/documents/known", lambda body=body: {"json": body})
        found = {each["id"]: each for each in answer.json()["items"]}
        for id in part:
            if id in found:
                outcome.settle(id, found[id]["status"], found[id]["error"])
            else:
                await _ask(connection, outcome, id)


async def _ask(connection: Connection, outcome: Outcome, id: str) -> None:
    """Another document has the same bytes, or this one was deleted."""
    answer = await connection.request("GET", f"/api/documents/{id}", allow=[404])
    if answer.status_code == 404:
        outcome.settle(id, "failed", DELETED)
    else:
        outcome.settle(id, answer.json()["status"], answer.json()["error"])


def _document(outcome: Outcome, ours: set[str], document: dict[str, Any]) -> None:
    """What was packed in an archive of ours is ours too."""
    id = document["id"]
    if id not in ours and document["archive_id"] in ours:
        ours.add(id)
        outcome.pending[id] = Pending(document["sha256"], document["filename"])
    outcome.settle(id, document["status"], document["error"])


async def _events(connection: Connection) -> AsyncGenerator[Event]:
    name = ""
    async with connection.stream("/api/events") as answer:
        async for line in answer.aiter_lines():
            field, _, value = line.partition(":")
            if field == "event":
                name = value.strip()
            elif field == "data":
                yield name, msgspec.json.decode(value)
