"""Uploads, what becomes of them, and the stream that tells about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream

from docvault.errors import Conflict
from docvault.library import queries as library
from docvault.library.schemas import DocumentView, view
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from docvault.unit_of_work import UnitOfWork
from ingestion import queries
from ingestion.events import events
from ingestion.jobs import INGEST
from ingestion.schemas import UploadView
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


@post("/api/documents/{document_id:uuid}/retry", tags=TAGS, status_code=202, guards=[requires("documents:write")])
async def retry(unit: NamedDependency[UnitOfWork], document_id: FromPath[UUID]) -> DocumentView:
    """Read a failed document again."""
    document, _ = await library.find(unit.session, unit.owner_id, document_id, lock=True)
    if not await queries.retry(unit.session, unit.owner_id, document_id):
        raise Conflict(f"Only a failed document can be retried; this one is {document.status}.", code="not_failed")
    unit.promise(INGEST, document_id)
    return await _shown(unit, document_id)


@post("/api/documents/{document_id:uuid}/cancel", tags=TAGS, status_code=202, guards=[requires("documents:write")])
async def cancel(unit: NamedDependency[UnitOfWork], document_id: FromPath[UUID]) -> DocumentView:
    """Stop a document that waits or is being read. It stays, failed with `cancelled`, and can be retried."""
    document, _ = await library.find(unit.session, unit.owner_id, document_id, lock=True)
    if not await queries.cancel(unit.session, unit.owner_id, document_id):
        raise Conflict(f"This document is {document.status}; there is nothing to cancel.", code="not_running")
    return await _shown(unit, document_id)


async def _shown(unit: UnitOfWork, document_id: UUID) -> DocumentView:
    unit.session.expire_all()
    return view(*await library.find(unit.session, unit.owner_id, document_id))


@get(
    "/api/events",
    guards=[requires("documents:read")],
    opt={"uncompressed": True},
    tags=TAGS,
    responses={200: ResponseSpec(None, media_type="text/event-stream", description="Server-sent events `document`.")},
)
async def stream_events(resources: NamedDependency[Resources], identity: NamedDependency[Identity]) -> Stream:
    """Your documents' changes as they happen: events `document`, each with the document as JSON in `data`."""
    stream: AsyncIterator[bytes] = events(resources, identity.owner_id)
    return Stream(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


ingestion_routes = [upload, retry, cancel, stream_events]
