"""What an upload becomes when its bytes or its name are there already: no bytes that were accepted are ever lost."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault.library import queries as library
from docvault.resources import Resources
from ingestion import queries, reading_queries
from tests.ingestion.test_pipeline import ScriptedReader, quick, run  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tests.people import People, Person


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


def unique(words: str) -> bytes:
    return f"{words} {uuid4()}".encode()


async def contents(person: Person) -> list[bytes]:
    items = (await person.http.get("/api/documents")).json()["items"]
    return [(await person.http.get(f"/api/documents/{item['id']}/content")).content for item in items]


@pytest.mark.parametrize("served", [False, True])
async def test_a_new_version_and_a_copy_of_the_old_in_one_upload_are_both_kept(
    quick: Resources,  # noqa: F811
    person: Person,
    served: bool,
) -> None:
    older, newer = unique("older"), unique("newer")
    (first,) = await person.upload(("report.txt", older))
    if served:
        await run(quick, ScriptedReader(), person, UUID(first["id"]))
    shown = await person.upload(("report.txt", newer), ("report-old.txt", older))
    for id in {document["id"] for document in shown}:
        await run(quick, ScriptedReader(), person, UUID(id))
    assert {older, newer} <= set(await contents(person))


async def test_a_copy_of_the_old_does_not_give_up_the_new_version(quick: Resources, person: Person) -> None:  # noqa: F811
    older, newer = unique("older"), unique("newer")
    (first,) = await person.upload(("report.txt", older))
    await run(quick, ScriptedReader(), person, UUID(first["id"]))
    await person.upload(("report.txt", newer))
    (copy,) = await person.upload(("report-old.txt", older))
    for id in {first["id"], copy["id"]}:
        await run(quick, ScriptedReader(), person, UUID(id))
    assert {older, newer} <= set(await contents(person))


async def test_the_old_version_again_while_the_new_one_takes_its_place(
    quick: Resources,  # noqa: F811
    person: Person,
) -> None:
    older, newer = unique("older"), unique("newer")
    (first,) = await person.upload(("report.txt", older))
    await run(quick, ScriptedReader(), person, UUID(first["id"]))
    await person.upload(("report.txt", newer))
    async with quick.database.transaction(UUID(person.id)) as session:
        claim = await queries.claim(session, UUID(person.id), UUID(first["id"]), 10)
    assert claim is not None
    async with quick.database.transaction(UUID(person.id)) as session:
        await queries.write(session, claim, status="ready", lease_until=None)
        await reading_queries.serve_revision(session, claim)
        again = asyncio.create_task(person.upload(("report.txt", older)))
        while not await waits(quick):
            await asyncio.sleep(0.01)
    (shown,) = await again
    await run(quick, ScriptedReader(), person, UUID(shown["id"]))
    assert older in await contents(person)


async def test_a_document_can_be_deleted_while_its_new_version_takes_its_place(
    quick: Resources,  # noqa: F811
    person: Person,
) -> None:
    (first,) = await person.upload(("report.txt", unique("older")))
    await run(quick, ScriptedReader(), person, UUID(first["id"]))
    await person.upload(("report.txt", unique("newer")))
    async with quick.database.transaction(UUID(person.id)) as session:
        claim = await queries.claim(session, UUID(person.id), UUID(first["id"]), 10)
    assert claim is not None
    async with quick.database.transaction(UUID(person.id)) as session:
        await queries.write(session, claim, status="ready", lease_until=None)
        await reading_queries.serve_revision(session, claim)
        deleting = asyncio.create_task(person.http.delete(f"/api/documents/{first['id']}"))
        while not await waits(quick):
            await asyncio.sleep(0.01)
    assert (await deleting).status_code == 204


async def waits(resources: Resources) -> bool:
    """Whether somebody waits for a lock on a row of another transaction."""
    async with resources.database.lookup() as connection:
        return bool(await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


async def test_an_upload_does_not_count_the_queue(
    quick: Resources,  # noqa: F811
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a long import, each upload would count all those before it."""

    async def counting(*_: object) -> None:
        raise AssertionError("the queue was counted")

    monkeypatch.setattr(library, "places", counting)
    (first,) = await person.upload(("a.txt", unique("a")))
    assert (first["status"], first["queue_position"]) == ("queued", None)


async def test_bytes_accepted_under_two_names_outlive_a_newer_version_of_one(person: Person) -> None:
    """The second name was told that the first document stands for it: what replaced that would lose its bytes."""
    old, new = f"old {uuid4()}".encode(), f"new {uuid4()}".encode()
    (first,) = await person.upload(("a.txt", old))
    (second,) = await person.upload(("b.txt", old))
    assert second["duplicate_of"] == first["id"]
    (third,) = await person.upload(("a.txt", new))
    assert third["id"] != first["id"]
    kept = {d["id"]: d for d in (await person.http.get("/api/documents")).json()["items"]}
    contents = [(await person.http.get(f"/api/documents/{id}/content")).content for id in kept]
    assert sorted(contents) == sorted([old, new])
    (fourth,) = await person.upload(("a.txt", f"newest {uuid4()}".encode()))
    assert fourth["id"] == third["id"], "of that one it is a revision"
