"""The API as a process: uvicorn around `create_app`."""

from __future__ import annotations

import uvicorn

from docvault.ai.embeddings import prepare_embedder
from docvault.errors import ConfigurationError
from docvault.local.home import port_is_free
from docvault.logging import get_logger
from docvault.server.app import create_app
from docvault.settings import Settings

GRACE = 10  # seconds that open answers get when the process is told to stop
log = get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM. Raises `ConfigurationError` when the port is taken or a part cannot be used."""
    if not port_is_free(settings.host, settings.port):
        raise ConfigurationError(
            f"Port {settings.port} on {settings.host} is taken by another program.",
            hint=f"Stop that program, or choose another port: DOCVAULT_PORT={settings.port + 1}",
        )
    await prepare_embedder(settings, log.info)
    running = server(settings)
    await running.serve()
    if not running.started:
        raise ConfigurationError("The API could not start; the log above says why.")


def server(settings: Settings) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(settings),
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
