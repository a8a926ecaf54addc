"""Stands before an S3 server and, when told to, answers 503 or cuts every connection half-way."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal, Self
from urllib.parse import urlsplit

Mode = Literal["pass", "503", "cut"]
AWAY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """`bitten` counts the requests that met a fault."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "", parts.port or 80)
        self._tasks: set[asyncio.Task[None]] = set()
        self.mode: Mode = "pass"
        self.bitten = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn(self, mode: Mode) -> None:
        self.mode, self.bitten = mode, 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection(*self._upstream)
                try:
                    await self._both_ways(reader, writer, there, back)
                finally:
                    back.transport.abort()
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        pumps = {
            asyncio.ensure_future(self._pump(reader, back, writer)),
            asyncio.ensure_future(self._pump(there, writer, writer)),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        while data := await source.read(65536):
            if self.mode == "503":
                self.bitten += 1
                client.write(AWAY)
                await client.drain()
                return
            if self.mode == "cut":
                self.bitten += 1
                target.write(data[: len(data) // 2])
                await target.drain()
                client.transport.abort()
                return
            target.write(data)
            await target.drain()
