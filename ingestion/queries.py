"""All SQL of ingestion: the job that is a document's row, and what a document is read to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Interval, bindparam, cast, delete, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import REGCONFIG
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.ai.embeddings import Vectors
from docvault.errors import DocVaultError
from docvault.fulltext import words
from docvault.models import Chunk, ChunkVector, Document, Page, Revision, UnownedObject
from docvault.security.access import owned
from ingestion.extract.document import Chunk as Passage
from ingestion.extract.document import Extracted

CONTENT_MISSING = "content_missing"
"""Error code of a document whose bytes are not in the store."""


SLICE = 1000
"""Vectors in one statement: as numbers of Python's they take ten times their bytes."""


class LostClaim(DocVaultError):
    """Somebody else has the document now (its lease ran out, it was cancelled or deleted). Write nothing more."""


class Claim(msgspec.Struct, frozen=True):
    """The right to read one document, and to write what it says as long as `attempt` is its newest."""

    owner_id: UUID
    document_id: UUID
    attempt: int
    tries: int
    revision_id: UUID
    object_key: str
    filename: str
    content_type: str
    size_bytes: int


def seconds(amount: float) -> Any:
    return func.make_interval(0, 0, 0, 0, 0, 0, amount, type_=Interval)


# --- the job ------------------------------------------------------------------------------------------------------


async def claim(session: AsyncSession, owner_id: UUID, document_id: UUID, lease: float) -> Claim | None:
    """Take a document that is due, or whose worker has gone silent. None when it is neither."""
    due = (Document.status == "queued") & (Document.due_at <= func.now())
    abandoned = (Document.status == "processing") & (Document.lease_until < func.now())
    statement = (
        update(Document)
        .where(owned(Document, owner_id), Document.id == document_id, or_(due, abandoned))
        .values(
            status="processing", stage="extracting", progress=0.0, attempt=Document.attempt + 1,
            tries=Document.tries + 1, lease_until=func.now() + seconds(lease), updated_at=func.now(),
            error_code=None, error_detail=None, error_hint=None,
        )
        .returning(Document.attempt, Document.tries, Document.revision_id, Document.filename)
    )  # fmt: skip
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    query = select(Revision).where(owned(Revision, owner_id), Revision.id == row.revision_id)
    revision = (await session.scalars(query)).one()
    return Claim(
        owner_id, document_id, row.attempt, row.tries, row.revision_id,
        revision.object_key, row.filename, revision.content_type, revision.size_bytes,
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


async def beat(session: AsyncSession, claim: Claim, stage: str, progress: float, lease: float) -> None:
    await write(session, claim, stage=stage, progress=progress, lease_until=func.now() + seconds(lease))


async def fail(session: AsyncSession, claim: Claim, error: DocVaultError) -> None:
    await write(
        session, claim, status="failed", stage="failed", lease_until=None,
        error_code=error.code, error_detail=error.detail, error_hint=error.hint,
    )  # fmt: skip


async def hand_back(session: AsyncSession, claim: Claim, delay: float, *, forgive: bool = False) -> None:
    """Queue the document again, due in `delay` seconds. `forgive` when the try was cut short by no fault of its own."""
    await write(
        session, claim, status="queued", stage="queued", progress=0.0, lease_until=None,
        due_at=func.now() + seconds(delay), tries=claim.tries - 1 if forgive else claim.tries,
    )  # fmt: skip


async def retry(session: AsyncSession, owner_id: UUID, document_id: UUID) -> bool:
    """Queue a failed document again with all its tries. False when it has not failed."""
    statement = (
        update(Document)
        .where(owned(Document, owner_id), Document.id == document_id, Document.status == "failed")
        .values(
            status="queued", stage="queued", progress=0.0, tries=0, due_at=func.now(), updated_at=func.now(),
            error_code=None, error_detail=None, error_hint=None,
        )
        .returning(Document.id)
    )  # fmt: skip
    return (await session.execute(statement)).one_or_none() is not None


async def cancel(session: AsyncSession, owner_id: UUID, document_id: UUID) -> bool:
    """Stop a document that waits or is being read; its worker's claim ends here. False when it is neither."""
    statement = (
        update(Document)
        .where(
            owned(Document, owner_id), Document.id == document_id, Document.status.in_(("queued", "processing"))
        )
        .values(
            status="failed", stage="failed", attempt=Document.attempt + 1, lease_until=None, updated_at=func.now(),
            error_code="cancelled", error_detail="Reading this document was cancelled.",
            error_hint="Retry it when you want it read after all.",
        )
        .returning(Document.id)
    )  # fmt: skip
    return (await session.execute(statement)).one_or_none() is not None


async def due_documents(connection: AsyncConnection, most: int) -> list[tuple[UUID, UUID]]:
    rows = await connection.execute(text("SELECT owner_id, id FROM due_documents(:most)"), {"most": most})
    return [(row.owner_id, row.id) for row in rows]


# --- what a document is read to -----------------------------------------------------------------------------------


async def replace_reading(
    session: AsyncSession, claim: Claim, extracted: Extracted, chunks: Sequence[Passage], config: str
) -> list[UUID]:
    """Pages and passages of the claimed revision, in place of all the document had. The passages' ids, in order."""
    for table in (Chunk, Page):
        stale = table.revision_id.in_(
            select(Revision.id).where(owned(Revision, claim.owner_id), Revision.document_id == claim.document_id)
        )
        await session.execute(delete(table).where(owned(table, claim.owner_id), stale))
    if extracted.pages:
        await session.execute(insert(Page), [_page_row(claim, page) for page in extracted.pages])
    # The same passage of the same revision has the same id in every attempt.
    ids = [uuid5(claim.revision_id, str(chunk.ordinal)) for chunk in chunks]
    if chunks:
        rows = [_chunk_row(claim, id, chunk, config) for id, chunk in zip(ids, chunks, strict=True)]
        tsv = func.to_tsvector(cast(bindparam("b_config"), REGCONFIG), bindparam("b_words"))
        await session.execute(insert(Chunk).values(tsv=tsv, config=cast(bindparam("b_config"), REGCONFIG)), rows)
    return ids


def _page_row(claim: Claim, page: Any) -> dict[str, Any]:
    return {
        "owner_id": claim.owner_id, "revision_id": claim.revision_id, "number": page.number,
        "text": page.text, "width": page.width, "height": page.height,
    }  # fmt: skip


def _chunk_row(claim: Claim, id: UUID, chunk: Passage, config: str) -> dict[str, Any]:
    return {
        "owner_id": claim.owner_id, "id": id, "document_id": claim.document_id, "revision_id": claim.revision_id,
        "ordinal": chunk.ordinal, "page": chunk.page, "start_offset": chunk.start, "end_offset": chunk.end,
        "text": chunk.text, "section": chunk.section, "context": chunk.context, "tokens": chunk.tokens,
        "boxes": [list(box) for box in chunk.boxes], "b_config": config,
        "b_words": words(f"{chunk.context} {chunk.text}"),
    }  # fmt: skip


async def add_vectors(
    session: AsyncSession, claim: Claim, ids: Sequence[UUID], model_id: str, vectors: Vectors
) -> None:
    for start in range(0, len(ids), SLICE):
        rows = [
            {
                "owner_id": claim.owner_id, "chunk_id": id, "model_id": model_id,
                "document_id": claim.document_id, "embedding": vector.tolist(),
            }
            for id, vector in zip(ids[start : start + SLICE], vectors[start : start + SLICE], strict=True)
        ]  # fmt: skip
        await session.execute(insert(ChunkVector), rows)


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
    """How many documents a person keeps, and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(Revision.size_bytes), 0)).where(owned(Revision, owner_id))
    row = (await session.execute(query)).one()
    return int(row[0]), int(row[1])


async def same_bytes(session: AsyncSession, owner_id: UUID, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
    """The oldest document with each of these hashes, where there is one.

    It is not deleted before the transaction ends. A document whose bytes were lost from the store is none: its owner is
    told to upload them again.
    """
    of_document = (Document.owner_id == Revision.owner_id) & (Document.id == Revision.document_id)
    query = (
        select(Revision.sha256, Revision.document_id)
        .join(Document, of_document)
        .where(owned(Revision, owner_id), Revision.sha256.in_(hashes))
        .where(Document.error_code.is_distinct_from(CONTENT_MISSING))
        .order_by(Revision.created_at.desc())
        .with_for_update(read=True, key_share=True, of=Document)
    )
    return {row.sha256: row.document_id for row in await session.execute(query)}
