"""Where the identity comes into a request."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import event

from docvault.database import open_database
from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from tests.vault import Vault, open_vault


@pytest.fixture(scope="module")
async def vault(postgres: LocalPostgres, redis: LocalRedis, home: Home) -> AsyncIterator[Vault]:
    async with open_vault(postgres, redis, home.path) as opened:
        yield opened


@pytest.fixture
def statements(vault: Vault) -> Iterator[list[str]]:
    """Every statement the database is asked, as it is asked."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    engine = vault.resources.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/health/live", "/", "/schema/openapi.json"])
async def test_public_pages_ask_the_database_nothing(vault: Vault, statements: list[str], path: str):
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        assert (await vault.client(**headers).get(path)).status_code == 200
    assert statements == []


async def test_a_request_that_says_nothing_costs_the_database_nothing(vault: Vault, statements: list[str]):
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Bearer dv_nonsense"}):
        answer = await vault.client(**headers).get("/api/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert statements == []


async def test_a_session_costs_one_look_up(vault: Vault, statements: list[str]):
    person = await vault.person()
    statements.clear()
    assert (await person.http.get("/api/me")).status_code == 200
    assert sum("find_session" in statement for statement in statements) == 1


async def test_every_route_of_the_api_is_closed_unless_it_says_otherwise(vault: Vault):
    document = (await vault.client().get("/schema/openapi.json")).json()
    open_routes = set()
    for path, methods in document["paths"].items():
        for method in methods:
            answer = await vault.client().request(method, re.sub(r"\{[^}]*\}", str(uuid4()), path))
            said = answer.json().get("code") if answer.content else None  # HEAD says nothing
            if answer.status_code != 401 or said == "session_ended":
                open_routes.add((method.upper(), path))
    assert open_routes <= {
        ("POST", "/api/auth/register"),
        ("POST", "/api/auth/login"),
        ("POST", "/api/auth/exchange"),
        ("POST", "/api/auth/refresh"),
        ("GET", "/api/about"),
        ("GET", "/health"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
    }


async def test_when_the_database_is_down_nobody_is_told_to_log_in_again(vault: Vault):
    person = await vault.person()
    away = open_database(msgspec.structs.replace(vault.settings, database_url="postgresql://x:x@127.0.0.1:1/x"))
    vault.app.state.resources = replace(vault.resources, database=away)
    try:
        answer = await person.http.get("/api/me")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert (await person.http.get("/health/live")).status_code == 200
    finally:
        vault.app.state.resources = vault.resources
        await away.close()
    assert (await person.http.get("/api/me")).status_code == 200
