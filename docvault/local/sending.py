"""Files to the API, with what is known of each afterwards. What the API has already is not sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from docvault.errors import DocVaultError
from docvault.local.connect import Away, Connection
from docvault.local.folder import Item, Left, Print, batches, fingerprint
from docvault.local.large import LARGE, send_large

ASK = 200  # files whose hashes are asked about together
FILES, BYTES = 50, 8 * 1024 * 1024  # of one request
FINAL = {"too_many_documents", "storage_quota_reached", "unauthenticated", "missing_scope", "unreachable"}
"""Nothing more will be taken: going on would only be refused file by file."""
Seen = Callable[[int, int], None]


class Failure(NamedTuple):
    name: str
    code: str
    detail: str
    hint: str | None = None


class Pending(NamedTuple):
    sha256: str
    name: str


@dataclass
class Outcome:
    """What became of each file. `pending` are documents, by id, that are not read yet."""

    sent: int = 0
    sent_bytes: int = 0
    ready: int = 0
    there: int = 0
    pending: dict[str, Pending] = field(default_factory=dict[str, Pending])
    failed: list[Failure] = field(default_factory=list[Failure])
    left: list[Left] = field(default_factory=list[Left])

    def settle(self, id: str, status: str, error: dict[str, Any] | None) -> bool:
        """Note that a document is `ready` or `failed`. False when it is neither, or not one of ours."""
        if id not in self.pending or status not in ("ready", "failed"):
            return False
        name = self.pending.pop(id).name
        if status == "ready":
            self.ready += 1
        else:
            self.failed.append(failure(name, error or {}))
        return True


def failure(name: str, error: dict[str, Any]) -> Failure:
    return Failure(name, error.get("code") or "failed", error.get("detail") or "", error.get("hint"))


class Sender:
    """`seen` hears of files and bytes that are done with, sent or not; negative when a request is tried again."""

    def __init__(
        self, connection: Connection, root: Path, tags: Sequence[str], retry: bool, seen: Seen, outcome: Outcome
    ) -> None:
        self.connection, self.root, self.tags, self.retry, self.seen = connection, root, list(tags), retry, seen
        self.outcome = outcome
        self.hashes: dict[Path, str] = {}

    async def send(self, items: Sequence[Item]) -> None:
        """Hash the next files while these are on their way. Raises `DocVaultError` when the API stays away."""
        parts = [items[start : start + ASK] for start in range(0, len(items), ASK)]
        looking = asyncio.create_task(_look(parts[0])) if parts else None
        for number, part in enumerate(parts):
            assert looking
            prints = await looking
            looking = asyncio.create_task(_look(parts[number + 1])) if number + 1 < len(parts) else None
            try:
                await self._part(part, prints)
            except BaseException:
                if looking:
                    looking.cancel()
                raise

    async def _part(self, items: Sequence[Item], prints: Sequence[Print | OSError]) -> None:
        fresh: list[tuple[Item, str]] = []
        for item, print in zip(items, prints, strict=True):
            if isinstance(print, OSError):
                self._leave(item, f"cannot be opened: {print.strerror}")
            elif print.refused:
                self._leave(item, print.refused)
            else:
                fresh.append((item, print.sha256))
        hashes = list(dict.fromkeys(sha256 for _, sha256 in fresh))
        known = {each["sha256"]: each for each in await self.known(hashes)}
        self.hashes = {item.path: sha256 for item, sha256 in fresh}
        for item, sha256 in fresh:
            if sha256 in known:
                await self._was_there(item, known[sha256])
        for batch in batches([item for item, sha256 in fresh if sha256 not in known], FILES, BYTES):
            await self._batch(batch)

    async def known(self, hashes: Sequence[str]) -> list[dict[str, Any]]:
        body = {"json": {"sha256": list(hashes)}}
        return (await self.connection.request("POST", "/api/documents/known", lambda: body)).json()["items"]

    async def _was_there(self, item: Item, document: dict[str, Any]) -> None:
        self.seen(1, item.size)
        if document["status"] == "failed" and self.retry:
            again = await self.connection.request("POST", f"/api/documents/{document['id']}/retry", allow=[404, 409])
            document = document | (again.json() if again.is_success else {})
        self._note(item, document, there=True)

    def _note(self, item: Item, document: dict[str, Any], *, there: bool) -> None:
        name = self.called(item)
        if document["status"] == "ready":
            self.outcome.there += 1
        elif document["status"] == "failed":
            self.outcome.failed.append(failure(name, document["error"] or {}))
        elif there and document["id"] in self.outcome.pending:
            self.outcome.there += 1  # the same bytes twice in this folder
        else:
            self.outcome.pending[document["id"]] = Pending(self.hashes[item.path], name)

    async def _batch(self, batch: Sequence[Item]) -> None:
        """Send, and where one file of several is refused, find out which by sending half."""
        try:
            documents = await self._large(batch[0]) or await self._request(batch)
        except OSError:
            await self._one_by_one(batch, lambda item: self._leave(item, "cannot be opened any more"))
        except DocVaultError as error:
            if isinstance(error, Away) or error.code in FINAL:
                raise
            refused = Failure("", error.code, error.detail, error.hint)
            await self._one_by_one(batch, lambda item: self._refuse(item, refused))
        else:
            for item, document in zip(batch, documents, strict=True):
                there = document["duplicate_of"] is not None
                if not there:
                    self.outcome.sent += 1
                    self.outcome.sent_bytes += item.size
                self._note(item, document, there=there)

    async def _one_by_one(self, batch: Sequence[Item], give_up: Callable[[Item], None]) -> None:
        if len(batch) == 1:
            give_up(batch[0])
            return
        middle = len(batch) // 2
        await self._batch(batch[:middle])
        await self._batch(batch[middle:])

    async def _large(self, item: Item) -> list[dict[str, Any]]:
        """Nothing where the file is not large, or the API takes no pieces."""
        if item.size < LARGE:
            return []
        told = 0

        def safe(count: int) -> None:
            nonlocal told
            told += count
            self.seen(0, count)

        try:
            document = await send_large(self.connection, item, self.tags, safe)
        except BaseException:
            safe(-told)
            raise
        self.seen(1 if document else 0, 0)
        return [document] if document else []

    async def _request(self, batch: Sequence[Item]) -> list[dict[str, Any]]:
        told, done = 0, 0

        def read(count: int) -> None:
            nonlocal told
            told += count
            self.seen(0, count)

        with ExitStack() as stack:

            def make() -> dict[str, Any]:
                read(-told)
                opened = [stack.enter_context(item.path.open("rb")) for item in batch]
                files = [("file", (item.name, Told(file, read))) for item, file in zip(batch, opened, strict=True)]
                return {"files": files, "data": {"folder": batch[0].folder, "tags": ",".join(self.tags)}}

            try:
                answer = await self.connection.request("POST", "/api/documents", make)
                done = sum(item.size for item in batch)
                self.seen(len(batch), 0)
                return answer.json()["documents"]
            finally:
                read(done - told)

    def _leave(self, item: Item, why: str) -> None:
        self.seen(1, item.size)
        self.outcome.left.append(Left(self.called(item), why))

    def _refuse(self, item: Item, refused: Failure) -> None:
        self.seen(1, item.size)
        self.outcome.failed.append(refused._replace(name=self.called(item)))

    def called(self, item: Item) -> str:
        return str(item.path.relative_to(self.root)).encode("utf-8", "replace").decode()


async def _look(items: Sequence[Item]) -> list[Print | OSError]:
    def look() -> list[Print | OSError]:
        return [_fingerprint(item.path) for item in items]

    return await asyncio.to_thread(look)


def _fingerprint(path: Path) -> Print | OSError:
    try:
        return fingerprint(path)
    except OSError as error:
        return error


class Told:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, read: Callable[[int], None]) -> None:
        self._file, self._read = file, read

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._read(len(piece))
        return piece

    def fileno(self) -> int:
        return self._file.fileno()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
