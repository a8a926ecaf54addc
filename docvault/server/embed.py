"""The embedder as a process: it opens the model once and serves every worker and API that may connect."""

from __future__ import annotations

import asyncio
import signal

import msgspec

from docvault.ai.embedding_server import serving
from docvault.ai.embeddings import open_embedder, prepare_embedder
from docvault.ai.wire import default_address, parse_address, wire_key
from docvault.logging import get_logger
from docvault.settings import Settings, require

log = get_logger(__name__)


async def embed(settings: Settings) -> None:
    """Until SIGINT or SIGTERM. Listens where `DOCVAULT_EMBEDDER` says, else on a socket in the home.

    Raises `ConfigurationError` when it cannot listen there or the model cannot be used.
    """
    require(settings, "secret_key")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    address = parse_address(settings.embedder or default_address(settings))
    own = msgspec.structs.replace(settings, embedder="")
    await prepare_embedder(own, log.info)
    embedder = await open_embedder(own)
    try:
        async with serving(embedder, address, wire_key(settings.secret_key)):
            log.info("embedder.ready", model=embedder.model_id, address=str(address))
            await stop.wait()
    finally:
        await embedder.close()
    log.info("embedder.stopped")
