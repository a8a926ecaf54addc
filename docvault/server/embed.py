"""The embedder as a process: it opens the model once and serves every worker and API that may connect.

It ends by itself when it hangs (`docvault.ai.hung`), and is started again by whoever watches it.
"""

from __future__ import annotations

import asyncio
import signal

import msgspec

from docvault.ai.embedding_server import serving
from docvault.ai.embeddings import open_embedder, prepare_embedder
from docvault.ai.hung import end_if_hung, hung_of, stay_awake, until_either
from docvault.ai.wire import default_address, parse_address, wire_key
from docvault.ending import end, end_within
from docvault.logging import get_logger
from docvault.settings import Settings, require

STOP_SECONDS = 30.0
log = get_logger(__name__)


async def embed(settings: Settings) -> None:
    """Until SIGINT or SIGTERM. Listens where `DOCVAULT_EMBEDDER` says, else on a socket in the home.

    Raises `ConfigurationError` when it cannot listen there or the model cannot be used. Ends the process, with
    `os.EX_SOFTWARE`, when the model hangs.
    """
    require(settings, "secret_key")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    address = parse_address(settings.embedder or default_address(settings))
    own = msgspec.structs.replace(settings, embedder="")
    await prepare_embedder(own, log.info)
    embedder = await open_embedder(own)
    awake = asyncio.create_task(stay_awake(embedder))
    try:
        async with serving(embedder, address, wire_key(settings.secret_key)):
            log.info("embedder.ready", model=embedder.model_id, address=str(address))
            await until_either(stop, hung_of(embedder))
            await end([awake])
            end_within(STOP_SECONDS)
        end_if_hung(embedder)
    finally:
        await embedder.close()
    log.info("embedder.stopped")
