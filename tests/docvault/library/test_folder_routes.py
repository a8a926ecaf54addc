"""Folders and tags over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from docvault.library import queries as library
from docvault.library import trash_queries
from docvault.resources import Resources
from tests.docvault.library.shelf import put
from tests.people import People, Person


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


@pytest.fixture
def shelf(resources: Resources, person: Person) -> Any:
    """`await shelf("a.txt", "work")`: a document there, and its id."""

    async def add(filename: str, folder: str = "", **values: Any) -> str:
        return str(await put(resources, UUID(person.id), filename, folder, **values))

    return add


async def folders(person: Person) -> dict[str, tuple[int, int]]:
    items = (await person.http.get("/api/folders")).json()["items"]
    return {item["path"]: (item["documents"], item["size_bytes"]) for item in items}


async def folder_of(person: Person, id: str) -> str:
    return (await person.http.get(f"/api/documents/{id}")).json()["folder"]


async def make(person: Person, path: str) -> Any:
    answer = await person.http.post("/api/folders", json={"path": path})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_folders_are_those_made_and_those_with_documents(person: Person, shelf: Any) -> None:
    await shelf("a.txt", "work/2024/may", size_bytes=7)
    await shelf("b.txt", "work/2024/may", size_bytes=5)
    await shelf("c.txt", "work-shop")
    await shelf("in no folder.txt")
    assert await make(person, "/plans//new/") == {"path": "plans/new", "documents": 0, "size_bytes": 0}
    assert list((await folders(person)).items()) == [
        ("plans", (0, 0)),
        ("plans/new", (0, 0)),
        ("work", (0, 0)),
        ("work/2024", (0, 0)),
        ("work/2024/may", (2, 12)),
        ("work-shop", (1, 10)),
    ]


async def test_making_one_twice_changes_nothing(person: Person, shelf: Any) -> None:
    await shelf("a.txt", "plans", size_bytes=3)
    for _ in range(2):
        assert await make(person, "plans") == {"path": "plans", "documents": 1, "size_bytes": 3}
    assert await folders(person) == {"plans": (1, 3)}


@pytest.mark.parametrize("path", ["", "/", "a/../b", "x" * 513, "a\nb"])
async def test_what_cannot_be_a_folder(person: Person, path: str) -> None:
    answer = await person.http.post("/api/folders", json={"path": path})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_folder")


async def test_a_folder_moves_with_all_below(person: Person, shelf: Any) -> None:
    here, below = await shelf("a.txt", "work"), await shelf("b.txt", "work/2024/may")
    beside, trashed = await shelf("c.txt", "workshop"), await shelf("d.txt", "work/old")
    await person.http.post("/api/documents/bulk", json={"ids": [trashed], "action": "trash"})
    await make(person, "work/empty")
    answer = await person.http.patch("/api/folders", json={"path": "work", "new_path": "archive/work"})
    assert (answer.status_code, answer.json()) == (200, {"path": "archive/work", "moved": 3})
    assert [await folder_of(person, id) for id in (here, below, beside, trashed)] == [
        "archive/work", "archive/work/2024/may", "workshop", "archive/work/old",
    ]  # fmt: skip
    assert list(await folders(person)) == [
        "archive", "archive/work", "archive/work/2024", "archive/work/2024/may", "archive/work/empty", "workshop",
    ]  # fmt: skip


async def test_a_folder_moves_into_one_that_is_there_and_names_stay_apart(person: Person, shelf: Any) -> None:
    one, other = await shelf("same.txt", "a"), await shelf("same.txt", "b/a")
    assert (await person.http.patch("/api/folders", json={"path": "b/a", "new_path": "a"})).json()["moved"] == 1
    assert [await folder_of(person, id) for id in (one, other)] == ["a", "a"]
    assert (await folders(person))["a"][0] == 2


async def test_a_folder_moves_up_to_where_it_lay(person: Person, shelf: Any) -> None:
    """`a/a` becomes `a`: what lies in `a/a/a` moves one step, and not two."""
    one, two = await shelf("1.txt", "a/a"), await shelf("2.txt", "a/a/a")
    await person.http.patch("/api/folders", json={"path": "a/a", "new_path": "a"})
    assert [await folder_of(person, id) for id in (one, two)] == ["a", "a/a"]


async def test_wildcards_in_a_name_are_letters(person: Person, shelf: Any) -> None:
    odd, other = await shelf("1.txt", "50%_/x"), await shelf("2.txt", "50 a/x")
    await person.http.patch("/api/folders", json={"path": "50%_", "new_path": "half"})
    assert [await folder_of(person, id) for id in (odd, other)] == ["half/x", "50 a/x"]


@pytest.mark.parametrize(
    ("path", "new", "status", "code"),
    [
        ("work", "work/2024", 409, "folder_into_itself"),
        ("work", "", 400, "invalid_folder"),
        ("work", "x/" * 250 + "yy", 400, "invalid_folder"),
        ("nowhere", "work", 404, "not_found"),
        ("wor", "work", 404, "not_found"),
    ],
)
async def test_moves_that_are_refused(person: Person, shelf: Any, path: str, new: str, status: int, code: str) -> None:
    id = await shelf("a.txt", "work/2024/may/and/further")
    answer = await person.http.patch("/api/folders", json={"path": path, "new_path": new})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await folder_of(person, id) == "work/2024/may/and/further"


async def test_where_it_is_already(person: Person, shelf: Any) -> None:
    await shelf("a.txt", "work")
    answer = await person.http.patch("/api/folders", json={"path": "work", "new_path": "/work/"})
    assert (answer.status_code, answer.json()) == (200, {"path": "work", "moved": 0})


async def test_a_folder_that_goes_takes_its_documents_to_the_trash(person: Person, shelf: Any) -> None:
    ids = [await shelf("a.txt", "work"), await shelf("b.txt", "work/2024")]
    beside = await shelf("c.txt", "workshop")
    await make(person, "work/empty")
    answer = await person.http.delete("/api/folders", params={"path": "work"})
    assert (answer.status_code, answer.json()) == (200, {"trashed": 2})
    assert list(await folders(person)) == ["workshop"]
    for id in ids:
        assert (await person.http.get(f"/api/documents/{id}")).json()["trashed_at"]
    assert (await person.http.get(f"/api/documents/{beside}")).json()["trashed_at"] is None
    again = await person.http.delete("/api/folders", params={"path": "work"})
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    await person.http.post("/api/documents/bulk", json={"ids": ids, "action": "restore"})
    assert list(await folders(person)) == ["work", "work/2024", "workshop"]


async def test_a_folder_and_an_archive_that_go_at_once_do_not_wait_for_each_other(
    person: Person, shelf: Any, resources: Resources
) -> None:
    """What came out of the archive lies elsewhere, and is locked first by whoever locks in one order."""
    owner_id, archive = UUID(person.id), UUID(await shelf("x.zip", "work"))
    member = UUID(await shelf("a.txt", "kept", archive_id=archive))
    while member > archive:
        member = UUID(await shelf("a.txt", "kept", archive_id=archive))
    async with asyncio.timeout(20):
        async with resources.database.transaction(owner_id) as session:
            await library.lock(session, owner_id, [member])
            deleting = asyncio.create_task(person.http.delete("/api/folders", params={"path": "work"}))
            async with resources.database.lookup() as connection:
                while not await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                    assert not deleting.done(), "it did not wait"
                    await asyncio.sleep(0.01)
            await library.lock(session, owner_id, [archive])
        answer = await deleting
    assert answer.status_code == 200, answer.text
    for id in (archive, member):
        assert (await person.http.get(f"/api/documents/{id}")).json()["trashed_at"]


async def test_what_is_moved_out_of_a_folder_that_goes_stays(person: Person, shelf: Any, resources: Resources) -> None:
    owner_id, moved = UUID(person.id), UUID(await shelf("a.txt", "work"))
    await shelf("b.txt", "work")
    async with resources.database.transaction(owner_id) as session:
        await trash_queries.move(session, owner_id, [moved], "home")
        deleting = asyncio.create_task(person.http.delete("/api/folders", params={"path": "work"}))
        async with asyncio.timeout(4), resources.database.lookup() as connection:
            while not await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not deleting.done(), "it did not wait"
                await asyncio.sleep(0.01)
    assert (await deleting).json() == {"trashed": 1}
    assert (await person.http.get(f"/api/documents/{moved}")).json()["trashed_at"] is None


async def test_tags_by_how_often_they_are_used(person: Person, shelf: Any) -> None:
    await shelf("a.txt", tags=["red", "blue"])
    await shelf("b.txt", tags=["red"])
    await shelf("c.txt", tags=["blue", "red", "ash"])
    gone = await shelf("d.txt", tags=["blue", "gone"])
    await person.http.post("/api/documents/bulk", json={"ids": [gone], "action": "trash"})
    items = (await person.http.get("/api/tags")).json()["items"]
    assert [(item["tag"], item["documents"]) for item in items] == [("red", 3), ("blue", 2), ("ash", 1)]


async def test_usage_counts_the_trash_and_says_how_much_it_is(person: Person, shelf: Any, resources: Resources) -> None:
    await shelf("a.txt", size_bytes=100)
    gone = await shelf("b.txt", size_bytes=30)
    await person.http.post("/api/documents/bulk", json={"ids": [gone], "action": "trash"})
    assert (await person.http.get("/api/usage")).json() == {
        "documents": 2, "size_bytes": 130, "trashed_documents": 1, "trashed_bytes": 30,
        "max_documents": resources.settings.max_owner_files, "max_bytes": resources.settings.max_owner_bytes,
    }  # fmt: skip
