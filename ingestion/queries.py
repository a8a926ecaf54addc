"""SQL of ingestion: the job that is a document's row, its revisions, and objects that no document has yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import (
    Interval,
    LargeBinary,
    any_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.errors import DocVaultError
from docvault.library import queries as library
from docvault.models import Document, Revision, UnownedObject
from docvault.security.access import owned

CONTENT_MISSING = "content_missing"
"""Error code of a document whose bytes are not in the store."""
CONTENT_DAMAGED = "content_damaged"
"""The same, where they are there and have another size."""
LOST_CONTENT = (CONTENT_MISSING, CONTENT_DAMAGED)


class LostClaim(DocVaultError):
    """Somebody else has the document now (its lease ran out, it was cancelled or deleted). Write nothing more."""


class Claim(msgspec.Struct, frozen=True):
    """The right to read one document, and to write what it says as long as `attempt` is its newest.

    `revision_id` is what is to be read: the newest, which need not be the one that is served.
    """

    owner_id: UUID
    document_id: UUID
    attempt: int
    tries: int
    crashes: int
    revision_id: UUID
    object_key: str
    filename: str
    content_type: str
    size_bytes: int
    password_sealed: bytes | None = None


def seconds(amount: float) -> Any:
    return func.make_interval(0, 0, 0, 0, 0, 0, amount, type_=Interval)


# --- the job ------------------------------------------------------------------------------------------------------


async def claim(session: AsyncSession, owner_id: UUID, document_id: UUID, lease: float) -> Claim | None:
    """Take a document that is due, or whose worker has gone silent: that counts as a crash and not as a try."""
    due = (Document.status == "queued") & (Document.due_at <= func.now())
    abandoned = (Document.status == "processing") & (Document.lease_until < func.now())
    crashed = case((Document.status == "processing", 1), else_=0)
    statement = (
        update(Document)
        .where(owned(Document, owner_id), Document.id == document_id, or_(due, abandoned))
        .values(
            status="processing", stage="extracting", progress=0.0, pages_done=0, pages_total=0,
            attempt=Document.attempt + 1, tries=Document.tries + 1 - crashed, crashes=Document.crashes + crashed,
            # By the clock, and not by when the transaction began: it may have waited for the row.
            lease_until=func.clock_timestamp() + seconds(lease), started_at=func.now(), updated_at=func.now(),
            error_code=None, error_detail=None, error_hint=None,
        )
        .returning(
            Document.attempt, Document.tries, Document.crashes, Document.filename, Document.password_sealed,
            func.coalesce(Document.pending_revision_id, Document.revision_id).label("revision_id"),
        )
    )  # fmt: skip
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    query = select(Revision).where(owned(Revision, owner_id), Revision.id == row.revision_id)
    revision = (await session.scalars(query)).one()
    return Claim(
        owner_id, document_id, row.attempt, row.tries, row.crashes, row.revision_id, revision.object_key,
        row.filename, revision.content_type, revision.size_bytes, row.password_sealed,
    )  # fmt: skip


async def write(session: AsyncSession, claim: Claim, **values: Any) -> None:
    """Change the claimed document. Raises `LostClaim` when the claim is no longer the newest."""
    statement = (
        update(Document)
        .where(
            owned(Document, claim.owner_id),
            Document.id == claim.document_id,
            Document.attempt == claim.attempt,
            Document.status == "processing",
        )
        .values(**values, updated_at=func.now())
        .returning(Document.id)
    )
    if (await session.execute(statement)).one_or_none() is None:
        raise LostClaim("The document was given to another worker, cancelled or deleted.")


async def hold(session: AsyncSession, claim: Claim) -> None:
    """Raise `LostClaim` when the claim is no longer the newest. Nobody else gets the document, or ends it, before the
    transaction does: for what is written beside its row."""
    query = select(Document.id).where(
        owned(Document, claim.owner_id),
        Document.id == claim.document_id,
        Document.attempt == claim.attempt,
        Document.status == "processing",
    )
    if (await session.scalars(query.with_for_update(read=True))).one_or_none() is None:
        raise LostClaim("The document was given to another worker, cancelled or deleted.")


async def beat(session: AsyncSession, claim: Claim, lease: float, **progress: Any) -> None:
    """Keep the claim for `lease` more seconds, and write how far the document is."""
    await write(session, claim, **progress, lease_until=func.clock_timestamp() + seconds(lease))


async def fail(session: AsyncSession, claim: Claim, error: DocVaultError) -> None:
    await write(
        session, claim, status="failed", stage="failed", lease_until=None, finished_at=func.now(),
        password_sealed=None, error_code=error.code, error_detail=error.detail, error_hint=error.hint,
    )  # fmt: skip


async def hand_back(
    session: AsyncSession,
    claim: Claim,
    delay: float,
    *,
    forgive: bool = False,
    crashed: bool = False,
    why: DocVaultError | None = None,
) -> None:
    """Queue the document again, due in `delay` seconds, with the reason of `why` for who looks meanwhile.

    `forgive` when the try was cut short by no fault of its own, `crashed` when it took something of ours down.
    """
    reason = {"error_code": why.code, "error_detail": why.detail, "error_hint": why.hint} if why else {}
    await write(
        session, claim, status="queued", stage="queued", progress=0.0, lease_until=None,
        due_at=func.now() + seconds(delay), tries=claim.tries - 1 if forgive else claim.tries,
        crashes=claim.crashes + crashed, **reason,
    )  # fmt: skip


async def put_off(session: AsyncSession, owner_id: UUID, document_id: UUID, delay: float, *, blame: bool) -> None:
    """A document that nobody could even begin to read is due in `delay` seconds; with `blame` that counts as a crash.

    One that was begun is left to its lease. The next claim counts a try, which one that was abandoned has had.
    """
    abandoned_try = case((Document.status == "processing", 1), else_=0)
    due = (Document.status == "queued") & (Document.due_at <= func.now())
    abandoned = (Document.status == "processing") & (Document.lease_until < func.now())
    statement = update(Document).where(owned(Document, owner_id), Document.id == document_id, or_(due, abandoned))
    await session.execute(
        statement.values(
            status="queued", stage="queued", progress=0.0, attempt=Document.attempt + 1, lease_until=None,
            tries=Document.tries - abandoned_try, crashes=func.greatest(Document.crashes + int(blame), 1),
            due_at=func.now() + seconds(delay), updated_at=func.now(),
        )
    )  # fmt: skip


class Standing(NamedTuple):
    """Of a document: `held` by whoever has this `attempt`, or `due` to be begun. One that is gone is neither."""

    attempt: int | None = None
    held: bool = False
    due: bool = False


async def standing(session: AsyncSession, owner_id: UUID, document_id: UUID) -> Standing:
    held = (Document.status == "processing") & (Document.lease_until >= func.now())
    due = (Document.status == "queued") & (Document.due_at <= func.now())
    query = select(Document.attempt, held, due).where(owned(Document, owner_id), Document.id == document_id)
    row = (await session.execute(query)).one_or_none()
    return Standing(row[0], bool(row[1]), bool(row[2])) if row else Standing()


def queued_afresh() -> dict[str, Any]:
    """What a document is like when somebody asks for it to be read: whoever reads it now has lost it."""
    return {
        "status": "queued", "stage": "queued", "progress": 0.0, "attempt": Document.attempt + 1, "tries": 0,
        "crashes": 0, "lease_until": None, "due_at": func.now(), "updated_at": func.now(), "password_sealed": None,
        "error_code": None, "error_detail": None, "error_hint": None,
    }  # fmt: skip


async def retry(session: AsyncSession, owner_id: UUID, document_id: UUID, password: bytes | None = None) -> bool:
    """Queue a failed document again with all its tries, and a sealed `password`. False when it has not failed."""
    failed = (owned(Document, owner_id), Document.id == document_id, Document.status == "failed")
    statement = update(Document).where(*failed).values(queued_afresh() | {"password_sealed": password})
    return (await session.execute(statement.returning(Document.id))).one_or_none() is not None


async def retry_these(session: AsyncSession, owner_id: UUID, ids: Collection[UUID]) -> list[UUID]:
    """The same of those of `ids` that have failed; they are locked already. Their ids."""
    if not ids:
        return []
    failed = (owned(Document, owner_id), library.among(Document.id, ids), Document.status == "failed")
    statement = update(Document).where(*failed).values(queued_afresh())
    return list(await session.scalars(statement.returning(Document.id)))


async def retry_all(session: AsyncSession, owner_id: UUID, code: str | None = None) -> list[UUID]:
    """Queue all failed documents again that are not in the trash, or those that failed with `code`. Their ids."""
    failed = select(Document.id).where(
        owned(Document, owner_id), Document.status == "failed", Document.trashed_at.is_(None)
    )
    if code is not None:
        failed = failed.where(Document.error_code == code)
    return await retry_these(session, owner_id, await library.lock(session, owner_id, await session.scalars(failed)))


async def cancel(session: AsyncSession, owner_id: UUID, document_id: UUID) -> bool:
    """Stop a document that waits or is being read; its worker's claim ends here. False when it is neither."""
    running = (owned(Document, owner_id), Document.id == document_id, Document.status.in_(("queued", "processing")))
    statement = (
        update(Document)
        .where(*running)
        .values(
            status="failed", stage="failed", attempt=Document.attempt + 1, lease_until=None, updated_at=func.now(),
            finished_at=func.now(), password_sealed=None,
            error_code="cancelled", error_detail="Reading this document was cancelled.",
            error_hint="Retry it when you want it read after all.",
        )
        .returning(Document.id)
    )  # fmt: skip
    return (await session.execute(statement)).one_or_none() is not None


async def due_documents(connection: AsyncConnection, most: int) -> list[tuple[UUID, UUID, int]]:
    """Owner, document and how many workers it has taken down; owners in turn, each one's oldest first."""
    rows = await connection.execute(
        text("SELECT owner_id, id, crashes FROM due_documents(:most) LIMIT :most"), {"most": most}
    )
    return [(row.owner_id, row.id, row.crashes) for row in rows]


# --- what is here already -----------------------------------------------------------------------------------------


async def alike(
    session: AsyncSession, owner_id: UUID, hashes: Collection[bytes], folder: str = "", names: Collection[str] = ()
) -> Sequence[UUID]:
    """Documents that files with these bytes, or of these names in `folder`, may have to do with: to be locked, and then
    looked at by `same_bytes` and `same_names`."""
    by_hash = select(Revision.document_id).where(owned(Revision, owner_id), _any_of(Revision.sha256, hashes))
    by_name = select(Document.id).where(
        owned(Document, owner_id), Document.folder == folder, Document.filename.in_(names)
    )
    return (await session.scalars(union(by_hash, by_name) if names else by_hash.distinct())).all()


async def same_bytes(
    session: AsyncSession, owner_id: UUID, hashes: Collection[bytes], locked: Collection[UUID]
) -> dict[bytes, UUID]:
    """The oldest of the `locked` documents whose newest bytes have each of these hashes, where there is one; one in the
    trash only where there is no other.

    What a newer revision is about to replace does not count: it would soon be nowhere. One whose bytes were lost from
    the store is none: its owner is told to upload them again.
    """
    if not locked:
        return {}
    newest = func.coalesce(Document.pending_revision_id, Document.revision_id)
    of_document = (Document.owner_id == Revision.owner_id) & (Document.id == Revision.document_id)
    query = (
        select(Revision.sha256, Revision.document_id)
        .join(Document, of_document & (newest == Revision.id))
        .where(owned(Revision, owner_id), _any_of(Revision.sha256, hashes), library.among(Document.id, locked))
        .where(or_(Document.error_code.is_(None), Document.error_code.not_in(LOST_CONTENT)))
        .order_by(Document.trashed_at.is_(None), Revision.created_at.desc())
    )
    return {row.sha256: row.document_id for row in await session.execute(query)}


async def same_names(
    session: AsyncSession, owner_id: UUID, folder: str, filenames: Collection[str], locked: Collection[UUID]
) -> Sequence[Document]:
    """Of the `locked` documents the newest of each of these names in that folder that is not in the trash.

    Not one that stands for a file of another name as well: what replaced it would take that file's bytes away.
    """
    if not locked:
        return []
    query = (
        select(Document)
        .where(owned(Document, owner_id), library.among(Document.id, locked))
        .where(Document.folder == folder, Document.filename.in_(filenames), ~Document.also_named)
        .where(Document.trashed_at.is_(None))
        .ext(distinct_on(Document.filename))
        .order_by(Document.filename, Document.created_at.desc(), Document.id)
    )
    return (await session.scalars(query)).all()


def _any_of(column: Any, values: Collection[bytes]) -> Any:
    return column == any_(literal(list(values), ARRAY(LargeBinary)))


async def note_other_names(
    session: AsyncSession, owner_id: UUID, folder: str, names: Mapping[UUID, Collection[str]]
) -> None:
    """These documents were told to stand for files of these names in `folder`: note those that are called otherwise."""
    query = select(Document.id, Document.folder, Document.filename).where(
        owned(Document, owner_id), Document.id.in_(names), ~Document.also_named
    )
    found = await session.execute(query)
    others = [row.id for row in found if any((row.folder, row.filename) != (folder, name) for name in names[row.id])]
    await note_also_named(session, owner_id, others)


async def note_also_named(session: AsyncSession, owner_id: UUID, ids: Collection[UUID]) -> None:
    if ids:
        these = (owned(Document, owner_id), Document.id.in_(ids))
        await session.execute(update(Document).where(*these).values(also_named=True))


# --- uploads ------------------------------------------------------------------------------------------------------


async def reserve_object(session: AsyncSession, owner_id: UUID, key: str, expiry: float) -> None:
    """Note the key before the first byte is written, so that no crash leaves bytes that nobody knows of."""
    await session.execute(
        insert(UnownedObject).values(owner_id=owner_id, object_key=key, due_at=func.now() + seconds(expiry))
    )


async def adopt_objects(session: AsyncSession, owner_id: UUID, keys: Sequence[str]) -> int:
    """The objects have revisions now. How many were still there: the sweeper takes those of an upload that expired.

    One that is due is refused even if it is still there: the sweeper may be removing it.
    """
    statement = delete(UnownedObject).where(owned(UnownedObject, owner_id), UnownedObject.object_key.in_(keys))
    statement = statement.where(UnownedObject.due_at > func.clock_timestamp())
    return len((await session.execute(statement.returning(UnownedObject.object_key))).all())


async def discard_objects(session: AsyncSession, owner_id: UUID, keys: Sequence[str]) -> Sequence[str]:
    """Let the sweeper remove these at its next look, those that no revision holds. Their keys."""
    statement = update(UnownedObject).where(owned(UnownedObject, owner_id), UnownedObject.object_key.in_(keys))
    return (await session.scalars(statement.values(due_at=func.now()).returning(UnownedObject.object_key))).all()


async def postpone_object(session: AsyncSession, owner_id: UUID, key: str, delay: float) -> bool:
    """Whoever removes a due object says so first. False when it is not due any more, or a document has it by now."""
    mine = (owned(UnownedObject, owner_id), UnownedObject.object_key == key, UnownedObject.due_at <= func.now())
    statement = update(UnownedObject).where(*mine).values(due_at=func.now() + seconds(delay))
    return (await session.execute(statement.returning(UnownedObject.object_key))).one_or_none() is not None


async def forget_object(session: AsyncSession, owner_id: UUID, key: str) -> None:
    await session.execute(delete(UnownedObject).where(owned(UnownedObject, owner_id), UnownedObject.object_key == key))


async def due_objects(connection: AsyncConnection, most: int) -> list[tuple[UUID, str]]:
    rows = await connection.execute(text("SELECT owner_id, object_key FROM due_objects(:most)"), {"most": most})
    return [(row.owner_id, row.object_key) for row in rows]


async def lock_uploads(session: AsyncSession, owner_id: UUID) -> None:
    """One upload of a person is written down at a time: quotas and doubles are judged on what is really there."""
    key = func.hashtextextended(literal(f"uploads:{owner_id}"), literal(0))
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def totals(session: AsyncSession, owner_id: UUID) -> tuple[int, int]:
    """How many documents a person keeps, and the bytes of all their revisions. Each is read from an index alone."""
    count = select(func.count()).select_from(Document).where(owned(Document, owner_id))
    size = select(func.coalesce(func.sum(Revision.size_bytes), 0)).where(owned(Revision, owner_id))
    query = select(count.scalar_subquery(), size.scalar_subquery())
    row = (await session.execute(query)).one()
    return int(row[0]), int(row[1])
