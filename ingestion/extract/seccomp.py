"""A filter over system calls: what no reader of documents needs, the kernel does not even begin.

Much of what was ever broken in the kernel was reached through calls like these.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from typing import Any, NamedTuple

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_libc: Any = ctypes.CDLL(None, use_errno=True)

# Of linux/filter.h: load a word, jump when equal / at least / any bit, return.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in `struct seccomp_data`, little end first
_OTHER_ABI = 0x40000000
_NEW_NAMESPACES = 0x7E020000

_EVERYWHERE = (
    *(425, 426, 427),  # io_uring, which goes round filters like this one
    *(428, 429, 430, 431, 432, 433, 442),  # the newer calls to mount
    438,  # pidfd_getfd
)


class _Machine(NamedTuple):
    architecture: int
    clone: int
    socket: int
    connect: int
    access: tuple[int, int]
    denied: tuple[int, ...]


"""`access` is the call that asks whether a file may be written, and where in `seccomp_data` it has its question."""

_MACHINES = {
    "x86_64": _Machine(
        *(0xC000003E, 56, 41, 42, (21, 24)),
        (
            *(101, 310, 311, 312),  # ptrace, process_vm_readv, process_vm_writev, kcmp
            *(165, 166, 155, 161, 272, 308),  # mount, umount2, pivot_root, chroot, unshare, setns
            *(321, 298, 323, 300),  # bpf, perf_event_open, userfaultfd, fanotify_init
            *(248, 249, 250),  # add_key, request_key, keyctl
            *(175, 313, 176, 246, 320),  # init_module, finit_module, delete_module, kexec_load, kexec_file_load
            *(304, 179, 167, 168, 163, 169, 103),  # open_by_handle_at, quotactl, swapon, swapoff, acct, reboot, syslog
            *(164, 227, 305, 159, 170, 171),  # the clock, the names of the machine
            *(154, 172, 173, 134, 180, 212),  # modify_ldt, iopl, ioperm, uselib, nfsservctl, lookup_dcookie
        ),
    ),
    "aarch64": _Machine(
        *(0xC00000B7, 220, 198, 203, (48, 32)),
        (
            *(117, 270, 271, 272),
            *(40, 39, 41, 51, 97, 268),
            *(280, 241, 282, 262),
            *(217, 218, 219),
            *(105, 273, 106, 104, 294),
            *(265, 60, 224, 225, 89, 142, 116),
            *(170, 112, 266, 171, 161, 162),
            *(42, 18),
        ),
    ),
}
_CLONE3 = 435


def restrict() -> bool:
    """Put the filter on this process and all it starts. False where the machine has none or is not known here.

    Sockets remain for pairs of processes that were born with them: no other family, and nothing to connect to.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or sys.platform != "linux":
        return False
    return _install(_program(machine))


def hide_writable() -> bool:
    """Say of every file that it cannot be written, to those who ask before they try. For the program about to start.

    LibreOffice looks for a place for its socket so, and takes the temporary folder of all, where the walls refuse it;
    told no, it takes the folder that `OSL_SOCKET_PATH` names.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or sys.platform != "linux":
        return False
    number, question = machine.access
    return _install(
        b"".join(
            (
                _step(_LOAD, _NUMBER),
                _step(_EQUAL, number, 0, 3),
                _step(_LOAD, question),
                *_when(_ANY_BIT, os.W_OK, _returning(errno.EACCES)),
                _step(_RETURN, _ALLOW),
            )
        )
    )


def _install(program: bytes) -> bool:
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions and, aligned, where they are.
    attributes = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, attributes, 0, 0) == 0


def _program(machine: _Machine) -> bytes:
    refused = _returning(errno.EPERM)
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.architecture, 1, 0),
        refused,  # another architecture's calls have other numbers
        _step(_LOAD, _NUMBER),
        *_when(_AT_LEAST, _OTHER_ABI, refused),
        # Its flags are behind a pointer, where a filter cannot look; the C library then uses `clone`.
        *_when(_EQUAL, _CLONE3, _returning(errno.ENOSYS)),
        *(
            step
            for number in (*machine.denied, *_EVERYWHERE, machine.connect)
            for step in _when(_EQUAL, number, refused)
        ),
        _step(_EQUAL, machine.clone, 0, 3),
        _step(_LOAD, _FIRST_ARGUMENT),
        *_when(_ANY_BIT, _NEW_NAMESPACES, refused),
        _step(_LOAD, _NUMBER),
        _step(_EQUAL, machine.socket, 0, 3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_EQUAL, int(socket.AF_UNIX), 1, 0),
        _returning(errno.EAFNOSUPPORT),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def _when(test: int, value: int, then: bytes) -> tuple[bytes, bytes]:
    return _step(test, value, 0, 1), then


def _returning(error: int) -> bytes:
    return _step(_RETURN, _ERROR | error)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)
