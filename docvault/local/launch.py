"""Turn this process into another program that dies when its starter dies.

    python -I -S launch.py SIGNAL STARTER NAMESPACE PROGRAM [ARGUMENT...]

SIGNAL is sent to the program when process STARTER is gone, be it by `kill -9` (Linux only; elsewhere the next start
finds the orphan). NAMESPACE 1 first enters a user namespace of its own, in which root is called `nobody`: PostgreSQL
refuses to run as root, and this needs neither another user nor looser folders.

A program of its own, and not a hook between fork and exec, because such hooks are not safe beside threads.
Standard library only, and as little of it as possible: it runs before every child.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534


def enter_user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{NOBODY} {user} 1")
    _write("/proc/self/gid_map", f"{NOBODY} {group} 1")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def die_with(starter: int, with_signal: int) -> None:
    """Entering a namespace clears this wish, so it comes last."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
    if os.getppid() != starter:  # it died before we could ask
        os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> None:
    with_signal, starter, namespace, *command = arguments
    if namespace == "1":
        enter_user_namespace()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and the program would inherit that
    die_with(int(starter), int(with_signal))
    os.execvp(command[0], command)  # noqa: S606 - the very point


if __name__ == "__main__":
    main(sys.argv[1:])
