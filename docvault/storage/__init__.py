"""Object storage: the bytes people uploaded, exactly as they came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol


class StoredObject(NamedTuple):
    key: str
    size: int
    modified: datetime


class Digest(Protocol):
    """What `hashlib` makes."""

    def update(self, data: bytes | memoryview, /) -> object: ...


class ObjectStore(Protocol):
    """Keys are `<owner id>/<revision id>`: flat ids, never a name a person chose. Any other shape is a `ValueError`.

    A missing key raises `FileNotFoundError`; a store that does not answer raises `docvault.errors.Unavailable`.
    """

    async def put(self, key: str, chunks: AsyncIterator[bytes], digest: Digest | None = None) -> int:
        """Store what `chunks` gives and return its size in bytes.

        `digest` is updated with the same bytes, in a thread while they are written: on the event loop, hashing would
        take longer than all the rest.

        All or nothing: when `chunks` raises (or the call is cancelled), nothing is stored and nothing stays open.
        At most two parts of the upload are in memory: one being written while the next one fills.
        """
        ...

    def read(
        self, key: str, start: int = 0, end: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The bytes from `start` up to (not including) `end`, piece by piece. Missing keys raise on entering."""
        ...

    def local_copy(self, key: str, folder: Path) -> AbstractAsyncContextManager[Path]:
        """A file on this machine with the object's bytes, for a reader that needs one; gone on leaving.

        A store that has the bytes on disk already gives that very file: it must only be read.
        """
        ...

    async def size(self, key: str) -> int: ...

    async def delete(self, key: str) -> None:
        """Remove the object. One that is already gone is no error."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """The whole objects whose key starts with `prefix`, in the order of their keys."""
        ...

    async def clear_unfinished(self, before: datetime) -> int:
        """Remove what uploads that stopped before then left behind (their process died). Returns how many."""
        ...

    async def check(self) -> None:
        """Raise `Unavailable` unless the store can be written to and read from."""
        ...

    async def close(self) -> None: ...
