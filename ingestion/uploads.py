"""Receive files: parse, hash and store them while they arrive, then write all of them down in one transaction.

A request is accepted whole or not at all. Whatever breaks it off (a limit, a client that leaves, a store that is away,
this process dying) leaves no document; and no bytes either, for every object key is noted before its first byte.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from docvault.errors import InvalidInput, RequestError, Unavailable
from docvault.library.schemas import DocumentView, folder_path, tag_list
from docvault.logging import get_logger
from docvault.resources import Resources
from docvault.settings import Settings
from docvault.unit_of_work import unit_of_work
from ingestion import queries
from ingestion.accept import Received, accept
from ingestion.filetypes import HEAD_BYTES, sniff
from ingestion.multipart import Limits, Part, display_name, parts

log = get_logger(__name__)


@dataclass
class Form:
    """A request as far as it has arrived."""

    files: list[Received] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    folder: str = ""
    tags: list[str] = field(default_factory=list)


async def receive(
    resources: Resources,
    owner_id: UUID,
    content_type: str,
    body: AsyncIterator[bytes],
    content_length: int | None = None,
) -> list[DocumentView]:
    """The documents of an upload, in the order of its files. Raises `RequestError`, having kept nothing."""
    form = Form()
    try:
        incoming = parts(body, content_type, limits(resources.settings), content_length)
        await _read_form(resources, owner_id, incoming, form)
        async with unit_of_work(resources.database, resources.queue, resources.cache, owner_id) as unit:
            views = await accept(unit, resources.settings, form.files, form.folder, form.tags)
    except BaseException:
        # Cancelled or not, what has been stored must be given up before this request ends.
        await asyncio.shield(give_up(resources, owner_id, form.keys))
        raise
    log.info("upload.accepted", files=len(form.files), bytes=sum(file.size for file in form.files))
    return views


def limits(settings: Settings) -> Limits:
    return Limits(
        max_file_bytes=settings.max_file_bytes,
        max_request_bytes=settings.max_request_bytes,
        max_files=settings.max_request_files,
    )


async def _read_form(resources: Resources, owner_id: UUID, incoming: AsyncIterator[Part], form: Form) -> None:
    async for part in incoming:
        if part.name == "file" and part.filename is not None:
            form.files.append(await _store(resources, owner_id, part, form))
        elif part.name == "folder":
            form.folder = folder_path(await part.text())
        elif part.name == "tags":
            # Several parts, or one with commas between.
            form.tags = tag_list(form.tags + (await part.text()).split(","), resources.settings.max_tags)
        else:
            raise InvalidInput(
                f"The part `{part.name}` is not one of an upload.",
                code="unknown_part",
                hint="Send `file` parts with a filename, and if you like `folder` and `tags`.",
            )
    if not form.files:
        raise InvalidInput("There is no file in this upload.", code="no_files", hint="Send one or more `file` parts.")


async def _store(resources: Resources, owner_id: UUID, part: Part, form: Form) -> Received:
    revision_id = uuid4()
    key = f"{owner_id}/{revision_id}"
    async with resources.database.transaction(owner_id) as session:
        await queries.reserve_object(session, owner_id, key, resources.settings.upload_expiry)
    form.keys.append(key)
    digest, head, size = hashlib.sha256(), bytearray(), 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal size
        async for piece in part:
            size += len(piece)
            if len(head) < HEAD_BYTES:
                head.extend(piece[: HEAD_BYTES - len(head)])
            yield piece

    stored = await resources.store.put(key, pieces(), digest)
    if stored != size:
        raise Unavailable("The store did not keep the whole file.", code="storage_unavailable", hint="Try again.")
    filename = display_name(part.filename)
    return Received(revision_id, key, filename, sniff(bytes(head), filename).content_type, size, digest.digest())


async def give_up(resources: Resources, owner_id: UUID, keys: Sequence[str]) -> None:
    """Remove what was stored. What cannot be removed now, the sweeper removes when its expiry is over.

    Only objects that no document holds: when a commit's answer is lost, the documents may be there all the same.
    """
    try:
        async with resources.database.transaction(owner_id) as session:
            unowned = await queries.discard_objects(session, owner_id, keys)
        for key in unowned:
            await resources.store.delete(key)
            async with resources.database.transaction(owner_id) as session:
                await queries.forget_object(session, owner_id, key)
    except (RequestError, OSError) as error:
        log.warning("upload.left_to_the_sweeper", keys=len(keys), error=str(error))
