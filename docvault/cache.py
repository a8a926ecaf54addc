"""Redis for what may be forgotten: throttles and live events. Keys carry the owner; losing them loses no data."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from docvault.ending import kept
from docvault.errors import ConfigurationError
from docvault.settings import Settings


class Cache(Redis):
    """redis-py sends by `asyncio.wait_for`, which loses a cancellation now and then before Python 3.12."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        with kept():
            return await super().execute_command(*args, **options)


def open_cache(settings: Settings) -> Redis:
    """Connects lazily. Answers within two seconds or raises `redis.exceptions.RedisError`.

    Raises `ConfigurationError` for an address that is none.
    """
    try:
        return Cache.from_url(
            settings.redis_url,
            decode_responses=True,
            socket_timeout=2.0,
            socket_connect_timeout=2.0,
            health_check_interval=30,
        )
    except ValueError:
        raise ConfigurationError(
            "REDIS_URL cannot be read.", hint="It looks like redis://:password@host:6379/0."
        ) from None
