"""A small process that loads the readers' libraries once and forks a throw-away child for each document.

Starting an interpreter with them takes seconds, a fork milliseconds. It has one thread, asks nothing of the network,
and speaks with the worker over one socket: jobs come in with the pipe their answer goes to, deaths of children go out.
When the socket closes, the worker is gone: the zygote ends its children, removes its folder and ends.

    python -m ingestion.extract.zygote SOCKET SETUP
"""

from __future__ import annotations

import array
import contextlib
import gc
import os
import selectors
import shutil
import signal
import socket
import struct
import sys
from pathlib import Path
from types import FrameType
from typing import Literal

import msgspec

from ingestion.extract import child, confine

LENGTH = struct.Struct(">I")


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """From the worker: read `job`, or kill the child that reads job `id`."""

    op: Literal["read", "kill"]
    id: int
    job: child.Job | None = None


class Notice(msgspec.Struct, frozen=True):
    """To the worker: `id` 0 when ready, else the job whose child ended, with its wait status and CPU seconds."""

    id: int
    status: int = 0
    cpu_seconds: float = 0.0
    max_rss: int = 0


class Zygote:
    def __init__(self, control: socket.socket, setup: child.Setup) -> None:
        self.control = control
        self.setup = setup
        self.children: dict[int, int] = {}  # process id -> job id
        self.received = b""
        self.pipes: list[int] = []
        self.workshop = child.Workshop(setup)
        self.handle = confine.own_handle()
        wanted = self.handle is not None and "processes" not in setup.without
        self.alone = wanted and confine.can_fork_alone()

    def serve(self) -> None:
        """Until the worker closes the socket."""
        wake, alarm = os.pipe()
        for end in (wake, alarm):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _noted)
        self._notify(Notice(0))
        with selectors.DefaultSelector() as selector:
            selector.register(self.control, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if wake in ready:
                    if signal.SIGTERM in os.read(wake, 4096):
                        return
                    self._reap()
                if self.control in ready and not self._receive():
                    return

    def end(self) -> None:
        for process in self.children:
            _kill(process)
        while self.children:
            process, _ = os.wait()
            self.children.pop(process, None)
        self._end_orphans()
        shutil.rmtree(self.setup.folder, ignore_errors=True)

    def _receive(self) -> bool:
        """Take in orders. False at the end of the stream."""
        room = socket.CMSG_SPACE(16 * array.array("i").itemsize)
        try:
            data, ancillary, _, _ = self.control.recvmsg(65536, room)
        except ConnectionResetError:
            return False
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                pipes = array.array("i")
                pipes.frombytes(content[: len(content) - len(content) % pipes.itemsize])
                self.pipes.extend(pipes)
        if not data:
            return False
        self.received += data
        while len(self.received) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self.received)
            if len(self.received) < LENGTH.size + length:
                break
            order = msgspec.msgpack.decode(self.received[LENGTH.size : LENGTH.size + length], type=Order)
            self.received = self.received[LENGTH.size + length :]
            self._obey(order)
        return True

    def _obey(self, order: Order) -> None:
        if order.op == "kill":
            for process, job in self.children.items():
                if job == order.id:
                    _kill(process)
        elif order.job is not None:
            self._fork(order.job, self.pipes.pop(0))

    def _fork(self, job: child.Job, pipe: int) -> None:
        own = os.getpid()
        process = confine.fork(alone=self.alone)
        if process == 0:
            self.control.close()
            child.run(self.workshop, job, pipe, own, self.handle)
        os.close(pipe)
        self.children[process] = job.id

    def _reap(self) -> None:
        while self.children:
            try:
                process, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            job = self.children.pop(process, 0)
            if not job:
                continue  # something that a child had started
            self._end_orphans()
            shutil.rmtree(Path(self.setup.folder) / str(job), ignore_errors=True)
            scale = 1024 if confine.LINUX else 1
            self._notify(Notice(job, status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale))

    def _end_orphans(self) -> None:
        """What a child started and left behind has become ours, and would go on; nothing else has."""
        while not self.alone and (orphans := _own_children() - self.children.keys()):
            for process in orphans:
                _kill(process)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process, 0)

    def _notify(self, notice: Notice) -> None:
        message = msgspec.msgpack.encode(notice)
        try:
            self.control.sendall(LENGTH.pack(len(message)) + message)
        except (BrokenPipeError, ConnectionResetError):
            return  # The worker is gone; the next look at the socket says so too.


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Only there so that the signal writes into the wake-up pipe."""


def _own_children() -> set[int]:
    """The kernel's list; empty where it keeps none."""
    me = os.getpid()
    try:
        return {int(number) for number in Path(f"/proc/{me}/task/{me}/children").read_text().split()}
    except OSError:
        return set()


def _kill(process: int) -> None:
    """The child and whatever it started; it leads a process group of its own a moment after its birth."""
    for kill in (os.killpg, os.kill):
        try:
            kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    setup = msgspec.json.decode(sys.argv[2], type=child.Setup)
    # Only noted: it must not stop a zygote that is on its way out from removing its folder.
    signal.signal(signal.SIGTERM, _noted)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine.die_with_parent(setup.parent, signal.SIGTERM)
    confine.adopt()
    confine.leave_network()
    zygote = None
    try:
        zygote = Zygote(control, setup)
        gc.collect()
        gc.freeze()  # What is loaded now stays shared with every child.
        zygote.serve()
    finally:
        if zygote:
            zygote.end()
        shutil.rmtree(setup.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
