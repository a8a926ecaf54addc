"""Store and database are compared both ways, and what goes on meanwhile is not harmed."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from rich.console import Console
from sqlalchemy import text

from docvault.errors import Unavailable
from docvault.library import queries as library
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.resources import Resources
from docvault.server.reconcile import report as printed
from docvault.settings import Settings
from docvault.storage import ObjectStore, StoredObject
from docvault.storage.files import FileStore
from docvault.storage.s3 import S3Store
from ingestion import queries, reconcile
from ingestion import reconciling as duty
from ingestion.reconcile import Report
from ingestion.reconciling import LAST, alone, keep_reconciling, reconcile_if_due
from ingestion.sweeper import sweep
from tests.servers.s3 import s3_server
from tests.vault import Vault, open_vault


@pytest.fixture(scope="module")
async def vault(
    postgres: LocalPostgres, redis: LocalRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Vault]:
    async with open_vault(postgres, redis, tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="module", params=["files", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ObjectStore]:
    folder = tmp_path_factory.mktemp("objects")
    if request.param == "files":
        opened: Any = await FileStore.open(folder)
        yield opened
        await opened.close()
        return
    with s3_server(folder) as server:
        opened = await S3Store.open(msgspec.convert({"home": folder, **server.settings}, Settings, dec_hook=_path))
        yield opened
        await opened.close()


def _path(kind: type, value: Any) -> Any:
    return Path(value) if kind is Path else value


class House:
    """One person's documents in a vault of its own. Every object counts as old, unless `young` is said."""

    def __init__(self, resources: Resources, owner_id: UUID) -> None:
        self.resources, self.owner_id = resources, owner_id

    async def reconcile(self, *, repair: bool = True, young: bool = False, store: Any = None) -> Report:
        settings = self.resources.settings
        settings = msgspec.structs.replace(settings, upload_expiry=3600 if young else -60)
        return await reconcile.reconcile(
            self.resources.database, store or self.resources.store, settings, repair=repair
        )

    async def put(self, key: str, data: bytes = b"bytes") -> str:
        async def chunks() -> AsyncIterator[bytes]:
            yield data

        await self.resources.store.put(key, chunks())
        return key

    async def document(self, data: bytes = b"bytes", *, stored: bool = True, status: str = "ready") -> UUID:
        """One page, one passage, one vector: as a reading leaves it."""
        id, revision = uuid4(), uuid4()
        values = {
            "o": self.owner_id, "d": id, "r": revision, "k": f"{self.owner_id}/{revision}", "s": len(data),
            "status": status, "hash": revision.bytes * 2, "count": int(status == "ready"),
            "code": "no_text" if status == "failed" else None,
        }  # fmt: skip
        await self.run(
            "INSERT INTO documents (owner_id, id, revision_id, filename, status, stage, pages, chunks, error_code) "
            "VALUES (:o, :d, :r, 'a.txt', :status, :status, :count, :count, :code)",
            "INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type) "
            "VALUES (:o, :r, :d, :k, :s, :hash, 'text/plain')",
            *(self.reading() if status == "ready" else ()),
            **values,
        )
        if stored:
            await self.put(values["k"], data)
        return id

    @staticmethod
    def reading() -> tuple[str, ...]:
        return (
            "INSERT INTO pages (owner_id, revision_id, number, text) VALUES (:o, :r, 1, 'text')",
            "INSERT INTO chunks (owner_id, id, document_id, revision_id, ordinal, page, start_offset, end_offset, "
            "text, tokens, config, tsv) VALUES (:o, :r, :d, :r, 0, 1, 0, 4, 'text', 1, 'simple', to_tsvector('text'))",
            "INSERT INTO chunk_vectors (owner_id, chunk_id, model_id, document_id, embedding) "
            "VALUES (:o, :r, 'model', :d, '[1,2]')",
        )

    async def run(self, *statements: str, **values: Any) -> list[Any]:
        rows: list[Any] = []
        async with self.resources.database.transaction(self.owner_id) as session:
            for statement in statements:
                result = await session.execute(text(statement), values)
                rows = list(result.all()) if result.returns_rows else []
        return rows

    async def row(self, id: UUID) -> Any:
        return (await self.run("SELECT * FROM documents WHERE id = :id", id=id))[0]

    async def key(self, id: UUID) -> str:
        query = "SELECT r.object_key FROM revisions r JOIN documents d ON d.revision_id = r.id WHERE d.id = :id"
        return (await self.run(query, id=id))[0].object_key

    async def there(self, key: str) -> bool:
        try:
            await self.resources.store.size(key)
        except FileNotFoundError:
            return False
        return True


@pytest.fixture
async def house(vault: Vault, store: ObjectStore) -> AsyncIterator[House]:
    account = await vault.person()
    made = House(dataclasses.replace(vault.resources, store=store), account.id)
    yield made
    for found in [found async for found in store.list()]:
        await store.delete(found.key)
    await made.run("DELETE FROM documents", "DELETE FROM unowned_objects", "DELETE FROM resumable_uploads")


async def test_a_vault_that_is_whole_stays_as_it_is(house: House) -> None:
    ids = [await house.document() for _ in range(3)]
    await house.document(status="failed")
    before = [await house.row(id) for id in ids]
    report = await house.reconcile()
    assert (report.objects, report.documents, report.found, report.fine) == (4, 4, {}, True)
    assert [await house.row(id) for id in ids] == before


async def test_objects_that_nobody_has_are_removed(house: House) -> None:
    kept = await house.key(await house.document())
    orphan = await house.put(f"{house.owner_id}/{uuid4()}")
    report = await house.reconcile()
    assert (report.found, report.fine, report.examples) == ({"orphan": 1}, True, {"orphan": [orphan]})
    await sweep(house.resources)
    assert (await house.there(kept), await house.there(orphan)) == (True, False)
    assert (await house.reconcile()).found == {}


async def test_young_objects_are_left_alone(house: House) -> None:
    await house.put(f"{house.owner_id}/{uuid4()}")
    await house.put(f"{uuid4()}/{uuid4()}")
    assert (await house.reconcile(young=True)).found == {}


async def test_objects_of_people_who_are_gone(house: House) -> None:
    """Before, between and after those who are here."""
    await house.document()
    here = str(house.owner_id)
    gone = [str(uuid4()) for _ in range(5)] + [f"0000{here[4:]}", f"ffff{here[4:]}"]
    keys = [await house.put(f"{owner}/{uuid4()}") for owner in gone if owner != here]
    report = await house.reconcile()
    assert (report.found, report.fine) == ({"nobodys": len(keys)}, True)
    assert not any([await house.there(key) for key in keys])


async def test_what_is_not_ours_is_told_and_left(house: House) -> None:
    keys = [await house.put(key) for key in ("backup/monday", f"{house.owner_id}/notes", f"{uuid4()}".upper() + "/x")]
    report = await house.reconcile()
    assert (report.found, report.fine) == ({"foreign": 3}, True)
    assert all([await house.there(key) for key in keys])


async def test_a_document_without_its_bytes_keeps_what_was_read(house: House) -> None:
    ready, failed, waiting = [await house.document(stored=False, status=s) for s in ("ready", "failed", "queued")]
    report = await house.reconcile()
    assert (report.found, report.fine) == ({"content_missing": 3}, False)
    row = await house.row(ready)
    assert (row.status, row.chunks, row.error_code) == ("ready", 1, "content_missing")
    assert "can still be searched" in row.warnings[0]
    assert ((await house.row(failed)).error_code, (await house.row(waiting)).status) == ("content_missing", "queued")
    assert len(await house.run("SELECT id FROM chunks")) == 1
    assert (await house.reconcile()).found == {"content_missing": 3}
    assert len((await house.row(ready)).warnings) == 1
    async with house.resources.database.transaction(house.owner_id) as session:
        (hash,) = [r.sha256 for r in await house.run("SELECT sha256 FROM revisions WHERE document_id = :id", id=ready)]
        assert await queries.same_bytes(session, house.owner_id, [hash], {ready}) == {}, "it can be uploaded again"


async def test_bytes_that_come_back_are_taken_up_again(house: House) -> None:
    """The disk was not mounted, say."""
    ready, failed = await house.document(stored=False), await house.document(stored=False, status="failed")
    await house.reconcile()
    for id in (ready, failed):
        await house.put(await house.key(id))
    report = await house.reconcile()
    assert (report.found, report.fine) == ({"returned": 2}, True)
    row = await house.row(ready)
    assert (row.status, row.error_code, row.warnings) == ("ready", None, [])
    assert (await house.row(failed)).status == "queued"
    assert (await house.reconcile()).found == {}


async def test_bytes_of_another_size(house: House) -> None:
    id = await house.document(b"all of it")
    await house.put(await house.key(id), b"half")
    report = await house.reconcile()
    assert (report.found, report.fine) == ({"content_damaged": 1}, False)
    assert (await house.row(id)).error_code == "content_damaged"


@pytest.mark.parametrize("table", ["pages", "chunks", "chunk_vectors"])
async def test_a_document_that_is_not_wholly_searchable_is_read_again(house: House, table: str) -> None:
    whole, broken = await house.document(), await house.document()
    where = {"pages": "revision_id = :r", "chunks": "document_id = :d", "chunk_vectors": "document_id = :d"}[table]
    await house.run(f"DELETE FROM {table} WHERE {where}", d=broken, r=(await house.row(broken)).revision_id)
    report = await house.reconcile()
    assert (report.found, report.fine) == ({"incomplete": 1}, True)
    assert [(await house.row(id)).status for id in (whole, broken)] == ["ready", "queued"]


async def test_an_archive_needs_no_passages(house: House) -> None:
    id = await house.document()
    await house.run(
        "DELETE FROM chunks", "DELETE FROM pages", "UPDATE documents SET pages = 0, chunks = 0",
        "UPDATE revisions SET content_type = 'application/zip'",
    )  # fmt: skip
    assert (await house.reconcile()).found == {}
    await house.run("UPDATE revisions SET content_type = 'text/plain'")
    assert (await house.reconcile()).found == {"incomplete": 1}
    assert (await house.row(id)).status == "queued"


async def test_leftovers_are_removed(house: House) -> None:
    id, old = await house.document(), uuid4()
    key = await house.put(f"{house.owner_id}/{old}")
    await house.run(
        "INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type) "
        "VALUES (:o, :r, :d, :k, 5, '', 'text/plain')",
        *House.reading(),
        "INSERT INTO staged_vectors (owner_id, document_id, model_id, text_hash, embedding) "
        "VALUES (:o, :d, 'model', 'x', '[1,2]')",
        o=house.owner_id, d=id, r=old, k=key,
    )  # fmt: skip
    report = await house.reconcile()
    assert (report.found, report.fine) == ({"stale": 1}, True)
    for table in ("revisions", "pages", "chunks", "chunk_vectors"):
        assert len(await house.run(f"SELECT * FROM {table}")) == 1, table
    assert await house.run("SELECT * FROM staged_vectors") == []
    await sweep(house.resources)
    assert not await house.there(key)
    assert (await house.reconcile()).found == {}


async def test_what_is_being_replaced_is_no_leftover(house: House) -> None:
    """A newer revision that waits, and vectors that its worker has staged."""
    id, newer = await house.document(), uuid4()
    key = await house.put(f"{house.owner_id}/{newer}")
    await house.run(
        "INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type) "
        "VALUES (:o, :r, :d, :k, 5, '', 'text/plain')",
        "UPDATE documents SET pending_revision_id = :r, status = 'queued' WHERE id = :d",
        "INSERT INTO staged_vectors (owner_id, document_id, model_id, text_hash, embedding) "
        "VALUES (:o, :d, 'model', 'x', '[1,2]')",
        o=house.owner_id, d=id, r=newer, k=key,
    )  # fmt: skip
    assert (await house.reconcile()).found == {}
    assert len(await house.run("SELECT * FROM staged_vectors")) == 1
    # As a worker of an older version leaves it, which knows of no newer revisions: nobody would read this one.
    await house.run("UPDATE documents SET status = 'ready'")
    report = await house.reconcile()
    assert (report.found["incomplete"], report.fine, (await house.row(id)).status) == (1, True, "queued")


async def test_a_document_is_not_given_to_the_sweeper(house: House) -> None:
    id = await house.document()
    key = await house.key(id)
    await house.run(
        "INSERT INTO unowned_objects (owner_id, object_key, due_at) VALUES (:o, :k, now() + interval '1 hour')",
        o=house.owner_id, k=key,
    )  # fmt: skip
    assert (await house.reconcile()).found == {"doubly_held": 1}
    await house.run("UPDATE unowned_objects SET due_at = now()")
    await sweep(house.resources)
    assert await house.there(key)


async def test_a_dry_run_changes_nothing(house: House) -> None:
    orphan, lost, broken = await house.put(f"{house.owner_id}/{uuid4()}"), await house.document(stored=False), None
    broken, nobodys = await house.document(), await house.put(f"{uuid4()}/{uuid4()}")
    await house.run("DELETE FROM pages WHERE revision_id = :r", r=(await house.row(broken)).revision_id)
    before = [await house.row(id) for id in (lost, broken)]
    for _ in range(2):
        report = await house.reconcile(repair=False)
        assert report.found == {"orphan": 1, "content_missing": 1, "incomplete": 1, "nobodys": 1}
        assert not report.fine
    assert [await house.row(id) for id in (lost, broken)] == before
    assert await house.run("SELECT * FROM unowned_objects") == []
    assert (await house.there(orphan), await house.there(nobodys)) == (True, True)


# --- what goes on meanwhile -----------------------------------------------------------------------------------------


class Meddling:
    """A store in which something else happens at a moment of the comparison."""

    def __init__(self, store: ObjectStore, **at: Callable[[], Awaitable[Any]]) -> None:
        self.store, self.at = store, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def _now(self, moment: str) -> None:
        if moment in self.at:
            await self.at.pop(moment)()

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        found = [found async for found in self.store.list(prefix)]
        await self._now("listed")
        for one in found:
            yield one

    async def size(self, key: str) -> int:
        await self._now("asked")
        try:
            return await self.store.size(key)
        finally:
            await self._now("answered")


async def uploaded(house: House) -> None:
    """A key is noted, its bytes are stored, and a document has it: all in the middle of the comparison."""
    await house.document()


async def test_an_upload_after_the_list_was_made_is_not_lost(house: House) -> None:
    await house.document()
    store = Meddling(house.resources.store, listed=lambda: uploaded(house))
    report = await house.reconcile(store=store)
    assert (report.found, report.documents) == ({}, 2)
    assert store.at == {}


async def test_bytes_of_an_upload_in_flight_are_held(house: House) -> None:
    key = f"{house.owner_id}/{uuid4()}"
    async with house.resources.database.transaction(house.owner_id) as session:
        await queries.reserve_object(session, house.owner_id, key, 3600)
    await house.put(key)
    assert (await house.reconcile()).found == {}
    async with house.resources.database.transaction(house.owner_id) as session:
        assert await queries.adopt_objects(session, house.owner_id, [key]) == 1


async def test_bytes_of_a_resumable_upload_are_held(house: House) -> None:
    key = await house.put(f"{house.owner_id}/{uuid4()}")
    await house.run(
        "INSERT INTO resumable_uploads (owner_id, id, object_key, filename, expires_at) "
        "VALUES (:o, gen_random_uuid(), :k, 'a.txt', now() + interval '1 hour')",
        o=house.owner_id, k=key,
    )  # fmt: skip
    assert (await house.reconcile()).found == {}


async def deleted(house: House, id: UUID) -> None:
    async with house.resources.database.transaction(house.owner_id) as session:
        await library.remove(session, house.owner_id, id)
    await sweep(house.resources)


@pytest.mark.parametrize("moment", ["listed", "asked", "answered"])
async def test_a_deletion_in_the_middle_is_neither_lost_nor_orphan(house: House, moment: str) -> None:
    """`asked` and `answered`: it was seen as a row whose object is not in the list, and is deleted then."""
    id = await house.document()
    store = Meddling(house.resources.store, **{moment: lambda: deleted(house, id)})
    if moment != "listed":
        other = await house.document(stored=False)  # so that the store is asked for something
        store = Meddling(house.resources.store, **{moment: lambda: deleted(house, other)})
    report = await house.reconcile(store=store)
    assert report.found == {}
    assert store.at == {}
    assert await house.run("SELECT * FROM unowned_objects") == []


async def test_a_revision_that_is_replaced_in_the_middle_is_not_lost(house: House) -> None:
    id, newer = await house.document(stored=False), uuid4()
    await house.put(f"{house.owner_id}/{newer}")

    async def replace() -> None:
        await house.run(
            "INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type) "
            "VALUES (:o, :r, :d, :k, 5, '', 'text/plain')",
            "DELETE FROM chunks WHERE document_id = :d", "DELETE FROM pages",
            "UPDATE documents SET revision_id = :r WHERE id = :d", *House.reading(),
            "DELETE FROM revisions WHERE document_id = :d AND id <> :r",
            o=house.owner_id, d=id, r=newer, k=f"{house.owner_id}/{newer}",
        )  # fmt: skip

    report = await house.reconcile(store=Meddling(house.resources.store, answered=replace))
    assert report.found == {}
    assert (await house.row(id)).error_code is None


async def test_an_orphan_that_was_noted_can_become_no_document(house: House) -> None:
    """An upload that was thought dead, because its time was over, comes to its end after all."""
    key = await house.put(f"{house.owner_id}/{uuid4()}")
    await house.reconcile()
    async with house.resources.database.transaction(house.owner_id) as session:
        assert await queries.adopt_objects(session, house.owner_id, [key]) == 0


async def test_a_store_that_is_away_judges_nobody(house: House) -> None:
    id = await house.document()

    class Away(Meddling):
        async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
            raise Unavailable("The store does not answer.")
            yield

    with pytest.raises(Unavailable):
        await house.reconcile(store=Away(house.resources.store))
    assert (await house.row(id)).error_code is None


async def test_more_objects_than_are_held_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SLICE", 3)
    monkeypatch.setattr(reconcile, "DOCUMENTS", 2)
    stored = [await house.document() for _ in range(7)]
    lost = {str(await house.document(stored=False)) for _ in range(8)}
    orphans = {await house.put(f"{house.owner_id}/{uuid4()}") for _ in range(4)}
    report = await house.reconcile()
    assert (report.objects, report.documents) == (11, 15)
    assert (set(report.examples["content_missing"]), set(report.examples["orphan"])) == (lost, orphans)
    assert {(await house.row(id)).error_code for id in stored} == {None}


# --- in the worker and on the command line --------------------------------------------------------------------------


async def test_one_of_several_workers_does_it_once_in_a_while(house: House) -> None:
    await house.resources.cache.delete(LAST)
    async with alone(house.resources.database) as mine:
        assert mine
        assert await reconcile_if_due(house.resources) is None
    assert await reconcile_if_due(house.resources) is not None
    assert await reconcile_if_due(house.resources) is None
    await house.resources.cache.delete(LAST)
    assert await reconcile_if_due(house.resources) is not None


async def test_the_duty_goes_on_when_a_part_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    class Enough(BaseException): ...

    async def failing(_resources: Resources) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Enough
        raise Unavailable("away") if calls == 1 else RuntimeError("broken")

    monkeypatch.setattr(duty, "reconcile_if_due", failing)
    settings = msgspec.structs.replace(house.resources.settings, reconcile_every=0.001)
    with pytest.raises(Enough):
        await keep_reconciling(dataclasses.replace(house.resources, settings=settings))
    assert calls == 3
    await keep_reconciling(
        dataclasses.replace(house.resources, settings=msgspec.structs.replace(settings, reconcile_every=0))
    )


async def test_people_read_what_was_found_and_done(vault: Vault, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(vault.settings, storage_path=str(tmp_path), upload_expiry=-60)
    account, said = await vault.person(), io.StringIO()
    console = Console(file=said, width=100, soft_wrap=True, highlight=False)
    store = await FileStore.open(tmp_path)
    house = House(dataclasses.replace(vault.resources, store=store), account.id)
    try:
        assert await printed(settings, console)
        assert "Everything is as it should be." in said.getvalue()
        await house.put(f"{house.owner_id}/{uuid4()}")
        assert not await printed(settings, console, repair=False)
        assert "Run it without --dry-run" in said.getvalue()
        assert await printed(settings, console)
        assert "objects that no document has" in said.getvalue()
        lost = await house.document(stored=False)
        assert not await printed(settings, console)
        assert f"documents whose file is not in the store: {lost}" in said.getvalue()
        assert "not by itself" in said.getvalue()
    finally:
        await store.close()
