"""One transaction, one commit, then the jobs it promised.

A job is rung only after the commit that made its row: a worker never looks for a row that is not there yet, and
a transaction that fails rings nobody.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.database import Database
from docvault.queue import Queue, Ring


class UnitOfWork:
    """`session` sees the rows of `owner_id` alone."""

    def __init__(self, owner_id: UUID, session: AsyncSession) -> None:
        self.owner_id = owner_id
        self.session = session
        self.promised: list[Ring] = []

    def promise(self, job: str, id: UUID) -> None:
        """Ring `job` for `id` once this unit's transaction has committed."""
        self.promised.append(Ring(job, self.owner_id, id))


@asynccontextmanager
async def unit_of_work(database: Database, queue: Queue, owner_id: UUID) -> AsyncGenerator[UnitOfWork]:
    async with database.transaction(owner_id) as session:
        unit = UnitOfWork(owner_id, session)
        yield unit
    if unit.promised:
        await queue.ring(*unit.promised)
