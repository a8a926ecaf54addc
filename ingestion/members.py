"""The files of an archive as documents: which are new, changed, moved, here already or gone. All in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from docvault import news
from docvault.errors import DocumentError, Unavailable
from docvault.library import queries as library
from docvault.library import trash_queries
from docvault.library.schemas import MAX_FOLDER
from docvault.models import Document, Revision
from docvault.resources import Resources
from docvault.settings import Settings
from ingestion import archive_queries, queries, reading_queries
from ingestion.archive_queries import Member, Move
from ingestion.extract.document import Extracted
from ingestion.extract.names import Place
from ingestion.forecast import expected_passages
from ingestion.queries import Claim
from ingestion.revision_queries import Change, revise

NAMED = 5
"""Files that are here already are named up to so many."""


class Taken(msgspec.Struct, frozen=True):
    """A file of the archive whose bytes are in the store, and nowhere else yet."""

    revision_id: UUID
    key: str
    place: Place
    content_type: str
    size: int
    sha256: bytes


@dataclass
class Plan:
    """What becomes of each file, and of each document that came in this archive before."""

    new: list[Taken] = field(default_factory=list[Taken])
    changed: list[tuple[Member, Taken]] = field(default_factory=list[tuple[Member, Taken]])
    moved: list[tuple[Member, Taken]] = field(default_factory=list[tuple[Member, Taken]])
    kept: list[Member] = field(default_factory=list[Member])
    twice: list[Taken] = field(default_factory=list[Taken])
    elsewhere: list[tuple[Taken, UUID]] = field(default_factory=list[tuple[Taken, UUID]])
    gone: list[Member] = field(default_factory=list[Member])

    @property
    def stored(self) -> list[Taken]:
        """Those whose bytes are needed."""
        return [*self.new, *(taken for _, taken in self.changed)]


async def write_down(
    resources: Resources, claim: Claim, root_id: UUID, taken: Sequence[Taken], notes: Sequence[str]
) -> int:
    """The archive is ready, and its files are documents, both at once. How many documents it has now.

    Raises `DocumentError` over a quota, `Unavailable` when it took longer than an upload may, and `LostClaim`; then
    nothing has changed.
    """
    owner_id = claim.owner_id
    async with resources.database.transaction(owner_id) as session:
        await queries.lock_uploads(session, owner_id)
        # All documents that this may touch, and at once, or it could wait for a deletion that waits for it.
        alike = await queries.alike(session, owner_id, {file.sha256 for file in taken})
        locked = await library.with_members(session, owner_id, [claim.document_id, *alike])
        await queries.write(session, claim, stage="indexing")  # a lost claim stops here
        archive, _ = await library.find(session, owner_id, claim.document_id)
        plan = await _plan(session, claim, taken, locked)
        await _check_quota(session, owner_id, resources.settings, plan)
        stored = plan.stored
        if await archive_queries.adopt(session, owner_id, [file.key for file in stored]) < len(stored):
            raise Unavailable("Unpacking took longer than it may.", code="upload_expired", hint="It is tried again.")
        added = await _carry_out(session, archive, root_id, plan)
        await _finish(session, claim, [*_counts(plan), *notes])
    touched = [*(member.document.id for member, _ in plan.changed + plan.moved), *(id for _, id in plan.elsewhere)]
    gone = [member.document.id for member in plan.gone]
    await news.tell(resources.cache, owner_id, changed=[*added, *touched], deleted=gone)
    return len(added) + len(plan.changed) + len(plan.moved) + len(plan.kept)


async def _plan(session: AsyncSession, claim: Claim, taken: Sequence[Taken], locked: Sequence[UUID]) -> Plan:
    plan, owner_id = Plan(), claim.owner_id
    before = await archive_queries.members(session, owner_id, claim.document_id)
    left = {member.document.id: member for member in before.values()}
    known = await queries.same_bytes(session, owner_id, {file.sha256 for file in taken}, locked)
    now = {file.place.path: file.sha256 for file in taken}
    mine = {member.document.id: member for member in before.values()}
    seen: set[bytes] = set()
    for file in taken:
        member = before.get(file.place.path)
        if member is not None:
            del left[member.document.id]
        if member is not None and member.sha256 == file.sha256 and not _is_lost(member):
            plan.kept.append(member)
        elif member is not None:
            plan.changed.append((member, file))
        elif file.sha256 in seen:
            plan.twice.append(file)
        elif (id := known.get(file.sha256)) is None:
            plan.new.append(file)
        elif id not in mine:
            plan.elsewhere.append((file, id))
        elif (path := mine[id].document.archive_path or "") not in now and id in left:
            plan.moved.append((left.pop(id), file))
        elif now.get(path) == file.sha256:
            plan.twice.append(file)
        else:  # that one has, or gets, other bytes
            plan.new.append(file)
        seen.add(file.sha256)
    plan.gone = list(left.values())
    return plan


def _is_lost(member: Member) -> bool:
    return member.document.error_code in queries.LOST_CONTENT


async def _carry_out(session: AsyncSession, archive: Document, root_id: UUID, plan: Plan) -> list[UUID]:
    """The ids of new documents. Statements for many at once: meanwhile the owner can upload nothing."""
    owner_id = archive.owner_id
    await archive_queries.move(session, owner_id, [_move(archive, member, file) for member, file in plan.moved])
    await library.remove_all(session, owner_id, [member.document.id for member in plan.gone])
    await revise(session, owner_id, [_change(member.document, file) for member, file in plan.changed])
    pairs = [_document(archive, file) for file in plan.new]
    session.add_all([row for pair in pairs for row in pair])
    await session.flush()
    known = [id for _, id in plan.elsewhere]
    if archive.trashed_at is None:
        # What the archive holds is wanted, unless it is thrown away as it was.
        changed = [member.document.id for member, _ in plan.changed]
        await trash_queries.restore(session, owner_id, [*known, *changed])
    await archive_queries.stand_alone(session, owner_id, known, root_id)
    await queries.note_also_named(session, owner_id, known)
    # As uploading a failed one again is asking to retry it.
    await queries.retry_these(session, owner_id, {*known, *(member.document.id for member in plan.kept)})
    return [document.id for document, _ in pairs]


def _move(archive: Document, member: Member, file: Taken) -> Move:
    return Move(member.document.id, file.place.path, folder_of(archive, file.place), file.place.filename)


def _change(document: Document, file: Taken) -> Change:
    revision = _revision(document.owner_id, document.id, file)
    return Change(document, revision, expected_passages(file.content_type, file.size))


def _document(archive: Document, file: Taken) -> tuple[Document, Revision]:
    id = uuid4()
    document = Document(
        owner_id=archive.owner_id, id=id, revision_id=file.revision_id, filename=file.place.filename,
        folder=folder_of(archive, file.place), tags=list(archive.tags), status="queued", archive_id=archive.id,
        archive_path=file.place.path, work=expected_passages(file.content_type, file.size),
        trashed_at=archive.trashed_at,
    )  # fmt: skip
    return document, _revision(archive.owner_id, id, file)


def _revision(owner_id: UUID, document_id: UUID, file: Taken) -> Revision:
    return Revision(
        owner_id=owner_id, id=file.revision_id, document_id=document_id, object_key=file.key, size_bytes=file.size,
        sha256=file.sha256, content_type=file.content_type,
    )  # fmt: skip


def folder_of(archive: Document, place: Place) -> str:
    """In the archive's own folder, one of its name, and in that as in the archive; as deep as a folder may be."""
    name = archive.filename.strip().lstrip(".") or "archive"
    for suffix in (".gz", ".bz2", ".xz", ".zip", ".tar", ".tgz"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
    steps = [step for step in (*archive.folder.split("/"), name.strip(), *place.folder.split("/")) if step.strip()]
    path = "/".join(steps)
    while len(path) > MAX_FOLDER and "/" in path:
        path = path.rpartition("/")[0]
    return path[:MAX_FOLDER]


async def _check_quota(session: AsyncSession, owner_id: UUID, settings: Settings, plan: Plan) -> None:
    count, size = await queries.totals(session, owner_id)
    if count + len(plan.new) > settings.max_owner_files:
        raise DocumentError(
            f"With the {len(plan.new)} files in it you would keep more than {settings.max_owner_files} documents.",
            code="too_many_documents",
            hint="Empty the trash, delete some, or ask your administrator for more.",
        )
    if size + sum(file.size for file in plan.stored) > settings.max_owner_bytes:
        raise DocumentError(
            f"With the files in it you would keep more than {settings.max_owner_bytes} bytes.",
            code="storage_quota_reached",
            hint="Empty the trash, delete some documents, or ask your administrator for more.",
        )


async def _finish(session: AsyncSession, claim: Claim, warnings: list[str]) -> None:
    await queries.write(
        session, claim, status="ready", stage="ready", progress=1.0, lease_until=None, finished_at=func.now(),
        crashes=0, password_sealed=None, title=None, language=None, warnings=warnings, pages=0, chunks=0, work=0,
        tokens=0,
    )  # fmt: skip
    await reading_queries.replace_reading(session, claim, Extracted([]), [], [], "simple")
    await reading_queries.serve_revision(session, claim)


def _counts(plan: Plan) -> list[str]:
    """What became of the files, in sentences."""
    total = len(plan.stored) + len(plan.moved) + len(plan.kept)
    said = [f"{total} {'file was' if total == 1 else 'files were'} taken out of this archive."]
    if plan.kept or plan.changed or plan.moved:
        said[0] = f"{len(plan.new)} new, {len(plan.changed)} changed, {len(plan.moved)} moved and {len(plan.kept)} "
        said[0] += "unchanged files were found in this archive."
    for files, what in (
        ([file for file, _ in plan.elsewhere], "in the vault already"),
        (plan.twice, "in the archive more than once"),
    ):
        if files:
            said.append(f"{len(files)} {'was' if len(files) == 1 else 'were'} {what} and not doubled: {_named(files)}.")
    if plan.gone:
        said.append(f"{len(plan.gone)} that {'is' if len(plan.gone) == 1 else 'are'} no longer in it were deleted.")
    return said


def _named(files: Sequence[Taken]) -> str:
    named = ", ".join(f"“{file.place.filename}”" for file in files[:NAMED])
    return named if len(files) <= NAMED else f"{named} and {len(files) - NAMED} more"
