"""Uploads over HTTP: what is accepted, what is refused with which words, and that nothing stays of what is refused."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from docvault.library import queries as library
from docvault.resources import Resources
from docvault.settings import Settings
from ingestion.uploads import give_up, receive
from tests.people import People, Person

BOUNDARY = "xxBOUNDARYxx"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(content: bytes, *, name: str = "file", filename: str | None = "note.txt") -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def unique(words: str = "Some words.") -> bytes:
    return f"{words} {uuid4()}".encode()


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


async def kept(resources: Resources, owner_id: str) -> tuple[int, int, int]:
    """How many documents, revisions and noted object keys somebody has."""
    query = text(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM revisions), "
        "(SELECT count(*) FROM unowned_objects)"
    )
    async with resources.database.transaction(UUID(owner_id)) as session:
        row = (await session.execute(query)).one()
    return int(row[0]), int(row[1]), int(row[2])


def objects(settings: Settings, owner_id: str) -> int:
    folder = settings.objects_path / owner_id
    return sum(path.is_file() for path in folder.rglob("*")) if folder.exists() else 0


async def refused(person: Person, body: bytes, content_type: str = CONTENT_TYPE) -> tuple[int, str, str]:
    answer = await person.http.post("/api/documents", content=body, headers={"Content-Type": content_type})
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


async def test_an_upload_says_what_it_got(person: Person) -> None:
    content = unique()
    documents = await person.upload(("Ä b.txt", content), ("c.md", b"# " + unique()), folder="/x/y/", tags="a, b")
    assert [document["filename"] for document in documents] == ["Ä b.txt", "c.md"]
    first = documents[0]
    assert first["sha256"] == hashlib.sha256(content).hexdigest()
    assert (first["size_bytes"], first["status"], first["duplicate_of"]) == (len(content), "queued", None)
    assert (first["folder"], first["tags"]) == ("x/y", ["a", "b"])
    assert (first["content_type"], documents[1]["content_type"]) == ("text/plain", "text/markdown")
    assert (await person.http.get(f"/api/documents/{first['id']}/content")).content == content


async def test_the_content_is_believed_and_not_the_name(person: Person) -> None:
    png = b"\x89PNG\r\n\x1a\n" + unique()
    (document,) = await person.upload(("report.pdf", png))
    assert document["content_type"] == "image/png"


async def test_names_cannot_leave_their_place(person: Person, settings: Settings) -> None:
    for raw, shown in [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.txt", "report.txt"),
        ("..", "untitled"),
        ("a\x1b[31mb.txt", "a[31mb.txt"),
    ]:
        body = form(part(unique(), filename=raw.replace("\\", "\\\\")))
        answer = await person.http.post("/api/documents", content=body, headers={"Content-Type": CONTENT_TYPE})
        assert answer.status_code == 202, answer.text
        assert answer.json()["documents"][0]["filename"] == shown
    assert objects(settings, person.id) == 4


async def test_the_same_bytes_again_are_said_and_not_kept_twice(
    person: Person, resources: Resources, settings: Settings, worker: object
) -> None:
    content = unique()
    (first,) = await person.add(("a.txt", content))
    second, third, fourth = await person.upload(
        ("b.txt", content), ("new.txt", other := unique()), ("again.txt", other)
    )
    assert (second["id"], second["duplicate_of"], second["filename"]) == (first["id"], first["id"], "a.txt")
    assert (third["duplicate_of"], fourth["duplicate_of"]) == (None, third["id"])
    await person.settled(third["id"])
    async with asyncio.timeout(10):
        while objects(settings, person.id) != 2 or await kept(resources, person.id) != (2, 2, 0):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        (form(), 400, "no_files", "no file"),
        (form(part(b"x", name="folder", filename=None)), 400, "no_files", "no file"),
        (form(part(b"x", name="colour", filename=None)), 400, "unknown_part", "`colour`"),
        (form(part(b"x"), part(b"../x", name="folder", filename=None)), 400, "invalid_folder", "folder"),
        (form(part(b"x"), part(b"t" * 65, name="tags", filename=None)), 400, "invalid_tags", "tags"),
        (part(b"half a"), 400, "malformed_upload", ""),
        (b"not a form at all", 400, "malformed_upload", ""),
        (b"", 400, "malformed_upload", ""),
        (form(part(b"x" * 2_000_001)), 413, "file_too_large", "1.9 MiB"),
        (form(*[part(b"x" * 1_900_000)] * 3), 413, "request_too_large", "4.8 MiB"),
        (form(*[part(b"%d" % n) for n in range(21)]), 413, "too_many_files", "20"),
    ],
)
async def test_what_is_refused_leaves_nothing(
    person: Person, resources: Resources, settings: Settings, body: bytes, status: int, code: str, said: str
) -> None:
    got = await refused(person, body)
    assert got[:2] == (status, code), got
    assert said in got[2]
    assert (await kept(resources, person.id), objects(settings, person.id)) == ((0, 0, 0), 0)


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", ""])
async def test_what_is_no_form_is_refused(person: Person, content_type: str) -> None:
    status, code, _ = await refused(person, form(part(b"x")), content_type)
    assert (status, code) in [(400, "malformed_upload"), (415, "unsupported_type"), (400, "invalid_input")]


async def test_quotas(person: Person, resources: Resources, changed: Any) -> None:
    for quota, code in (
        ({"max_owner_files": 1}, "too_many_documents"),
        ({"max_owner_bytes": 60}, "storage_quota_reached"),
    ):
        small = dataclasses.replace(resources, settings=changed(**quota))

        async def body() -> AsyncIterator[bytes]:
            yield form(part(unique()), part(unique()))

        with pytest.raises(Exception) as refusal:  # noqa: PT011 - its code is what counts
            await receive(small, UUID(person.id), CONTENT_TYPE, body())
        assert getattr(refusal.value, "code", None) == code
    assert await kept(resources, person.id) == (0, 0, 0)


async def test_a_client_that_leaves_half_way(person: Person, resources: Resources, settings: Settings) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield part(b"whole")
        yield part(b"x" * 100_000)[:50_000]
        raise ConnectionResetError

    with pytest.raises((httpx.HTTPError, ConnectionResetError)):
        await person.http.post("/api/documents", content=half(), headers={"Content-Type": CONTENT_TYPE})
    async with asyncio.timeout(10):
        while await kept(resources, person.id) != (0, 0, 0) or objects(settings, person.id):
            await asyncio.sleep(0.05)


async def test_giving_up_leaves_what_a_document_holds(person: Person, resources: Resources) -> None:
    """A commit's answer may be lost when all is committed: then the document is there, and needs its bytes."""
    content = unique()
    (document,) = await person.upload(("a.txt", content))
    async with resources.database.transaction(UUID(person.id)) as session:
        key = await session.scalar(text("SELECT object_key FROM revisions"))
    await give_up(resources, UUID(person.id), [key])
    assert (await person.http.get(f"/api/documents/{document['id']}/content")).content == content


async def test_an_empty_file_is_kept_and_says_why_it_cannot_be_read(person: Person, worker: object) -> None:
    (document,) = await person.add(("nothing.txt", b""))
    assert (document["status"], document["error"]["code"], document["size_bytes"]) == ("failed", "empty", 0)


async def test_uploading_a_failed_document_again_retries_it(person: Person, worker: object) -> None:
    (first,) = await person.add(("nothing.txt", b""))
    (again,) = await person.upload(("nothing.txt", b""))
    assert (again["duplicate_of"], again["status"]) == (first["id"], "queued")
    assert (await person.settled(first["id"]))["status"] == "failed"


async def test_a_field_is_short_even_with_a_filename(person: Person) -> None:
    body = form(part(unique()), part(b"f" * 100_000, name="folder", filename="folder.txt"))
    assert (await refused(person, body))[:2] == (413, "field_too_large")


async def test_too_many_tags_are_refused_as_they_come(person: Person) -> None:
    """Not first collected: a thousand fields of them would be a gigabyte."""
    tags = ",".join(str(n) for n in range(100)).encode()
    body = form(part(tags, name="tags", filename=None), part(b"never read", name="colour", filename=None))
    assert (await refused(person, body))[:2] == (400, "invalid_tags")


async def test_bytes_lost_from_the_store_can_be_uploaded_again(
    person: Person, settings: Settings, resources: Resources, worker: object
) -> None:
    content = unique()
    (first,) = await person.add(("a.txt", content))
    for path in (settings.objects_path / person.id).iterdir():
        path.unlink()
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE documents SET status = 'queued'"))
    assert (await person.settled(first["id"]))["error"]["code"] == "content_missing"
    (again,) = await person.add(("a.txt", content))
    assert (again["status"], again["duplicate_of"]) == ("ready", None)
    (third,) = await person.upload(("a.txt", content))
    assert third["duplicate_of"] == again["id"]


async def test_an_upload_that_meets_a_deletion_is_kept(person: Person, resources: Resources) -> None:
    """The same bytes as a document that is being deleted are no duplicate of it."""
    content = unique()
    (first,) = await person.upload(("a.txt", content))
    async with resources.database.transaction(UUID(person.id)) as session:
        await library.remove(session, UUID(person.id), UUID(first["id"]))
        uploading = asyncio.create_task(person.upload(("b.txt", content)))
        await asyncio.wait([uploading], timeout=0.5)
    (second,) = await uploading
    assert (second["filename"], second["duplicate_of"]) == ("b.txt", None)
