"""SQL of archives: the family an archive belongs to, and the documents that came in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Text, Uuid, column, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library.queries import among
from docvault.models import Document, Revision
from docvault.security.access import owned
from ingestion import queries
from ingestion.queries import Claim

T = TypeVar("T")

SLICE = 5000
"""Values in one statement: PostgreSQL takes 32,767."""


class Family(NamedTuple):
    """Where an archive stands: how many archives are around it, the outermost, and what came out of that so far.

    Its own members are not counted: they are what is about to be replaced. `bytes` and `root_bytes` are sizes in bytes.
    """

    depth: int
    root_id: UUID
    root_bytes: int
    members: int
    bytes: int


class Member(NamedTuple):
    """A document that came in an archive, as it is now; `sha256` is of its newest bytes."""

    document: Document
    sha256: bytes


def slices(values: Collection[T], size: int = SLICE) -> Iterator[Sequence[T]]:
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


_FAMILY = text("""
WITH RECURSIVE up AS (
    SELECT id, archive_id, 0 AS depth FROM documents WHERE owner_id = :owner AND id = :id
    UNION ALL
    SELECT d.id, d.archive_id, up.depth + 1 FROM documents d JOIN up ON d.owner_id = :owner AND d.id = up.archive_id
), root AS (
    SELECT id, depth FROM up ORDER BY depth DESC LIMIT 1
), down AS (
    SELECT id FROM root
    UNION ALL
    SELECT d.id FROM documents d JOIN down ON d.owner_id = :owner AND d.archive_id = down.id
    WHERE d.archive_id <> :id
)
SELECT root.depth, root.id AS root_id, sum(r.size_bytes) FILTER (WHERE down.id = root.id) AS root_bytes,
       count(*) - 1 AS members, coalesce(sum(r.size_bytes) FILTER (WHERE down.id <> root.id), 0) AS bytes
FROM root, down JOIN documents d ON d.owner_id = :owner AND d.id = down.id
JOIN revisions r ON r.owner_id = :owner AND r.id = coalesce(d.pending_revision_id, d.revision_id)
GROUP BY root.depth, root.id
""")


async def family(session: AsyncSession, claim: Claim) -> Family | None:
    """None when the archive is not there any more."""
    row = (await session.execute(_FAMILY, {"owner": claim.owner_id, "id": claim.document_id})).one_or_none()
    if row is None:
        return None
    return Family(row.depth, row.root_id, int(row.root_bytes), row.members, int(row.bytes))


async def members(session: AsyncSession, owner_id: UUID, archive_id: UUID) -> dict[str, Member]:
    """By their paths in the archive. They are locked, as all documents of the archive's family are."""
    newest = func.coalesce(Document.pending_revision_id, Document.revision_id)
    query = (
        select(Document, Revision.sha256)
        .join(Revision, (Revision.owner_id == Document.owner_id) & (Revision.id == newest))
        .where(owned(Document, owner_id), Document.archive_id == archive_id)
        .execution_options(populate_existing=True)
    )
    return {row.Document.archive_path or "": Member(*row) for row in await session.execute(query)}


_ROOTS = text("""
WITH RECURSIVE up AS (
    SELECT id AS wanted, id, archive_id FROM documents WHERE owner_id = :owner AND id = ANY(:ids)
    UNION ALL
    SELECT up.wanted, d.id, d.archive_id FROM documents d JOIN up ON d.owner_id = :owner AND d.id = up.archive_id
)
SELECT wanted FROM up WHERE archive_id IS NULL AND id <> wanted AND id <> :root
""")


async def stand_alone(
    session: AsyncSession, owner_id: UUID, ids: Collection[UUID], root_id: UUID | None = None
) -> None:
    """Of `ids`, members of archives outside the family of `root_id` belong to none from now on: they are wanted from
    two sides, and the deletion of one archive must not take them from the other."""
    found = await session.scalars(_ROOTS, {"owner": owner_id, "ids": list(ids), "root": root_id or UUID(int=0)})
    these = (owned(Document, owner_id), among(Document.id, found))
    await session.execute(update(Document).where(*these).values(archive_id=None, archive_path=None))


async def adopt(session: AsyncSession, owner_id: UUID, keys: Sequence[str]) -> int:
    return sum([await queries.adopt_objects(session, owner_id, some) for some in slices(keys)])


async def discard(session: AsyncSession, owner_id: UUID, keys: Sequence[str]) -> None:
    for some in slices(keys):
        await queries.discard_objects(session, owner_id, some)


class Move(NamedTuple):
    """Where a document lies from now on, in its archive and for people."""

    id: UUID
    archive_path: str
    folder: str
    filename: str


async def move(session: AsyncSession, owner_id: UUID, moves: Sequence[Move]) -> None:
    columns = (column("id", Uuid), *(column(name, Text) for name in Move._fields[1:]))
    lists = ([getattr(move, each.name) for move in moves] for each in columns)
    arrays = [literal(values, ARRAY(each.type)) for values, each in zip(lists, columns, strict=True)]
    given = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    statement = update(Document).where(owned(Document, owner_id), Document.id == given.c.id)
    values = {name: given.c[name] for name in Move._fields[1:]} | {"updated_at": func.now()}
    await session.execute(statement.values(values).execution_options(synchronize_session=False))
