"""Links that sign another browser in."""

from urllib.parse import urlsplit

import httpx
import msgspec

from docvault.accounts.routes import REFRESH_COOKIE
from docvault.accounts.sign_in_links import make_sign_in_link
from docvault.security.tokens import read_access_token
from tests.docvault.accounts.test_routes import problem
from tests.vault import Vault


async def link_of(http: httpx.AsyncClient) -> str:
    """The ticket of a fresh link."""
    answer = await http.post("/api/auth/sign-in-link")
    assert answer.status_code == 201
    parts = urlsplit(answer.json()["url"])
    assert (parts.path, parts.query) == ("/sign-in", "")  # the secret is where no server sees it
    return parts.fragment.removeprefix("ticket=")


async def test_a_link_signs_another_browser_in_once(vault: Vault):
    person = await vault.person()
    ticket = await link_of(person.http)
    other = vault.client()
    answer = await other.post("/api/auth/exchange", json={"ticket": ticket})
    assert answer.status_code == 200
    assert answer.cookies[REFRESH_COOKIE]
    token = answer.json()["access_token"]
    me = await other.get("/api/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["id"] == (await person.http.get("/api/me")).json()["id"]
    problem(await vault.client().post("/api/auth/exchange", json={"ticket": ticket}), 401, "invalid_ticket")


async def test_a_link_ends_with_the_session_that_made_it(vault: Vault):
    person = await vault.person()
    ticket = await link_of(person.http)
    assert (await person.http.post("/api/auth/logout")).status_code == 204
    problem(await vault.client().post("/api/auth/exchange", json={"ticket": ticket}), 401, "invalid_ticket")


async def test_no_other_token_is_taken_for_a_link(vault: Vault):
    person = await vault.person()
    access = person.http.headers["Authorization"].removeprefix("Bearer ")
    download = (await person.http.post("/api/export/link")).json()["url"].partition("ticket=")[2]
    for text in (access, download, "", "x.y.z"):
        problem(await vault.client().post("/api/auth/exchange", json={"ticket": text}), 401, "invalid_ticket")


async def test_a_link_opens_nothing_but_a_session(vault: Vault):
    person = await vault.person()
    ticket = await link_of(person.http)
    problem(await vault.client().get("/api/export", params={"ticket": ticket}), 401, "invalid_ticket")
    bearer = {"Authorization": f"Bearer {ticket}"}
    assert (await vault.client().get("/api/me", headers=bearer)).status_code == 401


async def test_an_api_key_gets_no_link(vault: Vault):
    person = await vault.person()
    key = (await person.http.post("/api/keys", json={"name": "a", "scopes": ["documents:read"]})).json()["key"]
    answer = await vault.client().post("/api/auth/sign-in-link", headers={"Authorization": f"Bearer {key}"})
    problem(answer, 403, "missing_scope")


async def test_an_old_link_is_refused(vault: Vault):
    person = await vault.person()
    access = person.http.headers["Authorization"].removeprefix("Bearer ")
    owner_id, session_id, _ = read_access_token(vault.settings.secret_key, access)
    past = msgspec.structs.replace(vault.settings, sign_in_link_seconds=-1)
    ticket = make_sign_in_link(past, owner_id, session_id).url.partition("ticket=")[2]
    problem(await vault.client().post("/api/auth/exchange", json={"ticket": ticket}), 401, "invalid_ticket")
