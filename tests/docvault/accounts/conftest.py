from collections.abc import AsyncIterator

import msgspec
import pytest
from redis.asyncio import Redis

from docvault.cache import open_cache
from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from tests.vault import Vault, open_vault


@pytest.fixture(scope="package")
async def vault(postgres: LocalPostgres, redis: LocalRedis, home: Home) -> AsyncIterator[Vault]:
    async with open_vault(postgres, redis, home.path) as opened:
        yield opened


@pytest.fixture
async def unreachable_redis(vault: Vault) -> AsyncIterator[Redis]:
    gone = open_cache(msgspec.structs.replace(vault.settings, redis_url="redis://127.0.0.1:1/0"))
    yield gone
    await gone.aclose()
