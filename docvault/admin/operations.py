"""What administrators do. Each runs in a transaction of theirs: the database checks who asks."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from docvault import news
from docvault.accounts.operations import check_password, checked_email, email_key, email_taken
from docvault.admin import queries
from docvault.admin.schemas import PersonCreate, PersonPatch, PersonView
from docvault.errors import Conflict, NotFound
from docvault.logging import get_logger
from docvault.models import User
from docvault.queue import Ring
from docvault.resources import Resources
from docvault.security.passwords import hash_password
from ingestion.jobs import INGEST

log = get_logger(__name__)


async def add_person(resources: Resources, admin_id: UUID, wanted: PersonCreate) -> PersonView:
    """Registration may be closed. Raises `InvalidInput` or `Conflict` (`email_taken`)."""
    email, database = checked_email(wanted.email), resources.database
    check_password(wanted.password, resources.settings.password_min_length)
    async with database.transaction(admin_id) as session:
        await queries.check(session)
    hashed = await hash_password(wanted.password)
    user = User(id=uuid4(), email=email, email_key=email_key(email), password_hash=hashed, is_admin=wanted.is_admin)
    try:
        async with database.transaction(user.id) as session:
            session.add(user)
    except IntegrityError as error:
        if "users_email_key" in str(error.orig):
            raise email_taken() from None
        raise
    log.info("admin.person_added", admin_id=str(admin_id), owner_id=str(user.id), is_admin=user.is_admin)
    async with database.transaction(admin_id) as session:
        return await find_person(session, user.id)


async def find_person(session: AsyncSession, id: UUID) -> PersonView:
    """Raises `NotFound`."""
    if (found := await queries.person(session, id)) is None:
        raise _no_person()
    return found


async def change_person(session: AsyncSession, admin_id: UUID, id: UUID, wanted: PersonPatch) -> PersonView:
    """Disabling ends the person's sessions and API keys for good. Raises `NotFound` or `Conflict`."""
    disabled = wanted.disabled if isinstance(wanted.disabled, bool) else None
    admin = wanted.is_admin if isinstance(wanted.is_admin, bool) else None
    outcome = await queries.change_person(session, id, disabled, admin)
    if outcome == "missing":
        raise _no_person()
    if outcome == "last":
        raise last_administrator()
    log.info("admin.person_changed", admin_id=str(admin_id), owner_id=str(id), disabled=disabled, is_admin=admin)
    return await find_person(session, id)


async def set_password(resources: Resources, admin_id: UUID, id: UUID, password: str) -> None:
    """Ends the person's sessions. Raises `NotFound` or `InvalidInput`."""
    check_password(password, resources.settings.password_min_length)
    hashed = await hash_password(password)
    async with resources.database.transaction(admin_id) as session:
        if not await queries.set_password(session, id, hashed):
            raise _no_person()
    log.info("admin.password_set", admin_id=str(admin_id), owner_id=str(id))


async def retry_failed(resources: Resources, admin_id: UUID, code: str | None) -> int:
    """Queue everybody's failed documents again, or those that failed with `code`. How many.

    Slice by slice, each a transaction: of those that had failed when it began.
    """
    count, before = 0, None
    while True:
        async with resources.database.transaction(admin_id) as session:
            before = before or await queries.now(session)
            queued = await queries.retry(session, code, before, queries.SLICE)
        await _tell(resources, queued)
        count += len(queued)
        if len(queued) < queries.SLICE:
            log.info("admin.retried", admin_id=str(admin_id), code=code, documents=count)
            return count


async def _tell(resources: Resources, queued: list[tuple[UUID, UUID]]) -> None:
    if queued:
        await resources.queue.ring(*(Ring(INGEST, owner_id, id) for owner_id, id in queued))
    changed: dict[UUID, list[UUID]] = defaultdict(list)
    for owner_id, id in queued:
        changed[owner_id].append(id)
    for owner_id, ids in changed.items():
        await news.tell(resources.cache, owner_id, changed=ids)


def last_administrator() -> Conflict:
    return Conflict(
        "Nobody would be left to administer this vault.",
        code="last_administrator",
        hint="Make somebody else an administrator first.",
    )


def _no_person() -> NotFound:
    return NotFound("There is no such person.")
