"""The walls around the process that reads a document: no network, no files but its own, limits on everything, and
nothing of it left when it ends.

Each wall stands behind another, because not every machine has every one of them: `python -m ingestion.extract.confine`
says which hold here.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import resource
import select
import signal
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from ingestion.extract import landlock, seccomp

_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC, _CLONE_NEWPID = 0x10000000, 0x40000000, 0x08000000, 0x20000000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_CLONE = {"x86_64": 56, "aarch64": 220}
"""The system call's number. Its arguments differ in order, but all that differ are 0 here."""
LINUX = sys.platform == "linux"
_libc: Any = ctypes.CDLL(None, use_errno=True)

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
"""All of the environment that a reader gets to see. Keys and passwords live in the rest."""

ALLOWED_PROGRAMS: set[str] = set()
"""Absolute paths of the programs that a reader may start; filled before it meets a document."""

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "pty.")
_PATHS = {
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), (0, 1)),
}
"""Events that change files, and which of their arguments are paths."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_own: set[str] = set()
"""Folders in which this process may write, real paths; empty until it is shut in."""
own_processes = False
"""Whether this process is the first of a namespace of processes, so that all it can see there are its own."""


def environment(folder: Path) -> dict[str, str]:
    """For a process that reads documents: nothing secret, one thread, and no library that reports home."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    limits = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    single = dict.fromkeys(limits, "1")
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
    takes away the power over the rest of the machine. Shared memory and message queues become its own as well. Only a
    process with one thread can enter one.
    """
    if not LINUX:
        return False
    ways = (_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC, _CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET)
    return any(_libc.unshare(way) == 0 for way in ways)


def adopt() -> None:
    """Become the parent of whatever a child leaves behind, so that it can be ended."""
    if LINUX:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def own_handle() -> int | None:
    """A pidfd of this process, for children who cannot see its number. None where the kernel is older than 5.3."""
    try:
        return os.pidfd_open(os.getpid()) if LINUX else None
    except OSError:
        return None


def fork(*, alone: bool) -> int:
    """As `os.fork`; `alone` makes the child the first of a namespace of processes. Raises `OSError` where it cannot.

    When the first one ends, for whatever reason, the kernel ends all others of its namespace, daemons included.
    `unshare` could make such a namespace only once, hence the bare system call with what `os.fork` does around it.
    """
    global own_processes
    if not alone:
        return os.fork()
    number = _CLONE.get(platform.machine())
    if not LINUX or number is None:
        raise OSError("There are no namespaces of processes here.")
    ctypes.pythonapi.PyOS_BeforeFork()
    process = int(_with_lock.syscall(number, _CLONE_NEWPID | signal.SIGCHLD, 0, 0, 0, 0))
    if process == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        own_processes = True
        return 0
    error = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if process < 0:
        raise OSError(error, os.strerror(error))
    return process


_with_lock: Any = ctypes.PyDLL(None, use_errno=True)
"""The C library called without letting go of the interpreter's lock: a fork in between would lose it."""


def die_with_parent(parent: int, number: int = signal.SIGKILL, handle: int | None = None) -> None:
    """Have the kernel end this process when its parent ends, however that comes about.

    `handle` is a pidfd of the parent, for those who cannot see its number from where they are.
    """
    if LINUX:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if handle is None or not own_processes:
        ended = os.getppid() != parent
    else:
        ended = bool(select.select([handle], [], [], 0)[0])
    if ended:
        os._exit(1)


def limit(memory: int, cpu_seconds: int, file_bytes: int) -> None:
    """Set hard limits: `memory` bytes on top of what the process has now, `cpu_seconds` from its start."""
    _set(resource.RLIMIT_AS, _address_space() + memory if LINUX else memory)
    # The first of a namespace does not hear this signal unless it listens: so it ends itself, whatever runs in it.
    _libc.signal(signal.SIGXCPU, ctypes.cast(_libc._exit, ctypes.c_void_p))
    _set(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 2)
    _set(resource.RLIMIT_FSIZE, file_bytes)
    _set(resource.RLIMIT_NOFILE, 256)
    _set(resource.RLIMIT_CORE, 0)


OUT_OF_CPU = int(signal.SIGXCPU)
"""The exit status of a process that used up its processor time: its handler is given the signal's number."""


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


def shut_in(
    folder: Path, readable: Iterable[str] = (), writable: Iterable[str] = (), *, without: Collection[str] = ()
) -> None:
    """Own temporary folder, no standard streams, no new privileges, and no sockets or programs from Python.

    Of the machine's files, only the system's and `readable` ones (trees or files) can be read, and only what is below
    `folder` and `writable` ones written. `without` leaves walls out, for the tests of those behind them.
    """
    folder.mkdir(mode=0o700)
    os.chdir(folder)
    tempfile.tempdir = str(folder)
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(folder)))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    if LINUX:
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    own = [str(folder), *writable]
    if "landlock" not in without:
        landlock.restrict(readable, own)
    if "seccomp" not in without:
        seccomp.restrict()
    _own.update(os.path.realpath(path) for path in own)
    sys.addaudithook(_refuse)


def is_shut_in() -> bool:
    return bool(_own)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook cannot be taken away again by what runs after it."""
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and path != os.devnull:
            _refuse_outside(event, path)
    elif event in _PATHS:
        for place in _PATHS[event]:
            _refuse_outside(event, arguments[place])
    elif event.startswith(_FORBIDDEN) and not (event == "subprocess.Popen" and str(arguments[0]) in ALLOWED_PROGRAMS):
        raise PermissionError(f"A document's reader may not use {event}.")


def _refuse_outside(event: str, path: Any) -> None:
    if isinstance(path, int):
        return  # a file that is open already
    real = os.path.realpath(os.fsdecode(path))
    if not any(real == own or real.startswith(own + os.sep) for own in _own):
        raise PermissionError(f"A document's reader may not use {event} outside its own folder.")


# --- which of them hold -----------------------------------------------------------------------------------------------

WALLS = {
    "network": "a network of its own",
    "processes": "processes of its own",
    "files": "Landlock",
    "calls": "a filter over system calls",
}
"""What `walls` looks for, in words."""


def can_fork_alone() -> bool:
    return _can(lambda: fork(alone=True))


def walls() -> dict[str, bool]:
    """Which walls this machine lets us build. It builds them around the process that asks: use a throw-away one."""
    return {
        "network": leave_network(),
        "processes": can_fork_alone(),
        "files": _can(os.fork, lambda: landlock.restrict([], [])),
        "calls": _can(os.fork, seccomp.restrict),
    }


def _can(fork: Callable[[], int], then: Callable[[], bool] = lambda: True) -> bool:
    """Whether a child that is born by `fork` can do it."""
    with contextlib.suppress(OSError):
        process = fork()
        if process == 0:
            os._exit(0 if then() else 1)
        return os.waitpid(process, 0)[1] == 0
    return False


if __name__ == "__main__":
    print(json.dumps(walls()))
