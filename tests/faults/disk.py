"""A disk of its own that can be filled: a small file system in memory, without any right of the superuser.

It is mounted in a mount namespace of a process that does nothing else, and reached by everybody through that process's
root folder. By everybody but readers of documents, whom their walls keep from other processes: these get copies.
Where the machine allows no such namespace, there is no small disk.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from docvault.storage import ObjectStore

SIZE = 48 * 1024 * 1024


class Disk:
    """`small` when it is one that can be filled."""

    def __init__(self, folder: Path, *, small: bool) -> None:
        self.folder, self.small = folder, small
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Generator[Disk]:
    """`folder` is the mount point. Without namespaces it is the disk itself, and cannot be filled."""
    folder.mkdir()
    script = f'mount -t tmpfs -o size={SIZE},mode=700 none "$0" && echo mounted && exec cat'
    try:
        holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        yield Disk(folder, small=False)
        return
    try:
        assert holder.stdout
        mounted = holder.stdout.readline() == b"mounted\n"
        inside = Path(f"/proc/{holder.pid}/root{folder}")
        yield Disk(inside, small=True) if mounted and os.access(inside, os.W_OK) else Disk(folder, small=False)
    finally:
        holder.kill()
        holder.wait()
        for pipe in (holder.stdin, holder.stdout):
            if pipe:
                pipe.close()


@asynccontextmanager
async def copied(store: ObjectStore, key: str, folder: Path) -> AsyncGenerator[Path]:
    """What `FileStore.local_copy` gives, as a copy in `folder`."""
    path = folder / "copy"
    async with store.read(key) as pieces:
        with path.open("wb") as file:
            async for piece in pieces:
                file.write(piece)
    yield path
