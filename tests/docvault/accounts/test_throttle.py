import asyncio
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from docvault.accounts.throttle import CLIENT_FACTOR, client_key, counter, login_attempt
from docvault.errors import Forbidden, TooManyRequests, Unauthenticated
from docvault.settings import Settings
from tests.vault import Vault

LIMIT = 3


@pytest.fixture
def settings(vault: Vault) -> Settings:
    return vault.changed(login_attempts=LIMIT).settings


@pytest.fixture
def cache(vault: Vault) -> Redis:
    return vault.resources.cache


async def attempt(
    cache: Redis, settings: Settings, email: str, client: str = "", error: Exception | None = None
) -> bool:
    """One log-in that ends with `error`. Returns whether it was let through at all."""
    inside = False
    try:
        async with login_attempt(cache, settings, email, client):
            inside = True
            if error:
                raise error
    except (TooManyRequests, Unauthenticated, Forbidden) as raised:
        return inside and raised is error
    return inside


def wrong() -> Exception:
    return Unauthenticated("no")


async def test_failures_of_one_address_are_counted(cache: Redis, settings: Settings):
    email, other = uuid4().hex, uuid4().hex
    assert [await attempt(cache, settings, email, error=wrong()) for _ in range(LIMIT + 2)] == [True] * LIMIT + [
        False
    ] * 2
    assert not await attempt(cache, settings, email)  # the right password would not help now
    assert await attempt(cache, settings, other)


async def test_a_success_clears_the_address_but_not_the_client(cache: Redis, settings: Settings):
    email, client = uuid4().hex, uuid4().hex
    for _ in range(LIMIT * 3):
        assert all([await attempt(cache, settings, email, client, wrong()) for _ in range(LIMIT - 1)])
        assert await attempt(cache, settings, email, client)
    failures = LIMIT * 3 * (LIMIT - 1)
    left = LIMIT * CLIENT_FACTOR - failures
    assert [await attempt(cache, settings, uuid4().hex, client, wrong()) for _ in range(left + 1)] == [True] * left + [
        False
    ]


async def test_what_was_no_guess_is_not_counted(cache: Redis, settings: Settings):
    email, client = uuid4().hex, uuid4().hex
    assert all([await attempt(cache, settings, email, client, Forbidden("disabled")) for _ in range(LIMIT * 2)])


async def test_guesses_sent_at_once_are_all_counted(cache: Redis, settings: Settings):
    email = uuid4().hex
    through = await asyncio.gather(*(attempt(cache, settings, email, error=wrong()) for _ in range(20)))
    assert sum(through) == LIMIT


async def test_failures_are_forgotten_after_the_window(cache: Redis, settings: Settings):
    email = uuid4().hex
    for _ in range(LIMIT + 1):
        await attempt(cache, settings, email, error=wrong())
    key = counter("email", email)
    assert await cache.get(key) == str(LIMIT)  # those that had to wait do not prolong the wait
    assert 0 < await cache.ttl(key) <= settings.login_window
    await cache.pexpire(key, 1)
    await asyncio.sleep(0.01)
    assert await attempt(cache, settings, email)


async def test_who_must_wait_is_told_how_long(cache: Redis, settings: Settings):
    email = uuid4().hex
    for _ in range(LIMIT):
        await attempt(cache, settings, email, error=wrong())
    await cache.pexpire(counter("email", email), 41_500)
    with pytest.raises(TooManyRequests) as refused:
        async with login_attempt(cache, settings, email, ""):
            pass
    assert refused.value.code == "too_many_logins"
    assert refused.value.headers == {"Retry-After": "42"}


async def test_nothing_readable_is_kept(cache: Redis, settings: Settings):
    email, client = f"{uuid4().hex}@example.org", "203.0.113.77"
    await attempt(cache, settings, email, client, wrong())
    keys = [key async for key in cache.scan_iter("docvault:login:*")]
    assert keys
    assert not any(email in key or client in key for key in keys)


async def test_without_redis_everybody_passes(unreachable_redis: Redis, settings: Settings):
    email = uuid4().hex
    assert all([await attempt(unreachable_redis, settings, email, "x", wrong()) for _ in range(LIMIT * 2)])
    assert await attempt(unreachable_redis, settings, email, "x")


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        (None, ""),
    ],
)
def test_who_counts_as_one_client(host: str | None, key: str):
    assert client_key(host) == key


async def test_over_http_known_and_unknown_addresses_are_throttled_alike(vault: Vault):
    strict, person = vault.changed(login_attempts=2), await vault.person()
    answers = []
    for email in (person.email, person.email.upper(), person.email, f"{uuid4().hex}@example.org"):
        body = {"email": email, "password": "not the password"}
        answers.append(await strict.client().post("/api/auth/login", json=body))
    assert [answer.status_code for answer in answers] == [401, 401, 429, 401]
    unknown = {"email": f"{uuid4().hex}@example.org", "password": "not the password"}
    codes = [(await strict.client().post("/api/auth/login", json=unknown)).status_code for _ in range(3)]
    assert codes == [401, 401, 429]
    assert answers[2].json()["code"] == "too_many_logins"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 900
    assert (await strict.client().post("/api/auth/login", json=person.credentials)).status_code == 429


async def test_over_http_one_client_cannot_try_many_addresses(vault: Vault):
    strict = vault.changed(login_attempts=1)
    client, codes = strict.client("203.0.113.200"), []
    for _ in range(CLIENT_FACTOR + 1):
        body = {"email": f"{uuid4().hex}@example.org", "password": "not the password"}
        codes.append((await client.post("/api/auth/login", json=body)).status_code)
    assert codes == [401] * CLIENT_FACTOR + [429]
