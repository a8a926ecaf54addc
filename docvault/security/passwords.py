"""Passwords: argon2id, computed off the event loop and a few at a time.

Hashing is slow and takes memory on purpose, so it must neither hold up the other requests nor run as often at once as
somebody asks for it: at most `AT_ONCE` hashes are computed (38 MiB), `MAX_WAITING` wait, and the next is told to
come back later.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from docvault.errors import Unavailable

T = TypeVar("T")

# The OWASP password storage cheat sheet's argon2id for ordinary servers: 19 MiB, two passes, one lane. RFC 9106's own
# choices take 64 MiB or 2 GiB and half a second of a small machine's core.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
AT_ONCE = 2
MAX_WAITING = 256

NOBODY = f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}${'A' * 22}${'A' * 43}"
"""The hash of no known password. Checking one against it takes as long as against a real one, and fails."""


class HashingThreads:
    """The threads that hash, and how many callers wait for them. Used from the event loop alone."""

    def __init__(self) -> None:
        self.executor = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self.waiting = 0

    async def run(self, function: Callable[[str], T], argument: str) -> T:
        if self.waiting >= MAX_WAITING:
            raise Unavailable(
                "Too many people are logging in at this moment.",
                code="busy",
                hint="Try again in a few seconds.",
                headers={"Retry-After": "5"},
            )
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, function, argument)
        finally:
            self.waiting -= 1


@cache
def hashing_threads() -> HashingThreads:
    return HashingThreads()


async def hash_password(password: str) -> str:
    """The encoded hash, with its salt and parameters. Raises `Unavailable` when too many wait already."""
    return await hashing_threads().run(HASHER.hash, normalised(password))


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one of the hash `stored`; `None` (an unknown person) takes as long and is false.

    Raises `Unavailable` when too many wait already.
    """

    def verify(text: str) -> bool:
        try:
            return HASHER.verify(stored or NOBODY, text)
        except (VerificationError, InvalidHashError):
            return False

    return await hashing_threads().run(verify, normalised(password)) and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's: hash the password again while it is known."""
    return HASHER.check_needs_rehash(stored)


def normalised(password: str) -> str:
    """One spelling for one password: keyboards and systems compose accented letters differently (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
