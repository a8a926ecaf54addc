"""An upload whose process stops for ever between any two of its steps: nothing lost, nothing doubled, nothing left.

Every third step is tried; `DOCVAULT_TEST_FAULTS=all` tries each.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from docvault.database import Database
from docvault.errors import Locked
from docvault.resources import Resources
from docvault.settings import MiB, Settings
from docvault.storage import disk
from docvault.storage.factory import open_store
from ingestion import receiving, resumable
from ingestion.receiving import Piece
from ingestion.sweeper import clear_unfinished, sweep
from tests.docvault.storage.contract import pieces_of, read_all, some_bytes
from tests.people import People
from tests.servers.s3 import s3_server

SIZE = 7 * MiB
STRIDE = 1 if os.environ.get("DOCVAULT_TEST_FAULTS") == "all" else 3


class Stopped(Exception):
    pass


class Steps:
    """Counts the steps of one request, and stops before the one that is told, or right after it was done."""

    def __init__(self, at: int | None = None, *, wakes: bool = False) -> None:
        self.at, self.wakes = at, wakes
        self.taken = 0
        self.reached, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def step(self) -> None:
        self.taken += 1
        if self.taken == self.at:
            self.reached.set()
            await self.go_on.wait()
            if not self.wakes:
                raise Stopped

    def over(self, resources: Resources) -> Resources:
        store: Any = resources.store
        return dataclasses.replace(resources, database=_Stepping(resources.database, self), store=_store(store, self))


class _Stepping(Database):
    def __init__(self, database: Database, steps: Steps) -> None:
        super().__init__(database.engine)
        self._steps = steps

    @asynccontextmanager
    async def transaction(self, owner_id: UUID) -> AsyncGenerator[Any]:
        await self._steps.step()
        async with super().transaction(owner_id) as session:
            yield session
        await self._steps.step()


def _store(store: Any, steps: Steps) -> Any:
    """Another of the same, with a step around each thing it does."""
    own = object.__new__(type(store))
    own.__dict__ |= store.__dict__
    inside, name = (own, "_run") if hasattr(own, "_run") else (_copied(own, "_s3"), "call")
    do = getattr(inside, name)

    async def stepping(*args: Any, **kwargs: Any) -> Any:
        await steps.step()
        result = await do(*args, **kwargs)
        await steps.step()
        return result

    setattr(inside, name, stepping)
    return own


def _copied(owner: Any, name: str) -> Any:
    inner = getattr(owner, name)
    copy = object.__new__(type(inner))
    copy.__dict__ |= inner.__dict__
    setattr(owner, name, copy)
    return copy


@pytest.fixture(scope="module", params=["files", "s3"])
async def vault(
    request: pytest.FixtureRequest, resources: Resources, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Resources]:
    folder = tmp_path_factory.mktemp("store")
    changes: dict[str, Any] = {"max_file_bytes": 100 * MiB, "upload_part_bytes": 5 * MiB, "storage_path": str(folder)}
    if request.param == "files":
        async with _opened(resources, msgspec.structs.replace(resources.settings, **changes)) as vault:
            yield vault
    else:
        with s3_server(folder) as s3:
            async with _opened(
                resources, msgspec.structs.replace(resources.settings, **changes | s3.settings)
            ) as vault:
                yield vault


@asynccontextmanager
async def _opened(resources: Resources, settings: Settings) -> AsyncGenerator[Resources]:
    store = await open_store(settings)
    yield dataclasses.replace(resources, settings=settings, store=store)
    await store.close()


async def sql(vault: Resources, owner_id: UUID, statement: str) -> Any:
    async with vault.database.transaction(owner_id) as session:
        result: Any = await session.execute(text(statement))
        return result.scalar() if result.returns_rows else None


async def settle(vault: Resources, owner_id: UUID) -> None:
    """As after a day on which nobody came."""
    for table, column in (("unowned_objects", "due_at"), ("resumable_uploads", "expires_at")):
        await sql(vault, owner_id, f"UPDATE {table} SET {column} = now() - interval '1 s'")
    await resumable.clear_expired(vault)
    await sweep(vault)
    tomorrow = datetime.now(UTC) + timedelta(days=2)
    await vault.store.clear_unfinished(tomorrow, lambda key: resumable.is_open(vault, key))


async def stored(vault: Resources, owner_id: UUID) -> list[str]:
    whole = [found.key async for found in vault.store.list(f"{owner_id}/")]
    store: Any = vault.store
    if hasattr(store, "_unfinished"):
        return whole + [upload["UploadId"] async for upload in store._unfinished()]
    return whole + [path.name for path in (Path(vault.settings.storage_path) / ".uploads").iterdir()]


async def whole_upload(vault: Resources, owner_id: UUID, id: UUID, content: bytes) -> UUID:
    """What a client does until it has its document."""
    standing = await resumable.stand(vault, owner_id, id)
    while standing.document_id is None:
        rest = content[standing.offset :]
        piece = Piece(pieces_of(rest), standing.offset, len(rest))
        standing = await resumable.receive(vault, owner_id, id, piece)
    return standing.document_id


async def stopped(vault: Resources, owner_id: UUID, content: bytes, steps: Steps) -> tuple[UUID, asyncio.Task[UUID]]:
    """An upload whose second request has stopped, its bytes neither all safe nor all gone."""
    id = (await resumable.begin(vault, owner_id, len(content), "", {"filename": f"{len(content)}.bin"})).id
    first = content[: len(content) // 3]
    await resumable.receive(vault, owner_id, id, Piece(pieces_of(first), 0, len(first)))
    frozen = asyncio.create_task(whole_upload(steps.over(vault), owner_id, id, content))
    frozen.add_done_callback(lambda _: steps.ended.set())
    reached = asyncio.create_task(steps.reached.wait())
    await asyncio.wait([reached, frozen], return_when=asyncio.FIRST_COMPLETED)
    reached.cancel()
    await sql(vault, owner_id, "UPDATE resumable_uploads SET lease_until = now() - interval '1 s'")
    return id, frozen


async def finished(vault: Resources, owner_id: UUID, id: UUID, content: bytes, steps: Steps) -> UUID:
    """By somebody else. A frozen process on the same disk holds its lock until it wakes or dies: then they wait."""
    try:
        return await whole_upload(vault, owner_id, id, content)
    except Locked:
        assert steps.wakes
        steps.go_on.set()
        await steps.ended.wait()
        return await whole_upload(vault, owner_id, id, content)


@pytest.mark.parametrize("wakes", [False, True], ids=["dies", "wakes"])
async def test_stopped_between_any_two_steps(
    vault: Resources, people: People, monkeypatch: pytest.MonkeyPatch, wakes: bool
) -> None:
    if not wakes:
        monkeypatch.setattr(disk, "lock", lambda _: None)  # it would have ended with its process
    owner_id, at, keys, ended = UUID((await people.new()).id), 1 - STRIDE, set[str](), False
    while not ended:
        at += STRIDE
        content, steps = some_bytes(SIZE + at), Steps(at, wakes=wakes)
        id, frozen = await stopped(vault, owner_id, content, steps)
        ended = not steps.reached.is_set()
        document_id = await finished(vault, owner_id, id, content, steps)
        steps.go_on.set()
        await asyncio.wait([frozen])
        keys.add(key := f"{owner_id}/{id}")
        assert frozen.exception() or frozen.result() == document_id
        assert await read_all(vault.store, key) == content, f"stopped at step {at}"
        assert await sql(vault, owner_id, "SELECT count(*) FROM documents") == len(keys)
        assert await sql(vault, owner_id, "SELECT count(*) FROM revisions") == len(keys)
        await settle(vault, owner_id)
        assert set(await stored(vault, owner_id)) == keys, f"stopped at step {at}"
        assert await sql(vault, owner_id, "SELECT count(*) FROM unowned_objects") == 0
    assert at > 15


@pytest.mark.parametrize("at", [3, 6, 9, 12, 15, 18, 21])
async def test_stopped_and_never_gone_on_with(
    vault: Resources, people: People, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    owner_id, steps = UUID((await people.new()).id), Steps(at)
    await stopped(vault, owner_id, some_bytes(SIZE), steps)
    await settle(vault, owner_id)
    assert await stored(vault, owner_id) == []
    assert await sql(vault, owner_id, "SELECT count(*) FROM unowned_objects") == 0
    assert await sql(vault, owner_id, "SELECT count(*) FROM resumable_uploads") == 0
    steps.go_on.set()


async def abandoned(vault: Resources, owner_id: UUID, content: bytes, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """An upload whose process was killed when the last byte was safe, and whose sender never comes back."""
    id = (await resumable.begin(vault, owner_id, len(content), "", {"filename": "whole.txt"})).id

    class Killed(BaseException): ...

    def killed(*_: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:  # nothing runs after a kill: neither what comes next nor the clean-up
        patch.setattr(receiving.Receiving, "_accept", killed)
        patch.setattr(receiving.Receiving, "let_go", killed)
        with pytest.raises(Killed):
            await resumable.receive(vault, owner_id, id, Piece(pieces_of(content), 0, len(content)))
    assert await sql(vault, owner_id, "SELECT received_bytes FROM resumable_uploads") == len(content)
    assert await sql(vault, owner_id, "SELECT count(*) FROM documents") == 0
    return id


SILENCE = """
UPDATE resumable_uploads SET lease_until = lease_until - interval '{0} s', updated_at = now() - interval '{0} s'
"""


async def test_all_of_it_is_there_and_nobody_comes_back(
    vault: Resources, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_id, content = UUID((await people.new()).id), some_bytes(SIZE)
    monkeypatch.setattr(disk, "lock", lambda _: None)  # it has ended with its process
    id = await abandoned(vault, owner_id, content, monkeypatch)
    assert await resumable.finish_whole(vault) == 0, "its sender may be about to ask"
    await sql(vault, owner_id, SILENCE.format(resumable.SILENT + 1))
    assert await resumable.finish_whole(vault) == 1
    assert await resumable.finish_whole(vault) == 0
    assert await sql(vault, owner_id, "SELECT filename || ' ' || status FROM documents") == "whole.txt queued"
    assert (await resumable.stand(vault, owner_id, id)).document_id
    await settle(vault, owner_id)
    assert await read_all(vault.store, f"{owner_id}/{id}") == content
    assert await stored(vault, owner_id) == [f"{owner_id}/{id}"]


async def test_what_is_refused_at_its_end_expires_when_it_would_have(
    vault: Resources, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_id, content = UUID((await people.new()).id), some_bytes(SIZE)
    monkeypatch.setattr(disk, "lock", lambda _: None)
    await abandoned(vault, owner_id, content, monkeypatch)
    await sql(vault, owner_id, SILENCE.format(resumable.SILENT + 1))
    expires_at = await sql(vault, owner_id, "SELECT expires_at FROM resumable_uploads")
    full = dataclasses.replace(vault, settings=msgspec.structs.replace(vault.settings, max_owner_files=0))
    assert await resumable.finish_whole(full) == 0
    assert await sql(vault, owner_id, "SELECT expires_at FROM resumable_uploads") == expires_at
    assert await resumable.finish_whole(vault) == 0, "not at every look"
    await sql(vault, owner_id, SILENCE.format(resumable.SILENT + 1))
    assert await resumable.finish_whole(vault) == 1


async def test_the_sweeper_leaves_what_goes_on(vault: Resources, people: People) -> None:
    owner_id, content = UUID((await people.new()).id), some_bytes(13 * MiB)
    id = (await resumable.begin(vault, owner_id, len(content), "", {})).id
    for start in range(0, len(content), 6 * MiB):
        piece = content[start : start + 6 * MiB]
        standing = await resumable.receive(vault, owner_id, id, Piece(pieces_of(piece), start, len(piece)))
        hasty = dataclasses.replace(vault, settings=msgspec.structs.replace(vault.settings, upload_expiry=-3600))
        await clear_unfinished(hasty)
        await sweep(vault)
    assert standing.document_id
    assert await read_all(vault.store, f"{owner_id}/{id}") == content
