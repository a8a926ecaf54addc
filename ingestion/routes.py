"""Uploads, what becomes of them, and the stream that tells about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from docvault.errors import Conflict
from docvault.library import queries as library
from docvault.library.schemas import DocumentView
from docvault.library.views import find_view
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from docvault.security.sealing import seal
from docvault.unit_of_work import UnitOfWork
from ingestion import queries
from ingestion.bulk import bulk_routes
from ingestion.events import events
from ingestion.jobs import INGEST
from ingestion.known import known
from ingestion.overview import overview
from ingestion.revision_queries import keep_served
from ingestion.schemas import IngestionView, KnownAsked, KnownView, RetriedView, RetryAsked, UploadView
from ingestion.uploads import receive

TAGS = ["documents"]


@post("/api/documents", tags=TAGS, status_code=202, guards=[requires("documents:write")], request_max_body_size=None)
async def upload(
    request: Request[Identity, Any, Any], resources: NamedDependency[Resources], identity: NamedDependency[Identity]
) -> UploadView:
    """Upload files: `multipart/form-data` with any number of `file` parts, and optional `folder` and `tags`.

    All are accepted or none. Each is then read by a worker: follow `status` here or in `GET /api/events`.
    """
    content_type, length = request.headers.get("content-type", ""), request.headers.get("content-length", "")
    body = request.stream()
    documents = await receive(
        resources, identity.owner_id, content_type, body, int(length) if length.isdecimal() else None
    )
    return UploadView(documents)


@post("/api/documents/known", tags=TAGS, status_code=200, guards=[requires("documents:read")])
async def known_documents(unit: NamedDependency[UnitOfWork], data: JSONBody[KnownAsked]) -> KnownView:
    """Which of these SHA-256 hashes your documents have already, and what became of them.

    A program that sends a folder asks this first, and sends the others only.
    """
    return KnownView(await known(unit.session, unit.owner_id, data.sha256))


@get("/api/ingestion", tags=TAGS, guards=[requires("documents:read")])
async def ingestion_overview(unit: NamedDependency[UnitOfWork]) -> IngestionView:
    """How many of your documents wait, how long that will take, and why those failed that did."""
    return await overview(unit.session, unit.owner_id)


@post("/api/documents/{document_id:uuid}/retry", tags=TAGS, status_code=202, guards=[requires("documents:write")])
async def retry(
    unit: NamedDependency[UnitOfWork],
    resources: NamedDependency[Resources],
    document_id: FromPath[UUID],
    data: JSONBody[RetryAsked | None] = None,
) -> DocumentView:
    """Read a failed document again; with `password`, if it is locked with one."""
    document, _ = await library.find(unit.session, unit.owner_id, document_id, lock=True)
    sealed = None
    if data and data.password:
        sealed = seal(resources.settings, unit.owner_id, f"document:{document_id}", data.password)
    if not await queries.retry(unit.session, unit.owner_id, document_id, sealed):
        raise Conflict(f"Only a failed document can be retried; this one is {document.status}.", code="not_failed")
    unit.promise(INGEST, document_id)
    return await _shown(unit, document_id)


@post("/api/documents/retry", tags=TAGS, status_code=202, guards=[requires("documents:write")])
async def retry_all(unit: NamedDependency[UnitOfWork], code: FromQuery[str | None] = None) -> RetriedView:
    """Read all failed documents again, or only those that failed with the error `code`."""
    retried = await queries.retry_all(unit.session, unit.owner_id, code)
    for id in retried:
        unit.promise(INGEST, id)
    unit.changed(*retried)
    return RetriedView(len(retried))


@post("/api/documents/{document_id:uuid}/cancel", tags=TAGS, status_code=202, guards=[requires("documents:write")])
async def cancel(unit: NamedDependency[UnitOfWork], document_id: FromPath[UUID]) -> DocumentView:
    """Stop a document that waits or is being read. It stays, failed with `cancelled`, and can be retried.

    Where an earlier revision is served, that one stays and the newer is given up.
    """
    document, _ = await library.find(unit.session, unit.owner_id, document_id, lock=True)
    if document.status in ("queued", "processing") and document.pending_revision_id is not None:
        await keep_served(unit.session, document)
    elif not await queries.cancel(unit.session, unit.owner_id, document_id):
        raise Conflict(f"This document is {document.status}; there is nothing to cancel.", code="not_running")
    return await _shown(unit, document_id)


async def _shown(unit: UnitOfWork, document_id: UUID) -> DocumentView:
    unit.changed(document_id)
    unit.session.expire_all()
    return await find_view(unit.session, unit.owner_id, document_id)


@get(
    "/api/events",
    guards=[requires("documents:read")],
    opt={"uncompressed": True},
    tags=TAGS,
    responses={200: ResponseSpec(None, media_type="text/event-stream", description="Server-sent events.")},
)
async def stream_events(resources: NamedDependency[Resources], identity: NamedDependency[Identity]) -> Stream:
    """Your documents' changes as they happen, as server-sent events with JSON in `data`.

    First `hello`, then `snapshot` with what waits or is being read; after that `document` for each that changed,
    `deleted` with the `id` of each that is gone, and `totals` (as `GET /api/ingestion`) at most twice a second. A
    client that connects again is told everything anew, so it misses nothing. The stream ends with the access token that
    opened it, and when its session or API key is revoked: refresh the token, and connect again.
    """
    stream: AsyncIterator[bytes] = resources.streams.of(identity, events(resources, identity.owner_id))
    return Stream(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


ingestion_routes = [
    upload, known_documents, ingestion_overview, retry, retry_all, cancel, stream_events, *bulk_routes,
]  # fmt: skip
