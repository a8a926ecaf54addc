"""Who leaves is gone, with everything and alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from docvault.accounts.queries import LOCAL_ACCOUNT
from docvault.errors import Unavailable
from docvault.export import leaving, queries
from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.models import Base
from docvault.resources import Resources
from tests.docvault.accounts.test_routes import problem
from tests.people import PASSWORD, People, Person
from tests.vault import Account, Vault, open_vault


async def leave(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await client.request("DELETE", "/api/me", json={"password": password})


async def kept(resources: Resources, owner: str) -> dict[str, int]:
    """Rows of the person by table, and their objects."""
    found: dict[str, int] = {}
    async with resources.database.transaction(UUID(owner)) as session:
        for table in Base.metadata.tables:
            found[table] = await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0
    found["objects"] = len([each async for each in resources.store.list(f"{owner}/")])
    return {name: count for name, count in found.items() if count}


async def settled_person(people: People) -> Person:
    person = await people.new()
    await person.add(("a.md", b"# Gulls\n\nThe gulls came back in March.\n"), ("b.md", b"Other words about terns."))
    await person.add(("c.md", b"A third one, about auks."), folder="deep/down")
    await person.chat("When did the gulls come back?")
    await person.http.post("/api/webhooks", json={"url": "https://gulls.invalid/hooks"})
    await person.http.patch("/api/me", json={"preferences": {"theme": "dark"}})
    return person


async def test_nothing_is_left_and_nobody_else_loses_anything(
    people: People, worker: object, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SLICE", 2)
    await people.new()  # who came first administers, and could not leave the others alone
    person, bystander = await settled_person(people), await settled_person(people)
    key = await person.http.post("/api/keys", json={"name": "k", "scopes": ["search"]})
    before = await kept(resources, bystander.id)
    await person.upload(("d.md", b"Nobody has read this yet."))
    assert {"documents", "chunks", "messages", "objects", "webhooks", "preferences"} <= set(before)
    answer = await leave(person.http)
    assert (answer.status_code, answer.content) == (204, b"")
    assert 'docvault_refresh=""' in answer.headers["set-cookie"]
    assert await kept(resources, person.id) == {}
    assert await kept(resources, bystander.id) == before
    assert (await person.http.get("/api/me")).status_code == 401
    program = {"Authorization": f"Bearer {key.json()['key']}"}
    assert (await people.stranger().get("/api/me", headers=program)).status_code == 401
    login = {"email": person.email, "password": PASSWORD}
    assert (await people.stranger().post("/api/auth/login", json=login)).json()["code"] == "invalid_credentials"
    assert (await people.stranger().post("/api/auth/register", json=login)).status_code == 201  # the address is free


async def test_only_with_the_password_and_never_by_a_program(people: People) -> None:
    person = await people.new()
    problem(await leave(person.http, "not my password"), 401, "invalid_credentials")
    key = await person.http.post("/api/keys", json={"name": "k", "scopes": ["documents:write"]})
    program = people.stranger()
    program.headers["Authorization"] = f"Bearer {key.json()['key']}"
    problem(await leave(program), 403, "missing_scope")
    problem(await person.http.request("DELETE", "/api/me", json={}), 400, "invalid_input")
    assert (await person.http.get("/api/me")).status_code == 200


async def test_what_broke_off_can_be_asked_again(
    people: People, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await people.new()
    await person.upload(("a.md", b"The gulls came back in March."))

    async def broken(*_: Any) -> int:
        raise Unavailable("The database does not answer.", code="database_unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(leaving, "_remove_some", broken)
        problem(await leave(person.http), 503, "database_unavailable")
    assert (await person.http.get("/api/me")).status_code == 401
    login = await people.stranger().post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
    person.http.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
    assert (await leave(person.http)).status_code == 204
    assert await kept(resources, person.id) == {}


async def test_a_store_that_is_away_keeps_nobody(
    people: People, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        async def list(self, prefix: str) -> Any:
            raise Unavailable("The store does not answer.")
            yield

    person = await people.new()
    away: Any = Away()
    await leaving.leave(replace(resources, store=away), UUID(person.id), PASSWORD, leaving.Client())
    assert await kept(resources, person.id) == {}


async def test_the_last_administrator_stays_while_others_are_there(
    postgres: LocalPostgres, redis: LocalRedis, home: Home, resources: Resources
) -> None:
    async with open_vault(postgres, redis, home.path) as opened:
        opened.resources = vault_resources = replace(opened.resources, store=resources.store)
        opened.app.state.resources = vault_resources
        local = {"email": LOCAL_ACCOUNT, "password": PASSWORD}
        await opened.changed(local_account=True).client().post("/api/auth/register", json=local)
        admin, person = await opened.person(), await opened.person()
        problem(await leave(admin.http), 409, "last_administrator")
        assert (await admin.http.get("/api/admin/people")).status_code == 200
        assert (await leave(person.http)).status_code == 204
        assert (await leave(admin.http)).status_code == 204  # alone: whoever comes next is the first
        assert (await first_run(opened), (await me(await opened.person()))["is_admin"]) == (True, True)


async def first_run(vault: Vault) -> bool:
    return (await vault.client().get("/api/about")).json()["first_run"]


async def me(account: Account) -> dict[str, Any]:
    return (await account.http.get("/api/me")).json()
