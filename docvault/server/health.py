"""Whether this process lives, whether it can serve, and what Prometheus wants to know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import text

import docvault
from docvault.errors import Unavailable
from docvault.logging import get_logger
from docvault.resources import Resources

PATIENCE = 3.0  # seconds a part may take to answer
QUEUE = Gauge("docvault_documents", "Documents by state, those that are ready left out.", ["status"])
DATABASE = Gauge("docvault_database_up", "1 while the database answers.")
OLDEST = Gauge("docvault_oldest_due_seconds", "How long the longest waiting document has been due.")
log = get_logger(__name__)


class Health(msgspec.Struct):
    status: Literal["ok", "unavailable"]
    version: str = docvault.__version__
    parts: dict[str, str] = {}


@get("/health/live", opt={"public": True}, tags=["health"], sync_to_thread=False)
def live() -> Health:
    """This process answers. Asks nothing of any other."""
    return Health("ok")


@get(["/health", "/health/ready"], opt={"public": True}, tags=["health"])
async def ready(resources: NamedDependency[Resources]) -> Response[Health]:
    """PostgreSQL, Redis and the object store answer; 503 and which does not, otherwise."""
    parts = {"database": resources.database.check, "redis": resources.cache.ping, "storage": resources.store.check}
    found = dict(zip(parts, await asyncio.gather(*map(_check, parts.values())), strict=True))
    fine = all(state == "ok" for state in found.values())
    return Response(Health("ok" if fine else "unavailable", parts=found), status_code=200 if fine else 503)


async def _check(question: Callable[[], Awaitable[Any]]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await question()
    except Exception as error:
        log.warning("health.part_unavailable", error=str(error) or type(error).__name__)
        return "unavailable"
    return "ok"


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
        OLDEST.set(totals.oldest_seconds)
        for status in ("queued", "processing", "failed"):
            QUEUE.labels(status).set(getattr(totals, status))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
