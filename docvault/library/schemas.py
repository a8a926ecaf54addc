"""Documents as the API shows them."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from uuid import UUID

import msgspec

from docvault.errors import InvalidInput
from docvault.library.outlook import Outlook
from docvault.models import Document, DocumentStatus, Revision
from docvault.pagination import CursorPage

MAX_FOLDER = 512
MAX_TAG = 64


class DocumentErrorView(msgspec.Struct):
    code: str
    detail: str
    hint: str | None = None


class DocumentView(msgspec.Struct):
    """`progress` runs from 0 to 1 while `status` is `processing`; `stage` says what is being done.

    `revision` is the one that is served and found, `pending_revision` a newer one that is not read yet. `pages_done` of
    `pages_total` are read so far; both are 0 as long as that is not known. `queue_position` counts the owner's own
    waiting documents from 1, which is next. `expected_seconds` until it is ready are judged by the pace of the last
    minutes; null when nobody can tell. `archive_id` is the document it was packed in. `duplicate_of` is set in the
    answer to an upload whose bytes were there already: it is the id of that document. `trashed_at` is when it was put
    into the trash; null when it is not there.
    """

    id: UUID
    filename: str
    status: DocumentStatus
    size_bytes: int
    sha256: str
    content_type: str
    folder: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    progress: float
    stage: str
    pages: int
    chunks: int
    title: str | None = None
    language: str | None = None
    warnings: list[str] = []
    error: DocumentErrorView | None = None
    duplicate_of: UUID | None = None
    revision: int = 1
    pending_revision: int | None = None
    pages_done: int = 0
    pages_total: int = 0
    queue_position: int | None = None
    expected_seconds: float | None = None
    archive_id: UUID | None = None
    trashed_at: datetime | None = None


class DocumentPage(CursorPage[DocumentView]):
    """`total` counts what passes the filter on all pages together, when it was asked for."""

    items: list[DocumentView]  # once more: a type variable of the parent is lost in the OpenAPI document
    next_cursor: str | None = None
    total: int | None = None


class DocumentIds(msgspec.Struct):
    ids: list[UUID]


class PageView(msgspec.Struct):
    """`places` are those of words that were read in a picture: `[start, end, left, top, right, bottom]`.

    The first two count characters of `text`, the others are points from the page's top left. Null where the page has
    words of its own.
    """

    page: int
    text: str
    width: float | None = None
    height: float | None = None
    places: list[list[float]] | None = None


class DocumentText(msgspec.Struct):
    pages: list[PageView]


class OccurrenceView(msgspec.Struct):
    """`start` and `end` count characters (code points) of the page's text; `before` and `after` stand beside them.

    `boxes` are those of the lines it stands in, `[left, top, right, bottom]` in points from the page's top left, where
    they were asked for and are known.
    """

    page: int
    start: int
    end: int
    before: str
    text: str
    after: str
    boxes: list[list[float]] = []


class FindView(msgspec.Struct):
    """The first `hits`, and whether there are `more`; `total` counts them all."""

    hits: list[OccurrenceView]
    more: bool
    total: int


class FolderView(msgspec.Struct):
    """`documents` lie in it directly, not below it; `size_bytes` are theirs. None of the trash is counted."""

    path: str
    documents: int = 0
    size_bytes: int = 0


class FoldersView(msgspec.Struct):
    items: list[FolderView]


class FolderCreate(msgspec.Struct, forbid_unknown_fields=True):
    path: str


class FolderPatch(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    new_path: str


class FolderMoved(msgspec.Struct):
    """Where the folder is now, and how many documents came along."""

    path: str
    moved: int


class FolderDeleted(msgspec.Struct):
    trashed: int


class TagView(msgspec.Struct):
    tag: str
    documents: int


class TagsView(msgspec.Struct):
    items: list[TagView]


class UsageView(msgspec.Struct):
    """What counts against your quotas: all documents with all their revisions, and of these what is in the trash."""

    documents: int
    size_bytes: int
    trashed_documents: int
    trashed_bytes: int
    max_documents: int
    max_bytes: int


class TrashEmptied(msgspec.Struct):
    """Documents that are no more, with those that came out of archives."""

    deleted: int


class DocumentPatch(msgspec.Struct, forbid_unknown_fields=True):
    """Only what is named changes."""

    filename: str | msgspec.UnsetType = msgspec.UNSET
    folder: str | msgspec.UnsetType = msgspec.UNSET
    tags: list[str] | msgspec.UnsetType = msgspec.UNSET


def view(
    document: Document,
    revision: Revision,
    duplicate_of: UUID | None = None,
    *,
    outlook: Outlook | None = None,
    pending: int | None = None,
) -> DocumentView:
    """`docvault.library.views` looks up `outlook` and `pending`."""
    position, seconds = outlook or Outlook()
    error = None
    if document.status == "failed":
        error = DocumentErrorView(document.error_code or "", document.error_detail or "", document.error_hint)
    return DocumentView(
        id=document.id,
        filename=document.filename,
        status=document.status,
        size_bytes=revision.size_bytes,
        sha256=revision.sha256.hex(),
        content_type=revision.content_type,
        folder=document.folder,
        tags=document.tags,
        created_at=document.created_at,
        updated_at=document.updated_at,
        progress=round(document.progress, 3),
        stage=document.stage,
        pages=document.pages,
        chunks=document.chunks,
        title=document.title,
        language=document.language,
        warnings=document.warnings,
        error=error,
        duplicate_of=duplicate_of,
        revision=revision.number,
        pending_revision=pending,
        pages_done=document.pages_done,
        pages_total=document.pages_total,
        queue_position=position,
        expected_seconds=seconds,
        archive_id=document.archive_id,
        trashed_at=document.trashed_at,
    )


def composed(text: str) -> str:
    """In NFC, as names are kept: some systems take the dots of an umlaut apart from its letter."""
    return unicodedata.normalize("NFC", text)


def folder_path(raw: str) -> str:
    """`/a//b/` is `a/b`, its letters composed (NFC): a name looks like one folder and is one.

    Raises `InvalidInput` for what cannot be a folder.
    """
    parts = [part.strip() for part in composed(raw).replace("\\", "/").split("/")]
    parts = [part for part in parts if part]
    path = "/".join(parts)
    if any(part in (".", "..") for part in parts) or not path.isprintable() or len(path) > MAX_FOLDER:
        raise InvalidInput(
            "The folder is not usable.",
            code="invalid_folder",
            hint=f"Names separated by `/`, without `.` and `..`, at most {MAX_FOLDER} characters.",
        )
    return path


def tag_list(raw: list[str], most: int) -> list[str]:
    """Trimmed, composed, without doubles, in the order given. Raises `InvalidInput` over the limits."""
    tags = list(dict.fromkeys(composed(tag.strip()) for tag in raw if tag.strip()))
    if len(tags) > most or any(len(tag) > MAX_TAG or not tag.isprintable() for tag in tags):
        raise InvalidInput(
            "The tags are not usable.",
            code="invalid_tags",
            hint=f"At most {most} tags of at most {MAX_TAG} characters.",
        )
    return tags
