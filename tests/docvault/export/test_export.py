"""Everything one has, and nothing of anybody else."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from docvault.export import queries, routes
from docvault.export.operations import export
from docvault.resources import Resources
from docvault.security import streams
from ingestion.sweeper import sweep
from tests.people import People, Person

NOTE = b"# Harvest\n\nThe orchard at Quellwiese gave 4,312 kilograms of quinces in 2019.\n"


@pytest.fixture(scope="module")
async def alice(people: People, worker: object, resources: Resources) -> Person:
    person = await people.new()
    await person.add(("harvest.md", NOTE), folder="years/2019", tags="quinces")
    await person.upload(("harvest.md", b"Other words."), folder="years")
    await person.upload(("account.json", b"{}"), ("con.txt", b"A device."))
    await person.upload(("thrown.txt", b"Thrown away."), folder="years")
    twin = (await person.upload(("twin.txt", b"One."), ("another.txt", b"Two.")))[1]
    await person.http.patch(f"/api/documents/{twin['id']}", json={"filename": "twin.txt"})
    lost = (await person.upload(("lost.txt", b"These bytes get lost.")))[0]
    await person.settled(lost["id"])
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE documents SET trashed_at = now() WHERE filename = 'thrown.txt'"))
        key = await session.scalar(text("SELECT object_key FROM revisions WHERE document_id = :id"), {"id": lost["id"]})
    await resources.store.delete(str(key))
    await person.chat("How many kilograms of quinces did the orchard give in 2019?")
    await person.http.post("/api/keys", json={"name": "mine", "scopes": ["search"]})
    await person.http.patch("/api/me", json={"preferences": {"theme": "dark"}})
    return person


async def exported(person: Person, people: People) -> zipfile.ZipFile:
    made = await person.http.post("/api/export/link")
    assert made.status_code == 200, made.text
    answer = await people.stranger().get(made.json()["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="docvault-')
    assert answer.headers["cache-control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


async def test_all_of_it_is_there(alice: Person, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "SLICE", 3)
    archive = await exported(alice, people)
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == [
        "Trash/years/thrown.txt",
        "_con.txt",
        "account (2).json",
        "account.json",
        "conversations.json",
        "documents.json",
        "twin (2).txt",
        "twin.txt",
        "years/2019/harvest.md",
        "years/harvest.md",
    ]
    assert archive.read("years/2019/harvest.md") == NOTE
    assert archive.read("Trash/years/thrown.txt") == b"Thrown away."
    documents = {each["path"] or each["filename"]: each for each in read(archive, "documents.json")}
    assert len(documents) == 8
    assert documents["years/2019/harvest.md"]["tags"] == ["quinces"]
    assert documents["Trash/years/thrown.txt"]["trashed_at"]
    assert documents["twin (2).txt"]["filename"] == "twin.txt"
    assert (documents["lost.txt"]["path"], documents["lost.txt"]["left_out"]) == (None, "content_missing")


async def test_what_is_replaced_or_deleted_while_it_is_sent(
    people: People, worker: object, resources: Resources
) -> None:
    person = await people.new()
    await person.add(("first.txt", b"x" * 600_000 + b" words"))
    (second, third) = await person.add(("second.txt", b"The words before."), ("third.txt", b"Gone soon."))
    pieces = export(resources, UUID(person.id))
    sent = [await anext(pieces)]
    await person.add(("second.txt", b"The words after."))
    await person.http.delete(f"/api/documents/{third['id']}")
    for _ in range(3):
        await sweep(resources)
    sent += [piece async for piece in pieces]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(sent)))
    assert archive.testzip() is None
    assert archive.read("second.txt") == b"The words after."
    documents = {each["filename"]: each for each in read(archive, "documents.json")}
    assert sorted(documents) == ["first.txt", "second.txt"]
    assert (documents["second.txt"]["id"], documents["second.txt"]["left_out"]) == (second["id"], None)
    assert documents["second.txt"]["revision"] == 2


async def test_conversations_can_be_imported_again(alice: Person, people: People) -> None:
    archive = await exported(alice, people)
    (conversation,) = read(archive, "conversations.json")
    assert "quinces" in conversation["messages"][0]["content"]
    assert conversation["messages"][1]["citations"]
    answer = await (await people.new()).http.post("/api/conversations/import", json=conversation)
    assert answer.status_code == 201, answer.text


async def test_the_account_is_there_without_secrets(alice: Person, people: People) -> None:
    account = read(await exported(alice, people), "account.json")
    assert (account["user"]["email"], account["user"]["preferences"]["theme"]) == (alice.email, "dark")
    assert [key["name"] for key in account["api_keys"]] == ["mine"]
    assert "hash" not in json.dumps(account) and "secret" not in json.dumps(account)


async def test_who_has_nothing_gets_that(people: People, alice: Person) -> None:
    archive = await exported(await people.new(), people)
    assert sorted(archive.namelist()) == ["account.json", "conversations.json", "documents.json"]
    assert read(archive, "documents.json") == read(archive, "conversations.json") == []
    assert alice.email not in archive.read("account.json").decode()


async def test_it_breaks_off_with_its_session(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(*_: object) -> AsyncGenerator[bytes]:
        yield b"PK"
        await asyncio.Event().wait()

    monkeypatch.setattr(routes, "export", endless)
    monkeypatch.setattr(streams, "EVERY", 0.05)
    person = await people.new()
    url = (await person.http.post("/api/export/link")).json()["url"]
    async with asyncio.timeout(20), people.stranger().stream("GET", url) as answer:
        pieces = answer.aiter_bytes()
        assert await anext(pieces) == b"PK"
        assert (await person.http.post("/api/auth/logout")).status_code == 204
        assert [piece async for piece in pieces] == []


async def test_only_who_is_logged_in_or_has_a_link(alice: Person, people: People) -> None:
    stranger = people.stranger()
    assert (await stranger.get("/api/export")).status_code == 401
    assert (await stranger.post("/api/export/link")).status_code == 401
    key = await alice.http.post("/api/keys", json={"name": "k", "scopes": ["documents:read", "search"]})
    program = {"Authorization": f"Bearer {key.json()['key']}"}
    for method, path in (("GET", "/api/export"), ("POST", "/api/export/link")):
        answer = await stranger.request(method, path, headers=program)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    url = (await alice.http.post("/api/export/link")).json()["url"]
    await alice.http.delete(f"/api/keys/{key.json()['id']}")
    other = url.replace("/api/export", "/api/me")
    assert (await stranger.get(other)).status_code == 401
