from collections.abc import AsyncIterator

import pytest

from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from tests.vault import Vault, open_vault


@pytest.fixture(scope="package")
async def vault(postgres: LocalPostgres, redis: LocalRedis, home: Home) -> AsyncIterator[Vault]:
    async with open_vault(postgres, redis, home.path) as opened:
        yield opened
