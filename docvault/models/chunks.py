"""What a document was read to: its pages, the passages cut from them, and their vectors."""

from __future__ import annotations

from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import REAL, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB, REGCONFIG, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from docvault.models.base import Base, Id, Json, Owner, Texts, owned_by


class Page(Base):
    """The text of a page as citations are checked against it. `number` counts from 1; sizes are in points.

    `places` are those of words that were read in a picture, `[start, end, left, top, right, bottom]`: characters of the
    text, and where on the page they stand. Null where the page has a text layer of its own, or none is known.
    """

    __tablename__ = "pages"
    __table_args__ = (owned_by("revisions", "revision_id"),)

    owner_id: Mapped[Owner]
    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    width: Mapped[float | None] = mapped_column(REAL)
    height: Mapped[float | None] = mapped_column(REAL)
    places: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))


class Chunk(Base):
    """A passage: characters `start_offset` to `end_offset` of its page.

    `tsv` holds the words of `context` and `text` (see `docvault.fulltext`) in the text-search configuration `config`;
    `tokens` is the length BM25 goes by. `text_hash` is that of what was embedded (`ingestion.embed.text_hash`): the
    same text is not embedded again. `boxes` are `[left, top, right, bottom]` in points from the page's top left.
    """

    __tablename__ = "chunks"
    __table_args__ = (
        owned_by("documents", "document_id"),
        owned_by("revisions", "revision_id"),
        Index("chunks_of_document", "owner_id", "document_id", "revision_id", "ordinal", unique=True),
    )

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    document_id: Mapped[UUID]
    revision_id: Mapped[UUID]
    ordinal: Mapped[int]
    page: Mapped[int]
    start_offset: Mapped[int]
    end_offset: Mapped[int]
    text: Mapped[str]
    section: Mapped[Texts]
    context: Mapped[str]
    tokens: Mapped[int]
    boxes: Mapped[Json]
    text_hash: Mapped[bytes | None]
    config: Mapped[str] = mapped_column(REGCONFIG)
    tsv: Mapped[str] = mapped_column(TSVECTOR)


class ChunkVector(Base):
    """A chunk's vector by one model, apart from its text: scanning an owner's vectors must read nothing else."""

    __tablename__ = "chunk_vectors"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "chunk_id"], ["chunks.owner_id", "chunks.id"], ondelete="CASCADE"),
    )

    owner_id: Mapped[Owner]
    chunk_id: Mapped[UUID] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[UUID]
    embedding: Mapped[list[float]] = mapped_column(HALFVEC)


class StagedVector(Base):
    """A vector of a document that is still being read: what a stopped worker has embedded is not embedded again."""

    __tablename__ = "staged_vectors"
    __table_args__ = (owned_by("documents", "document_id"),)

    owner_id: Mapped[Owner]
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(primary_key=True)
    text_hash: Mapped[bytes] = mapped_column(primary_key=True)
    embedding: Mapped[list[float]] = mapped_column(HALFVEC)
