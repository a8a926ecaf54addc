"""An embedder that ends over one word, as a fault of a model's native code would end it: no goodbye, no answer.

python -m tests.docvault.ai.dying_embedder SOCKET KEY
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from docvault.ai.embedding_server import serving
from docvault.ai.embeddings import Vectors
from docvault.ai.wire import parse_address, wire_key

DEADLY = "xyzzy"
SLOW = "slowly"


class Dying:
    model_id, dimensions, max_tokens = "all-MiniLM-L6-v2-int8", 384, 256

    async def embed(self, texts: Sequence[str]) -> Vectors:
        await asyncio.sleep(60 if any(SLOW in text for text in texts) else 0.1)
        if any(DEADLY in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return np.full((len(texts), 384), 384**-0.5, dtype=np.float32)

    async def embed_query(self, text: str) -> Vectors:
        return np.full(384, 384**-0.5, dtype=np.float32)

    async def check(self) -> None: ...

    async def close(self) -> None: ...


class Restarted:
    """The process, started again whenever it ends. `ends` counts how often it did."""

    def __init__(self, module: str, socket: str, key: str) -> None:
        self._arguments = ["-m", module, socket, key]
        self.ends = 0
        self.process: asyncio.subprocess.Process | None = None

    async def keep(self) -> None:
        while True:
            self.process = await asyncio.create_subprocess_exec(sys.executable, *self._arguments)
            await self.process.wait()
            self.ends += 1


@contextlib.asynccontextmanager
async def dying_embedder(socket: str, key: str, module: str = __name__) -> AsyncGenerator[Restarted]:
    restarted = Restarted(module, socket, key)
    keeping = asyncio.create_task(restarted.keep())
    try:
        yield restarted
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        if restarted.process and restarted.process.returncode is None:
            restarted.process.kill()
            await restarted.process.wait()


async def main(socket: str, key: str) -> None:
    async with serving(Dying(), parse_address(socket), wire_key(key)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
