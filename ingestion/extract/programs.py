"""Programs of this machine that some formats need. They are found when they are needed, and never required to start."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from docvault.errors import DocumentError
from ingestion.extract import confine, seccomp

LOOK_SECONDS = 1.0
"""How often a running program is looked at."""
SPARE = 2.0
"""Seconds of the document's time that are kept for saying that a program took too long."""
_NEW_PROFILE = 81
"""What LibreOffice ends with when it has made its profile and wants to be started again."""
FAMILY = 256
"""Numbers after a program's own at which its children and their threads are looked for."""


class Program(NamedTuple):
    """`commands` are the names it goes by; `debian` and `brew` the packages that bring it."""

    name: str
    commands: tuple[str, ...]
    debian: str
    brew: str
    reads: str


LIBREOFFICE = Program(
    "LibreOffice", ("soffice", "libreoffice"),
    "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui", "--cask libreoffice",
    "Word and PowerPoint files in the old format (.doc, .ppt)",
)  # fmt: skip
TESSERACT = Program(
    "Tesseract", ("tesseract",), "tesseract-ocr", "tesseract", "scanned pages and pictures of text"
)  # fmt: skip
PROGRAMS = (LIBREOFFICE, TESSERACT)


def find(program: Program) -> Path | None:
    """Where it is on this machine."""
    for command in program.commands:
        if found := shutil.which(command):
            return Path(found)
    return None


def how_to_install(program: Program) -> str:
    return f"Debian and Ubuntu: `apt install {program.debian}`. macOS: `brew install {program.brew}`."


def missing(program: Program) -> DocumentError:
    return DocumentError(
        f"Reading {program.reads} needs {program.name}, which is not installed where the worker runs.",
        code="program_missing",
        hint=f"{how_to_install(program)} Then retry the document.",
    )


def found() -> list[Path]:
    """What is started for those that this machine has."""
    return [_started(where) for program in PROGRAMS if (where := find(program))]


def _started(where: Path) -> Path:
    """LibreOffice's command is a script around a starter around the program. Within the walls only the last one does:
    the starter wants a socket in the temporary folder of all."""
    program = where.resolve().with_name("soffice.bin")
    return program if where.name in LIBREOFFICE.commands and program.exists() else where


def trees() -> list[str]:
    """Folders that these programs read and that are not among the system's: their own, and no larger ones."""
    return sorted({tree for where in found() if (tree := _tree(where.resolve())) is not None})


def _tree(where: Path) -> str | None:
    if where.parts[1] in {"usr", "bin", "sbin", "lib", "nix", "gnu"}:
        return None
    if where.parts[1] in {"opt", "snap", "Applications"} and len(where.parts) > 3:
        return str(Path(*where.parts[:3]))
    return str(where.parent)


# --- inside the walls -------------------------------------------------------------------------------------------------


class _Clock:
    """How long the document's process may still take, and how it says that it is not stuck."""

    def __init__(self) -> None:
        self.deadline = math.inf
        self.tick: Callable[[], None] | None = None


_clock = _Clock()


def begin(seconds: float, tick: Callable[[], None]) -> None:
    """From here on programs end before `seconds` are over, and `tick` is called while they use the processor."""
    _clock.deadline, _clock.tick = time.monotonic() + seconds, tick


def run(program: Program, arguments: Sequence[str], *, seconds: float, stdin: bytes = b"") -> bytes:
    """Run it inside the reader's walls and return what it wrote to its standard output.

    It gets `seconds`, or what is left of the document's time where that is less. While it works, the reader counts as
    making progress; a program that only waits does not. All that it started ends with it.
    Raises `DocumentError` (`program_missing`, `too_slow`) and `subprocess.CalledProcessError` when it says that it
    failed.
    """
    where = find(program)
    if where is None:
        raise missing(program)
    until = min(time.monotonic() + seconds, _clock.deadline - SPARE)
    command = [str(_started(where)), *arguments]
    done = _once(program, command, until, stdin)
    if program is LIBREOFFICE and done.returncode == _NEW_PROFILE:
        done = _once(program, command, until, stdin)
    done.check_returncode()
    return done.stdout


def _once(program: Program, command: list[str], until: float, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    started = time.monotonic()
    # From a file: asked a second time, Python's `communicate` forgets what it has not yet written to a pipe.
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=os.environ | {"OSL_SOCKET_PATH": "."},
            # There is one thread within the walls, so that code of ours may run between fork and start.
            preexec_fn=seccomp.hide_writable if program is LIBREOFFICE and confine.is_shut_in() else None,
        )
    try:
        output, said = _communicate(process, until)
    except subprocess.TimeoutExpired:
        taken = time.monotonic() - started
        raise DocumentError(f"{program.name} took longer than {taken:.0f} seconds.", code="too_slow") from None
    finally:
        _end(process)
    return subprocess.CompletedProcess(command, process.returncode, output, said)


def _communicate(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bytes]:
    used = 0.0
    while True:
        left = until - time.monotonic()
        try:
            return process.communicate(timeout=max(0.0, min(left, LOOK_SECONDS)))
        except subprocess.TimeoutExpired:
            if left <= LOOK_SECONDS:
                raise
        now = _processor_seconds(process.pid)
        if now > used and _clock.tick:
            _clock.tick()
        used = now


def _processor_seconds(process: int) -> float:
    """What the program has used by now; with its children where they are alone in their namespace.

    Their numbers follow on its own there. A clock's number is made from a process's as the kernel's
    `MAKE_PROCESS_CPUCLOCK` does it; what `/proc` says of them is behind the wall.
    """
    total = 0.0
    for number in range(process, process + (FAMILY if confine.own_processes else 1)):
        with contextlib.suppress(OSError):
            total += time.clock_gettime(~number << 3 | 2)
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    if confine.own_processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all of the namespace but its first, which is this one
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    process.wait()
