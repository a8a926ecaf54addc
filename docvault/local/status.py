"""`docvault status`: what is being read, what waits, what failed and why, and how long it will take."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from docvault.local.connect import Connection, Remote, connected, unreachable
from docvault.local.import_folder import doing, duration
from docvault.local.welcome import printable
from docvault.settings import Settings

EVERY = 1.0  # seconds between two looks of `--watch`
NEXT, READING, NAMES = 5, 20, 3  # of what waits, is read, failed for one reason: as many are named


async def status(
    settings: Settings,
    remote: Remote | None = None,
    *,
    watch: bool = False,
    as_json: bool = False,
    console: Console | None = None,
) -> None:
    """Print it once, or with `watch` again and again until Ctrl-C. Raises `DocVaultError` when nobody answers."""
    say = console or Console(highlight=False, soft_wrap=True)
    async with connected(settings, remote, say, start=False) as connection:
        try:
            if as_json:
                say.print(msgspec.json.encode(await look(connection)).decode(), markup=False)
            elif watch:
                await _watch(connection, say)
            else:
                say.print(shown(await look(connection)))
        except httpx.HTTPError as error:
            raise unreachable(connection.client, error) from None


async def _watch(connection: Connection, say: Console) -> None:
    with Live(shown(await look(connection)), console=say, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(EVERY)
            live.update(shown(await look(connection)), refresh=True)


async def look(connection: Connection) -> dict[str, Any]:
    """`GET /api/ingestion`, with the documents that belong to it."""
    seen = await connection.get("/api/ingestion")
    seen["reading"] = await _documents(connection, status="processing", limit=READING) if seen["processing"] else []
    waiting = await _documents(connection, status="queued", sort="created_at", limit=NEXT) if seen["queued"] else []
    seen["next"] = sorted(waiting, key=lambda document: document["queue_position"] or 0)
    failed = await _documents(connection, status="failed", sort="-updated_at", limit=500) if seen["failed"] else []
    for failure in seen["failures"]:
        failure["latest"] = [each["filename"] for each in failed if each["error"]["code"] == failure["code"]][:NAMES]
    return seen


async def _documents(connection: Connection, **params: Any) -> list[dict[str, Any]]:
    return (await connection.get("/api/documents", **params))["items"]


# --- words --------------------------------------------------------------------------------------------------------


def shown(seen: dict[str, Any]) -> RenderableType:
    parts: list[RenderableType] = [Text(_totals(seen), style="bold")]
    if seen["queued"] or seen["processing"]:
        parts.append(Text(_pace(seen), style="yellow" if seen["expected_seconds"] is None else ""))
    if seen["reading"]:
        parts += [Text("\nBeing read", style="bold"), _reading(seen["reading"])]
    if seen["next"]:
        more = seen["queued"] - len(seen["next"])
        parts += [Text("\nNext", style="bold"), _waiting(seen["next"])]
        parts += [Text(f"  and {more:,} more")] if more > 0 else []
    if seen["failures"]:
        parts.append(Text("\nFailed", style="bold"))
        parts += [_failure(failure) for failure in seen["failures"]]
    return Group(*parts)


def _totals(seen: dict[str, Any]) -> str:
    words = {"ready": "ready", "processing": "being read", "queued": "waiting", "failed": "failed"}
    said = [f"{seen[status]:,} {word}" for status, word in words.items() if seen[status] or status == "ready"]
    return "Documents: " + ", ".join(said)


def _pace(seen: dict[str, Any]) -> str:
    if seen["expected_seconds"] is None:
        waited = duration(seen["oldest_waiting_seconds"])
        return f"Nothing is being read, and the first has waited for {waited}. Is a worker running? `docvault doctor`"
    pace = seen["passages_per_second"]
    at = f" at {pace:,.0f} passages a second" if pace else ""
    return f"About {duration(seen['expected_seconds'])} left: {seen['passages_left']:,} passages{at}"


def _reading(documents: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for document in documents:
        bar = ProgressBar(total=1.0, completed=document["progress"], width=20)
        left = document["expected_seconds"]
        table.add_row(
            Text("  " + printable(document["filename"])),
            bar,
            f"{document['progress']:.0%}",
            doing(document),
            f"{duration(left)} left" if left is not None else "",
        )
    return table


def _waiting(documents: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for document in documents:
        left = document["expected_seconds"]
        ready = f"ready in {duration(left)}" if left is not None else ""
        table.add_row(f"  {document['queue_position'] or ''}", Text(printable(document["filename"])), ready)
    return table


def _failure(failure: dict[str, Any]) -> Text:
    text = Text(f"  {failure['count']:,} × {failure['detail']} ({failure['code']})\n", style="red")
    if failure["hint"]:
        text.append(f"    {failure['hint']}\n", style="default")
    names = ", ".join(printable(name) for name in failure["latest"])
    more = failure["count"] - len(failure["latest"])
    text.append(f"    {names}{f' and {more:,} more' if more > 0 else ''}", style="dim")
    return text
