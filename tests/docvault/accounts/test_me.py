"""One's own account: preferences, password; and what a page may know before that."""

from typing import Any
from uuid import uuid4

import pytest

import docvault
from docvault.accounts.queries import LOCAL_ACCOUNT
from docvault.accounts.routes import REFRESH_COOKIE
from docvault.local.home import Home
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from tests.docvault.accounts.test_routes import alive, problem
from tests.people import PASSWORD
from tests.vault import Vault, open_vault

NEW = "another correct horse 43"
DEFAULTS = {"theme": "system", "language": None, "default_models": []}


# --- before anybody is logged in -------------------------------------------------------------------------------------


async def test_a_vault_says_what_it_takes(vault: Vault):
    await vault.person()
    answer = await vault.client().get("/api/about")
    body, settings = answer.json(), vault.settings
    assert answer.headers["cache-control"] == "public, max-age=5"
    assert (body["version"], body["first_run"], body["registration_open"]) == (docvault.__version__, False, True)
    assert body["password_min_length"] == settings.password_min_length
    limits = body["limits"]
    assert limits["max_file_bytes"] == settings.max_file_bytes
    assert limits["trash_days"] == getattr(settings, "trash_days", None)
    closed = await vault.changed(registration_open=False).client().get("/api/about")
    assert closed.json()["registration_open"] is False


async def test_the_first_person_administers_even_beside_the_account_of_the_command_line(
    postgres: LocalPostgres, redis: LocalRedis, home: Home
):
    async with open_vault(postgres, redis, home.path) as empty:
        closed = empty.changed(registration_open=False, local_account=True)

        async def first_run() -> tuple[bool, bool]:
            body = (await closed.client().get("/api/about")).json()
            return body["first_run"], body["registration_open"]

        assert await first_run() == (True, True)
        local = {"email": LOCAL_ACCOUNT, "password": PASSWORD}
        assert (await closed.client().post("/api/auth/register", json=local)).status_code == 201
        assert await first_run() == (True, True)
        person = await closed.person()
        assert (await person.http.get("/api/me")).json()["is_admin"] is True
        assert await first_run() == (False, False)
        late = {"email": "late@example.org", "password": PASSWORD}
        problem(await closed.client().post("/api/auth/register", json=late), 403, "registration_closed")


async def test_nobody_but_the_command_line_makes_its_account(vault: Vault):
    local = {"email": LOCAL_ACCOUNT.upper(), "password": PASSWORD}
    problem(await vault.client().post("/api/auth/register", json=local), 403, "registration_closed")


# --- preferences -----------------------------------------------------------------------------------------------------


async def test_preferences_are_changed_one_by_one_and_kept(vault: Vault):
    person, other = await vault.person(), await vault.person()
    assert (await person.http.get("/api/me")).json()["preferences"] == DEFAULTS

    async def patch(**values: Any) -> Any:
        answer = await person.http.patch("/api/me", json={"preferences": values})
        assert answer.status_code == 200, answer.text
        return answer.json()["preferences"]

    assert await patch() == DEFAULTS
    assert await patch(theme="dark") == DEFAULTS | {"theme": "dark"}
    wanted = {"theme": "dark", "language": "de", "default_models": ["extractive", "a/b"]}
    assert await patch(language="de", default_models=["extractive", "a/b"]) == wanted
    assert await patch() == wanted
    assert (await person.http.get("/api/me")).json()["preferences"] == wanted
    logged_in = await vault.client().post("/api/auth/login", json=person.credentials)
    assert logged_in.json()["user"]["preferences"] == wanted
    assert (await person.http.post("/api/auth/refresh")).json()["user"]["preferences"] == wanted
    assert await patch(language=None) == wanted | {"language": None}
    assert (await other.http.get("/api/me")).json()["preferences"] == DEFAULTS


@pytest.mark.parametrize(
    "wrong",
    [{"theme": "pink"}, {"language": "<b>"}, {"language": ""}, {"default_models": ["x"] * 17}, {"colour": "x"},
     {"default_models": [""]}, {"theme": None}],
)  # fmt: skip
async def test_preferences_that_are_none(vault: Vault, wrong: dict[str, Any]):
    person = await vault.person()
    problem(await person.http.patch("/api/me", json={"preferences": wrong}), 400, "invalid_input")


# --- the password ----------------------------------------------------------------------------------------------------


async def test_a_new_password_ends_the_other_sessions(vault: Vault):
    person = await vault.person()
    phone = vault.client()
    token = (await phone.post("/api/auth/login", json=person.credentials)).json()["access_token"]
    key = await person.key()
    answer = await person.http.post("/api/me/password", json={"current": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await alive(person.http)
    assert (await person.http.post("/api/auth/refresh")).status_code == 200
    assert not await alive(vault.client(Authorization=f"Bearer {token}"))
    assert phone.cookies[REFRESH_COOKIE]
    problem(await phone.post("/api/auth/refresh"), 401, "session_ended")
    assert await alive(vault.client(Authorization=f"Bearer {key['key']}"))
    problem(await vault.client().post("/api/auth/login", json=person.credentials), 401, "invalid_credentials")
    renewed = person.credentials | {"password": NEW}
    assert (await vault.client().post("/api/auth/login", json=renewed)).status_code == 200


async def test_a_password_is_not_changed_without_the_current_one(vault: Vault):
    vault = vault.changed(login_attempts=2)
    person = await vault.person()
    wrong = {"current": "not my password", "new": NEW}
    problem(await person.http.post("/api/me/password", json={"current": PASSWORD, "new": "x"}), 400, "invalid_password")
    for _ in range(2):
        problem(await person.http.post("/api/me/password", json=wrong), 401, "invalid_credentials")
    answer = await person.http.post("/api/me/password", json={"current": PASSWORD, "new": NEW})
    assert int(problem(answer, 429, "too_many_logins") and answer.headers["retry-after"]) > 0
    assert await alive(person.http)


async def test_who_is_registered_is_not_told(vault: Vault):
    email = f"{uuid4().hex}@example.org"
    before = (await vault.client().get("/api/about")).json()
    await vault.client().post("/api/auth/register", json={"email": email, "password": PASSWORD})
    assert before.keys() == (await vault.client().get("/api/about")).json().keys()
    assert email not in (await vault.client().get("/api/about")).text
