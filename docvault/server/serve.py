"""The API as a process: uvicorn around `create_app`."""

from __future__ import annotations

import uvicorn
from litestar import Litestar

from docvault.ai.embeddings import prepare_embedder
from docvault.database import open_database
from docvault.ending import end_within
from docvault.errors import ConfigurationError
from docvault.local.home import check_port
from docvault.logging import get_logger
from docvault.server.app import create_app
from docvault.server.middleware import RequestContext
from docvault.server.migrate import check_migrated
from docvault.settings import Settings, require

GRACE = 10  # seconds that open answers get when the process is told to stop
END_SECONDS = 10.0
log = get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM. Raises `ConfigurationError` when the port is taken or a part cannot be used."""
    check_port(settings.host, settings.port)
    require(settings, "database_url", "redis_url", "secret_key")
    await _check_database(settings)
    await prepare_embedder(settings, log.info)
    running = server(settings, create_app(settings))
    await running.serve()
    end_within(END_SECONDS)  # the interpreter would wait for a thread in which the embedding model hangs
    if not running.started:
        raise ConfigurationError("The API could not start; the log above says why.")


async def _check_database(settings: Settings) -> None:
    """The application checks the same when it starts, but there an error is a traceback in the server's log."""
    database = open_database(settings)
    try:
        await database.check_role()
        await check_migrated(database)
    finally:
        await database.close()


def server(settings: Settings, app: Litestar) -> uvicorn.Server:
    config = uvicorn.Config(
        RequestContext(app, https=settings.cookie_secure),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="on",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)
