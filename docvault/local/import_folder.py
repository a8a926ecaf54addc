"""`docvault import`: a folder into the vault. Nothing is remembered here: the API knows which files it has."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from docvault.errors import DocVaultError
from docvault.local.connect import Connection, Remote, connected
from docvault.local.folder import Item, Left, walk
from docvault.local.following import follow
from docvault.local.sending import Failure, Outcome, Sender
from docvault.local.welcome import printable
from docvault.settings import Settings

NAMES = 5  # files named for each reason; the others are counted
GO_ON = "Run the same command again: it goes on where it was."


class Wanted(NamedTuple):
    """`into` is the vault's folder; None for one called as the folder on disk."""

    folder: Path
    into: str | None = None
    tags: Sequence[str] = ()
    wait: bool = True
    retry: bool = False


async def import_folder(
    settings: Settings, wanted: Wanted, remote: Remote | None = None, console: Console | None = None
) -> bool:
    """Send what is not there yet, follow it until it is read, print what became of all. False when a file failed.

    Raises `DocVaultError` with what the API said when it takes no more, or stays away.
    """
    say = console or Console(highlight=False, soft_wrap=True)
    into = wanted.folder.resolve().name if wanted.into is None else wanted.into
    found = await asyncio.to_thread(lambda: list(walk(wanted.folder, into.strip("/"))))
    items = [each for each in found if isinstance(each, Item)]
    outcome = Outcome(left=[each for each in found if isinstance(each, Left)])
    size = _size(sum(item.size for item in items))
    say.print(f"{wanted.folder}: {_files(len(items))}, {size}", markup=False)
    try:
        async with connected(settings, remote, say) as connection:
            await _run(connection, wanted, items, outcome, say)
    except asyncio.CancelledError:
        say.print(f"\nStopped after {_files(outcome.sent)} sent. {GO_ON}", markup=False)
        raise
    except DocVaultError as error:
        summary(outcome, say)
        raise DocVaultError(error.detail, code=error.code, hint=" ".join(filter(None, [error.hint, GO_ON]))) from None
    summary(outcome, say)
    return not outcome.failed


async def _run(connection: Connection, wanted: Wanted, items: Sequence[Item], outcome: Outcome, say: Console) -> None:
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[files]}"),
        TextColumn("{task.fields[more]}"),
    )  # fmt: skip
    with _sending_bar(say) as bar:
        total = sum(item.size for item in items)
        task = bar.add_task("Sending", total=total, files=f"0/{len(items):,} files")
        files = 0

        def seen(more_files: int, more_bytes: int) -> None:
            nonlocal files
            files += more_files
            bar.update(task, advance=more_bytes, files=f"{files:,}/{len(items):,} files")

        await Sender(connection, wanted.folder, wanted.tags, wanted.retry, seen, outcome).send(items)
    if wanted.wait and outcome.pending:
        with Progress(*columns, console=say, transient=True, disable=not say.is_terminal) as bar:
            await _follow(connection, outcome, bar)


def _sending_bar(say: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TextColumn("{task.fields[files]}"),
    )  # fmt: skip
    return Progress(*columns, console=say, transient=True, disable=not say.is_terminal)


async def _follow(connection: Connection, outcome: Outcome, bar: Progress) -> None:
    settled = outcome.ready + len(outcome.failed)
    task = bar.add_task("Reading", total=len(outcome.pending), files="", more="")
    parts: dict[str, float] = {}
    more: dict[str, str] = {}

    def hear(name: str, data: Any) -> None:
        if name == "document" and data["id"] in outcome.pending:
            parts[data["id"]] = data["progress"]
            if data["status"] == "processing":
                more["now"] = printable(f"{data['filename']}: {doing(data)}")
        elif name == "totals":
            more["time"] = f"{duration(data['expected_seconds'])} left"
        _show(bar, task, outcome, settled, parts, more)

    await follow(connection, outcome, hear)


def _show(
    bar: Progress, task: TaskID, outcome: Outcome, settled: int, parts: dict[str, float], more: dict[str, str]
) -> None:
    done = outcome.ready + len(outcome.failed) - settled
    total = done + len(outcome.pending)
    share = sum(part for id, part in parts.items() if id in outcome.pending)
    words = " · ".join(more[each] for each in ("time", "now") if each in more)
    bar.update(task, completed=done + share, total=total, files=f"{done:,}/{total:,} documents", more=words)


# --- words --------------------------------------------------------------------------------------------------------


def summary(outcome: Outcome, say: Console) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    rows = (
        ("ready", outcome.ready, "green"),
        ("already there", outcome.there, ""),
        ("still to be read", len(outcome.pending), ""),
        ("failed", len(outcome.failed), "red"),
        ("left out", len(outcome.left), "yellow"),
    )
    for label, count, style in rows:
        if count or label == "ready":
            table.add_row(label, f"{count:,}", style=style if count else "")
    say.print(table)
    for (code, detail, hint), names in _by_reason(outcome.failed).items():
        say.print(f"\n{len(names):,} failed: {detail} ({code})", style="red", markup=False)
        if hint:
            say.print(f"  {hint}", markup=False)
        _names(names, say)
    left: dict[str, list[str]] = {}
    for each in outcome.left:
        left.setdefault(each.why, []).append(each.name)
    for why, names in left.items():
        say.print(f"\n{len(names):,} left out: {why}", style="yellow", markup=False)
        _names(names, say)


def _by_reason(failed: Sequence[Failure]) -> dict[tuple[str, str, str | None], list[str]]:
    """The most frequent first."""
    reasons = Counter((each.code, each.detail, each.hint) for each in failed)
    return {
        reason: [each.name for each in failed if (each.code, each.detail, each.hint) == reason]
        for reason, _ in reasons.most_common()
    }


def _names(names: Sequence[str], say: Console) -> None:
    for name in names[:NAMES]:
        say.print(f"    {printable(name)}", markup=False)
    if len(names) > NAMES:
        say.print(f"    and {len(names) - NAMES:,} more", markup=False)


def doing(document: dict[str, Any]) -> str:
    """`embedding, page 3 of 7`"""
    pages = f", page {document['pages_done']} of {document['pages_total']}" if document["pages_total"] else ""
    return document["stage"] + (pages if document["stage"] == "extracting" else "")


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "an unknown time"
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
