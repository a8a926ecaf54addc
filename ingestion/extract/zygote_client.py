"""The worker's end of a zygote: it is started, given jobs, heard out, and ended."""

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
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec

from docvault.settings import Settings
from ingestion.extract import child, confine
from ingestion.extract.child import HEADER, Job, Setup, crashed, stalled, too_much_memory, too_much_text, too_slow
from ingestion.extract.unpack import Limits
from ingestion.extract.unpacking import Take, Unpacking
from ingestion.extract.zygote import LENGTH, Notice, Order

START_SECONDS = 120.0
"""How long a zygote may take to load its libraries."""

Progress = Callable[[int, int], None]
"""Hears how many pages are read, of how many; where a format has none, of whatever it is read in."""

Listen = Callable[[asyncio.StreamReader], Awaitable[tuple[bytes, bytes]]]
"""Hears a child out, up to its last message."""


class ZygoteGone(Exception):
    """The zygote ended while a document was being read."""


class ZygoteClient:
    """One zygote process and the reads that run through it."""

    def __init__(self, settings: Settings, idle: float | None, on_end: Callable[[Notice], None]) -> None:
        self.seconds, self.silence = settings.extract_seconds, settings.extract_silence
        self.idle, self.on_end = idle, on_end
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
                if notice.id:
                    self.on_end(notice)
                self._ended(notice.id, notice)

    def _all_ended(self) -> None:
        for number in list(self.ended):
            self._ended(number, None)

    def _ended(self, number: int, notice: Notice | None) -> None:
        future = self.ended.pop(number, None)
        if future and not future.done():
            future.set_result(notice)

    # --- one document -------------------------------------------------------------------------------------------------

    def job(
        self, path: Path, filename: str, content_type: str, password: str | None, unpack: Limits | None = None
    ) -> Job:
        """With an absolute path: the child works in a folder of its own."""
        return Job(next(self.ids), str(path.absolute()), filename, content_type, password, unpack)

    async def run(self, job: Job, listen: Listen, seconds: float | None) -> tuple[bytes, bytes]:
        """The child's last message. Raises `DocumentError`, and `ZygoteGone` when the zygote ended before it."""
        ended = self.ended[job.id] = asyncio.get_running_loop().create_future()
        answered = False
        try:
            async with asyncio.timeout(seconds):
                answer = await self._answer(job, listen)
                answered = answer is not None
                if answer is None:
                    raise _reason(await ended, self.setup)
                return answer
        except TimeoutError:
            raise too_slow() from None
        except ZygoteGone:
            self.gone = True  # A failed send may know before the listener does.
            raise
        finally:
            if not answered:
                self._kill(job.id)
            self.release()

    async def _answer(self, job: Job, listen: Listen) -> tuple[bytes, bytes] | None:
        """Kind and message; None when the child ended without one."""
        assert self.setup
        ours, theirs = os.pipe()
        try:
            await self._order(Order("read", job.id, job), theirs)
        except OSError:
            os.close(ours)
            raise ZygoteGone from None
        finally:
            os.close(theirs)
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader(limit=1024 * 1024)
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(ours, "rb", 0)
        )
        try:
            return await listen(stream)
        except (asyncio.IncompleteReadError, struct.error):
            return None
        finally:
            transport.close()

    async def reading(self, on_progress: Progress, stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
        assert self.setup
        while True:
            kind, message = await self._message(stream, self.setup.output)
            if kind != child.PROGRESS:
                return kind, message
            on_progress(*child.PAGES.unpack(message))

    async def unpacking(self, limits: Limits, take: Take, stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
        return await Unpacking(partial(self._message, stream), limits, self.seconds, take).run()

    async def _message(self, stream: asyncio.StreamReader, most: int) -> tuple[bytes, bytes]:
        """The next one of a child. Raises `DocumentError` where none comes, or one that is longer than `most` bytes."""
        try:
            async with asyncio.timeout(self.silence):
                kind, length = HEADER.unpack(await stream.readexactly(HEADER.size))
                if length > most:
                    raise too_much_text()
                return kind, await stream.readexactly(length)
        except TimeoutError:
            raise stalled() from None

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


_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE}


def _reason(notice: Notice | None, setup: Setup | None) -> Exception:
    """Why a child ended without an answer."""
    if notice is None or setup is None:
        return ZygoteGone()
    number = os.WTERMSIG(notice.status) if os.WIFSIGNALED(notice.status) else 0
    out_of_cpu = os.WIFEXITED(notice.status) and os.WEXITSTATUS(notice.status) == confine.OUT_OF_CPU
    if out_of_cpu or number == signal.SIGXCPU or notice.cpu_seconds >= setup.cpu_seconds:
        return too_slow()
    if number in _CRASHES:
        # Libraries in C abort where they get no more memory. To double what it holds, one needs three times as much.
        return too_much_memory() if notice.max_rss > setup.memory / 3 else crashed()
    if number == signal.SIGKILL:
        return crashed(
            "The process that read the document was killed; the machine may be short of memory.", permanent=False
        )
    return crashed()
