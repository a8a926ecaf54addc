"""An archive becomes documents: each file in it is stored like an upload, and all are written down in one transaction.

The reader's process hands the files over one by one; what fails, is stopped or killed before the transaction leaves no
document, and no bytes either, for every object's key is noted before its first byte. Archives in archives are documents
that are unpacked in their turn.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

from docvault.errors import DocumentError, Unavailable
from docvault.logging import get_logger
from docvault.resources import Resources
from docvault.settings import Settings
from ingestion import archive_queries, queries
from ingestion.archive_queries import Family
from ingestion.extract.names import Place, numbered, placed
from ingestion.extract.packed import ALWAYS
from ingestion.extract.reader import Reader
from ingestion.extract.unpack import Entry, Limits, Unpacked
from ingestion.extract.unpacking import LeftOut
from ingestion.filetypes import HEAD_BYTES, sniff
from ingestion.members import Taken, write_down
from ingestion.progress import Progress
from ingestion.queries import Claim, LostClaim

AHEAD = 32
"""Keys noted in one transaction."""
STORED = 0.95
"""Share of the whole that is done when all files are stored."""

log = get_logger(__name__)


async def unpack(
    resources: Resources, reader: Reader, claim: Claim, progress: Progress, path: Path, password: str | None = None
) -> None:
    """Make the archive at `path` ready, and every file in it a document.

    Raises `DocumentError`, `Unavailable` and `LostClaim`; then nothing of it is kept.
    """
    async with resources.database.transaction(claim.owner_id) as session:
        family = await archive_queries.family(session, claim)
    if family is None:
        raise LostClaim("The document was deleted.")
    keeper = Keeper(resources, claim, progress)
    try:
        done = await reader.unpack(
            path,
            keeper.take,
            filename=claim.filename,
            content_type=claim.content_type,
            limits=_limits(resources.settings, family),
            password=password,
        )
        if not keeper.taken:
            raise _nothing_in_it(done, keeper)
        progress.at("indexing", STORED)
        added = await write_down(resources, claim, family.root_id, keeper.taken, _notes(keeper, done))
    except BaseException:
        # Cancelled or not: what no document holds is left to the sweeper by name.
        await asyncio.shield(keeper.give_up())
        raise
    await keeper.give_up()  # what was noted and not needed
    log.info("archive.unpacked", files=len(keeper.taken), documents=added)


def _limits(settings: Settings, family: Family) -> Limits:
    """What is left of what the outermost archive may hold. Raises `DocumentError` where nothing is."""
    if family.depth > settings.max_archive_depth:
        raise DocumentError(
            f"The archive lies in {family.depth} others, and only {settings.max_archive_depth} are opened.",
            code="archive_too_deep",
            hint="Upload it by itself, or raise DOCVAULT_MAX_ARCHIVE_DEPTH.",
        )
    room = min(settings.extract_unpacked_bytes, max(ALWAYS, settings.extract_ratio * family.root_bytes))
    return Limits(
        members=max(0, settings.max_archive_members - family.members),
        unpacked_bytes=max(0, room - family.bytes),
        member_bytes=settings.max_file_bytes,
    )


class Keeper:
    """Stores the files of one archive as they come."""

    def __init__(self, resources: Resources, claim: Claim, progress: Progress) -> None:
        self.resources, self.claim, self.progress = resources, claim, progress
        self.taken: list[Taken] = []
        self.left_out: list[tuple[str, str]] = []
        self._keys: list[UUID] = []
        self._noted: list[str] = []
        self._paths: set[str] = set()

    async def take(self, entry: Entry, pieces: AsyncIterator[bytes]) -> None:
        place, id = self._place(entry.name), await self._next_id()
        key = f"{self.claim.owner_id}/{id}"
        digest, head, size = hashlib.sha256(), bytearray(), 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for piece in pieces:
                size += len(piece)
                if len(head) < HEAD_BYTES:
                    head.extend(piece[: HEAD_BYTES - len(head)])
                yield piece

        try:
            stored = await self.resources.store.put(key, counted(), digest)
        except LeftOut as reason:
            self.left_out.append((place.filename, str(reason)))
            return
        if stored != size:
            raise Unavailable("The store did not keep the whole file.", code="storage_unavailable", hint="Try again.")
        kind = sniff(bytes(head), place.filename).content_type
        self.taken.append(Taken(id, key, place, kind, size, digest.digest()))
        self._tell(entry)

    async def give_up(self) -> None:
        """Let the sweeper remove what no document holds; what cannot be said to it now, it finds when time is over."""
        try:
            async with self.resources.database.transaction(self.claim.owner_id) as session:
                await archive_queries.discard(session, self.claim.owner_id, self._noted)
        except Unavailable as error:
            log.warning("archive.left_to_the_sweeper", keys=len(self._noted), error=error.detail)

    def _tell(self, entry: Entry) -> None:
        done = len(self.taken) + len(self.left_out)
        share = done / entry.of if entry.of else 1 - 1 / (1 + done / 100)  # of a tar, nobody knows how much is to come
        self.progress.at("extracting", STORED * min(1.0, share))

    def _place(self, name: str) -> Place:
        """Two files of one name, and names that only look alike to some systems, are told apart."""
        place, number = placed(name), 1
        folder, filename = place
        while place.path.casefold() in self._paths:
            number += 1
            place = Place(folder, numbered(filename, number))
        self._paths.add(place.path.casefold())
        return place

    async def _next_id(self) -> UUID:
        if not self._keys:
            self._keys = [uuid4() for _ in range(AHEAD)]
            keys = [f"{self.claim.owner_id}/{id}" for id in self._keys]
            async with self.resources.database.transaction(self.claim.owner_id) as session:
                for key in keys:
                    await queries.reserve_object(
                        session, self.claim.owner_id, key, self.resources.settings.upload_expiry
                    )
            self._noted += keys
        return self._keys.pop()


def _nothing_in_it(done: Unpacked, keeper: Keeper) -> DocumentError:
    if keeper.left_out:
        name, reason = keeper.left_out[0]
        return DocumentError(
            f"No file could be taken out of the archive: of “{name}”, {reason}.",
            code="corrupt",
            hint="Unpack it on your own machine and upload what is inside.",
        )
    left_out = sum(done.left_out.values())
    return DocumentError(
        f"There is nothing to read in this archive{': its files are empty, or links' if left_out else ''}.",
        code="empty_archive",
        hint="Check the original and upload it again.",
    )


NAMED = 20
"""Files that were left out are named up to so many."""
_REASONS = {
    "link": ("1 link was left out.", "{} links were left out."),
    "special": ("1 special file was left out.", "{} special files were left out."),
    "empty": ("1 empty file was left out.", "{} empty files were left out."),
    "system": (
        "1 file that a system had put there for itself was left out.",
        "{} files that a system had put there for itself were left out.",
    ),
}


def _notes(keeper: Keeper, done: Unpacked) -> list[str]:
    notes = [f"“{name}” was left out: {reason}." for name, reason in keeper.left_out[:NAMED]]
    if (more := len(keeper.left_out) - NAMED) > 0:
        notes.append(f"{more} more were left out for such reasons.")
    notes += [_REASONS[reason][count > 1].format(count) for reason, count in sorted(done.left_out.items())]
    if done.broken:
        notes.append("The archive breaks off: what may come after these files could not be read.")
    return notes
