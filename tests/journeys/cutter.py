"""A way to a server that breaks in the middle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

PIECE = 64 * 1024


class Cutter:
    """Passes connections on to `port`. When `after` bytes have gone there, calls `then` and cuts that one, once."""

    def __init__(self, port: int, after: int, then: Callable[[], Awaitable[None]]) -> None:
        self._sent = 0
        self.cut = False
        self._port, self._after, self._then = port, after, then

    async def __aenter__(self) -> Cutter:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        answers = asyncio.create_task(self._answers(there, writer))
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                back.write(piece)
                await back.drain()
                self._sent += len(piece)
                if self._sent >= self._after and not self.cut:
                    self.cut = True
                    await self._then()
                    back.transport.abort()
                    writer.transport.abort()
        back.close()
        await answers

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                writer.write(piece)
                await writer.drain()
        writer.close()
