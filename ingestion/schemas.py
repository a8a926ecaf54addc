"""What ingestion is asked and answers with."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from docvault.library.schemas import DocumentErrorView, DocumentView
from docvault.models import DocumentStatus

MOST_HASHES = 1000


class UploadView(msgspec.Struct):
    """In the order of the request's files. One that was there already has `duplicate_of` set, and is not read again."""

    documents: list[DocumentView]


class FailureView(msgspec.Struct):
    """Why `count` documents failed. `detail` and `hint` are those that most of them have."""

    code: str
    count: int
    detail: str
    hint: str | None


class IngestionView(msgspec.Struct):
    """Your documents by status, and the work there is.

    `passages_left` is an estimate until a document's text is out. `passages_per_second` is the pace of the last
    minutes; null when nothing was read in them. `expected_seconds` until all are ready; null when documents wait and
    nobody reads them. `oldest_waiting_seconds` since the first of those that wait was due. `failures` by reason, the
    most frequent first.
    """

    queued: int
    processing: int
    ready: int
    failed: int
    passages_left: int
    passages_per_second: float | None
    expected_seconds: float | None
    oldest_waiting_seconds: float
    failures: list[FailureView]


Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class KnownAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Hashes in hexadecimal, in small letters."""

    sha256: Annotated[list[Sha256], msgspec.Meta(max_length=MOST_HASHES)]


class KnownDocument(msgspec.Struct):
    sha256: str
    id: UUID
    filename: str
    folder: str
    status: DocumentStatus
    error: DocumentErrorView | None = None


class KnownView(msgspec.Struct):
    """Those of the hashes that a document of yours has; of several, the newest."""

    items: list[KnownDocument]


class RetryAsked(msgspec.Struct, forbid_unknown_fields=True):
    """`password` opens a document that is locked. It is kept sealed until the document has been read."""

    password: Annotated[str, msgspec.Meta(max_length=1024)] | None = None


class RetriedView(msgspec.Struct):
    """How many documents were queued again."""

    retried: int
