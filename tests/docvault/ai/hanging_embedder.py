"""`docvault embed` as it is, but for its model and its times: the model hangs over some words.

python -m tests.docvault.ai.hanging_embedder SOCKET KEY
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from docvault.ai import embedding_server, hanging, hung
from docvault.ai.batches import Tokens
from docvault.ai.embeddings import Vectors
from docvault.ai.local import Bulk, LocalEmbedder
from docvault.ai.prepared import Manifest
from docvault.server import embed
from docvault.settings import Settings

HANGS, SPINS, LOCKS, SLOW = "hangs", "spins", "locks", "slow"
SECONDS, SILENT_SECONDS, STEPS = 1.0, 2.5, 6


class Model:
    manifest = Manifest(
        model_id="all-MiniLM-L6-v2-int8", model="all-MiniLM-L6-v2", source="", recipe=0, dimensions=384, max_tokens=256
    )

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        return [np.array([ord(letter) for letter in text], dtype=np.int64) for text in texts]

    def run(self, tokens: Sequence[Tokens]) -> Vectors:
        for text in ("".join(map(chr, pieces)) for pieces in tokens):
            if HANGS in text:
                time.sleep(3600)  # the fault itself, in a process that is ended by what is tested; no test waits for it
            while SPINS in text:
                pass
            if LOCKS in text:
                ctypes.PyDLL(None).sleep(3600)  # holds the interpreter's lock
            if SLOW in text:
                # A model that is slow and does not hang: most of its time, and again as much of it after it was frozen.
                for _ in range(STEPS):
                    time.sleep(SECONDS / STEPS / 1.5)
        return np.full((len(tokens), 384), 384**-0.5, dtype=np.float32)


async def main(socket: str, key: str) -> None:
    model: Any = Model()

    async def opened(_settings: Settings) -> LocalEmbedder:
        return LocalEmbedder(model, Bulk(model, 4096, 2, 2), SECONDS)

    async def ready(*_: object) -> None: ...

    embed.open_embedder, embed.prepare_embedder = opened, ready
    hung.SILENT_SECONDS, hanging.TICK, hung.HEARD_SECONDS = SILENT_SECONDS, 0.1, 0.2
    hung.ALIVE_EVERY = embedding_server.ALIVE_EVERY = 0.2
    await embed.embed(Settings(home=Path(socket).parent, embedder=socket, secret_key=key))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
