"""Readers that misbehave, for the tests of the walls around them. The file they are given is not looked at."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingestion.extract import programs
from ingestion.extract.build import PageBuilder, Report
from ingestion.extract.document import Extracted, Options

_libc: Any = ctypes.CDLL(None, use_errno=True)


def name_itself(filename: str, process: int | None = None) -> None:
    """Write the number that the whole machine knows this process by, in the one folder it may write to."""
    number = process or (Path("/proc/self").readlink() if sys.platform == "linux" else os.getpid())
    Path(f"{filename}.pid").write_text(str(number))


def said(text: str) -> Extracted:
    builder = PageBuilder()
    builder.add("paragraph", text)
    return Extracted([builder.page()])


def memory_hog(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    hoard: list[bytearray] = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


def hidden_memory_hog(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """As a library in C does it: take memory, and abort when there is no more."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while block := libc.malloc(8 * 1024 * 1024):
        ctypes.memset(block, 1, 8 * 1024 * 1024)
    os.abort()


def cpu_burner(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    while True:
        pass


def sleeper(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Far longer than any limit: what is tested is that it is killed, and when."""
    report(1, 4)
    name_itself(filename)
    for number in range(10_000):
        time.sleep(0.05)
        report(min(number, 3), 4)
    raise AssertionError


def segfault(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    ctypes.string_at(0)
    raise AssertionError


def leaver(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    os._exit(0)


def network(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """What Python refuses, and what the kernel says to those who go past it."""
    try:
        socket.socket()
        python = "open"
    except PermissionError:
        python = "closed"
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.socket(2, 1, 0)
    address = b"\x02\x00" + int(filename).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + b"\x00" * 8
    connected = handle >= 0 and libc.connect(handle, address, 16) == 0
    return said(f"python {python}, kernel {'open' if connected else 'closed'}")


def program(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    try:
        subprocess.run(["true"], check=True)
    except PermissionError:
        return said("refused")
    return said("started")


def surroundings(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    Path("left-over.txt").write_text("something")
    loose = [handle for handle in range(3, 256) if _is_open(handle)]
    return said(f"{sorted(os.environ)}\n{Path.cwd()}\n{len(loose)}\n{sys.stdin is None or os.isatty(0)}")


def _is_open(handle: int) -> bool:
    try:
        os.fstat(handle)
    except OSError:
        return False
    return True


def chatterbox(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    return said("word " * 1_500_000)


def odd_error(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    raise KeyError("the words of somebody's document")


def silent(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Begins well, and then says nothing any more."""
    name_itself(filename)
    for number in range(3):
        report(number, 10)
        time.sleep(0.2)
    time.sleep(600)
    raise AssertionError


def grandchild(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Go round Python's refusal and fork in C, as a captured library could. Both sleep until they are killed."""
    if _libc.fork() == 0:
        name_itself(filename)
        time.sleep(60)
        os._exit(0)
    time.sleep(60)
    raise AssertionError


def daemon(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Leave something behind that belongs to no group, session or parent of ours, and end as if all were well."""
    if _libc.fork() == 0:
        os.setsid()
        if _libc.fork() == 0:
            name_itself(filename)
            Path("born").touch()
            time.sleep(60)
        os._exit(0)
    while not Path("born").exists():
        time.sleep(0.01)
    while Path("born").exists():
        time.sleep(0.01)
    return said("well")


def touch(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Try each file of the list `filename`, by the C library (`c`) or by Python (`p`), to read (`r`) or write (`w`)."""
    answers: list[str] = []
    for line in filename.split("\n"):
        how, what, where = line.split(" ", 2)
        flags = os.O_RDONLY if what == "r" else os.O_WRONLY | os.O_CREAT
        opened = _libc.open(os.fsencode(where), flags, 0o600) >= 0 if how == "c" else _python_opens(where, flags)
        answers.append("open" if opened else "closed")
    return said(" ".join(answers))


def _python_opens(where: str, flags: int) -> bool:
    try:
        os.close(os.open(where, flags))
    except PermissionError:
        return False
    return True


def changes(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Change the file `filename` in every way that Python has; tell of those that were not refused."""
    target = Path(filename)
    ways: dict[str, Callable[[], object]] = {
        "remove": target.unlink,
        "rename": lambda: target.rename("stolen"),
        "truncate": lambda: os.truncate(filename, 0),
        "link": lambda: Path("linked").hardlink_to(target),
        "mkdir": lambda: Path(filename + ".folder").mkdir(),
        "chmod": lambda: target.chmod(0o777),
        "write": lambda: target.write_text("changed"),
        "symlink": lambda: _through_symlink(filename),
    }
    Path("mine").write_text("x")
    Path("mine").rename("still mine").unlink()
    return said("done: " + " ".join(name for name, way in ways.items() if not _is_refused(way)))


def _through_symlink(filename: str) -> None:
    _libc.symlink(os.fsencode(filename), b"here")
    Path("here").write_text("changed")


def _is_refused(way: Callable[[], object]) -> bool:
    try:
        way()
    except PermissionError:
        return True
    return False


def calls(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """System calls that nobody needs who reads a document, and those that everybody needs."""
    refused = {
        "ptrace": lambda: _libc.ptrace(0, 0, 0, 0),
        "unshare": lambda: _libc.unshare(0x10000000),
        "mount": lambda: _libc.mount(b"none", b".", b"tmpfs", 0, 0),
        "chroot": lambda: _libc.chroot(b"."),
        "inet": lambda: _libc.socket(2, 2, 0),
        "netlink": lambda: _libc.socket(16, 3, 0),
        "unix": lambda: _libc.connect(_libc.socket(1, 1, 0), b"\x01\x00/run/nobody\x00", 14),
    }
    errors: list[str] = []
    for name, call in refused.items():
        result = call()
        errors.append(f"{name} {errno.errorcode.get(ctypes.get_errno(), '?') if result < 0 else 'done'}")
    pair = (ctypes.c_int * 2)()
    errors.append(f"pair {_libc.socketpair(1, 1, 0, pair)}")
    return said("\n".join(errors))


def program_inside(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Run one of the programs that readers may use; `filename` says how."""
    name, *arguments = filename.split("\n")
    program = next(program for program in programs.PROGRAMS if program.name == name)
    output = programs.run(program, [argument.replace("HERE", str(Path.cwd())) for argument in arguments], seconds=60)
    made = [file.read_text(errors="replace") for file in sorted(Path.cwd().glob("*.txt"))]
    return said(f"{output.decode(errors='replace')}\n{made}")
