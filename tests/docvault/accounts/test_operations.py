"""What cannot be seen, or not brought about, over HTTP alone."""

import asyncio
import dataclasses
import logging
from typing import Any
from uuid import uuid4

import argon2
import pytest
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from docvault.accounts import operations
from docvault.accounts.operations import Client, SignedIn, log_in, refresh, register
from docvault.accounts.schemas import Credentials
from docvault.errors import Conflict, Forbidden, Unauthenticated
from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.models import Session, User
from docvault.security import passwords
from docvault.security.tokens import make_refresh_token
from tests.docvault.security.test_passwords import Counting
from tests.people import PASSWORD
from tests.vault import Vault, open_vault


def address() -> str:
    return f"{uuid4().hex}@example.org"


async def both(*calls: Any) -> tuple[list[Any], list[Any]]:
    """What came of calls made at the same time: the answers, and the errors."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    return [outcome for outcome in outcomes if outcome not in errors], errors


# --- the first account ----------------------------------------------------------------------------------------------


async def test_of_many_first_accounts_one_is_the_administrator(postgres: LocalPostgres, redis: LocalRedis, home: Home):
    async with open_vault(postgres, redis, home.path) as empty:
        made, errors = await both(*(register(empty.resources, address(), PASSWORD) for _ in range(6)))
        assert not errors
        assert sorted(signed_in.user.is_admin for signed_in in made) == [False] * 5 + [True]
        later = await register(empty.resources, address(), PASSWORD)
        assert not later.user.is_admin


async def test_while_registration_is_closed_one_alone_may_be_first(
    postgres: LocalPostgres, redis: LocalRedis, home: Home
):
    async with open_vault(postgres, redis, home.path) as empty:
        closed = empty.changed(registration_open=False)
        made, errors = await both(*(register(closed.resources, address(), PASSWORD) for _ in range(4)))
        assert [signed_in.user.is_admin for signed_in in made] == [True]
        assert {(type(error), error.code) for error in errors} == {(Forbidden, "registration_closed")}


async def test_of_two_who_take_an_address_one_gets_it(vault: Vault):
    email = address()
    made, errors = await both(*(register(vault.resources, each, PASSWORD) for each in (email, email.upper())))
    assert len(made) == 1
    assert [(type(error), error.code) for error in errors] == [(Conflict, "email_taken")]


# --- passwords ------------------------------------------------------------------------------------------------------


async def test_known_and_unknown_addresses_cost_the_same(vault: Vault, monkeypatch: pytest.MonkeyPatch):
    email = (await register(vault.resources, address(), PASSWORD)).user.email
    counting = Counting(passwords.HASHER)
    monkeypatch.setattr(passwords, "HASHER", counting)
    checked: list[int] = []
    for each in (email, address(), "no address at all", "\0"):
        with pytest.raises(Unauthenticated) as refused:
            await log_in(vault.resources, each, "not the password")
        assert refused.value.code == "invalid_credentials"
        checked.append(len(counting.checked))
    assert checked == [1, 2, 3, 4]


async def test_a_hash_of_old_parameters_is_renewed_at_the_next_log_in(vault: Vault):
    user = (await register(vault.resources, address(), PASSWORD)).user
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)

    async def stored(new: str | None = None) -> str:
        async with vault.resources.database.transaction(user.id) as session:
            row = await session.get_one(User, user.id)
            row.password_hash = new or row.password_hash
            return row.password_hash

    await stored(weak)
    with pytest.raises(Unauthenticated):
        await log_in(vault.resources, user.email, "not the password")
    assert await stored() == weak
    await log_in(vault.resources, user.email, PASSWORD)
    renewed = await stored()
    assert renewed != weak
    await log_in(vault.resources, user.email, PASSWORD)
    assert await stored() == renewed


# --- sessions -------------------------------------------------------------------------------------------------------


async def test_of_many_who_refresh_with_one_token_all_get_the_same_next_one(vault: Vault):
    signed_in = await register(vault.resources, address(), PASSWORD)
    made, errors = await both(*(refresh(vault.resources, signed_in.refresh_token) for _ in range(5)))
    assert errors == []
    (token,) = {each.refresh_token for each in made}
    assert token != signed_in.refresh_token
    assert await refresh(vault.resources, token)


async def test_without_grace_of_two_who_refresh_with_one_token_neither_keeps_the_session(vault: Vault):
    vault = vault.changed(refresh_grace_seconds=0)
    signed_in = await register(vault.resources, address(), PASSWORD)
    made, errors = await both(*(refresh(vault.resources, signed_in.refresh_token) for _ in range(2)))
    assert len(made) == 1
    assert [error.code for error in errors] == ["session_ended"]
    with pytest.raises(Unauthenticated):
        await refresh(vault.resources, made[0].refresh_token)


async def test_a_genuine_token_that_was_never_the_current_one_counts_as_reused(vault: Vault):
    signed_in = await register(vault.resources, address(), PASSWORD)
    owner, session = await only_session(vault, signed_in)
    with capture_logs() as logs, pytest.raises(Unauthenticated):
        await refresh(vault.resources, make_refresh_token(vault.settings.secret_key, owner, session))
    assert [entry["event"] for entry in logs] == ["session.token_reused"]
    with pytest.raises(Unauthenticated):
        await refresh(vault.resources, signed_in.refresh_token)


async def test_a_change_of_the_secret_key_logs_nobody_out(vault: Vault):
    signed_in = await register(vault.resources, address(), PASSWORD)
    key = "quite another key that is as long as it has to be"
    rekeyed = vault.changed(secret_key=key, refresh_grace_seconds=0)
    again = await refresh(rekeyed.resources, signed_in.refresh_token)
    with pytest.raises(Unauthenticated):
        await refresh(rekeyed.resources, signed_in.refresh_token)  # made with the old key: nothing to tell it by
    assert await refresh(rekeyed.resources, again.refresh_token)


async def test_refreshing_prolongs_a_session_and_an_expired_one_is_over(vault: Vault):
    signed_in = await register(vault.resources, address(), PASSWORD)
    database, owner = vault.resources.database, signed_in.user.id
    async with database.transaction(owner) as session:
        await session.execute(text("UPDATE sessions SET expires_at = now() + interval '1 minute'"))
    signed_in = await refresh(vault.resources, signed_in.refresh_token)
    async with database.transaction(owner) as session:
        assert await session.scalar(select(Session.expires_at > func.now() + text("interval '29 days'")))
        await session.execute(text("UPDATE sessions SET expires_at = now()"))
    with pytest.raises(Unauthenticated):
        await refresh(vault.resources, signed_in.refresh_token)
    await log_in(vault.resources, signed_in.user.email, PASSWORD)
    async with database.transaction(owner) as session:
        assert await session.scalar(select(func.count()).select_from(Session)) == 1  # the expired one is forgotten


async def test_what_a_browser_calls_itself_is_kept_in_one_short_line(vault: Vault):
    signed_in = await register(vault.resources, address(), PASSWORD, Client("", "a\nb\0c\x1b[31m" + "d" * 500))
    async with vault.resources.database.transaction(signed_in.user.id) as session:
        kept = await session.scalar(select(Session.user_agent))
    assert kept == ("abc[31m" + "d" * 500)[:200]


# --- nothing secret in the log --------------------------------------------------------------------------------------


async def test_a_token_of_another_key_is_good_for_what_it_was_replaced_by_alone(vault: Vault):
    signed_in = await register(vault.resources, address(), PASSWORD)
    rekeyed = vault.changed(secret_key="quite another key that is as long as it has to be")
    again = await refresh(vault.resources, signed_in.refresh_token)
    with pytest.raises(Unauthenticated):
        await refresh(rekeyed.resources, signed_in.refresh_token)  # within the grace, but its successor is not ours
    assert await refresh(rekeyed.resources, again.refresh_token)


async def test_no_secret_reaches_the_log(
    vault: Vault, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    vault = vault.changed(refresh_grace_seconds=0)
    caplog.set_level(logging.DEBUG)
    email, secret = address(), f"a secret {uuid4().hex}"
    with capture_logs() as logs:
        made = await register(vault.resources, email, secret)
        seen = [made, await log_in(vault.resources, email, secret), await refresh(vault.resources, made.refresh_token)]
        client = vault.client(Authorization=f"Bearer {seen[1].access_token}")
        key = (await client.post("/api/keys", json={"name": "a program", "scopes": ["search"]})).json()["key"]
        await vault.client(Authorization=f"Bearer {key}").get("/api/me")
        await client.post("/api/auth/login", json={"email": email, "password": secret + "!"})
        await client.post("/api/auth/login", json={"email": email, "password": [secret]})
        with pytest.raises(Unauthenticated):
            await refresh(vault.resources, made.refresh_token)
        monkeypatch.setattr(operations, "email_key", lambda email: None)  # the database will not hold it
        failed = await client.post("/api/auth/register", json={"email": address(), "password": secret})
        assert failed.status_code == 500
    errors = [entry["exc_info"] for entry in logs if isinstance(entry.get("exc_info"), BaseException)]
    assert any("INSERT INTO users" in str(error) for error in errors)
    written = repr(logs) + caplog.text + "".join(map(chain, errors))
    hash_start = "$argon2id"
    for word in (
        secret,
        key,
        hash_start,
        *(token for each in seen for token in (each.access_token, each.refresh_token)),
    ):
        assert word not in written
    assert {"account.registered", "login.succeeded", "login.failed", "api_key.created", "session.token_reused"} <= {
        entry["event"] for entry in logs
    }


def chain(error: BaseException | None) -> str:
    return f"{error!r} {error}" + chain(error.__cause__ or error.__context__) if error else ""


def test_credentials_do_not_show_themselves():
    assert "hunter22" not in repr(Credentials("a@b.de", "hunter22"))


async def only_session(vault: Vault, signed_in: SignedIn):
    async with vault.resources.database.transaction(signed_in.user.id) as session:
        row = (await session.scalars(select(Session))).one()
    return row.owner_id, row.id


async def test_without_redis_people_still_log_in(vault: Vault, unreachable_redis: Any):
    email = (await register(vault.resources, address(), PASSWORD)).user.email
    alone = dataclasses.replace(vault.resources, cache=unreachable_redis)
    with capture_logs() as logs:
        assert (await log_in(alone, email, PASSWORD, Client("198.51.100.1"))).user.email == email
        with pytest.raises(Unauthenticated):
            await log_in(alone, email, "not the password")
    assert "login.not_counted" in {entry["event"] for entry in logs if entry["log_level"] == "warning"}
