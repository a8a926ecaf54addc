"""One transaction, one commit, then what it promised: jobs for workers, news for open pages.

A job is rung only after the commit that made its row: a worker never looks for a row that is not there yet, and
a transaction that fails rings nobody. The same goes for news.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from docvault import news
from docvault.database import Database
from docvault.queue import Queue, Ring


class UnitOfWork:
    """`session` sees the rows of `owner_id` alone."""

    def __init__(self, owner_id: UUID, session: AsyncSession) -> None:
        self.owner_id = owner_id
        self.session = session
        self.promised: list[Ring] = []
        self.changes: dict[UUID, bool] = {}

    def promise(self, job: str, id: UUID) -> None:
        """Ring `job` for `id` once this unit's transaction has committed."""
        self.promised.append(Ring(job, self.owner_id, id))

    def changed(self, *documents: UUID) -> None:
        """Tell the owner's open pages of these documents after the commit. All of a unit are one message."""
        self.changes.update(dict.fromkeys(documents, True))

    def deleted(self, *documents: UUID) -> None:
        """The same of documents that are no more."""
        self.changes.update(dict.fromkeys(documents, False))


@asynccontextmanager
async def unit_of_work(database: Database, queue: Queue, cache: Redis, owner_id: UUID) -> AsyncGenerator[UnitOfWork]:
    async with database.transaction(owner_id) as session:
        unit = UnitOfWork(owner_id, session)
        yield unit
    promises: list[Coroutine[Any, Any, None]] = []
    if unit.promised:
        promises.append(queue.ring(*unit.promised))
    if unit.changes:
        changed = [id for id, there in unit.changes.items() if there]
        deleted = [id for id, there in unit.changes.items() if not there]
        promises.append(news.tell(cache, owner_id, changed=changed, deleted=deleted))
    await asyncio.gather(*promises)
