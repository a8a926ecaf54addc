"""Many documents at once, and the trash as a whole."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from docvault.errors import InvalidInput
from docvault.library import queries as library
from docvault.library import trash_queries
from docvault.library.schemas import TrashEmptied, folder_path, tag_list
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from docvault.settings import Settings
from docvault.unit_of_work import UnitOfWork, unit_of_work
from ingestion import queries
from ingestion.jobs import INGEST

MOST = 1000
Action = Literal["move", "add_tags", "remove_tags", "trash", "restore", "delete", "retry"]


class BulkAsked(msgspec.Struct, forbid_unknown_fields=True):
    """`move` needs a `folder`, `add_tags` and `remove_tags` need `tags`."""

    ids: Annotated[list[UUID], msgspec.Meta(max_length=MOST)]
    action: Action
    folder: str | None = None
    tags: list[str] | None = None


class BulkView(msgspec.Struct):
    """The documents that are not as they were, with those that came out of archives among them."""

    changed: list[UUID]


@post("/api/documents/bulk", tags=["documents"], status_code=200, guards=[requires("documents:write")])
async def change_documents(
    unit: NamedDependency[UnitOfWork], resources: NamedDependency[Resources], data: JSONBody[BulkAsked]
) -> BulkView:
    """Do one thing to up to 1,000 documents: all of it is done, or nothing. Ids of no document are left out."""
    changed = await _change(unit, resources.settings, data)
    if data.action == "delete":
        unit.deleted(*changed)
    else:
        unit.changed(*changed)
    return BulkView(changed)


async def _change(unit: UnitOfWork, settings: Settings, data: BulkAsked) -> list[UUID]:
    session, owner_id, ids = unit.session, unit.owner_id, list(dict.fromkeys(data.ids))
    match data.action:
        case "move":
            return await trash_queries.move(session, owner_id, ids, _folder(data))
        case "add_tags":
            return await trash_queries.add_tags(session, owner_id, ids, _tags(data, settings), settings.max_tags)
        case "remove_tags":
            return await trash_queries.remove_tags(session, owner_id, ids, _tags(data, settings))
        case "trash":
            return await trash_queries.trash(session, owner_id, ids)
        case "restore":
            return await trash_queries.restore(session, owner_id, ids)
        case "delete":
            return list(await library.remove_all(session, owner_id, ids))
        case "retry":
            return await _retry(unit, ids)


async def _retry(unit: UnitOfWork, ids: list[UUID]) -> list[UUID]:
    retried = await queries.retry_these(
        unit.session, unit.owner_id, await library.lock(unit.session, unit.owner_id, ids)
    )
    for id in retried:
        unit.promise(INGEST, id)
    return retried


def _folder(data: BulkAsked) -> str:
    if data.folder is None:
        raise InvalidInput("`move` needs a `folder`.", code="invalid_folder", hint='`""` is outside of all folders.')
    return folder_path(data.folder)


def _tags(data: BulkAsked, settings: Settings) -> list[str]:
    tags = tag_list(data.tags or [], settings.max_tags)
    if not tags:
        raise InvalidInput(f"`{data.action}` needs `tags`.", code="invalid_tags", hint="Name at least one.")
    return tags


@post("/api/documents/trash/empty", tags=["documents"], status_code=200, guards=[requires("documents:write")])
async def empty_trash(resources: NamedDependency[Resources], identity: NamedDependency[Identity]) -> TrashEmptied:
    """Delete for good all that is in the trash by now. Some at a time: what was deleted before an error stays so."""
    owner_id, deleted = identity.owner_id, 0
    async with resources.database.transaction(owner_id) as session:
        before = await trash_queries.last_trashed(session, owner_id)
    while before:
        async with unit_of_work(resources.database, resources.queue, resources.cache, owner_id) as unit:
            some = await trash_queries.oldest_trashed(unit.session, owner_id, before, library.SLICE)
            gone = await trash_queries.delete_trashed(unit.session, owner_id, before, some)
            unit.deleted(*gone)
        deleted += len(gone)
        if not some:
            break
    return TrashEmptied(deleted)


bulk_routes = [change_documents, empty_trash]
