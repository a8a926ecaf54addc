"""What the calls of administrators take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from docvault.accounts.schemas import MAX_PASSWORD, Credentials
from docvault.presence import Worker


class PersonView(msgspec.Struct):
    """`documents` and `size_bytes` count what they keep, older revisions and the trash included.

    `last_seen_at` is when a session of theirs was last refreshed or a key last used; null when nobody can tell.
    """

    id: UUID
    email: str
    is_admin: bool
    disabled_at: datetime | None
    created_at: datetime
    last_seen_at: datetime | None
    documents: int
    size_bytes: int


class PersonCreate(Credentials):
    is_admin: bool = False

    def __repr__(self) -> str:
        return "PersonCreate(…)"


class PersonPatch(msgspec.Struct, forbid_unknown_fields=True):
    """Only what is named changes."""

    disabled: bool | msgspec.UnsetType = msgspec.UNSET
    is_admin: bool | msgspec.UnsetType = msgspec.UNSET


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)]

    def __repr__(self) -> str:
        return "NewPassword(…)"


class FailureView(msgspec.Struct):
    """`detail` is what the code means, not what was said to an owner. `owners` counts whose documents they are."""

    code: str
    count: int
    detail: str
    oldest: datetime
    owners: int


class FailuresView(msgspec.Struct):
    items: list[FailureView]


class RetriedView(msgspec.Struct):
    retried: int


class QueueView(msgspec.Struct):
    """`due` could be taken now; `oldest_seconds` is how long the longest waiting of those has been; `passages` left."""

    queued: int
    processing: int
    failed: int
    due: int
    oldest_seconds: float
    passages: float


class StorageView(msgspec.Struct):
    """Of the disk with the files. In a bucket there is no end: null."""

    kind: Literal["files", "s3"]
    free_bytes: int | None = None
    total_bytes: int | None = None


class EmbedderView(msgspec.Struct):
    model: str
    dimensions: int


class VersionsView(msgspec.Struct):
    """Null for a part that does not answer. `schema` is the database's migration."""

    docvault: str
    python: str
    postgresql: str | None = None
    redis: str | None = None
    schema: str | None = None


class HealthDetails(msgspec.Struct):
    """`parts` as `/health` has them. What a part that is away would have told is null."""

    status: Literal["ok", "degraded", "unavailable"]
    parts: dict[str, str]
    versions: VersionsView
    queue: QueueView | None
    workers: list[Worker] | None
    storage: StorageView
    database_bytes: int | None
    embedder: EmbedderView
