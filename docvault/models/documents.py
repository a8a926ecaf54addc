"""Documents, the revisions of their bytes, and objects in the store that no revision holds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import REAL, BigInteger, Computed, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from docvault.models.base import Base, Id, Json, Now, Owner, Texts, owned_by, owned_by_user

DocumentStatus = Literal["queued", "processing", "ready", "failed"]

FILENAME_KEY = "regexp_replace(normalize(replace(lower(filename), 'ß', 'ss'), NFD), '[\\u0300-\\u036f]', '', 'g')"
"""Names as people look for them: without case and accents, `Ü` among the `u`."""


class Document(Base):
    """A document, and at the same time its ingestion job.

    A worker claims it by raising `attempt` and setting `lease_until`; every later write names that attempt, so that a
    worker which lost its lease can no longer write. `attempt` never goes back; `tries` counts those since somebody last
    asked for the document to be read. `due_at` is when a queued document may be tried (again).
    `pages`, `chunks` and `tokens` count what `revision_id` was read to, which is what searches find. A newer upload
    under the same name waits as `pending_revision_id` until it is read; then it takes the other's place. `crashes`
    counts workers that went silent while they had the document, `work` the passages it is expected to have.
    `password_sealed` opens the file and is kept until the reading ends. `archive_id` is the archive it came in,
    `archive_path` where it lies in there, whatever it is called by now. `also_named` says that the same bytes were
    accepted under another name too: no newer revision may take them away. `trashed_at` is when it was put into the
    trash: nothing finds it there. What came out of an archive that is in the trash is in the trash, too. Lists by name
    go by `filename_key`.
    """

    __tablename__ = "documents"
    __table_args__ = (
        owned_by_user(),
        # Circular: a document and its first revision are written in one transaction.
        owned_by("revisions", "revision_id", "NO ACTION", deferrable=True, initially="DEFERRED", use_alter=True),
        owned_by(
            "revisions",
            "pending_revision_id",
            "NO ACTION",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
            name="documents_pending",
        ),
        owned_by("documents", "archive_id"),
        Index("documents_listed", "owner_id", "created_at", "id"),
    )

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    revision_id: Mapped[UUID]
    pending_revision_id: Mapped[UUID | None]
    archive_id: Mapped[UUID | None]
    also_named: Mapped[bool] = mapped_column(default=False)
    archive_path: Mapped[str | None]
    filename: Mapped[str]
    filename_key: Mapped[str] = mapped_column(Computed(FILENAME_KEY, persisted=True))
    folder: Mapped[str] = mapped_column(default="")
    tags: Mapped[Texts]
    status: Mapped[DocumentStatus] = mapped_column(Text, default="queued")
    stage: Mapped[str] = mapped_column(default="queued")
    progress: Mapped[float] = mapped_column(REAL, default=0.0)
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    due_at: Mapped[Now]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    error_hint: Mapped[str | None]
    title: Mapped[str | None]
    language: Mapped[str | None]
    warnings: Mapped[Texts]
    pages: Mapped[int] = mapped_column(default=0)
    chunks: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)
    pages_done: Mapped[int] = mapped_column(default=0)
    pages_total: Mapped[int] = mapped_column(default=0)
    work: Mapped[int] = mapped_column(default=0)
    password_sealed: Mapped[bytes | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    trashed_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


class Folder(Base):
    """A folder that somebody made, with or without documents. Those that documents name need no row."""

    __tablename__ = "folders"
    __table_args__ = (owned_by_user(),)

    owner_id: Mapped[Owner]
    path: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[Now]


class Revision(Base):
    """The bytes of a document as they were uploaded once. They never change. `number` counts from 1."""

    __tablename__ = "revisions"
    __table_args__ = (owned_by("documents", "document_id"), Index("revisions_same_bytes", "owner_id", "sha256"))

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    document_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(default=1)
    object_key: Mapped[str] = mapped_column(unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes]
    content_type: Mapped[str]
    created_at: Mapped[Now]


class UnownedObject(Base):
    """An object key that no revision holds: not yet (it is being uploaded), or no longer (its document was deleted).

    Written before the first byte, and again in the transaction that deletes a document; the sweeper removes the
    object once `due_at` has passed. So no crash leaves bytes behind that nobody knows of.
    """

    __tablename__ = "unowned_objects"
    __table_args__ = (owned_by_user(),)

    owner_id: Mapped[Owner]
    object_key: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]


class ResumableUpload(Base):
    """A file that arrives in pieces, over as many requests as it takes. `store_state` is the store's own memory of it.

    `document_id` is set once it is complete and accepted. Its object is in `unowned_objects` until then.
    A request that adds to it raises `attempt` and holds `lease_until` while bytes arrive: every later write names that
    attempt, so that of two requests only the newer one's counts.
    """

    __tablename__ = "resumable_uploads"
    __table_args__ = (owned_by_user(),)

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    object_key: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    folder: Mapped[str] = mapped_column(default="")
    tags: Mapped[Texts]
    metadata_header: Mapped[str] = mapped_column("metadata", default="")
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    store_state: Mapped[Json] = mapped_column(default=dict)
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    document_id: Mapped[UUID | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    expires_at: Mapped[datetime]
