"""The worker's side: hand a file to a throw-away process and get a `Reading` back, or the reason why not."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from docvault.errors import DocumentError
from docvault.logging import get_logger
from docvault.settings import Settings
from ingestion.extract import child
from ingestion.extract.build import empty
from ingestion.extract.child import Failure, Kind, Setup, crashed
from ingestion.extract.document import Reading
from ingestion.extract.unpack import Limits, Unpacked
from ingestion.extract.unpacking import Take
from ingestion.extract.zygote import Notice
from ingestion.extract.zygote_client import Progress, ZygoteClient, ZygoteGone
from ingestion.filetypes import EMPTY, READABLE, FileType, refusal

log = get_logger(__name__)

OFFICE_IDLE_SECONDS = 300.0
"""How long the libraries for Office files (half a gigabyte) are kept loaded without use."""
LARGE = 256 * 1024
"""Bytes from which a result is decoded on a thread, so that the event loop goes on."""


class Reader:
    """Reads documents in throw-away processes. Any number of reads may run at the same time.

    `extractors` maps further content types to `module:function`, for formats of one's own. `without` leaves walls out,
    for the tests of those behind them. `on_end` hears of the time and the memory that each process took.
    """

    def __init__(
        self,
        settings: Settings,
        tokenizer: Path | None,
        max_tokens: int,
        *,
        extractors: Mapping[str, str] | None = None,
        office_idle: float = OFFICE_IDLE_SECONDS,
        without: tuple[str, ...] = (),
        on_end: Callable[[Notice], None] | None = None,
    ) -> None:
        self._settings, self._tokenizer, self._max_tokens = settings, tokenizer, max_tokens
        self._extractors = dict(extractors or {})
        self._office_idle, self._without, self._on_end = office_idle, without, on_end
        self._zygotes: dict[Kind, ZygoteClient] = {}
        self._starting: dict[Kind, asyncio.Lock] = {"light": asyncio.Lock(), "office": asyncio.Lock()}

    async def read(
        self,
        path: Path,
        *,
        filename: str,
        content_type: str,
        password: str | None = None,
        on_progress: Progress | None = None,
    ) -> Reading:
        """Read the file at `path`. Raises `DocumentError`. When cancelled, the process that reads is killed."""
        kind = child.kind_of(content_type, self._extractors)
        if kind is None:
            raise _refused(content_type)
        for again in (True, False):
            zygote = await self._zygote(kind)
            job = zygote.job(path, filename, content_type, password)
            try:
                answer = await zygote.run(job, partial(zygote.reading, on_progress or _ignore), zygote.seconds)
                return await _decode(answer, _decoder)
            except ZygoteGone:
                if not again:
                    break
        raise crashed("The process that reads documents was ended from outside.", permanent=False)

    async def unpack(
        self,
        path: Path,
        take: Take,
        *,
        filename: str,
        content_type: str,
        limits: Limits,
        password: str | None = None,
    ) -> Unpacked:
        """Give `take` every file in the archive at `path`, one by one. Raises `DocumentError`, and as `take` does."""
        zygote = await self._zygote("light")
        job = zygote.job(path, filename, content_type, password, limits)
        try:
            answer = await zygote.run(job, partial(zygote.unpacking, limits, take), None)
        except ZygoteGone:
            raise crashed("The process that reads documents was ended from outside.", permanent=False) from None
        return await _decode(answer, _unpacked)

    async def close(self) -> None:
        """End every process and remove every temporary file. A closed reader starts anew when it is used."""
        zygotes, self._zygotes = list(self._zygotes.values()), {}
        await asyncio.gather(*(zygote.close() for zygote in zygotes))

    async def _zygote(self, kind: Kind) -> ZygoteClient:
        async with self._starting[kind]:
            zygote = self._zygotes.get(kind)
            if zygote is None or zygote.gone:
                if zygote is not None:
                    await zygote.close()
                idle = self._office_idle if kind == "office" else None
                self._zygotes.pop(kind, None)  # one that does not come to life is not kept
                zygote = ZygoteClient(self._settings, idle, self._on_end or _unheard)
                await zygote.start(self._setup(kind))
                self._zygotes[kind] = zygote
            zygote.hold()
            return zygote

    def _setup(self, kind: Kind) -> Setup:
        settings = self._settings
        return Setup(
            kind=kind,
            folder=tempfile.mkdtemp(prefix="docvault-read-"),
            parent=os.getpid(),
            tokenizer=str(self._tokenizer) if self._tokenizer else None,
            max_tokens=self._max_tokens,
            chunk_tokens=settings.chunk_tokens,
            memory=settings.extract_memory_bytes,
            cpu_seconds=settings.extract_cpu_seconds,
            output=settings.extract_output_bytes,
            ocr=settings.ocr == "auto",
            ocr_languages=settings.ocr_languages,
            unpacked_bytes=settings.extract_unpacked_bytes,
            ratio=settings.extract_ratio,
            seconds=settings.extract_seconds,
            without=self._without,
            extractors=self._extractors,
        )


def _refused(content_type: str) -> DocumentError:
    if content_type == EMPTY.content_type:
        return empty()
    return DocumentError(refusal(FileType(content_type, None)), code="unsupported_type", hint=READABLE)


def _ignore(_done: int, _pages: int) -> None: ...


def _unheard(_notice: Notice) -> None: ...


async def _decode(answer: tuple[bytes, bytes], decoder: Any) -> Any:
    kind, message = answer
    if kind == child.FAILURE:
        failure = msgspec.msgpack.decode(message, type=Failure)
        if failure.where:
            log.error("reader_failed", reason=failure.detail, where=failure.where)
        raise DocumentError(failure.detail, code=failure.code, hint=failure.hint, permanent=failure.permanent)
    if len(message) > LARGE:
        return await asyncio.to_thread(decoder.decode, message)
    return decoder.decode(message)


_decoder: Any = msgspec.msgpack.Decoder(Reading)
_unpacked: Any = msgspec.msgpack.Decoder(Unpacked)
