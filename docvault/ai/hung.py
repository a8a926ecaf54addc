"""What a process does whose own embedder hangs: it ends, and is started again by whoever watches it."""

from __future__ import annotations

import asyncio
import os

from docvault.ai.embeddings import Embedder
from docvault.ai.local import LocalEmbedder
from docvault.ending import end
from docvault.logging import get_logger

HEARD_SECONDS = 1.0  # in which those who asked for what hangs are told
log = get_logger(__name__)


def hung_of(embedder: Embedder) -> asyncio.Event:
    """Set when it had better be opened anew. Of one that does not compute here, never."""
    return embedder.hung if isinstance(embedder, LocalEmbedder) else asyncio.Event()


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
