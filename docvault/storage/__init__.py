"""Object storage: the bytes people uploaded, exactly as they came."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

Live = Callable[[str], Awaitable[bool]]
"""Whether the upload of this key is still going on, over several requests."""

Spare = Callable[[], Awaitable[str]]
"""Gives a key for a further, small object, which the caller has noted and will remove."""


class StoredObject(NamedTuple):
    key: str
    size: int
    modified: datetime


class Partial(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object that arrives over several calls, as far as it is safe in the store: good for JSON, for it is kept.

    `size` is in bytes. `rest` is the key of a further object with the last of them, where the store needs one. All else
    is the store's own.
    """

    size: int = 0
    rest: str = ""
    upload_id: str = ""
    part_bytes: int = 0
    etags: tuple[str, ...] = ()
    whole: bool = False


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
        At most three parts of the upload are in memory: one is written, the next one hashed, and one fills.
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

    def append(
        self,
        key: str,
        partial: Partial,
        chunks: AsyncIterator[bytes],
        *,
        spare: Spare,
        total: int | None = None,
        digest: Digest | None = None,
    ) -> AsyncGenerator[Partial]:
        """Add what `chunks` gives behind `partial.size`; the object stays invisible until `finish`.

        Gives how far it is safe now and then, and at the end: synced to the disk, or acknowledged by the server. The
        caller keeps that, for only what it kept counts: the next call goes on at the `Partial` it is given, and bytes
        written behind that are overwritten. `Partial()` begins. `total` is the size the object will have, if known.
        Raises `FileNotFoundError` when the store has lost what was safe, and `Locked` while another call is at it.
        """
        ...

    async def finish(self, key: str, partial: Partial) -> None:
        """Make it the object of this key. Doing it twice is harmless. Raises as `append` does.

        `partial.rest` has been read then, and is for the caller to remove.
        """
        ...

    async def abort(self, key: str, partial: Partial) -> None:
        """Remove what `append` stored, but for `partial.rest`, which the caller has noted."""
        ...

    async def clear_unfinished(self, before: datetime, live: Live) -> int:
        """Remove what uploads that stopped before then left behind (their process died). Returns how many.

        Of those that `append` made, only where `live` says no: somebody may still go on with it.
        """
        ...

    async def check(self) -> None:
        """Raise `Unavailable` unless the store can be written to and read from."""
        ...

    async def close(self) -> None: ...
