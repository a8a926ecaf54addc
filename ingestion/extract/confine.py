"""The walls around the process that reads a document: no network, limits on everything, gone with its parent."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
LINUX = sys.platform == "linux"
_libc: Any = ctypes.CDLL(None, use_errno=True)

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
"""All of the environment that a reader gets to see. Keys and passwords live in the rest."""

ALLOWED_PROGRAMS: set[str] = set()
"""Absolute paths of the programs that a reader may start; filled before it meets a document."""

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "pty.")


def environment(folder: Path) -> dict[str, str]:
    """For a process that reads documents: nothing secret, one thread, and no library that reports home."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
    quiet = {
        "TOKENIZERS_PARALLELISM": "false",
        "DO_NOT_TRACK": "1",
        "SCARF_NO_ANALYTICS": "true",
        "HF_HUB_OFFLINE": "1",
    }
    home = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(folder))
    return kept | single | quiet | home | {"MALLOC_ARENA_MAX": "1", "PYTHONUNBUFFERED": "1"}


def leave_network() -> bool:
    """Move this process, and all it forks, to a network namespace with nothing in it. False where that is not allowed.

    A user namespace of its own comes with it: an ordinary person needs one to be allowed to, and for the superuser it
    takes away the power over the rest of the machine. Only a process with one thread can enter one.
    """
    if not LINUX:
        return False
    return _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0 or _libc.unshare(_CLONE_NEWNET) == 0


def die_with_parent(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel end this process when its parent ends, however that comes about."""
    if LINUX:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def limit(memory: int, cpu_seconds: int, file_bytes: int) -> None:
    """Set hard limits: `memory` bytes on top of what the process has now, `cpu_seconds` from its start."""
    _set(resource.RLIMIT_AS, _address_space() + memory if LINUX else memory)
    _set(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 2)
    _set(resource.RLIMIT_FSIZE, file_bytes)
    _set(resource.RLIMIT_NOFILE, 256)
    _set(resource.RLIMIT_CORE, 0)


def _set(what: int, soft: int, hard: int | None = None) -> None:
    """A limit that is stricter already stays; a system without this one goes without."""
    _, ceiling = resource.getrlimit(what)
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    try:
        resource.setrlimit(what, (soft, hard))
    except (ValueError, OSError):
        return


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def shut_in(folder: Path) -> None:
    """Own temporary folder, no standard streams, no new privileges, and no sockets or programs from Python."""
    folder.mkdir(mode=0o700)
    os.chdir(folder)
    tempfile.tempdir = str(folder)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    if LINUX:
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    """An audit hook cannot be taken away again by what runs after it."""
    if event == "subprocess.Popen" and str(_arguments[0]) in ALLOWED_PROGRAMS:
        return
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"A document's reader may not use {event}.")
