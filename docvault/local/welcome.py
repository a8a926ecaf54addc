"""The first start of a home: a local account, a few documents to look at, and one question answered.

Over HTTP like everybody else, so that what a newcomer sees is what the API does. Nothing here can stop DocVault from
serving: what fails is said in one line, and tried again at the next start.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from docvault.accounts.queries import LOCAL_ACCOUNT
from docvault.local.home import Home
from docvault.local.samples import CONTENT_TYPES, FOLDER, QUESTION, sample_files

ACCOUNT = LOCAL_ACCOUNT
DONE = "welcome"
STILL = 180.0
"""Seconds without any progress after which the samples are left to themselves."""


async def welcome(client: httpx.AsyncClient, home: Home, say: Console, *, ask: bool = True) -> None:
    """`client` has the API's address as its base. Says what happens, and remembers in the home that it is done."""
    try:
        if not await sign_in(client, home):
            return  # the password was changed: it is somebody's own account now
        if home.remembers(DONE):
            say.print(await what_is_there(client))
            return
        documents = await import_samples(client, say)
        if ask:
            await ask_aloud(client, QUESTION, documents, say)
        home.remember(DONE)
    except (httpx.HTTPError, msgspec.DecodeError, KeyError, TimeoutError) as error:
        why = _sentence(error)
        say.print(f"The samples are not complete ({why}); the next start tries again.", markup=False)


def _sentence(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.request.method} {error.request.url.path} answered {error.response.status_code}"
    return str(error) or type(error).__name__


async def sign_in(client: httpx.AsyncClient, home: Home) -> bool:
    """Log in to the local account, made when missing. False when its password is no longer the one kept here."""
    who = {"email": ACCOUNT, "password": home.secrets.account_password}
    first = "login" if home.remembers("account") else "register"
    answer = await client.post(f"/api/auth/{first}", json=who)
    if answer.is_error and first == "register":
        answer = await client.post("/api/auth/login", json=who)
    if answer.status_code in (401, 403):
        return False
    answer.raise_for_status()
    home.remember("account")
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return True


async def sign_in_link(client: httpx.AsyncClient) -> str | None:
    """A path that signs a browser in to the account that `client` is; None where it is none."""
    try:
        answer = await client.post("/api/auth/sign-in-link")
        return str(answer.raise_for_status().json()["url"])
    except (httpx.HTTPError, ValueError, KeyError):
        return None


async def what_is_there(client: httpx.AsyncClient) -> str:
    page = (await client.get("/api/documents", params={"limit": 100})).raise_for_status().json()
    ready = sum(document["status"] == "ready" for document in page["items"])
    more = "more than " if page["next_cursor"] else ""
    return f"The local account has {more}{len(page['items'])} documents, {ready} of them ready."


async def import_samples(client: httpx.AsyncClient, say: Console) -> dict[str, str]:
    """Upload the samples that are not there yet and wait until all are read; gives their names by id."""
    here = await _documents(client)
    missing = [path for path in sample_files() if path.name not in {each["filename"] for each in here}]
    if missing:
        files = [("file", (path.name, path.read_bytes(), CONTENT_TYPES[path.name])) for path in missing]
        (await client.post("/api/documents", data={"folder": FOLDER}, files=files)).raise_for_status()
    say.print(f"First start: reading {len(CONTENT_TYPES)} sample documents")
    columns = (TextColumn("  "), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=say, transient=True, disable=not say.is_terminal) as bar:
        documents = await _until_read(client, bar)
    for document in documents:
        say.print(f"  {_result(document)}", markup=False)
    return {document["id"]: document["filename"] for document in documents}


async def _documents(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    page = (await client.get("/api/documents", params={"folder": FOLDER, "limit": 100})).raise_for_status().json()
    return [each for each in page["items"] if each["filename"] in CONTENT_TYPES]


async def _until_read(client: httpx.AsyncClient, bar: Progress) -> list[dict[str, Any]]:
    task = bar.add_task("", total=len(CONTENT_TYPES))
    seen, since = None, time.monotonic()
    while True:
        documents = await _documents(client)
        waiting = [each for each in documents if each["status"] not in ("ready", "failed")]
        bar.update(
            task, completed=len(documents) - len(waiting), description=" ".join(_stage(each) for each in waiting[:1])
        )
        if not waiting:
            return documents
        state = [(each["id"], each["status"], each.get("stage"), each.get("progress")) for each in documents]
        if state != seen:
            seen, since = state, time.monotonic()
        elif time.monotonic() - since > STILL:
            raise TimeoutError(f"{waiting[0]['filename']} has been {waiting[0]['status']} for {STILL:.0f} s")
        await asyncio.sleep(0.2)


def _stage(document: dict[str, Any]) -> str:
    return f"{document['filename']} {document.get('stage') or document['status']}"


def _result(document: dict[str, Any]) -> str:
    if document["status"] == "ready":
        pages = document.get("pages") or 1
        return f"{document['filename']}, {pages} page{'s' if pages != 1 else ''}"
    return f"{document['filename']} could not be read: {(document.get('error') or {}).get('detail', 'no reason given')}"


async def ask_aloud(client: httpx.AsyncClient, question: str, names: dict[str, str], say: Console, **more: Any) -> bool:
    """Print the answer as it streams, then the places it came from. `more` goes into the request (models, filters).

    False when a model did not answer.
    """
    say.print(f"\n{question}", style="bold", markup=False)
    citations: list[str] = []
    answered = True
    async for event, data in stream(client, question, **more):
        if event == "delta":
            say.print(printable(data["text"]), end="", markup=False)
        elif event == "citation":
            name = names.get(data["document_id"], "a document")
            citations.append(
                printable(f"  [{str(data['marker']).strip('[]')}] {name}, page {data['page']}: “{data['quote']}”")
            )
        elif event == "error":
            answered = False
            say.print(printable(f"{data['model']} did not answer: {data['detail']}"), style="yellow", markup=False)
    say.print()
    for citation in citations:
        say.print(citation, style="dim", markup=False)
    return answered


async def stream(client: httpx.AsyncClient, question: str, **more: Any) -> AsyncGenerator[tuple[str, Any]]:
    """The events of one answer, as `(name, data)`, up to the last. Raises `httpx.HTTPStatusError`, its body read."""
    event = ""
    async with client.stream("POST", "/api/chat", json={"question": question, **more}) as answer:
        if answer.is_error:
            await answer.aread()
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            field, _, value = line.partition(":")
            if field == "event":
                event = value.strip()
            elif field == "data":
                yield event, msgspec.json.decode(value)


def printable(text: str) -> str:
    """Without the control characters by which a document could command the terminal."""
    return "".join(letter for letter in text if letter == "\n" or letter.isprintable())
