"""Folders and tags, what they hold, and how much of their quotas a person uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from docvault.errors import Conflict, InvalidInput, NotFound
from docvault.library import folder_queries as queries
from docvault.library import trash_queries
from docvault.library.folder_queries import Content
from docvault.library.schemas import (
    MAX_FOLDER,
    FolderCreate,
    FolderDeleted,
    FolderMoved,
    FolderPatch,
    FoldersView,
    FolderView,
    TagsView,
    TagView,
    UsageView,
    folder_path,
)
from docvault.resources import Resources
from docvault.security.access import requires
from docvault.unit_of_work import UnitOfWork

EMPTY = Content(0, 0)


@get("/api/folders", tags=["folders"], guards=[requires("documents:read")])
async def list_folders(unit: NamedDependency[UnitOfWork]) -> FoldersView:
    """All your folders, by path: made, or with documents, and those around them."""
    contents = await queries.contents(unit.session, unit.owner_id)
    paths = {*_with_parents(contents), *_with_parents(await queries.made(unit.session, unit.owner_id))}
    ordered = sorted(paths, key=lambda path: path.split("/"))
    return FoldersView([FolderView(path, *contents.get(path, EMPTY)) for path in ordered])


@post("/api/folders", tags=["folders"], guards=[requires("documents:write")])
async def create_folder(unit: NamedDependency[UnitOfWork], data: JSONBody[FolderCreate]) -> FolderView:
    """Make a folder, and those around it. One that is there already is left as it is."""
    path = _named(data.path)
    await queries.make(unit.session, unit.owner_id, [*_with_parents([path])])
    contents = await queries.contents(unit.session, unit.owner_id, path)
    return FolderView(path, *contents.get(path, EMPTY))


@patch("/api/folders", tags=["folders"], guards=[requires("documents:write")])
async def move_folder(unit: NamedDependency[UnitOfWork], data: JSONBody[FolderPatch]) -> FolderMoved:
    """Rename a folder or move it, with everything below. Into one that is there, its documents come beside those there.

    Documents of one name stay apart: none becomes a revision of another.
    """
    path, new = _named(data.path), _named(data.new_path)
    session, owner_id = unit.session, unit.owner_id
    if not await queries.exists(session, owner_id, path):
        raise NotFound("There is no such folder.")
    if new == path:
        return FolderMoved(path, 0)
    if new.startswith(path + "/"):
        raise Conflict("A folder cannot be moved into itself.", code="folder_into_itself", hint="Choose another place.")
    if len(new) + await queries.longest(session, owner_id, path) > MAX_FOLDER:
        raise InvalidInput(
            "A folder below it would have too long a path.",
            code="invalid_folder",
            hint=f"At most {MAX_FOLDER} characters with all folders around it.",
        )
    ids = await queries.inside(session, owner_id, path)
    await queries.rename(session, owner_id, ids, path, new)
    unit.changed(*ids)
    return FolderMoved(new, len(ids))


@delete("/api/folders", status_code=200, tags=["folders"], guards=[requires("documents:write")])
async def delete_folder(unit: NamedDependency[UnitOfWork], path: FromQuery[str]) -> FolderDeleted:
    """Remove a folder with those below it, and put all their documents into the trash."""
    folder = _named(path)
    if not await queries.exists(unit.session, unit.owner_id, folder):
        raise NotFound("There is no such folder.")
    trashed = await trash_queries.trash_folder(unit.session, unit.owner_id, folder)
    await queries.unmake(unit.session, unit.owner_id, folder)
    unit.changed(*trashed)
    return FolderDeleted(len(trashed))


@get("/api/tags", tags=["folders"], guards=[requires("documents:read")])
async def list_tags(unit: NamedDependency[UnitOfWork]) -> TagsView:
    """All your tags, the most frequent first."""
    return TagsView([TagView(*row) for row in await queries.tags(unit.session, unit.owner_id)])


@get("/api/usage", tags=["documents"], guards=[requires("documents:read")])
async def usage(unit: NamedDependency[UnitOfWork], resources: NamedDependency[Resources]) -> UsageView:
    """How much you keep, and how much you may. The trash counts until it is emptied."""
    kept = await trash_queries.kept(unit.session, unit.owner_id)
    return UsageView(*kept, resources.settings.max_owner_files, resources.settings.max_owner_bytes)


def _named(raw: str) -> str:
    path = folder_path(raw)
    if not path:
        raise InvalidInput(
            "The folder has no name.", code="invalid_folder", hint="Names separated by `/`, as `work/2024`."
        )
    return path


def _with_parents(paths: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for path in paths:
        while path and path not in seen:
            seen.add(path)
            yield path
            path = path.rpartition("/")[0]


folder_routes = [list_folders, create_folder, move_folder, delete_folder, list_tags, usage]
