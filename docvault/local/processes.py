"""Child processes that are restarted when they die, and that never outlive us for long.

Every child has a session of its own (Ctrl-C in the terminal reaches us alone, and we stop them in order), writes to a
log of bounded size, and is noted with its start time in `processes.json`: whatever a killed `docvault up` left behind
is found at the next start. On Linux it is also signalled by the kernel the moment we die.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from docvault.local import launch
from docvault.local.home import Home, read_note, write_private

LOG_BYTES = 5 * 1024 * 1024
"""A child's log is moved to `NAME.log.1` when it is larger: at most two of these are kept."""

ORPHAN_SECONDS = 10.0
"""What a process left behind is given to stop before it is killed."""

POLL = 0.2
"""Seconds between two looks at the children."""

FIRST_DELAY, LONGEST_DELAY, HEALTHY = 0.2, 10.0, 60.0
"""Seconds before the first restart, doubled for each further one up to the longest, forgotten after a healthy run."""


@dataclass(frozen=True)
class Program:
    """What to run. `environment` replaces ours; None keeps it.

    `stop_signal` asks it to finish, and `stop_seconds` later it is killed. `before` runs ahead of every start.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    user_namespace: bool = False
    before: Callable[[], None] | None = None


class Note(msgspec.Struct, frozen=True):
    """A running child: its number, when it began (seconds since 1970; numbers are used again) and how to stop it."""

    pid: int
    started: float
    stop_signal: int


class Child:
    """One program of one home, running or not. Start it from a thread that stays: the kernel's signal on our death
    is tied to the thread that started it."""

    def __init__(self, program: Program, home: Home) -> None:
        self.program = program
        self.home = home
        self.log = home.log(program.name)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        stop_orphan(self.home, self.program.name)
        if self.program.before:
            self.program.before()
        bound_log(self.log)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                launch_command(self.program),
                env=self.program.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _note(self.home, self.program, self._process.pid)

    def stop(self) -> None:
        """Ask, wait, insist. Afterwards nothing of it is left, its own children included."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.program.stop_signal)
            try:
                process.wait(self.program.stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.clear()

    async def ended(self) -> int:
        """Wait for a started child to end by itself; its exit code."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait)

    def kill(self) -> None:
        """At once. What it was told and confirmed is safe: every child of ours is made to survive that."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def clear(self) -> None:
        """After it ended: end what it left running, and forget it."""
        if self._process is not None:
            _kill_group(self._process.pid)
            self._process = None
            _note(self.home, self.program, None)

    def last_lines(self, count: int = 12) -> str:
        with contextlib.suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 8192))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])
        return ""


def launch_command(program: Program) -> list[str]:
    head = [sys.executable, "-I", "-S", launch.__file__, str(int(program.stop_signal)), str(os.getpid())]
    return [*head, "1" if program.user_namespace else "0", *program.command]


def bound_log(log: Path) -> None:
    """Children append, so the file may be emptied under them."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.with_name(log.name + ".1").write_bytes(log.read_bytes()[-LOG_BYTES:])
            os.truncate(log, 0)


def stop_orphans(home: Home) -> list[str]:
    """End what an earlier `docvault up` left running (it was killed), users before servers; gives their names.

    Only for who holds the home's lock.
    """
    names = reversed(read_note(_notes(home), dict[str, Note]) or {})
    return [name for name in names if stop_orphan(home, name)]


def stop_orphan(home: Home, name: str) -> bool:
    note = (read_note(_notes(home), dict[str, Note]) or {}).get(name)
    if note is None:
        return False
    try:
        process = psutil.Process(note.pid)
        ours = abs(process.create_time() - note.started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    if ours and note.pid != os.getpid():
        end_process(process, note.stop_signal)
        _kill_group(note.pid)
    return ours


def end_process(process: psutil.Process, stop_signal: int) -> None:
    """Ask a process that is not our child to stop, and kill it when it has not after `ORPHAN_SECONDS`."""
    for number in (stop_signal, signal.SIGKILL):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if _gone(process, ORPHAN_SECONDS):
            return


def _gone(process: psutil.Process, seconds: float) -> bool:
    """A zombie is gone too: in a container nobody may ever collect it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def _notes(home: Home) -> Path:
    return home.path / "processes.json"


def _note(home: Home, program: Program, pid: int | None) -> None:
    notes = read_note(_notes(home), dict[str, Note]) or {}
    notes.pop(program.name, None)
    with contextlib.suppress(psutil.NoSuchProcess):
        if pid is not None:
            notes[program.name] = Note(pid, psutil.Process(pid).create_time(), int(program.stop_signal))
    write_private(_notes(home), msgspec.json.encode(notes))


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class Supervisor:
    """Keeps children running until told to stop. `tell` gets a sentence for each one that had to be started again."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self.children: list[Child] = []
        self.restarts: dict[str, int] = {}
        self._tell = tell
        self._delays: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._started: dict[str, float] = {}

    def add(self, child: Child) -> None:
        """Watch a child, in the order of starting; one that is not running yet is started."""
        self.children.append(child)
        if not child.running:
            child.start()
        self._started[child.program.name] = time.monotonic()

    async def watch(self) -> None:
        """Restart what dies, with growing pauses, until cancelled."""
        while True:
            for child in self.children:
                self._look_at(child)
            await asyncio.sleep(POLL)

    def _look_at(self, child: Child) -> None:
        name, now = child.program.name, time.monotonic()
        if child.running:
            bound_log(child.log)
            return
        if name not in self._due:
            healthy = now - self._started[name] > HEALTHY
            delay = FIRST_DELAY if healthy else self._delays.get(name, FIRST_DELAY)
            self._delays[name] = min(delay * 2, LONGEST_DELAY)
            self._due[name] = now + delay
            self.restarts[name] = self.restarts.get(name, 0) + 1
            # Its last words explain an exit of its own accord; before a signal they are about something else.
            words = f": {child.last_lines(1)[:300]}" if (child.exit_code or 0) > 0 else ""
            self._tell(f"The {name} stopped ({reason(child.exit_code)}) and is started again. {child.log}{words}")
            child.clear()
        if now >= self._due[name]:
            del self._due[name]
            self._started[name] = now
            child.start()

    async def stop(self) -> None:
        """Stop everything, the last started first. Waits in a thread, so that a second signal is still heard."""
        for child in reversed(self.children):
            await asyncio.to_thread(child.stop)


def reason(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
