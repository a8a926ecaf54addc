"""Redis for what may be forgotten: throttles and live events. Keys carry the owner; losing them loses no data."""

from __future__ import annotations

from redis.asyncio import Redis

from docvault.settings import Settings


def open_cache(settings: Settings) -> Redis:
    """Connects lazily. Answers within two seconds or raises `redis.exceptions.RedisError`."""
    return Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=2.0,
        socket_connect_timeout=2.0,
        health_check_interval=30,
    )
