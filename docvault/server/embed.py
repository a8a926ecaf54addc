"""The embedder as a process: it opens the model once and serves every worker and API that may connect.

It ends by itself when it hangs, and is started again by whoever watches it. Where a call of the model is over its time
(`docvault.ai.hanging`), it tells those who asked, says goodbye to the others, and ends. Where the whole process is
silent for `SILENT_SECONDS`, in native code that never lets go of the interpreter's lock, it can tell nobody, and ends.
"""

from __future__ import annotations

import asyncio
import signal

import msgspec

from docvault.ai.embedding_server import serving
from docvault.ai.embeddings import open_embedder, prepare_embedder
from docvault.ai.hung import end_if_hung, hung_of, until_either
from docvault.ai.wire import ALIVE_EVERY, default_address, parse_address, wire_key
from docvault.ending import end, end_within
from docvault.logging import get_logger
from docvault.settings import Settings, require

SILENT_SECONDS = 45.0
"""Longer than clients wait for a sign of life (`SILENT`): a process that is woken after a longer sleep may end of this
too, and nobody is blamed for it."""

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
    awake = asyncio.create_task(_stay_awake())
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


async def _stay_awake() -> None:
    while True:
        end_within(SILENT_SECONDS)
        await asyncio.sleep(ALIVE_EVERY)
