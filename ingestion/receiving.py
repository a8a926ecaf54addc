"""One request that adds to an upload, and with its last byte makes it a document."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from io import BytesIO
from uuid import UUID, uuid4

import msgspec
from litestar.exceptions import InternalServerException

from docvault.errors import ChecksumMismatch, ClientGone, DocVaultError, Locked, TooLarge, Unavailable
from docvault.logging import get_logger
from docvault.models import ResumableUpload
from docvault.resources import Resources
from docvault.settings import MiB, Settings
from docvault.storage import Partial
from docvault.storage.uploading import in_parts, settled, write_behind
from docvault.unit_of_work import unit_of_work
from ingestion import queries
from ingestion import resumable_queries as uploads
from ingestion.accept import Received, accept
from ingestion.filetypes import HEAD_BYTES, sniff
from ingestion.multipart import human_bytes

LEASE = 6.0
"""Seconds an upload is kept for a request that has fallen silent. Short: clients try again for nine seconds or so."""

log = get_logger(__name__)


class Checksum(msgspec.Struct, frozen=True):
    algorithm: str
    digest: bytes


class Piece(msgspec.Struct, frozen=True):
    """What one request brings. `total` is the file's size where the request tells it; `length` its own, if known."""

    body: AsyncIterator[bytes]
    offset: int = 0
    length: int | None = None
    total: int | None = None
    checksum: Checksum | None = None


class Standing(msgspec.Struct, frozen=True):
    """How far an upload is. `document_id` once it is accepted, and `duplicate` if its bytes were there already."""

    id: UUID
    offset: int
    total: int | None
    expires_at: datetime
    metadata: str = ""
    document_id: UUID | None = None
    duplicate: bool = False


class Receiving:
    """One request that adds to an upload which nobody else holds."""

    def __init__(self, resources: Resources, held: uploads.Hold, piece: Piece) -> None:
        self._resources = resources
        self._settings = resources.settings
        self._held = held
        self._piece = piece
        self._kept = held.partial
        self._arrived = 0
        self._cut = False
        self.holds = True
        self._beaten = time.monotonic()
        self._head = bytearray()
        # Of a file that comes in one request, which is the usual one, the bytes need not be read again.
        self._digest = None if held.partial.size else hashlib.sha256()
        self._checked = piece.checksum and hashlib.new(piece.checksum.algorithm, usedforsecurity=False)

    async def run(self) -> Standing:
        if self._kept.size != self._held.total:  # else all is there, and perhaps in its place already
            await self._append()
        if self._kept.size == self._held.total:
            return await self._accept()
        if self._cut:
            raise ClientGone("The client left before its request was whole. What arrived is kept.")
        async with self._resources.database.transaction(self._held.owner_id) as session:
            return standing_of(await uploads.find(session, self._held.owner_id, self._held.id))

    def update(self, data: bytes | memoryview, /) -> None:
        for digest in (self._digest, self._checked):
            if digest:
                digest.update(data)

    async def _append(self) -> None:
        held, latest = self._held, self._kept
        growing = self._resources.store.append(
            held.key, held.partial, self._arriving(), spare=self._spare, total=held.total,
            digest=self if self._digest or self._checked else None,
        )  # fmt: skip
        try:
            async with aclosing(growing) as partials:
                async for latest in partials:
                    if not self._checked:
                        await self._keep(latest)
            self._verify()
            if latest is not self._kept:
                await self._keep(latest)
        except BaseException:
            if latest.upload_id != self._kept.upload_id:  # begun by this request, and nobody will know of it
                await settled(self._abandon(latest))
            raise

    async def _arriving(self) -> AsyncIterator[bytes]:
        """The request's body, as far as it comes. A client that falls silent is one that left."""
        room = most(self._held.total, self._settings) - self._held.partial.size
        try:
            while True:
                async with asyncio.timeout(self._settings.lease):
                    chunk = await anext(self._piece.body, None)
                if chunk is None:
                    return
                self._arrived += len(chunk)
                if self._arrived > room:
                    raise too_long(self._held.total, self._settings)
                if len(self._head) < HEAD_BYTES:
                    self._head += chunk[: HEAD_BYTES - len(self._head)]
                await self._beat()
                yield chunk
        except TimeoutError:
            self._cut = True
        except InternalServerException as error:
            if "disconnect" not in error.detail:
                raise
            self._cut = True

    def _verify(self) -> None:
        if self._piece.checksum and self._checked and self._checked.digest() != self._piece.checksum.digest:
            raise ChecksumMismatch(
                "The bytes of this request are not those that its checksum was made of. None of them is kept.",
                hint="Send them again.",
            )

    async def let_go(self) -> None:
        """The next request need not wait until the lease runs out."""
        if self.holds:
            try:
                async with self._resources.database.transaction(self._held.owner_id) as session:
                    await uploads.let_go(session, self._held)
            except DocVaultError as error:
                log.warning("upload.held_until_its_lease_ends", error=error.detail)

    async def _keep(self, partial: Partial) -> None:
        held, settings = self._held, self._settings
        async with self._resources.database.transaction(held.owner_id) as session:
            if not await uploads.keep(session, held, partial, lease(settings), settings.upload_expiry):
                raise locked()
            if self._kept.rest != partial.rest:
                await queries.discard_objects(session, held.owner_id, [self._kept.rest])
        self._kept, self._beaten = partial, time.monotonic()

    async def _beat(self) -> None:
        if time.monotonic() - self._beaten > lease(self._settings) / 3:
            await self._keep(self._kept)

    async def _spare(self) -> str:
        key = f"{self._held.owner_id}/{uuid4()}"
        async with self._resources.database.transaction(self._held.owner_id) as session:
            await queries.reserve_object(session, self._held.owner_id, key, self._settings.upload_expiry)
        return key

    async def _abandon(self, partial: Partial) -> None:
        try:
            await self._resources.store.abort(self._held.key, partial)
        except DocVaultError as error:
            log.warning("upload.left_to_the_sweeper", keys=1, error=error.detail)

    async def _accept(self) -> Standing:
        resources, held = self._resources, self._held
        await resources.store.finish(held.key, self._kept)
        sha256 = self._digest.digest() if self._digest and self._arrived == held.total else await self._read_back()
        kind = sniff(bytes(self._head), held.filename).content_type
        file = Received(held.id, held.key, held.filename, kind, self._kept.size, sha256)
        async with unit_of_work(resources.database, resources.queue, resources.cache, held.owner_id) as unit:
            if not await uploads.lock(unit.session, held):
                raise locked()
            (view,) = await accept(unit, self._settings, [file], held.folder, held.tags)
            await uploads.accepted(unit.session, held, view.id)
            await queries.discard_objects(unit.session, held.owner_id, [self._kept.rest])
            upload = await uploads.find(unit.session, held.owner_id, held.id)
            standing = standing_of(upload, duplicate=view.duplicate_of is not None)
        self.holds = False
        log.info("upload.accepted", files=1, bytes=file.size)
        return standing

    async def _read_back(self) -> bytes:
        """SHA-256 of the whole object. What was hashed of it earlier cannot be kept between requests."""
        digest, size = hashlib.sha256(), 0
        self._head.clear()

        async def beating(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
            async for piece in pieces:
                self._head += piece[: HEAD_BYTES - len(self._head)]
                await self._beat()
                yield piece

        async def update(part: BytesIO) -> None:
            nonlocal size
            size += part.tell()
            await settled(asyncio.to_thread(digest.update, part.getbuffer()))

        async with self._resources.store.read(self._held.key) as pieces:
            await write_behind(in_parts(beating(pieces), 4 * MiB), update)
        if size != self._kept.size:
            raise Unavailable("The store did not keep the whole file.", code="storage_unavailable", hint="Try again.")
        return digest.digest()


def standing_of(upload: ResumableUpload, *, duplicate: bool = False) -> Standing:
    return Standing(
        upload.id, upload.received_bytes, upload.size_bytes, upload.expires_at, upload.metadata_header,
        upload.document_id, duplicate,
    )  # fmt: skip


def lease(settings: Settings) -> float:
    return min(settings.lease, LEASE)


def most(total: int | None, settings: Settings) -> int:
    return settings.max_file_bytes if total is None else total


def too_long(total: int | None, settings: Settings) -> TooLarge:
    if total is not None:
        return TooLarge(f"The upload is to have {total} bytes, and this is more.", code="upload_too_long")
    return TooLarge(
        f"The file is larger than {human_bytes(settings.max_file_bytes)}, the most one file may have.",
        code="file_too_large",
        hint="Split it, or ask your administrator for more.",
    )


def locked() -> Locked:
    return Locked(
        "Another request is adding to this upload.",
        code="upload_locked",
        hint="Ask where it stands with HEAD, and go on from there.",
        retry_after=1,
    )
