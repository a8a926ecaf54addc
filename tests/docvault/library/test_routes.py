"""The list of documents, one document, its bytes and its text, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.people import People, Person


def text_file(name: str, words: str = "") -> tuple[str, bytes]:
    return name, f"{words or name} {uuid4()}".encode()


@pytest.fixture(scope="module")
async def reader(people: People) -> Person:
    """Somebody with seven documents in three folders. Nobody reads them: there is no worker here."""
    person = await people.new()
    for name, folder, tags in [
        ("a.txt", "", ""),
        ("b.txt", "work", "red"),
        ("c.txt", "work/2024", "red,blue"),
        ("d.txt", "work/2025", "blue"),
        ("e.md", "workshop", ""),
        ("F.txt", "home", "red"),
        ("100%_sure.txt", "home", ""),
    ]:
        await person.upload(text_file(name), folder=folder, tags=tags)
    return person


async def names(person: Person, **query: Any) -> list[str]:
    answer = await person.http.get("/api/documents", params=query)
    assert answer.status_code == 200, answer.text
    return [document["filename"] for document in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["100%_sure.txt", "F.txt", "e.md", "d.txt", "c.txt", "b.txt", "a.txt"]),
        ({"sort": "created_at"}, ["a.txt", "b.txt", "c.txt", "d.txt", "e.md", "F.txt", "100%_sure.txt"]),
        ({"sort": "filename"}, ["100%_sure.txt", "a.txt", "b.txt", "c.txt", "d.txt", "e.md", "F.txt"]),
        ({"folder": "work", "sort": "filename"}, ["b.txt", "c.txt", "d.txt"]),
        ({"folder": "/work/2024/"}, ["c.txt"]),
        ({"tag": "red", "sort": "filename"}, ["b.txt", "c.txt", "F.txt"]),
        ({"tag": ["red", "blue"]}, ["c.txt"]),
        ({"q": "F.T"}, ["F.txt"]),
        ({"q": "%_s"}, ["100%_sure.txt"]),
        ({"status": "queued", "q": "e.md"}, ["e.md"]),
        ({"status": "ready"}, []),
    ],
)
async def test_filters_and_orders(reader: Person, query: dict[str, Any], expected: list[str]) -> None:
    assert await names(reader, **query) == expected


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "filename", "-filename", "size_bytes", "-size_bytes"])
async def test_pages_join_to_the_whole_list(reader: Person, sort: str) -> None:
    whole, seen, cursor = await names(reader, sort=sort), [], None
    for _ in range(4):
        query = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await reader.http.get("/api/documents", params=query)).json()
        seen += [document["filename"] for document in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (whole, None)


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ({"limit": 0}, "invalid_input", "limit"),
        ({"limit": 501}, "invalid_input", "limit"),
        ({"sort": "colour"}, "invalid_input", "sort"),
        ({"status": "lost"}, "invalid_input", "status"),
        ({"cursor": "nonsense"}, "invalid_cursor", "cursor"),
        ({"folder": "../x"}, "invalid_folder", "folder"),
    ],
)
async def test_what_a_list_refuses(reader: Person, query: dict[str, Any], code: str, said: str) -> None:
    answer = await reader.http.get("/api/documents", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == code
    assert said in answer.json()["detail"]


async def test_rename_move_and_tag(people: People) -> None:
    person = await people.new()
    (document,) = await person.upload(text_file("old.txt"), folder="here", tags="x")
    change = {"filename": "Neuer Name.txt", "folder": "/there//deep/", "tags": ["b", " a ", "b", ""]}
    answer = await person.http.patch(f"/api/documents/{document['id']}", json=change)
    assert answer.status_code == 200
    found = (await person.http.get(f"/api/documents/{document['id']}")).json()
    assert found == answer.json()
    assert (found["filename"], found["folder"], found["tags"]) == ("Neuer Name.txt", "there/deep", ["b", "a"])
    await person.http.patch(f"/api/documents/{document['id']}", json={"tags": []})
    found = (await person.http.get(f"/api/documents/{document['id']}")).json()
    assert (found["filename"], found["tags"]) == ("Neuer Name.txt", [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"filename": ""}, "invalid_filename"),
        ({"filename": "a/b"}, "invalid_filename"),
        ({"filename": "a\x00b"}, "invalid_filename"),
        ({"filename": "x" * 256}, "invalid_filename"),
        ({"folder": "a/../b"}, "invalid_folder"),
        ({"folder": "x" * 513}, "invalid_folder"),
        ({"tags": ["x" * 65]}, "invalid_tags"),
        ({"tags": [str(n) for n in range(51)]}, "invalid_tags"),
        ({"tags": "red"}, "invalid_input"),
        ({"colour": "red"}, "invalid_input"),
        (b"{", "invalid_input"),
        (b'{"filename": "\xff"}', "invalid_input"),
    ],
)
async def test_what_a_change_refuses(reader: Person, change: Any, code: str) -> None:
    (document,) = (await reader.http.get("/api/documents", params={"q": "a.txt"})).json()["items"]
    body = {"content": change} if isinstance(change, bytes) else {"json": change}
    answer = await reader.http.patch(f"/api/documents/{document['id']}", **body)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert (await reader.http.get(f"/api/documents/{document['id']}")).json() == document


async def test_delete_removes_row_and_bytes(people: People, worker: object, settings: Any) -> None:
    person = await people.new()
    (document,) = await person.add(text_file("gone.txt", "A sentence to be read and forgotten."))
    assert document["error"] is None
    folder = settings.objects_path / person.id
    assert len(list(folder.iterdir())) == 1
    assert (await person.http.delete(f"/api/documents/{document['id']}")).status_code == 204
    assert (await person.http.get(f"/api/documents/{document['id']}")).status_code == 404
    assert await person.search("a sentence to be read") == []
    await _until_empty(folder)


async def _until_empty(folder: Path) -> None:
    import asyncio

    async with asyncio.timeout(10):
        while folder.exists() and any(folder.iterdir()):
            await asyncio.sleep(0.05)


async def test_unknown_and_malformed_ids(reader: Person) -> None:
    answer = await reader.http.get(f"/api/documents/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["detail"] == "There is no such document."
    assert (await reader.http.get("/api/documents/not-an-id")).status_code == 404


@pytest.fixture(scope="module")
async def bytes_of_it(people: People) -> tuple[Person, str, bytes]:
    person, content = await people.new(), bytes(range(256)) * 400
    (document,) = await person.upload(('we"ird ñame.bin', content))
    return person, f"/api/documents/{document['id']}/content", content


async def test_content_is_the_very_bytes(bytes_of_it: tuple[Person, str, bytes]) -> None:
    person, url, content = bytes_of_it
    answer = await person.http.get(url)
    assert answer.content == content
    assert answer.headers["content-length"] == str(len(content))
    assert "filename*=UTF-8''we%22ird%20%C3%B1ame.bin" in answer.headers["content-disposition"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "content-encoding" not in answer.headers
    again = await person.http.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=102390-", 102390, 102400),
        ("bytes=-5", 102395, 102400),
        ("bytes=0-999999", 0, 102400),
        ("bytes=-999999", 0, 102400),
    ],
)
async def test_ranges(bytes_of_it: tuple[Person, str, bytes], asked: str, start: int, end: int) -> None:
    person, url, content = bytes_of_it
    answer = await person.http.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, content[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(content)}"


@pytest.mark.parametrize(
    "asked", ["bytes=a-b", "bytes=5-1", "bytes=-", "lines=1-2", "bytes=0-1,3-4", f"bytes={10**4200}-"]
)
async def test_ranges_we_do_not_serve_give_everything(bytes_of_it: tuple[Person, str, bytes], asked: str) -> None:
    person, url, content = bytes_of_it
    answer = await person.http.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, content)


async def test_a_range_behind_the_end(bytes_of_it: tuple[Person, str, bytes]) -> None:
    person, url, _ = bytes_of_it
    answer = await person.http.get(url, headers={"Range": "bytes=102400-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */102400")


async def test_text_gives_pages_from_one(people: People, worker: object) -> None:
    person = await people.new()
    (document,) = await person.add(("note.txt", "First line.\n\nSecond paragraph, with ünïcode.".encode()))
    assert document["error"] is None
    answer = (await person.http.get(f"/api/documents/{document['id']}/text")).json()
    assert [page["page"] for page in answer["pages"]] == [1]
    assert "Second paragraph, with ünïcode." in answer["pages"][0]["text"]


@pytest.mark.parametrize("query", [{"q": "\0"}, {"tag": "\0"}])
async def test_text_that_the_database_cannot_hold_is_refused(reader: Person, query: dict[str, str]) -> None:
    answer = await reader.http.get("/api/documents", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_text")
