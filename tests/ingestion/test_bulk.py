"""Many documents at once, and the trash, from every side that must not show what is in it."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault.library import trash_queries
from docvault.resources import Resources
from docvault.settings import Settings
from ingestion.sweeper import clear_trash
from tests.docvault.library.shelf import put
from tests.people import People, Person


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


@pytest.fixture
def shelf(resources: Resources, person: Person) -> Any:
    async def add(filename: str, folder: str = "", **values: Any) -> str:
        return str(await put(resources, UUID(person.id), filename, folder, **values))

    return add


async def bulk(person: Person, action: str, *ids: str, **more: Any) -> list[str]:
    answer = await person.http.post("/api/documents/bulk", json={"ids": ids, "action": action, **more})
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["changed"])


async def document(person: Person, id: str) -> dict[str, Any]:
    answer = await person.http.get(f"/api/documents/{id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(person: Person, **query: Any) -> list[str]:
    answer = await person.http.get("/api/documents", params=query)
    return sorted(item["id"] for item in answer.json()["items"])


# --- many at once -------------------------------------------------------------------------------------------------


async def test_move(person: Person, shelf: Any) -> None:
    one, two, there = await shelf("1.txt"), await shelf("2.txt", "b"), await shelf("3.txt", "a/c")
    assert await bulk(person, "move", one, two, there, one, str(uuid4()), folder="/a//c/") == sorted([one, two])
    assert {(await document(person, id))["folder"] for id in (one, two, there)} == {"a/c"}
    assert await bulk(person, "move", one, folder="") == [one]


async def test_tags_are_added_and_removed_in_their_order(person: Person, shelf: Any) -> None:
    one, two = await shelf("1.txt", tags=["x", "y"]), await shelf("2.txt")
    assert await bulk(person, "add_tags", one, two, tags=["y", " z ", "a"]) == sorted([one, two])
    assert (await document(person, one))["tags"] == ["x", "y", "z", "a"]
    assert (await document(person, two))["tags"] == ["y", "z", "a"]
    assert await bulk(person, "add_tags", one, tags=["a"]) == []
    assert await bulk(person, "remove_tags", one, two, tags=["x", "z"]) == sorted([one, two])
    assert (await document(person, one))["tags"] == ["y", "a"]
    assert await bulk(person, "remove_tags", one, tags=["nothing"]) == []


async def test_too_many_tags_on_one_change_none(person: Person, shelf: Any) -> None:
    full, other = await shelf("1.txt", tags=[str(n) for n in range(50)]), await shelf("2.txt")
    body = {"ids": [other, full], "action": "add_tags", "tags": ["one more"]}
    answer = await person.http.post("/api/documents/bulk", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_tags")
    assert (await document(person, other))["tags"] == []


async def test_delete_is_for_good(person: Person, shelf: Any) -> None:
    one, two, left = await shelf("1.txt"), await shelf("2.txt"), await shelf("3.txt")
    await bulk(person, "trash", two)
    assert await bulk(person, "delete", one, two, str(uuid4())) == sorted([one, two])
    assert await listed(person) == [left]
    assert (await person.http.get(f"/api/documents/{two}")).status_code == 404


async def test_retry_those_that_failed(person: Person, shelf: Any) -> None:
    failed = await shelf("1.txt", status="failed", stage="failed", error_code="internal", error_detail="Broken.")
    ready = await shelf("2.txt")
    assert await bulk(person, "retry", failed, ready) == [failed]
    assert (await document(person, failed))["status"] == "queued"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ids": [], "action": "move"}, "invalid_folder"),
        ({"ids": [], "action": "move", "folder": "../x"}, "invalid_folder"),
        ({"ids": [], "action": "add_tags"}, "invalid_tags"),
        ({"ids": [], "action": "remove_tags", "tags": [" "]}, "invalid_tags"),
        ({"ids": [], "action": "explode"}, "invalid_input"),
        ({"ids": ["x"], "action": "trash"}, "invalid_input"),
        ({"ids": [str(uuid4())] * 1001, "action": "trash"}, "invalid_input"),
    ],
)
async def test_what_is_refused(person: Person, body: dict[str, Any], code: str) -> None:
    answer = await person.http.post("/api/documents/bulk", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text


async def test_open_pages_are_told(person: Person, shelf: Any, resources: Resources) -> None:
    one, two = await shelf("1.txt"), await shelf("2.txt")
    async with resources.cache.pubsub() as news:
        await news.subscribe(f"docvault:events:{person.id}")
        await bulk(person, "trash", one, two)
        await bulk(person, "delete", two)
        said: list[Any] = []
        async with asyncio.timeout(5):
            while len(said) < 2:
                message = await news.get_message(ignore_subscribe_messages=True, timeout=1)
                said += [message["data"]] if message else []
    assert sorted(json.loads(said[0])["changed"]) == sorted([one, two])
    assert json.loads(said[1]) == {"deleted": [two]}


# --- the trash ----------------------------------------------------------------------------------------------------


async def test_what_is_in_the_trash_is_nowhere_else(person: Person, shelf: Any) -> None:
    gone = await shelf("1.txt", "work", tags=["red"])
    left = await shelf("2.txt", status="failed", stage="failed", error_code="internal", error_detail="Broken.")
    failed = await shelf("3.txt", status="failed", stage="failed", error_code="internal", error_detail="Broken.")
    assert await bulk(person, "trash", gone, failed) == sorted([gone, failed])
    assert await bulk(person, "trash", gone) == []
    assert await listed(person) == [left]
    assert await listed(person, trashed=True) == sorted([gone, failed])
    assert (await person.http.get("/api/folders")).json()["items"] == []
    assert (await person.http.get("/api/tags")).json()["items"] == []
    overview = (await person.http.get("/api/ingestion")).json()
    assert (overview["ready"], overview["failed"], overview["failures"][0]["count"]) == (0, 1, 1)
    assert (await person.http.post("/api/documents/retry")).json() == {"retried": 1}
    shown = await document(person, gone)
    assert (shown["trashed_at"] is not None, shown["folder"], shown["tags"]) == (True, "work", ["red"])
    known = {"sha256": [shown["sha256"]]}
    assert (await person.http.post("/api/documents/known", json=known)).json()["items"] == []
    assert await bulk(person, "restore", gone, left) == [gone]
    assert len((await person.http.post("/api/documents/known", json=known)).json()["items"]) == 1
    assert await listed(person) == sorted([gone, left])
    assert (await document(person, gone))["trashed_at"] is None


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
async def test_searches_and_answers_know_nothing_of_it(people: People, worker: object, mode: str) -> None:
    person = await people.new()
    (kept,) = await person.add(("kept.txt", b"The lighthouse keeper of Quellwiese counts his 4,312 steps."))
    (gone,) = await person.add(("gone.txt", b"The lighthouse keeper of Quellwiese drinks 17 cups of tea."))
    question = "What does the lighthouse keeper of Quellwiese drink?"
    assert {hit["document_id"] for hit in await person.search(question, mode=mode)} == {kept["id"], gone["id"]}
    await bulk(person, "trash", gone["id"])
    for filters in ({}, {"content_type": "text/plain"}, {"document_ids": [gone["id"], kept["id"]]}):
        hits = await person.search(question, mode=mode, filters=filters)
        assert [hit["document_id"] for hit in hits] == [kept["id"]]
    events = await person.chat(question)
    assert gone["id"] not in str([event.data for event in events])
    await bulk(person, "restore", gone["id"])
    assert {hit["document_id"] for hit in await person.search(question, mode=mode)} == {kept["id"], gone["id"]}


async def test_an_empty_trash(person: Person, shelf: Any, resources: Resources) -> None:
    ids = [await shelf(f"{n}.txt") for n in range(3)]
    left = await shelf("left.txt")
    await bulk(person, "trash", *ids)
    for deleted in (3, 0):
        answer = await person.http.post("/api/documents/trash/empty")
        assert (answer.status_code, answer.json()) == (200, {"deleted": deleted})
    assert await listed(person) == [left]
    assert await listed(person, trashed=True) == []
    async with resources.database.transaction(UUID(person.id)) as session:
        assert await session.scalar(text("SELECT count(*) FROM revisions")) == 1


async def test_what_is_old_in_the_trash_goes(
    person: Person, shelf: Any, resources: Resources, changed: Callable[..., Settings]
) -> None:
    old, young, never = await shelf("old.txt"), await shelf("young.txt"), await shelf("never.txt")
    await bulk(person, "trash", old, young)
    async with resources.database.transaction(UUID(person.id)) as session:
        moved = "UPDATE documents SET trashed_at = now() - interval '29 days 23 hours' WHERE filename = 'old.txt'"
        await session.execute(text(moved))
    await clear_trash(resources)
    assert await listed(person, trashed=True) == sorted([old, young])
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text(moved.replace("29 days 23", "30 days 1")))
    assert await clear_trash(dataclasses.replace(resources, settings=changed(trash_days=0))) == 0
    assert await clear_trash(resources) == 1
    assert await listed(person, trashed=True) == [young]
    assert await listed(person) == [never]


async def test_whoever_takes_it_out_in_time_has_it(person: Person, shelf: Any, resources: Resources) -> None:
    """The sweeper waits for a restore that has begun, and then leaves the document alone."""
    owner_id, id = UUID(person.id), UUID(await shelf("old.txt", trashed_at=datetime(2020, 1, 1, tzinfo=UTC)))
    async with resources.database.transaction(owner_id) as session:
        assert await trash_queries.restore(session, owner_id, [id]) == [id]
        sweeping = asyncio.create_task(clear_trash(resources))
        async with asyncio.timeout(4), resources.database.lookup() as connection:
            while not await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not sweeping.done(), "it did not wait"
                await asyncio.sleep(0.01)
    await sweeping
    assert await listed(person) == [str(id)]


# --- uploads ------------------------------------------------------------------------------------------------------


async def test_bytes_that_are_in_the_trash_come_out_of_it(person: Person) -> None:
    content = f"Minutes of {uuid4()}".encode()
    (first,) = await person.upload(("minutes.txt", content), folder="old", tags="kept")
    await bulk(person, "trash", first["id"])
    (again,) = await person.upload(("protocol.txt", content), folder="new")
    assert (again["id"], again["duplicate_of"], again["trashed_at"]) == (first["id"], first["id"], None)
    assert (again["filename"], again["folder"], again["tags"]) == ("protocol.txt", "new", ["kept"])
    assert await listed(person, folder="new") == [first["id"]]


async def test_a_name_that_is_in_the_trash_is_free(person: Person) -> None:
    """No newer revision of it: that would be in the trash, too."""
    (first,) = await person.upload(("plan.txt", f"Plan {uuid4()}".encode()))
    await bulk(person, "trash", first["id"])
    (second,) = await person.upload(("plan.txt", f"Plan {uuid4()}".encode()))
    assert second["id"] != first["id"]
    assert await bulk(person, "restore", first["id"]) == [first["id"]]
    assert await listed(person) == sorted([first["id"], second["id"]])


async def test_of_two_with_the_same_bytes_it_is_the_one_that_is_there(person: Person, resources: Resources) -> None:
    content = f"Twice {uuid4()}".encode()
    (first,) = await person.upload(("1.txt", content))
    (second,) = await person.upload(("2.txt", f"Other {uuid4()}".encode()))
    async with resources.database.transaction(UUID(person.id)) as session:
        same = (
            "UPDATE revisions SET sha256 = (SELECT sha256 FROM revisions WHERE document_id = :a) WHERE document_id = :b"
        )
        await session.execute(text(same), {"a": first["id"], "b": second["id"]})
    await bulk(person, "trash", first["id"])
    (again,) = await person.upload(("3.txt", content))
    assert (again["id"], again["filename"]) == (second["id"], "2.txt")
    assert (await document(person, first["id"]))["trashed_at"]


def zipped(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, words in files.items():
            archive.writestr(f"{name}.txt", words)
    return file.getvalue()


async def test_an_archive_and_what_came_out_of_it(people: People, worker: object) -> None:
    person = await people.new()
    files = {name: f"The {name} of {uuid4()}." for name in ("one", "two", "three")}
    (archive,) = await person.add(("box.zip", content := zipped(**files)))
    members = {item["filename"]: item["id"] for item in (await person.http.get("/api/documents")).json()["items"]}
    everything = sorted(members.values())
    assert len(everything) == 4
    await bulk(person, "trash", members["one.txt"])
    assert len(await bulk(person, "trash", archive["id"])) == 3
    assert len(await bulk(person, "restore", archive["id"])) == 3
    assert await listed(person, trashed=True) == [members["one.txt"]], "it went there by itself"
    await bulk(person, "trash", archive["id"])
    (again,) = await person.upload(("box.zip", content))
    assert again["id"] == archive["id"]
    assert await listed(person, trashed=True) == [members["one.txt"]]


async def test_what_is_taken_out_of_an_archive_in_the_trash_outlives_it(people: People, worker: object) -> None:
    person = await people.new()
    (archive,) = await person.add(("box.zip", zipped(one=f"One {uuid4()}.", two=f"Two {uuid4()}.")))
    members = {item["filename"]: item["id"] for item in (await person.http.get("/api/documents")).json()["items"]}
    await bulk(person, "trash", archive["id"])
    await bulk(person, "restore", members["two.txt"])
    assert (await person.http.post("/api/documents/trash/empty")).json() == {"deleted": 2}
    assert await listed(person) == [members["two.txt"]]
