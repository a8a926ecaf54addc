"""Readers that misbehave, for the tests of the walls around them. The file they are given is not looked at."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from ingestion.extract.build import PageBuilder, Report
from ingestion.extract.document import Extracted, Options


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
    path.with_suffix(".pid").write_text(str(os.getpid()))
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


def grandchild(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Go round Python's refusal and fork in C, as a captured library could. Both sleep until they are killed."""
    process = ctypes.CDLL(None).fork()
    if process == 0:
        time.sleep(60)
        os._exit(0)
    path.with_suffix(".pid").write_text(str(process))
    time.sleep(60)
    raise AssertionError
