"""Whether this process lives, whether it can serve, and what Prometheus wants to know."""

from __future__ import annotations

from typing import Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import text

import docvault
from docvault.admin.health import check_parts
from docvault.errors import Unavailable
from docvault.resources import Resources

QUEUE = Gauge("docvault_documents", "Documents by state, those that are ready left out.", ["status"])
DATABASE = Gauge("docvault_database_up", "1 while the database answers.")
DUE = Gauge("docvault_documents_due", "Documents that a worker with a hand free would take now.")
OLDEST = Gauge("docvault_oldest_due_seconds", "How long the longest waiting of those has been due.")
PASSAGES = Gauge("docvault_passages_left", "Passages to be read, of all documents that wait or are being read.")


class Health(msgspec.Struct):
    status: Literal["ok", "degraded", "unavailable"]
    version: str = docvault.__version__
    parts: dict[str, str] = {}


@get("/health/live", opt={"public": True}, tags=["health"], sync_to_thread=False)
def live() -> Health:
    """This process answers. Asks nothing of any other."""
    return Health("ok")


@get(["/health", "/health/ready"], opt={"public": True}, tags=["health"])
async def ready(resources: NamedDependency[Resources]) -> Response[Health]:
    """PostgreSQL, Redis and the object store answer; 503 and which does not, otherwise.

    `degraded` with 200 while only the embedder is away: uploads, reading and search by keyword go on without it.
    """
    status, parts = await check_parts(resources)
    return Response(Health(status, parts=parts), status_code=503 if status == "unavailable" else 200)


@get("/metrics", opt={"public": True}, include_in_schema=False)
async def metrics(resources: NamedDependency[Resources]) -> Response[bytes]:
    """Prometheus's text format. The queue is counted when it is asked for: it is the database's, not this process's."""
    try:
        async with resources.database.lookup() as connection:
            totals = (await connection.execute(text("SELECT * FROM queue_totals()"))).one()
    except Unavailable:
        DATABASE.set(0)
    else:
        DATABASE.set(1)
        DUE.set(totals.due)
        OLDEST.set(totals.oldest_seconds)
        PASSAGES.set(totals.passages)
        for status in ("queued", "processing", "failed"):
            QUEUE.labels(status).set(getattr(totals, status))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
