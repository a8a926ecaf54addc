"""Landlock: the kernel's own list of what a process, and all it starts, may still open.

Numbers and structures are those of `linux/landlock.h`; the system calls have the same numbers on every machine that
Python calls x86_64 or aarch64. A kernel of 2021 (5.13) knows the first version, later ones the rest.
"""

from __future__ import annotations

import ctypes
import os
import platform
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_libc: Any = ctypes.CDLL(None, use_errno=True)

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICE_NODES = 1 << 6 | 1 << 11  # making character and block devices is nobody's business here
_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Everything about files that a version can forbid: moving between folders since 2, truncating 3, devices' ioctl 5."""
_TCP = 0b11  # binding and connecting, since version 4
_SCOPES = 0b11  # abstract sockets and signals beyond the wall, since version 6

_SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/gnu/store", "/var/cache/fontconfig"),
    *("/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime"),
    *("/etc/timezone", "/etc/libreoffice", "/etc/mime.types", "/etc/magic", "/etc/passwd", "/etc/group"),
    *(
        "/var/lib/libreoffice",
        "/var/spool/libreoffice",
        "/etc/nsswitch.conf",
        "/etc/papersize",
        "/etc/os-release",
        "/etc/locale.alias",
        "/sys/devices/system/cpu",
    ),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/filesystems", "/proc/version"),
    *("/dev/zero", "/dev/random", "/dev/urandom"),
)
"""What libraries and programs read of the machine. Nothing in it is a person's, and of /proc only one's own."""


def version() -> int:
    """0 where there is none."""
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}:
        return 0
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, _VERSION)))


def system() -> list[str]:
    """What every reader may read: the system's libraries, Python's, and the code that is loaded, package by package.

    Not the folders that packages are found in: beside one's own code there may stand a home with its secrets.
    """
    trees = {*_SYSTEM, sys.prefix, sys.base_prefix, sys.exec_prefix}
    trees |= {entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and "." not in name and not file.startswith(tuple(f"{tree}/" for tree in trees)):
            trees.add(str(Path(file).parent if Path(file).stem == "__init__" else file))
    for path in (getattr(sys.modules.get(name), "__path__", ()) for name in list(sys.modules) if "." not in name):
        trees |= {entry for entry in path if not entry.startswith(tuple(f"{tree}/" for tree in trees))}
    return sorted(tree for tree in trees if tree != "/" and Path(tree).exists())


def restrict(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """From here on only these trees and files, for this process and all it starts. False where there is no Landlock.

    Paths that are not there are passed over. TCP, signals and abstract sockets beyond the wall end too, where known.
    """
    abi = version()
    if not abi:
        return False
    everything = _ALL_FILES[max(known for known in _ALL_FILES if known <= abi)]
    attributes = struct.pack("<QQQ", everything, _TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(ruleset, path, _READ & everything)
        for path in writable:
            _allow(ruleset, path, everything & ~_DEVICE_NODES)
        _allow(ruleset, os.devnull, (_READ_FILE | _WRITE_FILE) & everything)
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= _ON_FILES
        _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("<Qi", access, handle), 0)
    finally:
        os.close(handle)
