"""SQL of what a document is read to: pages, passages, and their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

from sqlalchemy import bindparam, cast, delete, func, insert, literal, select, true, update
from sqlalchemy.dialects.postgresql import REGCONFIG, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.ai.embeddings import Vectors
from docvault.fulltext import words
from docvault.models import Chunk, ChunkVector, Document, Page, Revision, StagedVector
from docvault.security.access import owned
from ingestion.extract.document import Chunk as Passage
from ingestion.extract.document import Extracted
from ingestion.queries import Claim
from ingestion.revision_queries import discard_revisions

SLICE = 1000
"""Rows that one statement looks at or copies: none may run into its time limit, however long a document is."""
AT_ONCE = 200
"""Rows sent in one call, which has a time limit as a whole: on a starved disk each may take a fifth of a second. And
vectors as numbers of Python's take ten times their bytes."""


# --- vectors of what is still being read --------------------------------------------------------------------------


async def known_vectors(session: AsyncSession, claim: Claim, model_id: str, hashes: Sequence[bytes]) -> set[bytes]:
    """Stage the owner's vectors of these very texts, wherever they come from. The hashes that are staged now."""
    found: set[bytes] = set()
    for start in range(0, len(hashes), SLICE):  # PostgreSQL takes 32,767 values in one statement
        found |= await _known(session, claim, model_id, hashes[start : start + SLICE])
    return found


async def _known(session: AsyncSession, claim: Claim, model_id: str, hashes: Sequence[bytes]) -> set[bytes]:
    vector = (
        select(ChunkVector.embedding)
        .where(owned(ChunkVector, claim.owner_id), ChunkVector.chunk_id == Chunk.id, ChunkVector.model_id == model_id)
        .limit(1)  # as in `add_vectors`
        .lateral("vector")
    )
    known = (
        select(Chunk.owner_id, literal(claim.document_id), literal(model_id), Chunk.text_hash, vector.c.embedding)
        .join(vector, true())
        .where(owned(Chunk, claim.owner_id), Chunk.text_hash.in_(hashes))
        .ext(distinct_on(Chunk.text_hash))
    )
    columns = ["owner_id", "document_id", "model_id", "text_hash", "embedding"]
    await session.execute(upsert(StagedVector).from_select(columns, known).on_conflict_do_nothing())
    staged = select(StagedVector.text_hash).where(*_staged(claim, model_id), StagedVector.text_hash.in_(hashes))
    return set(await session.scalars(staged))


async def stage_vectors(
    session: AsyncSession, claim: Claim, model_id: str, hashes: Sequence[bytes], vectors: Vectors
) -> None:
    """Keep vectors until the document is indexed: a worker that is stopped loses none."""
    for start in range(0, len(hashes), AT_ONCE):
        rows = [
            {
                "owner_id": claim.owner_id, "document_id": claim.document_id, "model_id": model_id,
                "text_hash": hash, "embedding": vector.tolist(),
            }
            for hash, vector in zip(hashes[start : start + AT_ONCE], vectors[start : start + AT_ONCE], strict=True)
        ]  # fmt: skip
        await session.execute(upsert(StagedVector).on_conflict_do_nothing(), rows)


def _staged(claim: Claim, model_id: str) -> tuple[Any, ...]:
    return (
        owned(StagedVector, claim.owner_id),
        StagedVector.document_id == claim.document_id,
        StagedVector.model_id == model_id,
    )


# --- what searches find -------------------------------------------------------------------------------------------


async def replace_reading(
    session: AsyncSession,
    claim: Claim,
    extracted: Extracted,
    chunks: Sequence[Passage],
    hashes: Sequence[bytes],
    config: str,
) -> None:
    """Pages and passages of the claimed revision, in place of all the document had."""
    for table in (Chunk, Page):
        stale = table.revision_id.in_(
            select(Revision.id).where(owned(Revision, claim.owner_id), Revision.document_id == claim.document_id)
        )
        await session.execute(delete(table).where(owned(table, claim.owner_id), stale))
    for start in range(0, len(extracted.pages), AT_ONCE):
        rows = [_page_row(claim, page) for page in extracted.pages[start : start + AT_ONCE]]
        await session.execute(insert(Page), rows)
    tsv = func.to_tsvector(cast(bindparam("b_config"), REGCONFIG), bindparam("b_words"))
    statement = insert(Chunk).values(tsv=tsv, config=cast(bindparam("b_config"), REGCONFIG))
    for start in range(0, len(chunks), AT_ONCE):
        some = zip(chunks[start : start + AT_ONCE], hashes[start : start + AT_ONCE], strict=True)
        await session.execute(statement, [_chunk_row(claim, chunk, hash, config) for chunk, hash in some])


def _page_row(claim: Claim, page: Any) -> dict[str, Any]:
    return {
        "owner_id": claim.owner_id, "revision_id": claim.revision_id, "number": page.number,
        "text": page.text, "width": page.width, "height": page.height,
        "places": [[line.start, line.end, *line.box] for line in page.places] or None,
    }  # fmt: skip


def _chunk_row(claim: Claim, chunk: Passage, hash: bytes, config: str) -> dict[str, Any]:
    return {
        "owner_id": claim.owner_id,
        # The same passage of the same revision has the same id in every attempt.
        "id": uuid5(claim.revision_id, str(chunk.ordinal)),
        "document_id": claim.document_id, "revision_id": claim.revision_id,
        "ordinal": chunk.ordinal, "page": chunk.page, "start_offset": chunk.start, "end_offset": chunk.end,
        "text": chunk.text, "section": chunk.section, "context": chunk.context, "tokens": chunk.tokens,
        "boxes": [list(box) for box in chunk.boxes], "text_hash": hash, "b_config": config,
        "b_words": words(f"{chunk.context} {chunk.text}"),
    }  # fmt: skip


async def add_vectors(session: AsyncSession, claim: Claim, model_id: str, passages: int) -> int:
    """Give each of the `passages` of the claimed revision its staged vector. How many got one.

    A slice at a time: no statement may run into its time limit, however long the document is.
    """
    columns, added = ["owner_id", "chunk_id", "model_id", "document_id", "embedding"], 0
    staged = (
        select(StagedVector.embedding)
        .where(*_staged(claim, model_id), StagedVector.text_hash == Chunk.text_hash)
        .limit(1)  # one look at the key for each passage: joined, it compared each with all when statistics were old
        .lateral("staged")
    )
    given = (
        select(Chunk.owner_id, Chunk.id, literal(model_id), Chunk.document_id, staged.c.embedding)
        .join(staged, true())
        .where(owned(Chunk, claim.owner_id), Chunk.document_id == claim.document_id)
        .where(Chunk.revision_id == claim.revision_id)
    )
    # A table that was small when it was last looked at is read whole for each look, unless that is ruled out.
    await session.execute(select(func.set_config("enable_seqscan", "off", literal(True))))
    for start in range(0, passages, SLICE):
        some = given.where(Chunk.ordinal >= start, Chunk.ordinal < start + SLICE)
        result = await session.execute(insert(ChunkVector).from_select(columns, some))
        added += int(result.rowcount)  # pyright: ignore[reportAttributeAccessIssue]
    await session.execute(select(func.set_config("enable_seqscan", "on", literal(True))))
    mine = (owned(StagedVector, claim.owner_id), StagedVector.document_id == claim.document_id)
    await session.execute(delete(StagedVector).where(*mine))
    return added


async def release_members(session: AsyncSession, claim: Claim) -> None:
    """What came out of an archive that this replaces is kept, as documents of their own."""
    members = (owned(Document, claim.owner_id), Document.archive_id == claim.document_id)
    await session.execute(update(Document).where(*members).values(archive_id=None, archive_path=None))


async def serve_revision(session: AsyncSession, claim: Claim) -> None:
    """From now on the claimed revision is the document; the bytes of others are left to the sweeper."""
    this = (owned(Document, claim.owner_id), Document.id == claim.document_id)
    await session.execute(update(Document).where(*this).values(revision_id=claim.revision_id, pending_revision_id=None))
    others = (
        owned(Revision, claim.owner_id),
        Revision.document_id == claim.document_id,
        Revision.id != claim.revision_id,
    )
    await discard_revisions(session, *others)
