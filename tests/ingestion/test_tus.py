"""Resumable uploads, byte by byte: what the tus protocol demands of a server, and what must never come of it."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from docvault.resources import Resources
from docvault.settings import Settings
from ingestion import resumable
from tests.conftest import serving
from tests.people import NOBODYS, People, Person

VERSION = {"Tus-Resumable": "1.0.0"}
BODY = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


def b64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def metadata(**values: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{name} {b64(value)}" for name, value in values.items())}


def unique(size: int = 100) -> bytes:
    return (uuid4().hex.encode() * (size // 32 + 1))[:size]


async def create(person: Person, size: int | None, content: Any = None, **headers: str) -> httpx.Response:
    length = {"Upload-Defer-Length": "1"} if size is None else {"Upload-Length": str(size)}
    body = BODY if content is not None else {}
    return await person.http.post("/api/uploads", headers=VERSION | length | body | headers, content=content)


async def begun(person: Person, size: int | None, **named: str) -> str:
    answer = await create(person, size, **metadata(filename="a.txt", **named))
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def send(person: Person, url: str, offset: int, content: Any, **headers: str) -> httpx.Response:
    sent = VERSION | BODY | {"Upload-Offset": str(offset)} | {k.replace("_", "-"): v for k, v in headers.items()}
    return await person.http.patch(url, headers=sent, content=content)


async def offset(person: Person, url: str) -> int:
    answer = await person.http.head(url, headers=VERSION)
    assert answer.status_code == 200, answer.headers
    return int(answer.headers["Upload-Offset"])


async def left(resources: Resources, owner_id: str) -> tuple[int, int, int]:
    """Documents, uploads under way, objects that nobody holds."""
    query = text(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM resumable_uploads WHERE document_id IS NULL), "
        "(SELECT count(*) FROM unowned_objects)"
    )
    async with resources.database.transaction(UUID(owner_id)) as session:
        row = (await session.execute(query)).one()
    return int(row[0]), int(row[1]), int(row[2])


def files(settings: Settings, owner_id: str) -> list[str]:
    """Of this person, whole ones and others."""
    folder = settings.objects_path / owner_id
    whole = [path.name for path in folder.iterdir()] if folder.exists() else []
    return whole + [path.name for path in (settings.objects_path / ".uploads").iterdir() if owner_id in path.name]


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    return answer.status_code, answer.json()["code"]


# --- the protocol -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/uploads", f"/api/uploads/{NOBODYS}"])
async def test_options_say_what_is_spoken(people: People, path: str, settings: Settings) -> None:
    answer = await people.stranger().options(path)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert int(answer.headers["Tus-Max-Size"]) == settings.max_file_bytes
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    extensions = {"creation", "creation-with-upload", "creation-defer-length", "expiration", "termination", "checksum"}
    assert set(answer.headers["Tus-Extension"].split(",")) == extensions


async def test_an_upload_in_pieces(person: Person, resources: Resources, settings: Settings) -> None:
    content = unique(200_000)
    url = await begun(person, len(content), folder="/x/", tags="a, b", filetype="application/pdf")
    assert await left(resources, person.id) == (0, 1, 1)
    for start in range(0, len(content), 70_000):
        answer = await send(person, url, start, content[start : start + 70_000])
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert int(answer.headers["Upload-Offset"]) == min(start + 70_000, len(content)) == await offset(person, url)
    document = (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}")).json()
    assert (document["filename"], document["folder"], document["tags"]) == ("a.txt", "x", ["a", "b"])
    assert (document["sha256"], document["size_bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert document["content_type"] == "text/plain"
    assert (await person.http.get(f"/api/documents/{document['id']}/content")).content == content
    assert await left(resources, person.id) == (1, 0, 0)
    assert len(files(settings, person.id)) == 1


async def test_head_says_all(person: Person) -> None:
    url = await begun(person, 10)
    answer = await person.http.head(url, headers=VERSION)
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("0", "10")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Upload-Metadata"] == metadata(filename="a.txt")["Upload-Metadata"]
    assert "Upload-Defer-Length" not in answer.headers


async def test_it_says_when_it_expires(person: Person, settings: Settings) -> None:
    created = await create(person, 10)
    patched = await send(person, created.headers["Location"], 0, b"12345")
    first, second = (parsedate_to_datetime(answer.headers["Upload-Expires"]) for answer in (created, patched))
    assert created.headers["Upload-Expires"].endswith(" GMT")
    assert second >= first
    now = parsedate_to_datetime(patched.headers["Date"]) if "Date" in patched.headers else first
    assert abs((second - now).total_seconds()) <= settings.upload_expiry + 5


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
async def test_other_versions_are_refused(person: Person, version: str | None, resources: Resources) -> None:
    url = await begun(person, 10)
    headers = {"Tus-Resumable": version} if version else {}
    for method, path in (("POST", "/api/uploads"), ("PATCH", url), ("DELETE", url)):
        sent = headers | BODY | {"Upload-Offset": "0", "Upload-Length": "10"}
        answer = await person.http.request(method, path, headers=sent, content=b"x")
        assert refused(answer) == (412, "unsupported_tus_version")
        assert answer.headers["Tus-Version"] == "1.0.0"
    assert (await person.http.head(url, headers=headers)).status_code == 412
    assert await offset(person, url) == 0
    assert await left(resources, person.id) == (0, 1, 1)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Offset": "3"}, 409, "offset_mismatch"),
        ({"Upload-Offset": "6"}, 409, "offset_mismatch"),
        ({"Upload-Offset": "-1"}, 400, "invalid_upload"),
        ({"Upload-Offset": "x"}, 400, "invalid_upload"),
        ({"Upload-Offset": "٥"}, 400, "invalid_upload"),
        ({}, 400, "invalid_upload"),
        ({"Upload-Offset": "5", "Content-Type": "application/octet-stream"}, 415, "unsupported_type"),
        ({"Upload-Offset": "5", "Content-Type": ""}, 415, "unsupported_type"),
        ({"Upload-Offset": "5", "Upload-Length": "11"}, 400, "invalid_upload"),
        ({"Upload-Offset": "5", "Upload-Checksum": "md5 AAAA"}, 400, "invalid_checksum"),
        ({"Upload-Offset": "5", "Upload-Checksum": "sha1 AAAA"}, 400, "invalid_checksum"),
        ({"Upload-Offset": "5", "Upload-Checksum": "sha1"}, 400, "invalid_checksum"),
        ({"Upload-Offset": "5", "Upload-Checksum": f"sha1 {b64(bytes(20))}"}, 460, "checksum_mismatch"),
        ({"Upload-Offset": "5", "Upload-Checksum": f"sha256 {b64(bytes(32))}"}, 460, "checksum_mismatch"),
    ],
)
async def test_what_does_not_fit_changes_nothing(
    person: Person, headers: dict[str, str], status: int, code: str
) -> None:
    content = unique(10)
    url = await begun(person, 10)
    assert (await send(person, url, 0, content[:5])).status_code == 204
    encoded: Any = [(name.encode(), value.encode()) for name, value in (VERSION | BODY | headers).items() if value]
    answer = await person.http.patch(url, headers=encoded, content=b"wrong")
    assert refused(answer) == (status, code)
    assert await offset(person, url) == 5
    answer = await send(person, url, 5, content[5:])
    assert answer.status_code == 204
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_checksums_that_fit(person: Person, algorithm: str) -> None:
    content = unique(100_000)
    url = await begun(person, len(content))
    for part in (content[:60_000], content[60_000:]):
        start = await offset(person, url)
        checksum = f"{algorithm} {b64(hashlib.new(algorithm, part).digest())}"
        answer = await send(person, url, start, part, Upload_Checksum=checksum)
        assert answer.status_code == 204
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


async def test_more_than_was_announced(person: Person, resources: Resources) -> None:
    url = await begun(person, 10)
    assert refused(await send(person, url, 0, b"12345678901")) == (413, "upload_too_long")

    async def chunked() -> AsyncIterator[bytes]:
        yield b"12345678"
        yield b"901"

    assert refused(await send(person, url, 0, chunked())) == (413, "upload_too_long")
    assert await left(resources, person.id) == (0, 1, 1)
    answer = await send(person, url, await offset(person, url), b"1234567890"[await offset(person, url) :])
    assert answer.status_code == 204
    assert answer.headers["X-Document-Id"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 400, "invalid_upload"),
        ({"Upload-Length": "-1"}, 400, "invalid_upload"),
        ({"Upload-Length": "ten"}, 400, "invalid_upload"),
        ({"Upload-Length": "1", "Upload-Defer-Length": "1"}, 400, "invalid_upload"),
        ({"Upload-Defer-Length": "2"}, 400, "invalid_upload"),
        ({"Upload-Length": "2000001"}, 413, "file_too_large"),
        ({"Upload-Length": "1", "Upload-Metadata": "filename !!!"}, 400, "invalid_metadata"),
        ({"Upload-Length": "1", "Upload-Metadata": "filename /w=="}, 400, "invalid_metadata"),
        ({"Upload-Length": "1", "Upload-Metadata": "a YQ==,a YQ=="}, 400, "invalid_metadata"),
        ({"Upload-Length": "1", "Upload-Metadata": ",YQ=="}, 400, "invalid_metadata"),
        ({"Upload-Length": "1", "Upload-Metadata": f"folder {b64('../x')}"}, 400, "invalid_folder"),
        ({"Upload-Length": "1", "Upload-Metadata": f"tags {b64('t' * 65)}"}, 400, "invalid_tags"),
    ],
)
async def test_what_cannot_be_begun(
    person: Person, resources: Resources, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await person.http.post("/api/uploads", headers=VERSION | headers)
    assert refused(answer) == (status, code)
    assert await left(resources, person.id) == (0, 0, 0)


async def test_names_and_folders(person: Person) -> None:
    for named, shown in [
        ({"filename": "Ä b.txt"}, ("Ä b.txt", "")),
        ({"name": "n.txt", "relativePath": "null", "type": "x"}, ("n.txt", "")),
        ({"filename": "../../p.txt", "folder": "docs", "relativePath": "a/b/p.txt"}, ("p.txt", "docs/a/b")),
        ({}, ("untitled", "")),
    ]:
        answer = await create(person, 40, unique(40), **(metadata(**named) if named else {}))
        assert answer.status_code == 201, answer.text
        document = (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}")).json()
        assert (document["filename"], document["folder"]) == shown


async def test_a_name_without_a_value_is_metadata_too(person: Person) -> None:
    answer = await create(person, 10, **{"Upload-Metadata": f"is_confidential,filename {b64('a.txt')}"})
    assert answer.status_code == 201


async def test_begun_with_the_first_bytes(person: Person) -> None:
    content = unique(100)
    answer = await create(person, 100, content[:60], **metadata(filename="a.txt"))
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "60")
    answer = await send(person, answer.headers["Location"], 60, content[60:])
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


async def test_begun_with_bytes_that_are_refused_leaves_nothing(
    person: Person, resources: Resources, settings: Settings
) -> None:
    answer = await create(person, 100, unique(100), **{"Upload-Checksum": f"sha1 {b64(bytes(20))}"})
    assert refused(answer) == (460, "checksum_mismatch")
    assert await left(resources, person.id) == (0, 0, 0)
    assert files(settings, person.id) == []


async def test_a_length_that_comes_later(person: Person) -> None:
    content = unique(100)
    url = await begun(person, None)
    answer = await person.http.head(url, headers=VERSION)
    assert answer.headers["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in answer.headers
    assert (await send(person, url, 0, content[:50])).status_code == 204
    assert refused(await send(person, url, 50, b"", Upload_Length="49"))[0] == 400
    assert refused(await send(person, url, 50, b"", Upload_Length="2000001"))[0] == 413
    answer = await send(person, url, 50, content[50:80], Upload_Length="100")
    assert "X-Document-Id" not in answer.headers
    assert (await person.http.head(url, headers=VERSION)).headers["Upload-Length"] == "100"
    answer = await send(person, url, 80, content[80:])
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


async def test_a_length_that_comes_at_the_very_end(person: Person) -> None:
    content = unique(100)
    url = await begun(person, None)
    assert (await send(person, url, 0, content)).status_code == 204
    answer = await send(person, url, 100, b"", Upload_Length="100")
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


async def test_without_a_length_the_limit_holds(person: Person, settings: Settings) -> None:
    url = await begun(person, None)
    assert refused(await send(person, url, 0, bytes(settings.max_file_bytes + 1))) == (413, "file_too_large")


async def test_an_empty_file_is_whole_at_once(person: Person) -> None:
    answer = await create(person, 0, **metadata(filename="nothing.txt"))
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")
    document = (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}")).json()
    assert (document["size_bytes"], document["filename"]) == (0, "nothing.txt")


@pytest.mark.parametrize("sent", [0, 500])
async def test_given_up_it_is_gone(person: Person, resources: Resources, settings: Settings, sent: int) -> None:
    url = await begun(person, 1000)
    assert (await send(person, url, 0, bytes(sent))).status_code == 204
    answer = await person.http.delete(url, headers=VERSION)
    assert (answer.status_code, answer.headers["Tus-Resumable"]) == (204, "1.0.0")
    assert (await person.http.head(url, headers=VERSION)).status_code == 404
    assert refused(await send(person, url, sent, b"x")) == (404, "not_found")
    assert refused(await person.http.delete(url, headers=VERSION)) == (404, "not_found")
    assert await left(resources, person.id) == (0, 0, 0)
    assert files(settings, person.id) == []


async def test_a_whole_one_given_up_leaves_its_document(person: Person) -> None:
    answer = await create(person, 50, unique(50))
    assert (await person.http.delete(answer.headers["Location"], headers=VERSION)).status_code == 204
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}")).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "DELETE"])
async def test_the_method_in_a_header_counts(person: Person, method: str) -> None:
    content = unique(10)
    url = await begun(person, 10)
    headers = VERSION | BODY | {"Upload-Offset": "0", "X-HTTP-Method-Override": method}
    answer = await person.http.post(url, headers=headers, content=content if method == "PATCH" else b"")
    assert answer.status_code == {"PATCH": 204, "HEAD": 200, "DELETE": 204}[method]
    gone = await person.http.head(url, headers=VERSION)
    assert gone.status_code == (404 if method == "DELETE" else 200)
    if method != "DELETE":
        assert gone.headers["Upload-Offset"] == ("10" if method == "PATCH" else "0")


async def test_errors_name_the_version_too(people: People) -> None:
    stranger = people.stranger()
    for method, path in (("POST", "/api/uploads"), ("PATCH", f"/api/uploads/{uuid4()}"), ("GET", "/api/uploads")):
        answer = await stranger.request(method, path, headers=VERSION)
        assert answer.status_code in (401, 405)
        assert answer.headers["Tus-Resumable"] == "1.0.0"


async def test_pages_of_other_origins_may_read_the_headers(changed: Any) -> None:
    from docvault.local.home import any_port

    own = changed(port=any_port(), cors_origins=["https://page.example"])
    async with serving(own) as url, People(url) as people:
        person = await people.new()
        origin = {"Origin": "https://page.example"}
        answer = await create(person, 10, **origin)
        exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].lower().split(",")}
        assert {"location", "upload-offset", "upload-length", "tus-resumable", "x-document-id"} <= exposed
        asked = origin | {
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,content-type,tus-resumable,upload-offset",
        }
        preflight = await person.http.options(answer.headers["Location"], headers=asked)
        assert preflight.status_code == 204
        allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
        assert all(name in allowed for name in ("authorization", "tus-resumable", "upload-offset"))
        assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]


# --- whose it is --------------------------------------------------------------------------------------------------


async def test_somebody_elses_is_not_there(person: Person, people: People) -> None:
    other = await people.new()
    url, nobodys = await begun(person, 10), f"/api/uploads/{uuid4()}"
    for path in (url, nobodys):
        assert (await other.http.head(path, headers=VERSION)).status_code == 404
        assert refused(await send(other, path, 0, b"x")) == (404, "not_found")
        assert refused(await other.http.delete(path, headers=VERSION)) == (404, "not_found")
    assert await offset(person, url) == 0


async def test_only_keys_that_may_write(person: Person, people: People) -> None:
    url = await begun(person, 10)
    key = (await person.http.post("/api/keys", json={"name": "k", "scopes": ["documents:read"]})).json()["key"]
    reader = people.stranger(Authorization=f"Bearer {key}")
    assert refused(await reader.post("/api/uploads", headers=VERSION)) == (403, "missing_scope")
    assert refused(await reader.patch(url, headers=VERSION | BODY)) == (403, "missing_scope")
    assert (await reader.head(url, headers=VERSION)).status_code == 403


async def test_quotas_hold_before_the_first_byte(person: Person, resources: Resources, changed: Any) -> None:
    import dataclasses

    for quota, code in (
        ({"max_owner_bytes": 150}, "storage_quota_reached"),
        ({"max_owner_files": 1}, "too_many_documents"),
    ):
        small = dataclasses.replace(resources, settings=changed(**quota))
        first = await resumable.begin(small, UUID(person.id), 100, "", {})
        with pytest.raises(Exception) as refusal:  # noqa: PT011 - its code is what counts
            await resumable.begin(small, UUID(person.id), 100, "", {})
        assert getattr(refusal.value, "code", None) == code
        await resumable.end(small, UUID(person.id), first.id)


# --- like any other upload ----------------------------------------------------------------------------------------


async def test_the_same_bytes_again_are_said(person: Person, resources: Resources) -> None:
    content = unique(100)
    first = await create(person, 100, content)
    second = await create(person, 100, content)
    assert first.headers["X-Document-Id"] == second.headers["X-Document-Id"]
    assert "X-Duplicate" not in first.headers
    assert second.headers["X-Duplicate"] == "true"
    assert (await left(resources, person.id))[:2] == (1, 0)


async def test_it_is_read_like_any_other(person: Person, worker: object) -> None:
    content = b"# Weir\n\nThe weir at Oberau was raised by 42 centimetres in 1987.\n"
    answer = await create(person, len(content), content, **metadata(filename="weir.md"))
    assert (await person.settled(answer.headers["X-Document-Id"]))["status"] == "ready"
    assert (await person.search("how much was the weir raised"))[0]["filename"] == "weir.md"


async def test_the_answer_to_the_last_byte_may_be_lost(person: Person) -> None:
    """Clients ask again, and some send nothing at the end of all."""
    url = await begun(person, 10)
    done = await send(person, url, 0, unique(10))
    asked = await person.http.head(url, headers=VERSION)
    again = await send(person, url, 10, b"")
    for answer in (asked, again):
        assert answer.headers["X-Document-Id"] == done.headers["X-Document-Id"]
        assert answer.headers["Upload-Offset"] == "10"
    assert refused(await send(person, url, 10, b"more")) == (413, "upload_too_long")
    assert refused(await send(person, url, 0, b"more")) == (409, "offset_mismatch")


# --- cut, raced, expired ------------------------------------------------------------------------------------------


async def test_what_arrived_before_the_client_left_is_kept(person: Person) -> None:
    content = unique(1_000_000)
    url = await begun(person, len(content))

    async def half() -> AsyncIterator[bytes]:
        yield content[:600_000]
        raise ConnectionResetError

    with pytest.raises((httpx.HTTPError, ConnectionResetError)):
        await send(person, url, 0, half(), Content_Length="1000000")
    async with asyncio.timeout(10):
        while not (safe := await offset(person, url)):
            await asyncio.sleep(0.02)
    assert 0 < safe <= 600_000
    answer = await send(person, url, safe, content[safe:])
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


async def test_of_a_checked_piece_that_was_cut_nothing_is_kept(person: Person) -> None:
    content = unique(500_000)
    url = await begun(person, len(content))

    async def half() -> AsyncIterator[bytes]:
        yield content[:300_000]
        raise ConnectionResetError

    checksum = f"sha1 {b64(hashlib.sha1(content).digest())}"
    with pytest.raises((httpx.HTTPError, ConnectionResetError)):
        await send(person, url, 0, half(), Content_Length="500000", Upload_Checksum=checksum)
    async with asyncio.timeout(10):
        while (answer := await send(person, url, 0, content)).status_code == 423:
            await asyncio.sleep(0.02)
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


class Slow:
    """A body that waits in the middle."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.go_on = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        half = len(self.content) // 2
        yield self.content[:half]
        await self.go_on.wait()
        yield self.content[half:]


async def held(resources: Resources, person: Person) -> None:
    async with asyncio.timeout(10):
        while True:
            async with resources.database.transaction(UUID(person.id)) as session:
                if await session.scalar(text("SELECT lease_until > now() FROM resumable_uploads")):
                    return
            await asyncio.sleep(0.01)


async def test_of_two_at_once_the_second_waits(person: Person, resources: Resources) -> None:
    content = unique(100_000)
    url = await begun(person, len(content))
    slow = Slow(content)
    first = asyncio.create_task(send(person, url, 0, slow))
    await held(resources, person)
    answer = await send(person, url, 0, bytes(100_000))
    assert refused(answer) == (423, "upload_locked")
    assert int(answer.headers["Retry-After"]) >= 1
    slow.go_on.set()
    answer = await first
    assert answer.status_code == 204
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


async def test_many_at_once_make_one_document(person: Person, resources: Resources) -> None:
    content = unique(300_000)
    url = await begun(person, len(content))
    answers = await asyncio.gather(*(send(person, url, 0, content) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {204, 423, 409}
    assert [answer.status_code for answer in answers].count(204) == 1
    assert (await left(resources, person.id))[:2] == (1, 0)


async def test_a_dead_process_does_not_hold_it_for_ever(person: Person, resources: Resources, changed: Any) -> None:
    """Its lease runs out; and what it still writes later is refused."""
    content = unique(100)
    url = await begun(person, 100)
    assert (await send(person, url, 0, content[:50])).status_code == 204
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE resumable_uploads SET attempt = 7, lease_until = now() + interval '9 s'"))
    assert refused(await send(person, url, 50, content[50:])) == (423, "upload_locked")
    assert (await person.http.head(url, headers=VERSION)).status_code == 200
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE resumable_uploads SET lease_until = now() - interval '1 s'"))
    assert (await send(person, url, 50, content[50:])).status_code == 204


async def test_a_request_that_fell_silent_is_overtaken(
    person: Person, resources: Resources, settings: Settings
) -> None:
    """A connection that died without a word must not keep its client from going on; and must do no harm later."""
    content = unique(100_000)
    url = await begun(person, len(content))
    slow = Slow(content)
    first = asyncio.create_task(send(person, url, 0, slow))
    await held(resources, person)
    async with asyncio.timeout(settings.lease * 3):
        # Locked, or kept a little more between the two questions.
        while (answer := await send(person, url, await offset(person, url), b"")).status_code in (423, 409):
            await asyncio.sleep(0.1)
    assert answer.status_code == 204
    start = await offset(person, url)
    answer = await send(person, url, start, content[start:])
    slow.go_on.set()
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content
    with pytest.raises(httpx.HTTPError):  # it was told to go, and its connection closed
        (await first).raise_for_status()
    assert (await left(resources, person.id))[:2] == (1, 0)


async def test_all_bytes_but_no_document_is_mended_by_asking(person: Person, resources: Resources) -> None:
    """The process died after the last byte was safe: a client that is told of all bytes will send no more."""
    content = unique(100)
    url = await begun(person, None)
    assert (await send(person, url, 0, content)).status_code == 204
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE resumable_uploads SET size_bytes = 100"))
    answer = await person.http.head(url, headers=VERSION)
    assert answer.headers["Upload-Offset"] == "100"
    assert (await person.http.get(f"/api/documents/{answer.headers['X-Document-Id']}/content")).content == content


async def test_what_expired_goes_with_its_bytes(person: Person, resources: Resources, settings: Settings) -> None:
    url = await begun(person, 1000)
    await send(person, url, 0, bytes(500))
    whole = await create(person, 50, unique(50))
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE resumable_uploads SET expires_at = now() - interval '1 s'"))
    assert (await person.http.head(url, headers=VERSION)).status_code == 404
    assert refused(await send(person, url, 500, b"x")) == (404, "not_found")
    await resumable.clear_expired(resources)
    assert await left(resources, person.id) == (1, 0, 0)
    assert len(files(settings, person.id)) == 1
    document = whole.headers["X-Document-Id"]
    assert (await person.http.get(f"/api/documents/{document}/content")).status_code == 200
    async with resources.database.transaction(UUID(person.id)) as session:
        assert await session.scalar(text("SELECT count(*) FROM resumable_uploads")) == 0


async def test_a_store_that_lost_the_beginning(person: Person, settings: Settings, resources: Resources) -> None:
    url = await begun(person, 100)
    await send(person, url, 0, bytes(50))
    for path in (settings.objects_path / ".uploads").iterdir():
        if person.id in path.name:
            path.unlink()
    assert refused(await send(person, url, 50, bytes(50))) == (404, "not_found")
    assert await left(resources, person.id) == (0, 0, 0)
