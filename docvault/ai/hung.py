"""What a process does whose own embedder hangs: it ends, and is started again by whoever watches it.

Where a call of the model is over its time (`docvault.ai.hanging`), it says goodbye first. Where the whole process is
silent for `SILENT_SECONDS`, in native code that never lets go of the interpreter's lock, it can tell nobody, and ends.
"""

from __future__ import annotations

import asyncio
import os

from docvault.ai.embeddings import Embedder
from docvault.ai.local import LocalEmbedder
from docvault.ai.wire import ALIVE_EVERY
from docvault.ending import end, end_within
from docvault.logging import get_logger

HEARD_SECONDS = 1.0  # in which those who asked for what hangs are told
SILENT_SECONDS = 45.0
"""Longer than a lease, and than clients wait for a sign of life (`SILENT`). A process that is woken after a longer
sleep may end of this too, and nobody is blamed for it."""
log = get_logger(__name__)


def hung_of(embedder: Embedder) -> asyncio.Event:
    """Set when it had better be opened anew. Of one that does not compute here, never."""
    return embedder.hung if isinstance(embedder, LocalEmbedder) else asyncio.Event()


async def stay_awake(embedder: Embedder) -> None:
    """Until cancelled: the process ends when this one is not run for `SILENT_SECONDS`. Nothing, where nothing is
    computed here. Whoever cancels it says until when the process may live on (`end_within`)."""
    while isinstance(embedder, LocalEmbedder):
        end_within(SILENT_SECONDS)
        await asyncio.sleep(ALIVE_EVERY)


def end_if_hung(embedder: Embedder, code: int = os.EX_SOFTWARE) -> None:
    """At once: the interpreter would wait for the thread that hangs."""
    if hung_of(embedder).is_set():
        log.error("embedder.hung", reason="this process ends, to begin with another")
        os._exit(code)


async def until_either(stop: asyncio.Event, hung: asyncio.Event) -> None:
    """Until one is set; a moment longer, if that is `hung`."""
    waiting = [asyncio.create_task(event.wait()) for event in (stop, hung)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await end(waiting)
    if hung.is_set():
        await asyncio.sleep(HEARD_SECONDS)
