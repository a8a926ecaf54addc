"""Archives become documents: all of one at once, none doubled, none left behind."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from docvault.errors import Unavailable
from docvault.library import queries as library
from docvault.resources import Resources
from docvault.storage import Digest
from ingestion import archive_queries
from ingestion.extract.reader import Reader
from ingestion.pipeline import ingest
from ingestion.sweeper import sweep
from tests.ingestion.extract.locked_archives import AES_256, PASSWORD
from tests.people import People, Person


def zipped(files: dict[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def note(what: str) -> str:
    return f"The {what} of the harbour was measured by keeper {uuid4()}."


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


@pytest.fixture
def quick(resources: Resources, changed: Any) -> Resources:
    return dataclasses.replace(resources, settings=changed(lease=5.0, heartbeat=0.1, retry_delay=0.01, max_attempts=2))


class Vault:
    """One person's vault, read here and by no worker."""

    def __init__(self, resources: Resources, reader: Reader, person: Person) -> None:
        self.resources, self.reader, self.person, self.owner_id = resources, reader, person, UUID(person.id)

    def using(self, **settings: Any) -> Vault:
        changed = dataclasses.replace(
            self.resources, settings=settings.pop("changed")(**settings), store=self.resources.store
        )
        return Vault(changed, self.reader, self.person)

    async def upload(self, name: str, data: bytes, **fields: Any) -> UUID:
        (document,) = await self.person.upload((name, data), **fields)
        return UUID(document["id"])

    async def read(self, id: UUID) -> Any:
        await ingest(self.resources, self.reader, self.owner_id, id)
        return await self.row(id)

    async def add(self, name: str, files: dict[str, bytes | str], **fields: Any) -> Any:
        return await self.read(await self.upload(name, zipped(files), **fields))

    async def row(self, id: UUID) -> Any:
        return (await self.rows("SELECT * FROM documents WHERE id = :id", id=id))[0]

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.resources.database.transaction(self.owner_id) as session:
            return list((await session.execute(text(query), values)).all())

    async def members(self, archive_id: UUID) -> dict[str, Any]:
        query = "SELECT * FROM documents WHERE archive_id = :id ORDER BY archive_path"
        return {row.archive_path: row for row in await self.rows(query, id=archive_id)}

    async def objects(self) -> set[str]:
        """Keys of what lies in the store and does not wait to be removed: exactly those of all revisions."""
        stored = {found.key async for found in self.resources.store.list(f"{self.owner_id}/")}
        waiting = {row.object_key for row in await self.rows("SELECT object_key FROM unowned_objects")}
        revisions = {row.object_key for row in await self.rows("SELECT object_key FROM revisions")}
        assert stored - waiting == revisions
        return revisions


@pytest.fixture
def vault(quick: Resources, document_reader: Reader, person: Person) -> Vault:
    return Vault(quick, document_reader, person)


async def test_every_file_in_an_archive_is_a_document(vault: Vault) -> None:
    files = {"a.txt": note("tide"), "logs/2019/b.md": note("depth"), "__MACOSX/._a.txt": "x", "empty.txt": ""}
    archive = await vault.add("harbour.zip", files, folder="work", tags="sea")
    assert (archive.status, archive.pages, archive.chunks, archive.progress) == ("ready", 0, 0, 1.0)
    assert archive.warnings == [
        "2 files were taken out of this archive.",
        "1 empty file was left out.",
        "1 file that a system had put there for itself was left out.",
    ]
    members = await vault.members(archive.id)
    assert {path: (m.filename, m.folder, m.tags, m.status) for path, m in members.items()} == {
        "a.txt": ("a.txt", "work/harbour", ["sea"], "queued"),
        "logs/2019/b.md": ("b.md", "work/harbour/logs/2019", ["sea"], "queued"),
    }
    assert len(await vault.objects()) == 3
    content = await vault.person.http.get(f"/api/documents/{members['a.txt'].id}/content")
    assert content.text == files["a.txt"]


async def test_searches_find_the_files_and_not_the_archive(vault: Vault) -> None:
    archive = await vault.add("lights.zip", {"lamp.txt": "The lamp of Skagen burns colza oil."})
    (lamp,) = (await vault.members(archive.id)).values()
    assert (await vault.read(lamp.id)).status == "ready"
    hits = await vault.person.search("What does the lamp of Skagen burn?")
    assert {hit["document_id"] for hit in hits} == {str(lamp.id)}


async def test_two_of_one_name_are_told_apart(vault: Vault) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in ("a.txt", "b.txt", "A.TXT"):
            packed.writestr(name, note("tide"))
    data = file.getvalue().replace(b"b.txt", b"a.txt")
    archive = await vault.read(await vault.upload("x.zip", data))
    assert set(await vault.members(archive.id)) == {"a.txt", "a (2).txt", "A (3).TXT"}


async def test_an_archive_in_an_archive_is_unpacked_in_its_turn(vault: Vault) -> None:
    inner = zipped({"deep.txt": note("depth")})
    outer = await vault.add("outer.zip", {"boxes/inner.zip": inner, "top.txt": note("tide")})
    box = (await vault.members(outer.id))["boxes/inner.zip"]
    assert (await vault.read(box.id)).status == "ready"
    (deep,) = (await vault.members(box.id)).values()
    assert (deep.folder, deep.filename) == ("outer/boxes/inner", "deep.txt")


async def test_archives_are_opened_up_to_a_depth(vault: Vault, changed: Any) -> None:
    shallow = vault.using(changed=changed, max_archive_depth=1)
    inner = zipped({"middle.zip": zipped({"deep.txt": note("depth")}), "beside.txt": note("tide")})
    row, names = await shallow.add("0.zip", {"1.zip": inner}), []
    while row.status == "ready":
        names.append(row.filename)
        inside = [m for m in (await shallow.members(row.id)).values() if m.filename.endswith(".zip")]
        row = await shallow.read(inside[0].id)
    assert (names, row.filename, row.error_code) == (["0.zip", "1.zip"], "middle.zip", "archive_too_deep")


async def test_what_is_in_inner_archives_counts_for_the_outermost(vault: Vault, changed: Any) -> None:
    few = vault.using(changed=changed, max_archive_members=4)
    files = {f"{n}.txt": note("tide") for n in range(2)}
    outer = await few.add("outer.zip", {**files, "inner.zip": zipped({f"{n}.txt": note("sea") for n in range(2)})})
    inner = (await few.members(outer.id))["inner.zip"]
    failed = await few.read(inner.id)
    assert (failed.status, failed.error_code) == ("failed", "too_many_members")
    assert await few.members(inner.id) == {}
    await few.objects()


async def test_the_same_bytes_are_not_doubled(vault: Vault) -> None:
    same = note("tide")
    alone = await vault.upload("report.txt", same.encode())
    archive = await vault.add("x.zip", {"copy.txt": same, "a.txt": "twice in it", "b.txt": "twice in it"})
    assert set(await vault.members(archive.id)) == {"a.txt"}
    assert archive.warnings == [
        "1 file was taken out of this archive.",
        "1 was in the vault already and not doubled: “copy.txt”.",
        "1 was in the archive more than once and not doubled: “b.txt”.",
    ]
    assert (await vault.person.http.delete(f"/api/documents/{archive.id}")).status_code == 204
    assert (await vault.row(alone)).id == alone
    await vault.objects()


async def test_what_two_archives_hold_goes_with_neither(vault: Vault) -> None:
    same = note("tide")
    first = await vault.add("first.zip", {"shared.txt": same, "own.txt": note("sea")})
    second = await vault.add("second.zip", {"again.txt": same, "own.txt": note("sea")})
    shared = (await vault.rows("SELECT * FROM documents WHERE filename = 'shared.txt'"))[0]
    assert shared.archive_id is None
    for archive in (first, second):
        assert (await vault.person.http.delete(f"/api/documents/{archive.id}")).status_code == 204
    assert [row.filename for row in await vault.rows("SELECT filename FROM documents")] == ["shared.txt"]


async def test_an_archive_goes_with_all_that_came_in_it(vault: Vault) -> None:
    outer = await vault.add("outer.zip", {"inner.zip": zipped({"deep.txt": note("depth")}), "top.txt": note("tide")})
    for member in (await vault.members(outer.id)).values():
        await vault.read(member.id)
    assert len(await vault.rows("SELECT id FROM documents")) == 4
    assert (await vault.person.http.delete(f"/api/documents/{outer.id}")).status_code == 204
    assert await vault.rows("SELECT id FROM documents") == []
    await sweep(vault.resources)
    assert [found async for found in vault.resources.store.list(f"{vault.owner_id}/")] == []


async def test_reading_an_archive_again_doubles_nothing(vault: Vault) -> None:
    archive = await vault.add("x.zip", {"a.txt": note("tide"), "b.txt": note("sea")})
    before = await vault.members(archive.id)
    await vault.rows(
        "UPDATE documents SET status = 'queued', due_at = now() WHERE id = :id RETURNING id", id=archive.id
    )
    again = await vault.read(archive.id)
    assert again.status == "ready"
    assert {path: m.id for path, m in (await vault.members(archive.id)).items()} == {p: m.id for p, m in before.items()}
    assert len(await vault.objects()) == 3


async def test_a_newer_archive_replaces_what_came_in_the_older(vault: Vault) -> None:
    kept, moved = note("tide"), note("sea")
    first = await vault.add("x.zip", {"kept.txt": kept, "old/moved.txt": moved, "changed.txt": "1", "gone.txt": "2"})
    before = await vault.members(first.id)
    for member in before.values():
        await vault.read(member.id)
    second = await vault.add(
        "x.zip", {"kept.txt": kept, "new/moved.txt": moved, "changed.txt": "3 now", "new.txt": "4"}
    )
    assert second.id == first.id
    after = await vault.members(first.id)
    assert set(after) == {"kept.txt", "new/moved.txt", "changed.txt", "new.txt"}
    assert (after["kept.txt"].id, after["kept.txt"].status) == (before["kept.txt"].id, "ready")
    assert (after["new/moved.txt"].id, after["new/moved.txt"].folder) == (before["old/moved.txt"].id, "x/new")
    assert (after["changed.txt"].id, after["changed.txt"].status) == (before["changed.txt"].id, "queued")
    assert second.warnings == [
        "1 new, 1 changed, 1 moved and 1 unchanged files were found in this archive.",
        "1 that is no longer in it were deleted.",
    ]
    assert (await vault.read(after["changed.txt"].id)).status == "ready"
    content = await vault.person.http.get(f"/api/documents/{after['changed.txt'].id}/content")
    assert content.text == "3 now"
    await vault.objects()


async def test_two_files_that_changed_places_are_both_kept(vault: Vault) -> None:
    one, other = note("tide"), note("sea")
    await vault.add("x.zip", {"a.txt": one, "b.txt": other})
    archive = await vault.add("x.zip", {"a.txt": other, "b.txt": one})
    members = await vault.members(archive.id)
    for path, words in (("a.txt", other), ("b.txt", one)):
        assert (await vault.read(members[path].id)).status == "ready"
        assert (await vault.person.http.get(f"/api/documents/{members[path].id}/content")).text == words


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped({}), "empty_archive"),
        (zipped({"folder/": "", ".DS_Store": "x"}), "empty_archive"),
        (zipped({"a.txt": "a" * 900})[:-40], "corrupt"),
        (AES_256, "encrypted"),
        (zipped({"[Content_Types].xml": "<x/>"}), "unsupported_type"),
    ],
    ids=["nothing", "nothing of anybody's", "cut off", "locked", "no document"],
)
async def test_archives_that_cannot_be_opened_say_why(vault: Vault, data: bytes, code: str) -> None:
    failed = await vault.read(await vault.upload("x.zip", data))
    assert (failed.status, failed.error_code, failed.tries) == ("failed", code, 1)


async def test_a_locked_archive_is_retried_with_its_password(vault: Vault) -> None:
    id = await vault.upload("x.zip", AES_256)
    assert (await vault.read(id)).error_code == "encrypted"
    retry = f"/api/documents/{id}/retry"
    assert (await vault.person.http.post(retry, json={"password": "wrong"})).status_code == 202
    assert (await vault.read(id)).error_code == "wrong_password"
    assert (await vault.person.http.post(retry, json={"password": PASSWORD})).status_code == 202
    done = await vault.read(id)
    assert (done.status, done.password_sealed) == ("ready", None)
    assert set(await vault.members(id)) == {"tide.txt"}


@pytest.mark.parametrize(
    ("limit", "code"),
    [({"max_owner_files": 2}, "too_many_documents"), ({"max_owner_bytes": 500}, "storage_quota_reached")],
)
async def test_what_a_person_may_keep_holds_for_archives(
    vault: Vault, changed: Any, limit: dict[str, int], code: str
) -> None:
    files = {"a.txt": note("tide"), "b.txt": note("sea"), "c.txt": note("wind") * 4}
    failed = await vault.using(changed=changed, **limit).add("x.zip", files)
    assert (failed.status, failed.error_code) == ("failed", code)
    assert len(await vault.objects()) == 1


class Dying:
    """A store that breaks at the `last` object, as a killed worker or a full disk does."""

    def __init__(self, store: Any, last: int) -> None:
        self.store, self.last = store, last

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def put(self, key: str, chunks: AsyncIterator[bytes], digest: Digest | None = None) -> int:
        self.last -= 1
        if self.last < 0:
            raise Unavailable("The disk that keeps the documents is full.")
        return await self.store.put(key, chunks, digest)


async def test_a_store_that_fails_half_way_leaves_nothing(vault: Vault) -> None:
    id = await vault.upload("x.zip", zipped({f"{n}.txt": note("tide") for n in range(5)}))
    dying: Any = Dying(vault.resources.store, 3)
    broken = Vault(dataclasses.replace(vault.resources, store=dying), vault.reader, vault.person)
    assert (await broken.read(id)).status == "queued"
    assert await vault.members(id) == {}
    assert len(await vault.objects()) == 1
    await sweep(vault.resources)
    assert len([found async for found in vault.resources.store.list(f"{vault.owner_id}/")]) == 1
    await vault.rows("UPDATE documents SET due_at = now() WHERE id = :id RETURNING id", id=id)
    assert (await vault.read(id)).status == "ready"
    assert len(await vault.members(id)) == 5


async def test_a_worker_killed_before_it_wrote_down_leaves_only_what_is_noted(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing runs after a kill: neither the transaction nor the clean-up."""
    id = await vault.upload("x.zip", zipped({f"{n}.txt": note("tide") for n in range(3)}))

    class Killed(BaseException): ...

    def killed(*_: Any, **__: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(archive_queries, "adopt", killed)
        patch.setattr(archive_queries, "discard", killed)
        with pytest.raises(Killed):
            await vault.read(id)
    assert await vault.members(id) == {}
    await vault.objects()  # each is noted, and goes when its time is over
    await vault.rows(
        "UPDATE documents SET lease_until = now() - interval '1 second' WHERE id = :id RETURNING id", id=id
    )
    again = await vault.read(id)
    assert (again.status, again.attempt) == ("ready", 2)
    assert len(await vault.members(id)) == 3
    await vault.objects()


async def test_an_archive_deleted_while_it_is_unpacked_stays_deleted(vault: Vault) -> None:
    id, gate, reached = await vault.upload("x.zip", zipped({"a.txt": note("tide")})), asyncio.Event(), asyncio.Event()

    class Waiting(Dying):
        async def put(self, key: str, chunks: AsyncIterator[bytes], digest: Digest | None = None) -> int:
            reached.set()
            await gate.wait()
            return await self.store.put(key, chunks, digest)

    slow: Any = Waiting(vault.resources.store, 0)
    task = asyncio.create_task(
        ingest(dataclasses.replace(vault.resources, store=slow), vault.reader, vault.owner_id, id)
    )
    await reached.wait()
    assert (await vault.person.http.delete(f"/api/documents/{id}")).status_code == 204
    gate.set()
    await task
    assert await vault.rows("SELECT id FROM documents") == []
    assert await vault.objects() == set()


async def test_deleting_waits_for_what_is_being_written_down(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files come into being after the deletion began to look for them: they go all the same, with their bytes."""
    inner = zipped({"a.txt": note("tide"), "b.txt": note("sea")})
    outer = await vault.add("outer.zip", {"inner.zip": inner})
    (box,) = (await vault.members(outer.id)).values()
    adopt, held, go = archive_queries.adopt, asyncio.Event(), asyncio.Event()

    async def adopting(*arguments: Any) -> int:
        held.set()
        await go.wait()
        return await adopt(*arguments)

    monkeypatch.setattr(archive_queries, "adopt", adopting)
    unpacking = asyncio.create_task(vault.read(box.id))
    await held.wait()
    deleting = asyncio.create_task(vault.person.http.delete(f"/api/documents/{outer.id}"))
    async with asyncio.timeout(5):
        await _until_waiting(vault, 1)
    go.set()
    assert (await deleting).status_code == 204
    await asyncio.wait([unpacking])
    assert await vault.rows("SELECT id FROM documents") == []
    assert await vault.objects() == set()


async def _until_waiting(vault: Vault, many: int) -> None:
    """Until so many wait for others' locks."""
    query = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = current_user"
    while len(await vault.rows(query)) < many:
        await asyncio.sleep(0.01)


async def test_an_upload_and_a_deletion_of_the_same_files_do_not_wait_for_each_other(vault: Vault) -> None:
    """The deletion is kept waiting before the first file, while the upload comes by the bytes of the second and the
    name of the first."""
    files = {"a.txt": note("tide"), "b.txt": note("sea")}
    archive = await vault.add("x.zip", files)
    first = (await vault.members(archive.id))["a.txt"]
    async with asyncio.timeout(30):
        async with vault.resources.database.transaction(vault.owner_id) as session:
            await session.execute(text("SELECT FROM documents WHERE id = :id FOR UPDATE"), {"id": first.id})
            deleting = asyncio.create_task(vault.person.http.delete(f"/api/documents/{archive.id}"))
            await _until_waiting(vault, 1)
            parts = [("file", ("other.txt", files["b.txt"])), ("file", (first.filename, note("depth")))]
            uploading = asyncio.create_task(
                vault.person.http.post("/api/documents", files=parts, data={"folder": first.folder})
            )
            await _until_waiting(vault, 2)
        assert ((await deleting).status_code, (await uploading).status_code) == (204, 202)
    assert len(await vault.rows("SELECT id FROM documents")) == 2
    await vault.objects()


async def test_a_large_archive_read_again_is_a_few_statements(vault: Vault) -> None:
    """All of one transaction, in which the owner can upload nothing."""
    files, n = {f"{n:03}.txt": note(str(n)) for n in range(200)}, 40
    names = list(files)
    archive = await vault.add("x.zip", files)
    failed = "status = 'failed', error_code = 'corrupt', error_detail = 'x', finished_at = now()"
    await vault.rows(f"UPDATE documents SET {failed} WHERE archive_id IS NOT NULL RETURNING id")
    changed = {name: note("new") for name in names[:n]}
    moved = {f"deep/{name}": files[name] for name in names[n : 2 * n]}
    kept = {name: files[name] for name in names[2 * n : 3 * n]}
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "documents" in statement or "revisions" in statement:
            statements.append(statement)

    engine = vault.resources.database.engine.sync_engine
    id = await vault.upload("x.zip", zipped(changed | moved | kept))
    assert id == archive.id
    event.listen(engine, "before_cursor_execute", count)
    try:
        await vault.read(id)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    after = await vault.members(id)
    assert set(after) == {*changed, *moved, *kept}
    assert {after[name].status for name in [*changed, *kept]} == {"queued"}
    assert {after[name].folder for name in moved} == {"x/deep"}
    assert len(statements) < 60, "and not one for each of 200"
    await vault.objects()


async def test_a_member_can_be_deleted_alone(vault: Vault) -> None:
    archive = await vault.add("x.zip", {"a.txt": note("tide"), "b.txt": note("sea")})
    async with vault.resources.database.transaction(vault.owner_id) as session:
        await library.remove(session, vault.owner_id, (await vault.members(archive.id))["a.txt"].id)
    assert set(await vault.members(archive.id)) == {"b.txt"}


async def test_a_file_that_is_uploaded_by_itself_too_stays_when_its_archive_goes(vault: Vault) -> None:
    same = note("tide")
    archive = await vault.add("x.zip", {"a.txt": same, "b.txt": note("sea")})
    (again,) = await vault.person.upload(("mine.txt", same.encode()))
    assert again["duplicate_of"] == again["id"]
    assert (await vault.person.http.delete(f"/api/documents/{archive.id}")).status_code == 204
    assert [str(row.id) for row in await vault.rows("SELECT id FROM documents")] == [again["id"]]
    await vault.objects()
