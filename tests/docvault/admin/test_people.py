"""People, as an administrator sees and changes them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from docvault.accounts.queries import LOCAL_ACCOUNT
from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from tests.docvault.accounts.test_routes import alive, problem
from tests.docvault.admin.conftest import add_failed
from tests.people import NOBODYS, PASSWORD
from tests.vault import Account, Vault, open_vault

NEW = "another correct horse 43"
CALLS = [
    ("GET", "/api/admin/people", None),
    ("POST", "/api/admin/people", {"email": "a@b.de", "password": PASSWORD, "is_admin": True}),
    ("PATCH", f"/api/admin/people/{NOBODYS}", {"is_admin": True}),
    ("POST", f"/api/admin/people/{NOBODYS}/password", {"password": PASSWORD}),
    ("GET", "/api/admin/health", None),
    ("GET", "/api/admin/failures", None),
    ("POST", "/api/admin/failures/retry", None),
]


async def patch(admin: Account, person: Account, **values: Any) -> Any:
    answer = await admin.http.patch(f"/api/admin/people/{person.id}", json=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_administrators_alone(vault: Vault, admin: Account, method: str, path: str, body: Any) -> None:
    person = await vault.person()
    problem(await person.http.request(method, path, json=body), 403, "not_administrator")
    problem(await vault.client().request(method, path, json=body), 401, "unauthenticated")
    key = await admin.key("documents:read", "documents:write", "search", "chat")
    program = vault.client(Authorization=f"Bearer {key['key']}")
    problem(await program.request(method, path, json=body), 403, "not_administrator")


FUNCTIONS = [
    "check_administrator()",
    "admin_people(NULL, NULL, NULL, 10)",
    "admin_change_person('{other}', false, true)",
    "admin_set_password('{other}', 'x')",
    "admin_failures()",
    "admin_retry(NULL, now(), 10)",
]


@pytest.mark.parametrize("function", FUNCTIONS)
async def test_the_database_asks_too(vault: Vault, admin: Account, function: str) -> None:
    """Whatever the code above forgets: with another owner, with none, and with a disabled administrator."""
    person, fallen = await vault.person(), await vault.person()
    await patch(admin, fallen, is_admin=True)
    await vault.disable(fallen.id)
    call = text(f"SELECT * FROM {function.format(other=person.id)}")
    for owner in (person.id, fallen.id, uuid4()):
        with pytest.raises(DBAPIError, match="not an administrator"):
            async with vault.resources.database.transaction(owner) as session:
                await session.execute(call)
    with pytest.raises(DBAPIError, match="not an administrator"):
        async with vault.resources.database.lookup() as connection:
            await connection.execute(call)


async def test_the_service_can_take_no_more_than_the_functions_give(vault: Vault, admin: Account) -> None:
    person = await vault.person()
    async with vault.resources.database.lookup() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text("SET ROLE docvault_admin"))
    async with vault.resources.database.transaction(admin.id) as session:
        assert (await session.scalars(text("SELECT id FROM users"))).all() == [admin.id]
        changed = await session.execute(text("UPDATE users SET is_admin = true WHERE id = :id"), {"id": person.id})
        assert changed.rowcount == 0  # type: ignore[attr-defined]


async def test_the_role_of_the_functions_reads_no_text(vault: Vault) -> None:
    query = text(
        "SELECT table_name || '.' || column_name FROM information_schema.column_privileges "
        "WHERE grantee = 'docvault_admin' AND privilege_type = 'SELECT'"
    )
    denied = ("filename", "folder", "title", "error_detail", "tags", "object_key", "password_hash", "hash", "text")
    async with vault.resources.database.engine.connect() as connection:
        await connection.execute(text("RESET ROLE"))
        columns = set((await connection.scalars(query)).all())
        for name in denied:
            for table in ("documents", "revisions", "users", "sessions", "api_keys", "chunks", "pages", "messages"):
                allowed = text(
                    "SELECT CASE WHEN EXISTS (SELECT FROM information_schema.columns WHERE table_name = :t "
                    "AND column_name = :c) THEN has_column_privilege('docvault_admin', :t, :c, 'SELECT') END"
                )
                assert not await connection.scalar(allowed, {"t": table, "c": name}), f"{table}.{name}"
    assert not columns & {f"documents.{name}" for name in denied}


# --- the list --------------------------------------------------------------------------------------------------------


async def test_people_come_in_pages_newest_first(vault: Vault, admin: Account) -> None:
    made = [await vault.person() for _ in range(3)]
    await add_failed(vault, made[0].id, "corrupt", name="her-secret-plans.pdf")
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await admin.http.get("/api/admin/people", params={"limit": 2, "cursor": cursor})
        assert "her-secret-plans" not in answer.text
        seen += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    emails = [one["email"] for one in seen]
    assert emails[:3] == [person.email for person in reversed(made)]
    assert len(set(emails)) == len(emails)
    assert emails[-1] == admin.email
    one = seen[2]
    assert (one["documents"], one["size_bytes"], one["is_admin"], one["disabled_at"]) == (1, 1000, False, None)
    assert one["last_seen_at"] >= one["created_at"]
    assert set(one) == {
        "id", "email", "is_admin", "disabled_at", "created_at", "last_seen_at", "documents", "size_bytes"
    }  # fmt: skip
    problem(await admin.http.get("/api/admin/people?cursor=x"), 400, "invalid_cursor")


# --- changes ---------------------------------------------------------------------------------------------------------


async def test_somebody_is_added_while_registration_is_closed(vault: Vault, admin: Account) -> None:
    closed = vault.changed(registration_open=False)
    client = closed.client(Authorization=f"Bearer {admin.token}")
    wanted = {"email": f" New.{uuid4().hex}@example.org ", "password": PASSWORD}
    answer = await client.post("/api/admin/people", json=wanted)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["email"], answer.json()["is_admin"]) == (wanted["email"].strip(), False)
    assert PASSWORD not in answer.text
    assert (await closed.client().post("/api/auth/login", json=wanted)).status_code == 200
    problem(await client.post("/api/admin/people", json=wanted), 409, "email_taken")
    problem(await client.post("/api/admin/people", json=wanted | {"email": "x"}), 400, "invalid_email")
    other = {"email": f"{uuid4().hex}@example.org", "password": "short"}
    problem(await client.post("/api/admin/people", json=other), 400, "invalid_password")
    made = await client.post("/api/admin/people", json=other | {"password": PASSWORD, "is_admin": True})
    assert made.json()["is_admin"] is True


async def test_who_is_disabled_is_out_at_once_and_for_good(vault: Vault, admin: Account) -> None:
    person = await vault.person()
    key = await person.key("search")
    program = vault.client(Authorization=f"Bearer {key['key']}")
    assert await alive(person.http) and await alive(program)
    first = (await patch(admin, person, disabled=True))["disabled_at"]
    assert first and (await patch(admin, person, disabled=True))["disabled_at"] == first
    assert not await alive(person.http) and not await alive(program)
    problem(await person.http.post("/api/auth/refresh"), 401, "session_ended")
    problem(await vault.client().post("/api/auth/login", json=person.credentials), 403, "account_disabled")
    assert (await patch(admin, person, disabled=False))["disabled_at"] is None
    assert not await alive(person.http) and not await alive(program)  # what was ended stays so
    answer = await vault.client().post("/api/auth/login", json=person.credentials)
    assert answer.status_code == 200


async def test_administrators_are_made_and_unmade(vault: Vault, admin: Account) -> None:
    person = await vault.person()
    assert (await patch(admin, person, is_admin=True))["is_admin"] is True
    assert (await person.http.get("/api/admin/people")).status_code == 200
    assert (await patch(admin, person))["is_admin"] is True
    assert (await patch(admin, person, is_admin=False))["is_admin"] is False
    problem(await person.http.get("/api/admin/people"), 403, "not_administrator")
    assert await alive(person.http)


async def test_a_new_password_ends_the_sessions(vault: Vault, admin: Account) -> None:
    person = await vault.person()
    path = f"/api/admin/people/{person.id}/password"
    problem(await admin.http.post(path, json={"password": "short"}), 400, "invalid_password")
    assert (await admin.http.post(path, json={"password": NEW})).status_code == 204
    assert not await alive(person.http)
    problem(await vault.client().post("/api/auth/login", json=person.credentials), 401, "invalid_credentials")
    renewed = person.credentials | {"password": NEW}
    assert (await vault.client().post("/api/auth/login", json=renewed)).status_code == 200


@pytest.mark.parametrize(("method", "tail", "body"), [("PATCH", "", {}), ("POST", "/password", {"password": PASSWORD})])
async def test_people_that_are_not_there(vault: Vault, admin: Account, method: str, tail: str, body: Any) -> None:
    problem(await admin.http.request(method, f"/api/admin/people/{uuid4()}{tail}", json=body), 404, "not_found")


async def test_somebody_always_administers(postgres: LocalPostgres, redis: LocalRedis, home: Home) -> None:
    async with open_vault(postgres, redis, home.path) as empty:
        local = {"email": LOCAL_ACCOUNT, "password": PASSWORD}
        await (
            empty.changed(local_account=True).client().post("/api/auth/register", json=local)
        )  # an administrator nobody can log in as
        first, person = await empty.person(), await empty.person()
        for values in ({"is_admin": False}, {"disabled": True}):
            answer = await first.http.patch(f"/api/admin/people/{first.id}", json=values)
            problem(answer, 409, "last_administrator")
        assert (await patch(first, person, disabled=True))["disabled_at"]
        await patch(first, person, disabled=False, is_admin=True)
        login = await empty.client().post("/api/auth/login", json=person.credentials)
        person.http.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        answers = await asyncio.gather(
            first.http.patch(f"/api/admin/people/{person.id}", json={"is_admin": False}),
            person.http.patch(f"/api/admin/people/{first.id}", json={"is_admin": False}),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 409])
