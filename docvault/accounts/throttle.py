"""Failed log-ins are counted in Redis: by e-mail address, and by client.

An attempt is counted before the password is looked at and taken back when it succeeds: so a thousand guesses sent at
once are a thousand attempts, not one. Known and unknown addresses are counted alike. Without Redis people can still
log in; the log says that nobody counts.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from docvault.errors import RequestError, TooManyRequests, Unauthenticated
from docvault.logging import get_logger
from docvault.settings import Settings

CLIENT_FACTOR = 10
"""A client (an office, a school) may have this many times the failures of one address."""

log = get_logger(__name__)

# KEYS: the counters. ARGV: their limits, then the window in seconds.
# Returns the milliseconds to wait, or 0 when it has counted the attempt.
_COUNT = """
local wait, window = 0, tonumber(ARGV[#ARGV])
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[i]) then
    wait = math.max(wait, redis.call('PTTL', key), 1)
  end
end
if wait > 0 then return wait end
for _, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, window) end
end
return 0
"""

# Takes one attempt back from each counter that has not run out meanwhile.
_TAKE_BACK = """
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 and redis.call('DECR', key) <= 0 then redis.call('DEL', key) end
end
return 0
"""

# The first counter starts anew; from the others this one attempt is taken back.
_SUCCEED = "redis.call('DEL', table.remove(KEYS, 1))" + _TAKE_BACK


@asynccontextmanager
async def login_attempt(cache: Redis, settings: Settings, email_key: str, client: str) -> AsyncGenerator[None]:
    """Around one log-in: counts it unless it succeeds. `Unauthenticated` from within is a failed log-in.

    Raises `TooManyRequests` with the seconds to wait, before anything else is done.
    """
    by_email = counter("email", email_key)
    by_client = [counter("client", client)] if client else []
    limits = [settings.login_attempts, settings.login_attempts * CLIENT_FACTOR][: 1 + len(by_client)]
    wait = await _run(cache, _COUNT, [by_email, *by_client], *limits, settings.login_window)
    if wait:
        log.warning("login.throttled", wait_ms=wait)
        raise TooManyRequests(
            "Too many failed log-ins.",
            retry_after=-(-wait // 1000),
            code="too_many_logins",
            hint="Wait, then try again.",
        )
    try:
        yield
    except Unauthenticated:
        raise
    except RequestError:  # not a guess at a password that failed: something else went wrong
        await _run(cache, _TAKE_BACK, [by_email, *by_client])
        raise
    await _run(cache, _SUCCEED, [by_email, *by_client])


def client_key(host: str | None) -> str:
    """Who counts as one client: an IPv4 address, or the /64 network that an IPv6 line is given whole."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def counter(kind: str, value: str) -> str:
    """The key it is counted under. Who it is cannot be read from it."""
    return f"docvault:login:{kind}:{hashlib.sha256(value.encode()).hexdigest()}"


async def _run(cache: Redis, script: str, keys: list[str], *arguments: int) -> int:
    try:
        return int(await cast(Awaitable[Any], cache.eval(script, len(keys), *keys, *map(str, arguments))))
    except (OSError, RedisError) as error:
        log.warning("login.not_counted", error=type(error).__name__)
        return 0
