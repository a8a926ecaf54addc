"""From a header to an identity, against a real database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import event, text

from docvault.accounts.operations import create_api_key, log_in
from docvault.accounts.schemas import ApiKeyCreate
from docvault.database import open_database
from docvault.errors import Unauthenticated, Unavailable
from docvault.security.access import SCOPES, Identity, Scope
from docvault.security.api_keys import make_api_key
from docvault.security.authentication import identify
from docvault.security.tokens import make_access_token
from tests.vault import Account, Vault


async def who(vault: Vault, header: str | None) -> Identity:
    return await identify(vault.resources.database, vault.settings.secret_key, header)


async def refused(vault: Vault, header: str | None) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await who(vault, header)
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}
    return caught.value.code


async def a_key(vault: Vault, person: Account, *scopes: Scope, expires_at: datetime | None = None) -> str:
    async with vault.resources.database.transaction(person.id) as session:
        return (await create_api_key(session, person.id, ApiKeyCreate("a program", [*scopes], expires_at)))[1]


async def run(vault: Vault, person: Account, statement: str) -> Any:
    async with vault.resources.database.transaction(person.id) as session:
        result = await session.execute(text(statement))
        return result.scalar() if result.returns_rows else None


async def test_a_session_has_every_scope(vault: Vault):
    person = await vault.person()
    identity = await who(vault, f"Bearer {person.token}")
    assert (identity.owner_id, identity.scopes, identity.key_id) == (person.id, SCOPES, None)
    assert identity == await who(vault, f"  bearer   {person.token} ")


async def test_an_api_key_has_its_own_scopes(vault: Vault):
    person = await vault.person()
    identity = await who(vault, f"Bearer {await a_key(vault, person, 'search', 'chat')}")
    assert (identity.owner_id, identity.scopes, identity.session_id) == (person.id, {"search", "chat"}, None)
    assert identity.key_id is not None


async def test_the_administrators_key_is_no_administrator(vault: Vault):
    person = await vault.person()
    await run(vault, person, "UPDATE users SET is_admin = true")
    assert (await who(vault, f"Bearer {person.token}")).is_admin
    assert not (await who(vault, f"Bearer {await a_key(vault, person, 'search')}")).is_admin


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "dv_x", "Bearer x", "Bearer dv_x", "Bearer a b"]
)
async def test_no_or_odd_headers(vault: Vault, header: str | None):
    assert await refused(vault, header) == "unauthenticated"


async def test_a_token_of_nobody(vault: Vault):
    person, key = await vault.person(), vault.settings.secret_key
    identity = await who(vault, f"Bearer {person.token}")
    assert identity.session_id is not None
    for owner_id, session_id in ((uuid4(), uuid4()), (person.id, uuid4()), (uuid4(), identity.session_id)):
        assert await refused(vault, f"Bearer {make_access_token(key, owner_id, session_id, 60)}") == "unauthenticated"
    assert (
        await refused(vault, f"Bearer {make_access_token(key, person.id, identity.session_id, -1)}") == "token_expired"
    )
    assert await refused(vault, f"Bearer {make_api_key()}") == "unauthenticated"


async def test_another_persons_session_does_not_carry_ones_own_name(vault: Vault):
    anna, ben = await vault.person(), await vault.person()
    session = (await who(vault, f"Bearer {ben.token}")).session_id
    assert session is not None
    token = make_access_token(vault.settings.secret_key, anna.id, session, 60)
    assert await refused(vault, f"Bearer {token}") == "unauthenticated"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE sessions SET revoked_at = now()", "UPDATE sessions SET expires_at = now()", "DELETE FROM sessions"],
)
async def test_an_ended_session_is_out_at_once(vault: Vault, statement: str):
    person, other = await vault.person(), await vault.person()
    await run(vault, person, statement)
    assert await refused(vault, f"Bearer {person.token}") == "unauthenticated"
    assert (await who(vault, f"Bearer {other.token}")).owner_id == other.id


async def test_a_disabled_person_is_out_at_once(vault: Vault):
    person = await vault.person()
    key = await a_key(vault, person, "search")
    await vault.disable(person.id)
    assert await refused(vault, f"Bearer {person.token}") == "unauthenticated"
    assert await refused(vault, f"Bearer {key}") == "unauthenticated"


async def test_expired_and_deleted_keys_are_out_at_once(vault: Vault):
    person = await vault.person()
    key = await a_key(vault, person, "search", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert (await who(vault, f"Bearer {key}")).owner_id == person.id
    await run(vault, person, "UPDATE api_keys SET expires_at = now() - interval '1 second'")
    assert await refused(vault, f"Bearer {key}") == "unauthenticated"
    await run(vault, person, "UPDATE api_keys SET expires_at = NULL")
    assert (await who(vault, f"Bearer {key}")).owner_id == person.id
    await run(vault, person, "DELETE FROM api_keys")
    assert await refused(vault, f"Bearer {key}") == "unauthenticated"


async def test_the_use_of_a_key_is_noted_once_a_minute(vault: Vault):
    person = await vault.person()
    header = f"Bearer {await a_key(vault, person, 'search')}"
    when = "SELECT last_used_at FROM api_keys"
    assert await run(vault, person, when) is None
    await who(vault, header)
    first = await run(vault, person, when)
    assert first is not None
    await who(vault, header)
    assert await run(vault, person, when) == first
    await run(vault, person, "UPDATE api_keys SET last_used_at = now() - interval '61 seconds'")
    await who(vault, header)
    assert await run(vault, person, when) > first


async def test_noting_the_use_never_fails_a_request(vault: Vault):
    person = await vault.person()
    header = f"Bearer {await a_key(vault, person, 'search')}"

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE api_keys"):
            raise RuntimeError("no")

    engine = vault.resources.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", fail)
    try:
        assert (await who(vault, header)).owner_id == person.id
    finally:
        event.remove(engine, "before_cursor_execute", fail)
    assert await run(vault, person, "SELECT last_used_at FROM api_keys") is None


async def test_a_database_that_is_down_is_no_reason_to_log_somebody_out(vault: Vault):
    person = await vault.person()
    away = open_database(msgspec.structs.replace(vault.settings, database_url="postgresql://x:x@127.0.0.1:1/x"))
    try:
        with pytest.raises(Unavailable):
            await identify(away, vault.settings.secret_key, f"Bearer {person.token}")
    finally:
        await away.close()


async def test_log_in_gives_a_token_that_identifies(vault: Vault):
    person = await vault.person()
    signed_in = await log_in(vault.resources, person.email, person.password)
    assert (await who(vault, f"Bearer {signed_in.access_token}")).owner_id == person.id
