"""Files whose bytes are in the store become documents: one transaction for all of an upload."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import TooLarge, Unavailable
from docvault.library import queries as library
from docvault.library import trash_queries
from docvault.library.schemas import DocumentView
from docvault.library.views import views
from docvault.models import Document, Revision
from docvault.settings import Settings
from docvault.unit_of_work import UnitOfWork
from ingestion import archive_queries, queries
from ingestion.forecast import expected_passages
from ingestion.jobs import INGEST
from ingestion.revision_queries import Change, revise


class Received(msgspec.Struct, frozen=True):
    """One file whose bytes are in the store, and nowhere else yet."""

    revision_id: UUID
    key: str
    filename: str
    content_type: str
    size: int
    sha256: bytes


async def accept(
    unit: UnitOfWork, settings: Settings, files: Sequence[Received], folder: str = "", tags: Sequence[str] = ()
) -> list[DocumentView]:
    """The documents of `files`, in their order.

    A file with the bytes of a document that is there already is that document; if it is in the trash, it is taken out
    of it and put where this upload says. One with the name of a document in the same folder, which is not in the trash,
    is a new revision of it. Raises `TooLarge` over a quota, `Unavailable` when the upload took too long.
    """
    session, owner_id = unit.session, unit.owner_id
    await queries.lock_uploads(session, owner_id)
    hashes = {file.sha256 for file in files}
    alike = await queries.alike(session, owner_id, hashes, folder, {file.filename for file in files})
    locked = set(await library.with_members(session, owner_id, alike)) if alike else set[UUID]()
    known = await queries.same_bytes(session, owner_id, hashes, locked)
    # Of the same bytes twice in one upload, the first is the document.
    fresh = list({file.sha256: file for file in reversed(files) if file.sha256 not in known}.values())[::-1]
    named = await _named(session, owner_id, folder, fresh, locked, set(known.values()))
    await _check_quota(session, owner_id, settings, fresh, len(fresh) - len(named))
    if await queries.adopt_objects(session, owner_id, [file.key for file in fresh]) < len(fresh):
        raise Unavailable("The upload took longer than it may.", code="upload_expired", hint="Upload it again.")
    added = await _add(session, owner_id, fresh, named, folder, tags)
    spare = {file.key for file in files} - {file.key for file in fresh}
    await queries.discard_objects(session, owner_id, list(spare))
    restored = await _restored(session, owner_id, folder, files, known)
    await archive_queries.stand_alone(session, owner_id, known.values())
    await queries.note_other_names(session, owner_id, folder, _names(files, added | known))
    # Uploading a failed document again is asking to retry it.
    again = await queries.retry_these(session, owner_id, set(known.values()))
    for id in [*added.values(), *again]:
        unit.promise(INGEST, id)
        unit.changed(id)
    unit.changed(*restored)
    return await _shown(session, owner_id, files, added | known, {file.key for file in fresh})


async def _restored(
    session: AsyncSession, owner_id: UUID, folder: str, files: Sequence[Received], known: dict[bytes, UUID]
) -> list[UUID]:
    """Take documents out of the trash whose bytes were uploaded again, and what came out of them."""
    restored = await trash_queries.restore(session, owner_id, list(known.values()))
    names = {known[file.sha256]: file.filename for file in reversed(files) if file.sha256 in known}
    for id in names.keys() & set(restored):
        await library.change(session, owner_id, id, {"folder": folder, "filename": names[id]})
    return restored


def _names(files: Sequence[Received], ids: dict[bytes, UUID]) -> dict[UUID, set[str]]:
    """Every name that each document came under in this upload."""
    names: dict[UUID, set[str]] = {}
    for file in files:
        names.setdefault(ids[file.sha256], set()).add(file.filename)
    return names


async def _named(
    session: AsyncSession,
    owner_id: UUID,
    folder: str,
    fresh: Sequence[Received],
    locked: set[UUID],
    wanted: set[UUID],
) -> dict[str, Document]:
    """The documents that these files are to be revisions of, by name.

    Two files of one name in one upload are no versions of each other: the first is the revision. And a document of
    `wanted`, whose own bytes came in this upload too, is replaced by none: those would be lost.
    """
    found = await queries.same_names(session, owner_id, folder, {file.filename for file in fresh}, locked)
    return {document.filename: document for document in found if document.id not in wanted}


async def _add(
    session: AsyncSession,
    owner_id: UUID,
    fresh: Sequence[Received],
    named: dict[str, Document],
    folder: str,
    tags: Sequence[str],
) -> dict[bytes, UUID]:
    """Hash to document, for each fresh file."""
    named, added, changes = dict(named), dict[bytes, UUID](), list[Change]()
    for file in fresh:
        work = expected_passages(file.content_type, file.size)
        if document := named.pop(file.filename, None):
            changes.append(Change(document, _revision(owner_id, document.id, file), work))
        else:
            document = Document(
                owner_id=owner_id, id=uuid4(), revision_id=file.revision_id, filename=file.filename, folder=folder,
                tags=list(tags), status="queued", work=work,
            )  # fmt: skip
            session.add_all([document, _revision(owner_id, document.id, file)])
        added[file.sha256] = document.id
    await session.flush()
    await revise(session, owner_id, changes)
    return added


def _revision(owner_id: UUID, document_id: UUID, file: Received) -> Revision:
    return Revision(
        owner_id=owner_id, id=file.revision_id, document_id=document_id, number=1, object_key=file.key,
        size_bytes=file.size, sha256=file.sha256, content_type=file.content_type,
    )  # fmt: skip


async def _shown(
    session: AsyncSession, owner_id: UUID, files: Sequence[Received], ids: dict[bytes, UUID], first: set[str]
) -> list[DocumentView]:
    """`duplicate_of` is set for files that brought nothing new.

    Their places in the queue are left out: of a long import, each upload would count all those before it.
    """
    session.expire_all()
    rows = await library.by_ids(session, owner_id, list(dict.fromkeys(ids[file.sha256] for file in files)))
    shown = {view.id: view for view in await views(session, owner_id, rows, places=False)}
    return [
        shown[id] if file.key in first else msgspec.structs.replace(shown[id], duplicate_of=id)
        for file in files
        if (id := ids[file.sha256])
    ]


async def _check_quota(
    session: AsyncSession, owner_id: UUID, settings: Settings, fresh: Sequence[Received], more: int
) -> None:
    count, size = await queries.totals(session, owner_id)
    if count + more > settings.max_owner_files:
        raise TooLarge(
            f"You may keep {settings.max_owner_files} documents and have {count}.",
            code="too_many_documents",
            hint="Empty the trash, delete some, or ask your administrator for more.",
        )
    if size + sum(file.size for file in fresh) > settings.max_owner_bytes:
        raise TooLarge(
            f"You may keep {settings.max_owner_bytes} bytes and have {size}.",
            code="storage_quota_reached",
            hint="Empty the trash, delete some documents, or ask your administrator for more.",
        )
