"""SQL of what a document is read to: pages, passages, and their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

from sqlalchemy import bindparam, cast, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import REGCONFIG, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.ai.embeddings import Vectors
from docvault.fulltext import words
from docvault.models import Chunk, ChunkVector, Document, Page, Revision, StagedVector
from docvault.security.access import owned
from ingestion.extract.document import Chunk as Passage
from ingestion.extract.document import Extracted
from ingestion.queries import Claim, discard_revisions

SLICE = 1000
"""Vectors in one statement: as numbers of Python's they take ten times their bytes."""


# --- vectors of what is still being read --------------------------------------------------------------------------


async def known_vectors(session: AsyncSession, claim: Claim, model_id: str, hashes: Sequence[bytes]) -> set[bytes]:
    """Stage the owner's vectors of these very texts, wherever they come from. The hashes that are staged now."""
    found: set[bytes] = set()
    for start in range(0, len(hashes), SLICE):  # PostgreSQL takes 32,767 values in one statement
        found |= await _known(session, claim, model_id, hashes[start : start + SLICE])
    return found


async def _known(session: AsyncSession, claim: Claim, model_id: str, hashes: Sequence[bytes]) -> set[bytes]:
    known = (
        select(
            Chunk.owner_id, literal(claim.document_id), literal(model_id), Chunk.text_hash, ChunkVector.embedding
        )
        .join(ChunkVector, (ChunkVector.owner_id == Chunk.owner_id) & (ChunkVector.chunk_id == Chunk.id))
        .where(owned(Chunk, claim.owner_id), Chunk.text_hash.in_(hashes), ChunkVector.model_id == model_id)
        .ext(distinct_on(Chunk.text_hash))
    )  # fmt: skip
    columns = ["owner_id", "document_id", "model_id", "text_hash", "embedding"]
    await session.execute(upsert(StagedVector).from_select(columns, known).on_conflict_do_nothing())
    staged = select(StagedVector.text_hash).where(*_staged(claim, model_id), StagedVector.text_hash.in_(hashes))
    return set(await session.scalars(staged))


async def stage_vectors(
    session: AsyncSession, claim: Claim, model_id: str, hashes: Sequence[bytes], vectors: Vectors
) -> None:
    """Keep vectors until the document is indexed: a worker that is stopped loses none."""
    for start in range(0, len(hashes), SLICE):
        rows = [
            {
                "owner_id": claim.owner_id, "document_id": claim.document_id, "model_id": model_id,
                "text_hash": hash, "embedding": vector.tolist(),
            }
            for hash, vector in zip(hashes[start : start + SLICE], vectors[start : start + SLICE], strict=True)
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
    if extracted.pages:
        await session.execute(insert(Page), [_page_row(claim, page) for page in extracted.pages])
    if chunks:
        rows = [_chunk_row(claim, chunk, hash, config) for chunk, hash in zip(chunks, hashes, strict=True)]
        tsv = func.to_tsvector(cast(bindparam("b_config"), REGCONFIG), bindparam("b_words"))
        await session.execute(insert(Chunk).values(tsv=tsv, config=cast(bindparam("b_config"), REGCONFIG)), rows)


def _page_row(claim: Claim, page: Any) -> dict[str, Any]:
    return {
        "owner_id": claim.owner_id, "revision_id": claim.revision_id, "number": page.number,
        "text": page.text, "width": page.width, "height": page.height,
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


async def add_vectors(session: AsyncSession, claim: Claim, model_id: str) -> int:
    """Give every passage of the claimed revision its staged vector. How many got one."""
    given = (
        select(Chunk.owner_id, Chunk.id, literal(model_id), Chunk.document_id, StagedVector.embedding)
        .join(StagedVector, (StagedVector.owner_id == Chunk.owner_id) & (StagedVector.text_hash == Chunk.text_hash))
        .where(owned(Chunk, claim.owner_id), Chunk.document_id == claim.document_id)
        .where(Chunk.revision_id == claim.revision_id, *_staged(claim, model_id))
    )
    columns = ["owner_id", "chunk_id", "model_id", "document_id", "embedding"]
    added = await session.execute(insert(ChunkVector).from_select(columns, given))
    mine = (owned(StagedVector, claim.owner_id), StagedVector.document_id == claim.document_id)
    await session.execute(delete(StagedVector).where(*mine))
    return int(added.rowcount)  # pyright: ignore[reportAttributeAccessIssue]


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
