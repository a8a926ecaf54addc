"""Leaving for good: an account and everything it has.

In an order in which nothing is left behind, whenever it breaks off. Until the last step the person is still there,
without sessions and keys, and can log in and ask again. Objects that outlive the account (a store that was away, an
upload that was under way) are the reconciler's, which removes what belongs to nobody.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.accounts import queries as accounts
from docvault.accounts.operations import Client, confirm_password
from docvault.admin import queries as admin
from docvault.admin.operations import last_administrator
from docvault.errors import Unavailable
from docvault.export import queries
from docvault.library.queries import remove_all
from docvault.logging import get_logger
from docvault.models import User
from docvault.resources import Resources

log = get_logger(__name__)


async def leave(resources: Resources, owner_id: UUID, password: str, client: Client) -> None:
    """Raises `Unauthenticated` (`invalid_credentials`), `TooManyRequests` or `Conflict` (`last_administrator`)."""
    database = resources.database
    user = await confirm_password(resources, owner_id, password, client)
    async with database.transaction(owner_id) as session:
        if user.is_admin:
            await _step_down(session, user)
        await accounts.revoke(session, owner_id)
        await accounts.expire_api_keys(session, owner_id)
    removed = 0
    while gone := await _remove_some(resources, owner_id):
        removed += gone
    async with database.transaction(owner_id) as session:
        await queries.remove_user(session, owner_id)
    log.info("account.deleted", owner_id=str(owner_id), documents=removed)
    await _clear_store(resources, owner_id)


async def _step_down(session: AsyncSession, user: User) -> None:
    """Who is alone may go: whoever comes next is the first again."""
    if await admin.change_person(session, user.id, None, False) == "last":
        newest = await admin.people(session, None, 3)  # oneself and the account of the command line are two
        if any(one.id != user.id and one.email != accounts.LOCAL_ACCOUNT for one in newest):
            raise last_administrator()


async def _remove_some(resources: Resources, owner_id: UUID) -> int:
    async with resources.database.transaction(owner_id) as session:
        some = await queries.some_documents(session, owner_id)
        return len(await remove_all(session, owner_id, some)) if some else 0


async def _clear_store(resources: Resources, owner_id: UUID) -> None:
    try:
        async for found in resources.store.list(f"{owner_id}/"):
            await resources.store.delete(found.key)
    except Unavailable as error:
        log.warning("account.objects_left", owner_id=str(owner_id), error=error.detail)
