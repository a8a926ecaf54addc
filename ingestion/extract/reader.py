"""The worker's side: hand a file to a throw-away process and get a `Reading` back, or the reason why not."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from docvault.errors import DocumentError
from docvault.logging import get_logger
from docvault.settings import Settings
from ingestion.extract import child, confine
from ingestion.extract.child import HEADER, Failure, Job, Kind, Setup, crashed, too_much_memory, too_much_text, too_slow
from ingestion.extract.document import Reading
from ingestion.extract.zygote import LENGTH, Notice, Order
from ingestion.filetypes import EMPTY, READABLE, FileType, refusal

log = get_logger(__name__)

OFFICE_IDLE_SECONDS = 300.0
"""How long the libraries for Office files (half a gigabyte) are kept loaded without use."""
START_SECONDS = 120.0
"""How long a zygote may take to load its libraries."""
LARGE = 256 * 1024
"""Bytes from which a result is decoded on a thread, so that the event loop goes on."""

Progress = Callable[[float], None]


class _ZygoteGone(Exception):
    """The zygote ended while a document was being read."""


class Reader:
    """Reads documents in throw-away processes. Any number of reads may run at the same time.

    `extractors` maps further content types to `module:function`, for formats of one's own.
    """

    def __init__(
        self,
        settings: Settings,
        tokenizer: Path | None,
        max_tokens: int,
        *,
        extractors: Mapping[str, str] | None = None,
        office_idle: float = OFFICE_IDLE_SECONDS,
    ) -> None:
        self._settings, self._tokenizer, self._max_tokens = settings, tokenizer, max_tokens
        self._extractors = dict(extractors or {})
        self._office_idle = office_idle
        self._zygotes: dict[Kind, _Zygote] = {}
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
            try:
                return await zygote.read(_absolute(path), filename, content_type, password, on_progress or _ignore)
            except _ZygoteGone:
                if not again:
                    break
        raise crashed("The process that reads documents was ended from outside.", permanent=False)

    async def close(self) -> None:
        """End every process and remove every temporary file. A closed reader starts anew when it is used."""
        zygotes, self._zygotes = list(self._zygotes.values()), {}
        await asyncio.gather(*(zygote.close() for zygote in zygotes))

    async def _zygote(self, kind: Kind) -> _Zygote:
        async with self._starting[kind]:
            zygote = self._zygotes.get(kind)
            if zygote is None or zygote.gone:
                if zygote is not None:
                    await zygote.close()
                idle = self._office_idle if kind == "office" else None
                self._zygotes.pop(kind, None)  # one that does not come to life is not kept
                zygote = _Zygote(self._settings.extract_seconds, idle)
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
            extractors=self._extractors,
        )


def _refused(content_type: str) -> DocumentError:
    code = "empty" if content_type == EMPTY.content_type else "unsupported_type"
    return DocumentError(refusal(FileType(content_type, None)), code=code, hint=READABLE)


def _ignore(_share: float) -> None: ...


def _absolute(path: Path) -> str:
    """The child works in a folder of its own."""
    return str(path.absolute())


class _Zygote:
    """One zygote process and the reads that run through it."""

    def __init__(self, seconds: float, idle: float | None) -> None:
        self.seconds, self.idle = seconds, idle
        self.gone = False
        self.setup: Setup | None = None
        self.ids = itertools.count(1)
        self.ended: dict[int, asyncio.Future[Notice | None]] = {}
        self.sending = asyncio.Lock()
        self.users = 0
        self.retirement: asyncio.TimerHandle | None = None

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self, setup: Setup) -> None:
        self.setup = setup
        self.control, theirs = socket.socketpair()
        self.control.setblocking(False)
        arguments = ["-m", "ingestion.extract.zygote", str(theirs.fileno()), msgspec.json.encode(setup).decode()]
        try:
            with theirs:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *arguments,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=confine.environment(Path(setup.folder)),
                    start_new_session=True,
                )
        except BaseException:
            self.control.close()
            shutil.rmtree(setup.folder, ignore_errors=True)
            raise
        self.ended[0] = ready = asyncio.get_running_loop().create_future()
        self.listener = asyncio.create_task(self._listen())
        try:
            async with asyncio.timeout(START_SECONDS):
                notice = await ready
        except BaseException as error:
            await self.close()
            if isinstance(error, TimeoutError):
                raise crashed("The process that reads documents did not start.", permanent=False) from None
            raise
        if notice is None:
            raise crashed("The process that reads documents ended while it started.", permanent=False)

    async def close(self) -> None:
        self.gone = True
        if self.retirement:
            self.retirement.cancel()
        self.listener.cancel()
        self.control.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self.process.wait()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self._all_ended()
        if self.setup:
            await asyncio.to_thread(shutil.rmtree, self.setup.folder, ignore_errors=True)

    def hold(self) -> None:
        self.users += 1
        if self.retirement:
            self.retirement.cancel()
            self.retirement = None

    def release(self) -> None:
        self.users -= 1
        if not self.users and self.idle is not None and not self.gone:
            self.retirement = asyncio.get_running_loop().call_later(self.idle, self._retire)

    def _retire(self) -> None:
        """Closing the socket tells the zygote to end; the next read starts another."""
        self.gone = True
        self.listener.cancel()
        self.control.close()

    async def _listen(self) -> None:
        """Hear of ends of children until the zygote itself ends."""
        loop, received = asyncio.get_running_loop(), b""
        while True:
            try:
                data = await loop.sock_recv(self.control, 65536)
            except OSError:
                data = b""
            if not data:
                self.gone = True
                self._all_ended()
                return
            received += data
            while len(received) >= LENGTH.size:
                end = LENGTH.size + LENGTH.unpack_from(received)[0]
                if len(received) < end:
                    break
                notice = msgspec.msgpack.decode(received[LENGTH.size : end], type=Notice)
                received = received[end:]
                self._ended(notice.id, notice)

    def _all_ended(self) -> None:
        for number in list(self.ended):
            self._ended(number, None)

    def _ended(self, number: int, notice: Notice | None) -> None:
        future = self.ended.pop(number, None)
        if future and not future.done():
            future.set_result(notice)

    # --- one document -------------------------------------------------------------------------------------------------

    async def read(
        self, path: str, filename: str, content_type: str, password: str | None, on_progress: Progress
    ) -> Reading:
        """Raises `DocumentError`, and `_ZygoteGone` when the zygote ended before there was an answer."""
        job = Job(next(self.ids), path, filename, content_type, password)
        ended = self.ended[job.id] = asyncio.get_running_loop().create_future()
        answered = False
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._answer(job, on_progress)
                answered = answer is not None
                if answer is None:
                    raise _reason(await ended, self.setup)
            return await _decode(answer)
        except TimeoutError:
            raise too_slow() from None
        except _ZygoteGone:
            self.gone = True  # A failed send may know before the listener does.
            raise
        finally:
            if not answered:
                self._kill(job.id)
            self.release()

    async def _answer(self, job: Job, on_progress: Progress) -> tuple[bytes, bytes] | None:
        """Kind and message; None when the child ended without one."""
        assert self.setup
        ours, theirs = os.pipe()
        try:
            await self._order(Order("read", job.id, job), theirs)
        except OSError:
            os.close(ours)
            raise _ZygoteGone from None
        finally:
            os.close(theirs)
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader(limit=1024 * 1024)
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(ours, "rb", 0)
        )
        try:
            while True:
                kind, length = HEADER.unpack(await stream.readexactly(HEADER.size))
                if length > self.setup.output:
                    raise too_much_text()
                message = await stream.readexactly(length)
                if kind != child.PROGRESS:
                    return kind, message
                on_progress(min(1.0, struct.unpack(">d", message)[0]))
        except (asyncio.IncompleteReadError, struct.error):
            return None
        finally:
            transport.close()

    async def _order(self, order: Order, pipe: int) -> None:
        """Send an order and, with its first byte, the pipe for the answer."""
        message = msgspec.msgpack.encode(order)
        frame = LENGTH.pack(len(message)) + message
        async with self.sending:
            sent = 0
            while not sent:
                try:
                    sent = socket.send_fds(self.control, [frame], [pipe])
                except BlockingIOError:
                    await asyncio.sleep(0.01)
            await asyncio.get_running_loop().sock_sendall(self.control, frame[sent:])

    def _kill(self, number: int) -> None:
        """Without waiting: this runs while a read is being cancelled. The zygote knows which process it was."""
        if self.gone or number not in self.ended:
            return
        if self.sending.locked():
            asyncio.get_running_loop().call_later(0.01, self._kill, number)
            return
        message = msgspec.msgpack.encode(Order("kill", number))
        frame = LENGTH.pack(len(message)) + message
        try:
            whole = self.control.send(frame) == len(frame)
        except OSError:
            whole = False
        if not whole:
            # It does not listen any more: ending it ends all its children, and those of others are read again.
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()


async def _decode(answer: tuple[bytes, bytes]) -> Reading:
    kind, message = answer
    if kind == child.FAILURE:
        failure = msgspec.msgpack.decode(message, type=Failure)
        if failure.where:
            log.error("reader_failed", reason=failure.detail, where=failure.where)
        raise DocumentError(failure.detail, code=failure.code, hint=failure.hint, permanent=failure.permanent)
    if len(message) > LARGE:
        return await asyncio.to_thread(_decoder.decode, message)
    return _decoder.decode(message)


_decoder: Any = msgspec.msgpack.Decoder(Reading)

_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE}


def _reason(notice: Notice | None, setup: Setup | None) -> Exception:
    """Why a child ended without an answer."""
    if notice is None or setup is None:
        return _ZygoteGone()
    number = os.WTERMSIG(notice.status) if os.WIFSIGNALED(notice.status) else 0
    if number == signal.SIGXCPU or notice.cpu_seconds >= setup.cpu_seconds:
        return too_slow()
    if number in _CRASHES:
        # Libraries in C abort where they get no more memory.
        return too_much_memory() if notice.max_rss > setup.memory * 0.7 else crashed()
    if number == signal.SIGKILL:
        return crashed(
            "The process that read the document was killed; the machine may be short of memory.", permanent=False
        )
    return crashed()
