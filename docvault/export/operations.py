"""What is in an export, and in which order: documents, what is known of them, conversations, the account."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from typing import IO, Any
from uuid import UUID

import msgspec

from docvault.accounts.queries import preferences
from docvault.accounts.schemas import api_key_view, user_view
from docvault.errors import Conflict
from docvault.export import queries
from docvault.export.archive import Archive
from docvault.export.names import Names
from docvault.library.content import check_clean
from docvault.logging import get_logger
from docvault.models import Conversation, Document, Revision, User
from docvault.resources import Resources
from search.conversations import citations, messages
from search.exchange import saved

log = get_logger(__name__)


class ExportedDocument(msgspec.Struct):
    """One of `documents.json`. `path` is where its bytes are in the ZIP; null when they are `left_out`, and why."""

    id: UUID
    path: str | None
    filename: str
    folder: str
    tags: list[str]
    content_type: str
    size_bytes: int
    sha256: str
    status: str
    title: str | None
    language: str | None
    pages: int
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None
    archive_id: UUID | None
    revision: int
    left_out: str | None = None


async def export(resources: Resources, owner_id: UUID) -> AsyncGenerator[bytes]:
    """The ZIP, piece by piece.

    Short transactions, none open while bytes are sent: it may take hours over a slow line. So it is no picture of one
    moment; what changes meanwhile is in it as it was when its turn came. An error breaks it off, which every
    program that unpacks sees: the directory of a ZIP is its end.
    """
    archive, now = Archive(), datetime.now(UTC)
    with tempfile.TemporaryFile() as listed:
        async with aclosing(_documents(resources, owner_id, archive, listed)) as pieces:
            async for piece in pieces:
                yield piece
        for piece in archive.text("documents.json", now, _list(listed)):
            yield piece
    with tempfile.TemporaryFile() as said:
        await _conversations(resources, owner_id, said)
        for piece in archive.text("conversations.json", now, _list(said)):
            yield piece
    for piece in archive.text("account.json", now, [await _account(resources, owner_id)]):
        yield piece
    yield archive.close()
    log.info("account.exported", owner_id=str(owner_id))


async def _documents(
    resources: Resources, owner_id: UUID, archive: Archive, listed: IO[bytes]
) -> AsyncGenerator[bytes]:
    names, last = Names(), None
    while True:
        async with resources.database.transaction(owner_id) as session:
            some = await queries.documents(session, owner_id, last)
        for found in some:
            async with aclosing(_document(resources, archive, names, listed, *found)) as pieces:
                async for piece in pieces:
                    yield piece
        if not some:
            return
        last = some[-1][0]


async def _document(
    resources: Resources, archive: Archive, names: Names, listed: IO[bytes], document: Document, revision: Revision
) -> AsyncGenerator[bytes]:
    """Its bytes. Where a newer revision has taken their place since it was looked up, those; where it is gone, none."""
    why = _refused(resources, document)
    async with AsyncExitStack() as stack:
        pieces = None
        while why is None and pieces is None:
            try:
                pieces = await stack.enter_async_context(resources.store.read(revision.object_key))
            except FileNotFoundError:
                if (now := await _now(resources, document)) is None:
                    return
                why = "content_missing" if now[1].id == revision.id else _refused(resources, now[0])
                document, revision = now
        path = names.path(document.folder, document.filename, trashed=document.trashed_at is not None)
        if pieces is not None:
            async with aclosing(archive.file(path, revision.size_bytes, revision.created_at, pieces)) as packed:
                async for piece in packed:
                    yield piece
    _note(listed, _exported(document, revision, path, why))


async def _now(resources: Resources, document: Document) -> tuple[Document, Revision] | None:
    async with resources.database.transaction(document.owner_id) as session:
        return await queries.document(session, document.owner_id, document.id)


def _refused(resources: Resources, document: Document) -> str | None:
    """The code for which its download is refused too."""
    try:
        check_clean(document, scanned=bool(resources.settings.clamav))
    except Conflict as refusal:
        return refusal.code
    return None


def _exported(document: Document, revision: Revision, path: str, why: str | None) -> ExportedDocument:
    return ExportedDocument(
        id=document.id,
        path=path if why is None else None,
        filename=document.filename,
        folder=document.folder,
        tags=document.tags,
        content_type=revision.content_type,
        size_bytes=revision.size_bytes,
        sha256=revision.sha256.hex(),
        status=document.status,
        title=document.title,
        language=document.language,
        pages=document.pages,
        created_at=document.created_at,
        updated_at=document.updated_at,
        trashed_at=document.trashed_at,
        archive_id=document.archive_id,
        revision=revision.number,
        left_out=why,
    )


async def _conversations(resources: Resources, owner_id: UUID, said: IO[bytes]) -> None:
    """Each in the form of its own export, to be imported again."""
    last: Conversation | None = None
    while True:
        async with resources.database.transaction(owner_id) as session:
            some = await queries.conversations(session, owner_id, last)
            for conversation in some:
                spoken = list(await messages(session, owner_id, conversation.id))
                cited = await citations(session, owner_id, [message.id for message in spoken])
                _note(said, saved(conversation, spoken, cited))
        if not some:
            return
        last = some[-1]


async def _account(resources: Resources, owner_id: UUID) -> bytes:
    async with resources.database.transaction(owner_id) as session:
        user = await session.get_one(User, owner_id)
        told = {
            "user": user_view(user, await preferences(session, owner_id)),
            "api_keys": [api_key_view(key) for key in await queries.api_keys(session, owner_id)],
            "webhooks": [
                {"url": hook.url, "events": hook.events, "created_at": hook.created_at}
                for hook in await queries.webhooks(session, owner_id)
            ],
        }
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def _note(lines: IO[bytes], item: Any) -> None:
    lines.write((b",\n" if lines.tell() else b"") + msgspec.json.encode(item))


def _list(lines: IO[bytes]) -> Iterator[bytes]:
    lines.seek(0)
    yield b"[\n"
    yield from lines
    yield b"\n]\n"
