"""The list of documents, one document, its bytes and its text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, patch
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from docvault.errors import InvalidInput
from docvault.library import queries
from docvault.library.content import content
from docvault.library.find_words import find_words, wanted_words, with_boxes
from docvault.library.folder_routes import folder_routes
from docvault.library.links import link
from docvault.library.list_queries import DocumentFilter, ids, listed
from docvault.library.list_queries import count as count_documents
from docvault.library.schemas import (
    DocumentIds,
    DocumentPage,
    DocumentPatch,
    DocumentText,
    DocumentView,
    FindView,
    PageView,
    composed,
    folder_path,
    tag_list,
)
from docvault.library.views import find_view, views
from docvault.models import DocumentStatus
from docvault.pagination import cursor_page, decode_cursor, encode_cursor
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from docvault.unit_of_work import UnitOfWork

Sort = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "filename", "-filename", "size_bytes", "-size_bytes"
]
MOST_IDS = 10_000  # 390 kB as JSON
Limit = Annotated[int, QueryParameter(ge=1, le=500)]
IdLimit = Annotated[int, QueryParameter(ge=1, le=MOST_IDS)]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1)]
First = Annotated[int, QueryParameter(ge=1, le=2**31 - 1)]
Last = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]


def document_filter(
    folder: FromQuery[str | None] = None,
    direct: FromQuery[bool] = False,
    tag: FromQuery[list[str] | None] = None,
    status: FromQuery[DocumentStatus | None] = None,
    q: FromQuery[str | None] = None,
    content_type: FromQuery[list[str] | None] = None,
    created_after: FromQuery[datetime | None] = None,
    created_before: FromQuery[datetime | None] = None,
    trashed: FromQuery[bool] = False,
) -> DocumentFilter:
    return DocumentFilter(
        folder and folder_path(folder), [composed(each) for each in tag or ()], status, q and composed(q), direct,
        content_type or (), created_after, created_before, trashed,
    )  # fmt: skip


class DocumentsController(Controller):
    path = "/api/documents"
    tags = ["documents"]  # noqa: RUF012
    dependencies = {"wanted": Provide(document_filter, sync_to_thread=False)}  # noqa: RUF012

    @get(guards=[requires("documents:read")])
    async def list_documents(
        self,
        unit: NamedDependency[UnitOfWork],
        wanted: NamedDependency[DocumentFilter],
        cursor: FromQuery[str | None] = None,
        offset: Offset = 0,
        limit: Limit = 50,
        count: FromQuery[bool] = False,
        sort: FromQuery[Sort] = "-created_at",
    ) -> DocumentPage:
        """Your documents, newest first. `folder` includes those below it, unless `direct`; all `tag`s must be there.

        Of several `content_type`s one must fit, whole or, as `image/`, from its beginning. `trashed` lists the trash
        instead. `count` asks for the `total` of all pages. `offset` leaves out so many, from the cursor or from the
        beginning: for a look into the middle of a list. Whoever wants all of it follows the cursors, which are quicker
        and miss nothing when documents come and go meanwhile.
        """
        after = decode_cursor(cursor, sort)
        rows = await listed(unit.session, unit.owner_id, wanted, sort, after, limit + 1, offset)
        found = await views(unit.session, unit.owner_id, [(document, revision) for document, revision, _ in rows])
        keys = [(value, document.id) for document, _, value in rows]
        page = cursor_page(
            list(zip(found, keys, strict=True)), limit, lambda row: row[0], lambda row: encode_cursor(sort, *row[1])
        )
        total = await count_documents(unit.session, unit.owner_id, wanted) if count else None
        return DocumentPage(page.items, page.next_cursor, total)

    @get("/ids", guards=[requires("documents:read")])
    async def list_ids(
        self,
        unit: NamedDependency[UnitOfWork],
        wanted: NamedDependency[DocumentFilter],
        offset: Offset = 0,
        limit: IdLimit = MOST_IDS,
        sort: FromQuery[Sort] = "-created_at",
    ) -> DocumentIds:
        """The ids alone of the same list, many at once: of all that passes, or of a stretch of it."""
        return DocumentIds(list(await ids(unit.session, unit.owner_id, wanted, sort, offset, limit)))

    @get("/{document_id:uuid}", guards=[requires("documents:read")])
    async def get_document(self, unit: NamedDependency[UnitOfWork], document_id: FromPath[UUID]) -> DocumentView:
        """One document, with how far it has been read."""
        return await find_view(unit.session, unit.owner_id, document_id)

    @patch("/{document_id:uuid}", guards=[requires("documents:write")])
    async def patch_document(
        self,
        unit: NamedDependency[UnitOfWork],
        resources: NamedDependency[Resources],
        document_id: FromPath[UUID],
        data: JSONBody[DocumentPatch],
    ) -> DocumentView:
        """Rename a document, move it to a folder, change its tags."""
        values = _changes(data, resources.settings.max_tags)
        await queries.change(unit.session, unit.owner_id, document_id, values)
        unit.changed(document_id)
        return await find_view(unit.session, unit.owner_id, document_id)

    @delete("/{document_id:uuid}", guards=[requires("documents:write")])
    async def delete_document(self, unit: NamedDependency[UnitOfWork], document_id: FromPath[UUID]) -> None:
        """Delete a document: its passages are gone with this answer, its bytes seconds later."""
        unit.deleted(*await queries.remove(unit.session, unit.owner_id, document_id))

    @get("/{document_id:uuid}/text", guards=[requires("documents:read")])
    async def get_text(
        self,
        unit: NamedDependency[UnitOfWork],
        document_id: FromPath[UUID],
        first: First = 1,
        last: Last = None,
    ) -> DocumentText:
        """The text of each page, or of the pages `first` to `last`, as citations are checked against it.

        Pages count from 1.
        """
        document, revision = await queries.find(unit.session, unit.owner_id, document_id)
        pages = await queries.pages(unit.session, document.owner_id, revision.id, first, last)
        return DocumentText([PageView(page.number, page.text, page.width, page.height, page.places) for page in pages])

    @get("/{document_id:uuid}/find", guards=[requires("documents:read")])
    async def find_in_document(
        self,
        unit: NamedDependency[UnitOfWork],
        document_id: FromPath[UUID],
        q: FromQuery[str],
        limit: Limit = 100,
        boxes: FromQuery[bool] = False,
    ) -> FindView:
        """Where these words stand in the document, whatever their case, their accents and the space between them.

        With `boxes`, also where the lines that hold them stand on their pages.
        """
        wanted = wanted_words(q)
        _, revision = await queries.find(unit.session, unit.owner_id, document_id)
        found = await find_words(unit.session, unit.owner_id, revision.id, wanted, limit)
        return await with_boxes(unit.session, unit.owner_id, revision, found) if boxes else found

    @get(
        "/{document_id:uuid}/content",
        guards=[requires("documents:read")],
        opt={"uncompressed": True, "ticket": "content"},
        media_type="application/octet-stream",
    )
    async def get_content(
        self,
        request: Request[Identity, Any, Any],
        resources: NamedDependency[Resources],
        identity: NamedDependency[Identity],
        document_id: FromPath[UUID],
        inline: FromQuery[bool] = False,
        ticket: FromQuery[str | None] = None,
    ) -> Stream | Response[bytes]:
        """The very bytes that were uploaded, whole or a `Range` of them.

        `ticket` comes from `link`, and takes the place of the header. `inline` lets a browser show what it can.
        """
        async with resources.database.transaction(identity.owner_id) as session:
            document, revision = await queries.find(session, identity.owner_id, document_id)
        scanned = bool(resources.settings.clamav)
        return await content(resources.store, document, revision, request.headers, scanned=scanned, inline=inline)


def _changes(data: DocumentPatch, most_tags: int) -> dict[str, Any]:
    values = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
    if "filename" in values:
        values["filename"] = _filename(values["filename"])
    if "folder" in values:
        values["folder"] = folder_path(values["folder"])
    if "tags" in values:
        values["tags"] = tag_list(values["tags"], most_tags)
    return values


def _filename(raw: str) -> str:
    name = composed(raw.strip())
    if not name or not name.isprintable() or "/" in name or "\\" in name or len(name.encode()) > 255:
        raise InvalidInput(
            "The filename is not usable.", code="invalid_filename", hint="One name without `/`, at most 255 bytes."
        )
    return name


library_routes = [DocumentsController, link, *folder_routes]
