"""SQL of uploads that go over several requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.errors import NotFound
from docvault.models import ResumableUpload, UnownedObject
from docvault.security.access import owned
from docvault.storage import Partial
from ingestion.queries import seconds


class Hold(msgspec.Struct, frozen=True):
    """The right to add to an upload, as long as `attempt` is its newest. `total` is None while its size is unknown."""

    owner_id: UUID
    id: UUID
    attempt: int
    key: str
    filename: str
    folder: str
    tags: list[str]
    total: int | None
    partial: Partial


def partial_of(upload: ResumableUpload) -> Partial:
    return msgspec.convert(upload.store_state, Partial)


async def add(session: AsyncSession, upload: ResumableUpload, expiry: float) -> None:
    upload.expires_at = (await session.scalars(select(func.now() + seconds(expiry)))).one()
    session.add(upload)
    await session.flush()


async def find(session: AsyncSession, owner_id: UUID, id: UUID, *, lock: bool = False) -> ResumableUpload:
    """Raises `NotFound` for one that is not there, not yours or expired."""
    query = select(ResumableUpload).where(
        owned(ResumableUpload, owner_id), ResumableUpload.id == id, ResumableUpload.expires_at > func.now()
    )
    upload = (await session.scalars(query.with_for_update() if lock else query)).one_or_none()
    if upload is None:
        raise NotFound("There is no such upload.", hint="It may have expired. Begin a new one.")
    return upload


async def is_held(session: AsyncSession, upload: ResumableUpload) -> bool:
    """Whether a request is adding to it. By the database's clock, which is the one all processes share."""
    this = (owned(ResumableUpload, upload.owner_id), ResumableUpload.id == upload.id)
    return bool(await session.scalar(select(ResumableUpload.lease_until > func.now()).where(*this)))


async def hold(session: AsyncSession, upload: ResumableUpload, lease: float, expiry: float) -> Hold:
    """For the one request that has found the row, locked, and nobody holding it."""
    upload.attempt += 1
    await session.flush()
    partial = partial_of(upload)
    held = Hold(
        upload.owner_id, upload.id, upload.attempt, upload.object_key, upload.filename, upload.folder, upload.tags,
        upload.size_bytes, partial,
    )  # fmt: skip
    await keep(session, held, partial, lease, expiry)
    return held


async def keep(session: AsyncSession, held: Hold, partial: Partial, lease: float, expiry: float) -> bool:
    """Write down how far the upload is, and that its request is alive. False when it is somebody else's by now.

    The objects it has are nobody's for as long as it may go on.
    """
    statement = _mine(held).values(
        received_bytes=partial.size, store_state=msgspec.to_builtins(partial), updated_at=func.now(),
        lease_until=func.now() + seconds(lease), expires_at=func.now() + seconds(expiry),
    )  # fmt: skip
    if (await session.execute(statement.returning(ResumableUpload.id))).one_or_none() is None:
        return False
    await _put_off(session, held.owner_id, [held.key, partial.rest], expiry)
    return True


async def let_go(session: AsyncSession, held: Hold) -> None:
    """The next request need not wait for the lease to run out."""
    await session.execute(_mine(held).values(lease_until=None))


async def lock(session: AsyncSession, held: Hold) -> bool:
    """Whether the upload is still held; nobody takes it before the transaction ends."""
    statement = _mine(held).values(updated_at=func.now()).returning(ResumableUpload.id)
    return (await session.execute(statement)).one_or_none() is not None


async def accepted(session: AsyncSession, held: Hold, document_id: UUID) -> None:
    """It is a document now, and the row answers those who missed that, until it expires."""
    await session.execute(_mine(held).values(document_id=document_id, lease_until=None, store_state={}))


async def open_totals(session: AsyncSession, owner_id: UUID) -> tuple[int, int]:
    """How many uploads of a person are under way, and the bytes they are to have."""
    bytes_ = func.coalesce(ResumableUpload.size_bytes, ResumableUpload.received_bytes)
    query = select(func.count(), func.coalesce(func.sum(bytes_), 0)).where(
        owned(ResumableUpload, owner_id), ResumableUpload.document_id.is_(None), ResumableUpload.expires_at > func.now()
    )
    row = (await session.execute(query)).one()
    return int(row[0]), int(row[1])


async def expire(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    """From now on it is not there, and whoever adds to it has lost it. Raises `NotFound`."""
    upload = await find(session, owner_id, id, lock=True)
    upload.attempt += 1
    await session.execute(_this(owner_id, id).values(attempt=upload.attempt, expires_at=func.now()))


async def expired(session: AsyncSession, owner_id: UUID, id: UUID) -> ResumableUpload | None:
    """The upload, out of everybody's hands; None when it is gone, or goes on after all."""
    statement = _this(owner_id, id).where(ResumableUpload.expires_at <= func.now())
    statement = statement.values(attempt=ResumableUpload.attempt + 1)
    return (await session.scalars(statement.returning(ResumableUpload))).one_or_none()


async def forget(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    await session.execute(delete(ResumableUpload).where(owned(ResumableUpload, owner_id), ResumableUpload.id == id))


async def is_open(session: AsyncSession, owner_id: UUID, key: str) -> bool:
    """Whether somebody may still add to the object of this key."""
    query = select(ResumableUpload.id).where(
        owned(ResumableUpload, owner_id), ResumableUpload.object_key == key,
        ResumableUpload.document_id.is_(None), ResumableUpload.expires_at > func.now(),
    )  # fmt: skip
    return (await session.scalar(query)) is not None


async def put_back(session: AsyncSession, owner_id: UUID, id: UUID, expires_at: datetime, rest: float) -> None:
    """It goes when it would have gone, and is among the `whole_uploads` again in `rest` seconds."""
    values = {"expires_at": expires_at, "updated_at": func.now() + seconds(rest)}
    await session.execute(_this(owner_id, id).where(ResumableUpload.document_id.is_(None)).values(values))


async def whole_uploads(connection: AsyncConnection, silent: float, most: int) -> list[tuple[UUID, UUID]]:
    rows = await connection.execute(
        text("SELECT owner_id, id FROM whole_uploads(:silent, :most)"), {"silent": silent, "most": most}
    )
    return [(row.owner_id, row.id) for row in rows]


async def expired_uploads(connection: AsyncConnection, most: int) -> list[tuple[UUID, UUID]]:
    rows = await connection.execute(text("SELECT owner_id, id FROM expired_uploads(:most)"), {"most": most})
    return [(row.owner_id, row.id) for row in rows]


async def _put_off(session: AsyncSession, owner_id: UUID, keys: Sequence[str], expiry: float) -> None:
    statement = update(UnownedObject).where(owned(UnownedObject, owner_id), UnownedObject.object_key.in_(keys))
    await session.execute(statement.values(due_at=func.now() + seconds(expiry)))


def _this(owner_id: UUID, id: UUID) -> Any:
    return update(ResumableUpload).where(owned(ResumableUpload, owner_id), ResumableUpload.id == id)


def _mine(held: Hold) -> Any:
    return _this(held.owner_id, held.id).where(
        ResumableUpload.attempt == held.attempt,
        ResumableUpload.document_id.is_(None),
        ResumableUpload.expires_at > func.now(),
    )
