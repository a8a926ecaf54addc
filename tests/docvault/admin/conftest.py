from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from tests.vault import Account, Vault, open_vault


@pytest.fixture(scope="package")
async def vault(postgres: LocalPostgres, redis: LocalRedis, home: Home) -> AsyncIterator[Vault]:
    async with open_vault(postgres, redis, home.path) as opened:
        yield opened


@pytest.fixture(scope="package")
async def admin(vault: Vault) -> Account:
    """Who came first."""
    return await vault.person()


async def add_failed(vault: Vault, owner: UUID, code: str, *, name: str = "secret.pdf", trashed: bool = False) -> UUID:
    """A document as ingestion leaves it."""
    names = {"owner": owner, "id": uuid4(), "revision": uuid4(), "name": name, "code": code}
    more = {"key": f"{owner}/{uuid4()}", "trashed": trashed}
    async with vault.resources.database.transaction(owner) as session:
        await session.execute(
            text(
                "INSERT INTO documents (owner_id, id, revision_id, filename, status, stage, error_code, error_detail, "
                "tries, crashes, attempt, finished_at, trashed_at) VALUES (:owner, :id, :revision, :name, 'failed', "
                "'failed', :code, 'The page of ' || :name, 4, 1, 7, now(), CASE WHEN :trashed THEN now() END)"
            ),
            names | more,
        )
        await session.execute(
            text(
                "INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type) "
                "VALUES (:owner, :revision, :id, :key, 1000, ''::bytea, 'application/pdf')"
            ),
            names | more,
        )
    return names["id"]
