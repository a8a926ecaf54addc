"""`docvault ask`: files in, one question, a cited answer out; over HTTP like everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from docvault.errors import DocVaultError
from docvault.local.connect import Remote, connected, said
from docvault.local.welcome import ask_aloud
from docvault.settings import Settings

BATCH = 50  # files in one request
POLL = 0.2  # seconds between two looks at a document


async def ask(
    settings: Settings,
    files: Sequence[Path],
    question: str,
    model: str,
    remote: Remote | None = None,
    console: Console | None = None,
) -> bool:
    """Print the answer from `files` alone. False when one could not be read, or the model did not answer.

    Raises `DocVaultError` with what the API said, and `ConfigurationError` when the local DocVault cannot start.
    """
    say = console or Console(highlight=False, soft_wrap=True)
    try:
        async with connected(settings, remote, say) as connection:
            client = connection.client
            documents = await _read(client, files, say)
            names = {document["id"]: document["filename"] for document in documents if document["status"] == "ready"}
            for document in documents:
                if document["status"] == "failed":
                    say.print(_failure(document), style="yellow", markup=False)
            if not names:
                return False
            filters = {"document_ids": list(names)}
            answered = await ask_aloud(client, question, names, say, models=[model], filters=filters)
            return answered and len(names) == len({document["id"] for document in documents})
    except httpx.HTTPStatusError as error:
        raise said(error.response) from None
    except httpx.HTTPError as error:
        where = remote.url if remote else "the local DocVault"
        raise DocVaultError(f"{where} does not answer: {error or type(error).__name__}.", code="unreachable") from None


async def _read(client: httpx.AsyncClient, files: Sequence[Path], say: Console) -> list[dict[str, Any]]:
    """Upload, and wait until each is read or has failed."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=say, transient=True, disable=not say.is_terminal) as bar:
        task = bar.add_task("Uploading", total=2 * len(files))
        documents: list[dict[str, Any]] = []
        for start in range(0, len(files), BATCH):
            documents += await _upload(client, files[start : start + BATCH])
            bar.update(task, completed=len(documents))
        while True:
            documents = [await _again(client, document) for document in documents]
            waiting = [document for document in documents if document["status"] not in ("ready", "failed")]
            done = sum(document.get("progress", 0.0) for document in waiting) + len(documents) - len(waiting)
            what = f"{waiting[0]['filename']}: {waiting[0]['stage']}" if waiting else "Read"
            bar.update(task, completed=len(files) + done, description=what)
            if not waiting:
                return documents
            await asyncio.sleep(POLL)


async def _upload(client: httpx.AsyncClient, files: Sequence[Path]) -> list[dict[str, Any]]:
    async with AsyncExitStack() as stack:
        opened = [stack.enter_context(path.open("rb")) for path in files]
        parts = [("file", (path.name, file)) for path, file in zip(files, opened, strict=True)]
        answer = await client.post("/api/documents", files=parts)
    return answer.raise_for_status().json()["documents"]


async def _again(client: httpx.AsyncClient, document: dict[str, Any]) -> dict[str, Any]:
    if document["status"] in ("ready", "failed"):
        return document
    return (await client.get(f"/api/documents/{document['id']}")).raise_for_status().json()


def _failure(document: dict[str, Any]) -> str:
    error = document["error"] or {}
    return " ".join(part for part in (f"{document['filename']}:", error.get("detail"), error.get("hint")) if part)
