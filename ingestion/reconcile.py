"""Compare the object store with the database, both ways, and put right what can be.

Objects come in the order of their keys, `<owner>/<revision>`, and so do rows: both are read once, a slice of each at a
time, whatever their number. What goes on meanwhile is not harmed:

- A key is written down before its first byte and forgotten after its last. So an object is looked up in the database
  after it was seen in the store, and one that nobody knows of then is nobody's. It is only noted for the sweeper, which
  is the same as giving it up: no upload can make it a document's any more.
- A row is only there when its object is. So a row whose object was not in the list is asked for once more, one by one,
  and believed to be lost if it still has the document after that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from docvault.database import Database
from docvault.logging import get_logger
from docvault.settings import Settings
from docvault.storage import ObjectStore, StoredObject
from ingestion import reconcile_queries as queries
from ingestion.queries import CONTENT_DAMAGED, CONTENT_MISSING, LOST_CONTENT
from ingestion.reconcile_queries import Readings, Row

SLICE = 1000
"""Objects, rows or owners held at a time."""
DOCUMENTS = 200
"""Documents whose passages are counted in one statement."""
EXAMPLES = 10
FIRST = UUID(int=0)

KINDS = {
    "orphan": "objects that no document has",
    "nobodys": "objects of people who are no longer here",
    "foreign": "objects that are not DocVault's",
    CONTENT_MISSING: "documents whose file is not in the store",
    CONTENT_DAMAGED: "documents whose file has the wrong size",
    "returned": "documents whose lost file is back",
    "doubly_held": "files of documents that were marked for removal",
    "incomplete": "documents that are not wholly searchable",
    "stale": "documents with leftovers of earlier versions",
}
"""What can be found, for people."""
BEYOND = frozenset({"foreign"})
"""What is only told of: it is no fault of ours."""
UNMENDED = frozenset({CONTENT_MISSING, CONTENT_DAMAGED})
"""What only people can put right."""

log = get_logger(__name__)


class Report(msgspec.Struct):
    """What was compared, what was found by kind, how much of that was put right, and some of the names."""

    objects: int = 0
    documents: int = 0
    found: Counter[str] = msgspec.field(default_factory=Counter[str])
    mended: Counter[str] = msgspec.field(default_factory=Counter[str])
    examples: dict[str, list[str]] = {}

    @property
    def fine(self) -> bool:
        """Whether nothing is left to do."""
        return all(self.mended[kind] == count for kind, count in self.found.items() if kind not in BEYOND)

    def add(self, kind: str, name: str, count: int = 1, *, mended: bool) -> None:
        self.found[kind] += count
        self.mended[kind] += count if mended and kind not in UNMENDED else 0
        some = self.examples.setdefault(kind, [])
        if len(some) < EXAMPLES:
            some.append(name)


async def reconcile(database: Database, store: ObjectStore, settings: Settings, *, repair: bool = True) -> Report:
    """One comparison of everything. Raises `Unavailable` when either side does not answer; nothing is judged then."""
    return await _Comparison(database, store, settings, repair).run()


class _Comparison:
    def __init__(self, database: Database, store: ObjectStore, settings: Settings, repair: bool) -> None:
        self.database, self.store, self.repair = database, store, repair
        self.before = datetime.now(UTC) - timedelta(seconds=settings.upload_expiry)
        self.report = Report()

    async def run(self) -> Report:
        async with aclosing(self._owners()) as owners, aclosing(_slices(self.store.list())) as slices:
            owner, covered = await anext(owners, None), FIRST
            async for name, objects in slices:
                self.report.objects += len(objects)
                while owner is not None and str(owner) < name:
                    await self._finish(owner, covered)
                    owner, covered = await anext(owners, None), FIRST
                if owner is not None and str(owner) == name:
                    covered = await self._compare(owner, covered, objects)
                else:
                    await self._ownerless(name, objects)
            while owner is not None:
                await self._finish(owner, covered)
                owner, covered = await anext(owners, None), FIRST
        return self.report

    async def _owners(self) -> AsyncGenerator[UUID]:
        last = FIRST
        while True:
            async with self.database.lookup() as connection:
                owners = await queries.owners_after(connection, last, SLICE)
            for last in owners:
                yield last
            if len(owners) < SLICE:
                return

    # --- objects and rows ---------------------------------------------------------------------------------------------

    async def _compare(self, owner: UUID, after: UUID, objects: Sequence[StoredObject]) -> UUID:
        """Objects of one owner with all rows up to the last of them, whose id is returned."""
        named = {id: found for found in objects if (id := _revision_id(found.key)) is not None}
        for found in objects:
            if _revision_id(found.key) is None:
                self.report.add("foreign", found.key, mended=False)
        if not named:
            return after
        last = max(named)
        async for row in self._rows(owner, after, last):
            await self._judge(owner, row, named.pop(row.id, None))
        await self._orphans(owner, [found.key for found in named.values() if found.modified < self.before])
        return last

    async def _finish(self, owner: UUID, after: UUID) -> None:
        """Rows behind the last object of the owner, then what all documents were read to."""
        async for row in self._rows(owner, after, None):
            await self._judge(owner, row, None)
        async with self.database.transaction(owner) as session:
            if count := await queries.doubly_held(session, owner, repair=self.repair):
                self.report.add("doubly_held", str(owner), count, mended=self.repair)
        await self._readings(owner)

    async def _rows(self, owner: UUID, after: UUID, upto: UUID | None) -> AsyncIterator[Row]:
        while True:
            async with self.database.transaction(owner) as session:
                rows = await queries.revisions(session, owner, after, upto, SLICE)
            for row in rows:
                yield row
            if len(rows) < SLICE:
                return
            after = rows[-1].id

    async def _judge(self, owner: UUID, row: Row, found: StoredObject | None) -> None:
        size = found.size if found is not None and found.key == row.object_key else await self._size(row.object_key)
        if size == row.size_bytes:
            if row.error_code in LOST_CONTENT:
                await self._returned(owner, row)
            return
        code = CONTENT_MISSING if size is None else CONTENT_DAMAGED
        async with self.database.transaction(owner) as session:
            if await queries.mark_lost(session, owner, row, code, repair=self.repair):
                self.report.add(code, str(row.document_id), mended=False)

    async def _returned(self, owner: UUID, row: Row) -> None:
        async with self.database.transaction(owner) as session:
            if await queries.mark_found(session, owner, row, repair=self.repair):
                self.report.add("returned", str(row.document_id), mended=self.repair)

    async def _size(self, key: str) -> int | None:
        try:
            return await self.store.size(key)
        except FileNotFoundError:
            return None

    async def _orphans(self, owner: UUID, keys: Sequence[str]) -> None:
        if not keys:
            return
        async with self.database.transaction(owner) as session:
            loose = await queries.unheld(session, owner, keys)
        loose = [key for key in loose if await self._size(key) is not None]  # not one that was just deleted
        if self.repair and loose:
            async with self.database.transaction(owner) as session:
                loose = await queries.note(session, owner, loose)
        for key in loose:
            self.report.add("orphan", key, mended=self.repair)

    async def _ownerless(self, name: str, objects: Sequence[StoredObject]) -> None:
        """Nobody's rows can be asked for them: they are removed at once, if the owner is really not there."""
        owner = _uuid(name)
        if owner is None:
            for found in objects:
                self.report.add("foreign", found.key, mended=False)
            return
        async with self.database.transaction(owner) as session:
            if await queries.owner_exists(session, owner):
                return  # came after their turn: the next comparison has them
        for found in objects:
            if found.modified < self.before:
                if self.repair:
                    await self.store.delete(found.key)
                self.report.add("nobodys", found.key, mended=self.repair)

    # --- what documents were read to ----------------------------------------------------------------------------------

    async def _readings(self, owner: UUID) -> None:
        after = FIRST
        while True:
            async with self.database.transaction(owner) as session:
                documents = await queries.readings(session, owner, after, DOCUMENTS)
            self.report.documents += len(documents)
            for found in documents:
                await self._judge_reading(owner, found)
            if len(documents) < DOCUMENTS:
                return
            after = documents[-1].id

    async def _judge_reading(self, owner: UUID, found: Readings) -> None:
        if found.stale_rows or found.stale_revisions:
            if self.repair:
                async with self.database.transaction(owner) as session:
                    await queries.clear_stale(session, owner, found.id)
            self.report.add("stale", str(found.id), mended=self.repair)
        if not found.whole:
            if self.repair:
                async with self.database.transaction(owner) as session:
                    if not await queries.read_again(session, owner, found):
                        return  # somebody has changed it meanwhile
            self.report.add("incomplete", str(found.id), mended=self.repair)


async def _slices(objects: AsyncIterator[StoredObject]) -> AsyncGenerator[tuple[str, list[StoredObject]]]:
    """Objects of one owner each, in their order, at most `SLICE` at a time."""
    name, held = "", list[StoredObject]()
    async for found in objects:
        owner = found.key.partition("/")[0]
        if held and (owner != name or len(held) == SLICE):
            yield name, held
            held = []
        name = owner
        held.append(found)
    if held:
        yield name, held


def _revision_id(key: str) -> UUID | None:
    return _uuid(key.partition("/")[2])


def _uuid(name: str) -> UUID | None:
    """Only as we write them: `UUID` itself takes braces and capitals, which stand elsewhere in the order."""
    try:
        found = UUID(name)
    except ValueError:
        return None
    return found if str(found) == name else None
