"""Files that arrive over several requests: begun, added to, broken off, gone on with, and accepted like any other.

What has arrived is safe before it is acknowledged, whatever dies in between. Every object is noted before its first
byte and stays nobody's until the file is whole, so that what is never finished goes when it expires.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import Conflict, DocVaultError, InvalidInput, NotFound, TooLarge
from docvault.library.schemas import folder_path, tag_list
from docvault.logging import get_logger
from docvault.models import ResumableUpload
from docvault.resources import Resources
from docvault.settings import Settings
from docvault.storage.uploading import settled
from ingestion import queries
from ingestion import resumable_queries as uploads
from ingestion.multipart import display_name
from ingestion.receiving import Piece, Receiving, Standing, lease, locked, most, standing_of, too_long
from ingestion.uploads import give_up

MOST = 1000  # uploads that one look takes
SILENT = 60.0  # seconds a sender has to come back for the answer to its last byte
AGAIN = 3600.0  # seconds until one that was refused is tried again
log = get_logger(__name__)


async def begin(
    resources: Resources, owner_id: UUID, total: int | None, header: str, named: dict[str, str]
) -> Standing:
    """A new upload, of which nothing has arrived. `named` is what `header` says. Raises `RequestError`."""
    settings, id = resources.settings, uuid4()
    _check_size(total, settings)
    upload = ResumableUpload(
        owner_id=owner_id, id=id, object_key=f"{owner_id}/{id}", metadata_header=header, size_bytes=total,
        filename=display_name(named.get("filename") or named.get("name")), folder=_folder(named), store_state={},
        tags=tag_list(named.get("tags", "").split(","), settings.max_tags),
    )  # fmt: skip
    async with resources.database.transaction(owner_id) as session:
        await queries.lock_uploads(session, owner_id)
        await _check_room(session, owner_id, settings, total or 0, files=1)
        await uploads.add(session, upload, settings.upload_expiry)
        await queries.reserve_object(session, owner_id, upload.object_key, settings.upload_expiry)
        return standing_of(upload)


async def check(resources: Resources, owner_id: UUID, id: UUID) -> None:
    """Raises `NotFound` for one that is not there, not yours or expired."""
    async with resources.database.transaction(owner_id) as session:
        await uploads.find(session, owner_id, id)


async def stand(resources: Resources, owner_id: UUID, id: UUID) -> Standing:
    """How far the upload is. One whose last bytes arrived and that was not accepted yet, is now: the process may have
    died in between, and a client that is told of all bytes sends no more. Raises `NotFound`, and as `receive` does."""
    async with resources.database.transaction(owner_id) as session:
        upload = await uploads.find(session, owner_id, id)
        standing = standing_of(upload)
    if upload.document_id or upload.received_bytes != upload.size_bytes:
        return standing
    return await receive(resources, owner_id, id, Piece(_nothing(), upload.received_bytes))


async def receive(resources: Resources, owner_id: UUID, id: UUID, piece: Piece) -> Standing:
    """Add what the request brings; with the last of it, the file is accepted.

    Raises `NotFound`, `Conflict` (not the next byte), `Locked` (another request is at it), `TooLarge`,
    `ChecksumMismatch` (nothing of the request is kept), `ClientGone` (what arrived is), `Unavailable`.
    """
    held = await _hold(resources, owner_id, id, piece)
    if isinstance(held, Standing):
        return held
    receiving = Receiving(resources, held, piece)
    try:
        return await receiving.run()
    except FileNotFoundError:
        await end(resources, owner_id, id)
        raise NotFound("The store has lost the beginning of this upload.", hint="Begin a new one.") from None
    finally:
        await settled(receiving.let_go())


async def end(resources: Resources, owner_id: UUID, id: UUID) -> None:
    """Forget the upload, with the bytes it has; a document that it became stays. Raises `NotFound`."""
    async with resources.database.transaction(owner_id) as session:
        await uploads.expire(session, owner_id, id)
    await _clear(resources, owner_id, id)


async def finish_whole(resources: Resources) -> int:
    """Accept uploads whose last byte had arrived when their request died: who saw all of it sent may never come back.

    Returns how many became documents.
    """
    async with resources.database.lookup() as connection:
        due = await uploads.whole_uploads(connection, SILENT, MOST)
    return sum([await _finish(resources, owner_id, id) for owner_id, id in due])


async def clear_expired(resources: Resources) -> int:
    """Remove what nobody went on with. Returns how many uploads."""
    async with resources.database.lookup() as connection:
        due = await uploads.expired_uploads(connection, MOST)
    return sum([await _clear(resources, owner_id, id) for owner_id, id in due])


async def is_open(resources: Resources, key: str) -> bool:
    """Whether an upload may still go on with the object of this key."""
    try:
        owner_id = UUID(key.partition("/")[0])
    except ValueError:
        return False
    async with resources.database.transaction(owner_id) as session:
        return await uploads.is_open(session, owner_id, key)


async def _hold(resources: Resources, owner_id: UUID, id: UUID, piece: Piece) -> uploads.Hold | Standing:
    """The upload, for this request alone; or how it stands, when nothing is left to do."""
    settings = resources.settings
    async with resources.database.transaction(owner_id) as session:
        upload = await uploads.find(session, owner_id, id, lock=True)
        held = await uploads.is_held(session, upload)
        if upload.received_bytes != piece.offset and not held:
            raise Conflict(
                f"The next byte of this upload is {upload.received_bytes}, not {piece.offset}.",
                code="offset_mismatch",
                hint="Ask where it stands with HEAD, and go on from there.",
            )
        if held:
            raise locked()
        await _settle_size(session, upload, piece, settings)
        if piece.length and piece.offset + piece.length > most(upload.size_bytes, settings):
            raise too_long(upload.size_bytes, settings)
        if upload.document_id:
            return standing_of(upload)
        return await uploads.hold(session, upload, lease(settings), settings.upload_expiry)


async def _settle_size(session: AsyncSession, upload: ResumableUpload, piece: Piece, settings: Settings) -> None:
    """A size that was left open may be told with any request, once."""
    if upload.size_bytes is None:
        if piece.total is not None and piece.total < upload.received_bytes:
            raise _invalid("`Upload-Length` is less than what has arrived already.")
        _check_size(piece.total, settings)
        more = 0 if piece.total is None else piece.total - upload.received_bytes
        await _check_room(session, upload.owner_id, settings, more)
        upload.size_bytes = piece.total
    elif piece.total not in (None, upload.size_bytes):
        raise _invalid("`Upload-Length` cannot be changed.")


async def _check_room(session: AsyncSession, owner_id: UUID, settings: Settings, more: int, files: int = 0) -> None:
    """Refused before the first byte, what would be refused after the last one: by the quotas of all one keeps."""
    count, size = await queries.totals(session, owner_id)
    open_count, open_size = await uploads.open_totals(session, owner_id)
    if count + open_count + files > settings.max_owner_files:
        raise TooLarge(
            f"You may keep {settings.max_owner_files} documents, and have {count} and {open_count} on the way.",
            code="too_many_documents",
            hint="Delete some, or ask your administrator for more.",
        )
    if size + open_size + more > settings.max_owner_bytes:
        raise TooLarge(
            f"You may keep {settings.max_owner_bytes} bytes, and have {size} and {open_size} on the way.",
            code="storage_quota_reached",
            hint="Delete some documents, or ask your administrator for more.",
        )


async def _finish(resources: Resources, owner_id: UUID, id: UUID) -> bool:
    """What is refused now (for a quota, say) may be accepted later, and expires as it would have."""
    try:
        async with resources.database.transaction(owner_id) as session:
            expires_at = (await uploads.find(session, owner_id, id)).expires_at
        try:
            return (await stand(resources, owner_id, id)).document_id is not None
        except TooLarge as error:
            log.warning("upload.not_accepted", id=str(id), code=error.code)
            async with resources.database.transaction(owner_id) as session:
                await uploads.put_back(session, owner_id, id, expires_at, AGAIN)
    except DocVaultError as error:  # its sender came back, or a part of ours is away
        log.info("upload.not_finished", id=str(id), code=error.code)
    return False


async def _clear(resources: Resources, owner_id: UUID, id: UUID) -> bool:
    """Remove an expired upload. What cannot be removed now stays expired, and is tried again."""
    try:
        async with resources.database.transaction(owner_id) as session:
            upload = await uploads.expired(session, owner_id, id)
        if upload is None:
            return False
        if upload.document_id is None:
            partial = uploads.partial_of(upload)
            await resources.store.abort(upload.object_key, partial)
            await give_up(resources, owner_id, [upload.object_key, *filter(None, [partial.rest])])
        async with resources.database.transaction(owner_id) as session:
            await uploads.forget(session, owner_id, id)
    except DocVaultError as error:
        log.warning("upload.left_to_the_sweeper", keys=1, error=error.detail)
        return False
    return True


def _folder(named: dict[str, str]) -> str:
    """`folder`, and in it the folders of `relativePath`, as browsers name a file of a folder that was dropped."""
    inner = str(PurePosixPath(named.get("relativePath", "")).parent)
    return folder_path(f"{named.get('folder', '')}/{'' if inner == '.' else inner}")


def _check_size(total: int | None, settings: Settings) -> None:
    if total is not None and total > settings.max_file_bytes:
        raise too_long(None, settings)


def _invalid(detail: str) -> InvalidInput:
    return InvalidInput(detail, code="invalid_upload")


async def _nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece
