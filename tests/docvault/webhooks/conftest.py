from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.webhooks.deliver import Courier
from tests.docvault.webhooks.receiver import Receiver
from tests.vault import Account, Vault, open_vault


@pytest.fixture(scope="package")
async def careful(postgres: LocalPostgres, redis: LocalRedis, home: Home) -> AsyncIterator[Vault]:
    """A vault as it comes: no webhook into private networks."""
    async with open_vault(postgres, redis, home.path) as opened:
        yield opened


@pytest.fixture(scope="package")
async def vault(careful: Vault) -> Vault:
    """The same, with receivers on this machine allowed."""
    return careful.changed(webhook_private=True, webhook_seconds=5.0)


@pytest.fixture
async def person(vault: Vault) -> AsyncIterator[Account]:
    """Somebody new. Afterwards nothing of theirs is due."""
    account = await vault.person()
    yield account
    for webhook in (await account.http.get("/api/webhooks")).json()["items"]:
        await account.http.delete(f"/api/webhooks/{webhook['id']}")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as opened:
        yield opened


@pytest.fixture
async def courier(vault: Vault) -> AsyncIterator[Courier]:
    made = Courier(vault.resources)
    yield made
    await made.close()
