"""The account calls over HTTP."""

import asyncio
from http.cookies import Morsel, SimpleCookie
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from sqlalchemy import text

from docvault.accounts.routes import REFRESH_COOKIE
from tests.people import NOBODYS, PASSWORD
from tests.vault import Account, Vault


def fresh() -> dict[str, str]:
    return {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}


def cookie(answer: httpx.Response) -> Morsel[str]:
    return SimpleCookie(answer.headers["set-cookie"])[REFRESH_COOKIE]


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert ("www-authenticate" in answer.headers) == (status == 401)
    return answer.json()


async def alive(client: httpx.AsyncClient) -> bool:
    answer = await client.get("/api/me")
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def refresh(client: httpx.AsyncClient, token: str | None = None) -> httpx.Response:
    """With the client's own cookie, or with this one."""
    if token is None:
        return await client.post("/api/auth/refresh")
    client.cookies.clear()
    return await client.post("/api/auth/refresh", headers={b"Cookie": f"{REFRESH_COOKIE}={token}".encode()})


# --- registering ----------------------------------------------------------------------------------------------------


async def test_registering_logs_in(vault: Vault):
    client, wanted = vault.client(), fresh()
    answer = await client.post("/api/auth/register", json=wanted)
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "user"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
    assert set(body["user"]) == {"id", "email", "is_admin", "created_at", "preferences"}
    assert body["user"]["email"] == wanted["email"]
    me = await client.get("/api/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert me.json() == body["user"]
    assert answer.headers["cache-control"] == "no-store"


async def test_an_address_is_one_however_it_is_spelled(vault: Vault):
    client, wanted = vault.client(), fresh()
    wanted["email"] = f"  Straße.{uuid4().hex}@Example.ORG "
    answer = await client.post("/api/auth/register", json=wanted)
    assert answer.json()["user"]["email"] == wanted["email"].strip()
    other = wanted | {"email": wanted["email"].strip().upper()}
    assert (await client.post("/api/auth/login", json=other)).status_code == 200
    taken = problem(await client.post("/api/auth/register", json=other), 409, "email_taken")
    assert "Log in" in taken["hint"]


NOT_ADDRESSES = ["", " ", "x", "@", "a@", "@b", "a b@c.de", "a@b@c.de", "a@b..c", "a@.b", "a@b.", "a@-b", "a\0b@c.de"]
NOT_ADDRESSES += ["a@c.de\n, x@y.z", "a\u200bb@c.de", "<a@b.de>", f"{'a' * 65}@b.de", "a@" + "b" * 254]


@pytest.mark.parametrize("email", NOT_ADDRESSES)
async def test_what_is_no_address(vault: Vault, email: str):
    answer = await vault.client().post("/api/auth/register", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 400
    assert answer.json()["code"] in ("invalid_email", "invalid_input")


@pytest.mark.parametrize("name", ["a.b+c", "o'neil", "jürgen", "用户", "a!#$%&*/=?^_`{|}~-z"])
async def test_what_is_an_address(vault: Vault, name: str):
    for domain in (
        f"{uuid4().hex}.example.org",
        f"{uuid4().hex}.münchen.de",
        f"x{uuid4().hex}",
        f"{uuid4().hex}-x.y_z",
    ):
        wanted = {"email": f"{name}@{domain}", "password": PASSWORD}
        assert (await vault.client().post("/api/auth/register", json=wanted)).status_code == 201


@pytest.mark.parametrize(
    ("password", "status"), [("short pw", 400), ("x" * 9, 400), ("x" * 10, 201), ("x" * 1024, 201), ("x" * 1025, 400)]
)
async def test_how_long_a_password_is(vault: Vault, password: str, status: int):
    answer = await vault.client().post("/api/auth/register", json=fresh() | {"password": password})
    assert answer.status_code == status
    assert password not in answer.text


NOT_CREDENTIALS = ["", "nonsense", "[]", "{}", '{"email": "a@b.de"}', '{"email": "a@b.de", "password": 12345678901}']
NOT_CREDENTIALS += ['{"email": "a@b.de", "password": "long enough 1", "is_admin": true}']


@pytest.mark.parametrize("path", ["/api/auth/register", "/api/auth/login"])
@pytest.mark.parametrize("body", NOT_CREDENTIALS)
async def test_bodies_that_are_not_credentials(vault: Vault, path: str, body: str):
    answer = await vault.client().post(path, content=body, headers={"Content-Type": "application/json"})
    problem(answer, 400, "invalid_input")
    assert "long enough 1" not in answer.text


async def test_registration_can_be_closed(vault: Vault):
    person = await vault.person()  # so the vault is not empty
    closed = vault.changed(registration_open=False)
    problem(await closed.client().post("/api/auth/register", json=fresh()), 403, "registration_closed")
    taken = await closed.client().post("/api/auth/register", json=person.credentials)
    problem(taken, 403, "registration_closed")  # and does not tell who is in
    assert (await closed.client().post("/api/auth/login", json=person.credentials)).status_code == 200


# --- logging in -----------------------------------------------------------------------------------------------------


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(vault: Vault):
    person, client = await vault.person(), vault.client()
    wrong = await client.post("/api/auth/login", json=person.credentials | {"password": "not the password"})
    unknown = await client.post("/api/auth/login", json=fresh())
    odd = await client.post("/api/auth/login", json={"email": "no address\0", "password": "x"})
    one, other, third = (problem(answer, 401, "invalid_credentials") for answer in (wrong, unknown, odd))
    for each in (one, other, third):
        each.pop("request_id")
    assert one == other == third
    assert set(wrong.headers) == set(unknown.headers)
    assert "set-cookie" not in wrong.headers


async def test_each_log_in_is_a_session_of_its_own(vault: Vault):
    person = await vault.person()
    again = (await vault.client().post("/api/auth/login", json=person.credentials)).json()
    assert UUID(again["user"]["id"]) == person.id
    ids = [jwt.decode(t, options={"verify_signature": False})["sid"] for t in (person.token, again["access_token"])]
    assert ids[0] != ids[1]


async def test_who_is_disabled_is_told_so_only_with_the_right_password(vault: Vault):
    person = await vault.person()
    await vault.disable(person.id)
    client = vault.client()
    problem(await client.post("/api/auth/login", json=person.credentials), 403, "account_disabled")
    wrong = person.credentials | {"password": "not the password"}
    problem(await client.post("/api/auth/login", json=wrong), 401, "invalid_credentials")


async def test_the_cookie_is_out_of_reach(vault: Vault):
    answer = await vault.client().post("/api/auth/register", json=fresh())
    morsel = cookie(answer)
    assert (morsel["path"], morsel["samesite"].lower(), morsel["httponly"]) == ("/api/auth", "strict", True)
    assert int(morsel["max-age"]) == 30 * 86_400
    assert not morsel["secure"]
    assert not morsel["domain"]
    assert morsel.value not in answer.text
    behind_tls = vault.changed(cookie_secure=True, refresh_token_days=2)
    morsel = cookie(await behind_tls.client().post("/api/auth/register", json=fresh()))
    assert morsel["secure"] is True
    assert int(morsel["max-age"]) == 2 * 86_400


# --- refreshing -----------------------------------------------------------------------------------------------------


async def test_refreshing_gives_a_new_pair(vault: Vault):
    person = await vault.person()
    before = person.http.cookies[REFRESH_COOKIE]
    answer = await refresh(person.http)
    assert answer.status_code == 200
    body = answer.json()
    assert UUID(body["user"]["id"]) == person.id
    assert cookie(answer).value not in (before, "")
    assert body["access_token"] != person.token
    old, new = (jwt.decode(t, options={"verify_signature": False}) for t in (person.token, body["access_token"]))
    assert old["sid"] == new["sid"]
    assert old["jti"] != new["jti"]
    assert await alive(vault.client(Authorization=f"Bearer {body['access_token']}"))
    assert (await refresh(person.http)).status_code == 200


async def test_a_refresh_token_used_twice_ends_its_session(vault: Vault):
    vault = vault.changed(refresh_grace_seconds=0)
    person = await vault.person()
    stolen = person.http.cookies[REFRESH_COOKIE]
    other = (await vault.client().post("/api/auth/login", json=person.credentials)).json()["access_token"]
    fresh_pair = await refresh(person.http)
    problem(await refresh(vault.client(), stolen), 401, "session_ended")
    problem(await refresh(person.http, cookie(fresh_pair).value), 401, "session_ended")
    assert not await alive(person.http)
    assert not await alive(vault.client(Authorization=f"Bearer {fresh_pair.json()['access_token']}"))
    assert await alive(vault.client(Authorization=f"Bearer {other}"))


async def test_a_reload_and_a_second_tab_stay_logged_in(vault: Vault):
    person = await vault.person()
    before = person.http.cookies[REFRESH_COOKIE]
    tabs = await asyncio.gather(*(refresh(vault.client(), before) for _ in range(3)))
    assert [tab.status_code for tab in tabs] == [200, 200, 200]
    (after,) = {cookie(tab).value for tab in tabs}  # whichever answer comes last, the browser holds the good one
    assert after != before
    for tab in tabs:
        assert await alive(vault.client(Authorization=f"Bearer {tab.json()['access_token']}"))
    assert (await refresh(vault.client(), before)).status_code == 200
    again = await refresh(vault.client(), after)
    assert (again.status_code, cookie(again).value in (before, after)) == (200, False)


async def test_only_the_token_just_before_is_good_and_only_for_the_grace(vault: Vault):
    person = await vault.person()
    first = person.http.cookies[REFRESH_COOKIE]
    second = cookie(await refresh(vault.client(), first)).value
    third = cookie(await refresh(vault.client(), second)).value
    problem(await refresh(vault.client(), first), 401, "session_ended")  # two back: copied
    problem(await refresh(vault.client(), third), 401, "session_ended")

    person = await vault.person()
    first = person.http.cookies[REFRESH_COOKIE]
    second = cookie(await refresh(vault.client(), first)).value
    async with vault.resources.database.transaction(person.id) as session:
        await session.execute(text("UPDATE sessions SET previous_until = now()"))
    problem(await refresh(vault.client(), first), 401, "session_ended")
    problem(await refresh(vault.client(), second), 401, "session_ended")


async def test_who_comes_in_the_grace_does_not_prolong_it(vault: Vault):
    person = await vault.person()
    first = person.http.cookies[REFRESH_COOKIE]
    await refresh(vault.client(), first)

    async def until() -> Any:
        async with vault.resources.database.transaction(person.id) as session:
            return await session.scalar(text("SELECT previous_until FROM sessions"))

    then = await until()
    assert (await refresh(vault.client(), first)).status_code == 200
    assert await until() == then


async def test_a_session_that_was_ended_has_no_grace(vault: Vault):
    person = await vault.person()
    first = person.http.cookies[REFRESH_COOKIE]
    second = await refresh(vault.client(), first)
    await vault.client(Authorization=f"Bearer {second.json()['access_token']}").post("/api/auth/logout")
    problem(await refresh(vault.client(), first), 401, "session_ended")


async def test_a_made_up_refresh_token_ends_nothing(vault: Vault):
    person = await vault.person()
    owner, session, secret = person.http.cookies[REFRESH_COOKIE].split(".")
    stranger = vault.client()
    for token in (f"{owner}.{session}.{'A' * 64}", f"{owner}.{uuid4().hex}.{secret}", f"{owner}.{session}.", "x", "é"):
        problem(await refresh(stranger, token), 401, "session_ended")
    problem(await vault.client().post("/api/auth/refresh"), 401, "session_ended")
    assert (await refresh(person.http)).status_code == 200


async def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(vault: Vault):
    person = await vault.person()
    token = person.http.cookies[REFRESH_COOKIE]
    problem(await vault.client(Authorization=f"Bearer {token}").get("/api/me"), 401, "unauthenticated")
    problem(await refresh(vault.client(), person.token), 401, "session_ended")


async def test_who_was_disabled_cannot_refresh(vault: Vault):
    person = await vault.person()
    await vault.disable(person.id)
    problem(await refresh(person.http), 401, "session_ended")


async def test_expired_access_tokens_say_so(vault: Vault):
    person = await vault.person()
    claims = jwt.decode(person.token, options={"verify_signature": False})
    old = jwt.encode(claims | {"exp": claims["iat"] - 1}, vault.settings.secret_key, algorithm="HS256")
    problem(await vault.client(Authorization=f"Bearer {old}").get("/api/me"), 401, "token_expired")


# --- logging out, sessions ------------------------------------------------------------------------------------------


async def test_logging_out_ends_this_session_at_once(vault: Vault):
    person = await vault.person()
    other = await vault.client().post("/api/auth/login", json=person.credentials)
    token = person.http.cookies[REFRESH_COOKIE]
    answer = await person.http.post("/api/auth/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (cookie(answer).value, cookie(answer)["max-age"], cookie(answer)["path"]) == ("", "0", "/api/auth")
    assert not await alive(person.http)
    problem(await refresh(vault.client(), token), 401, "session_ended")
    assert await alive(vault.client(Authorization=f"Bearer {other.json()['access_token']}"))


async def test_logging_out_everywhere(vault: Vault):
    person, bystander = await vault.person(), await vault.person()
    other = await vault.client().post("/api/auth/login", json=person.credentials)
    assert (await person.http.post("/api/auth/logout?everywhere=true")).status_code == 204
    assert not await alive(person.http)
    assert not await alive(vault.client(Authorization=f"Bearer {other.json()['access_token']}"))
    assert await alive(bystander.http)


async def test_ones_sessions_and_nobody_elses(vault: Vault):
    person, stranger = await vault.person(), await vault.person()
    phone = vault.client(**{"User-Agent": "A phone" + "!" * 500})
    await phone.post("/api/auth/login", json=person.credentials)
    page = (await person.http.get("/api/sessions")).json()
    assert page["next_cursor"] is None
    newest, oldest = page["items"]
    assert set(newest) == {"id", "user_agent", "created_at", "refreshed_at", "expires_at", "current"}
    assert (newest["current"], oldest["current"]) == (False, True)
    assert newest["user_agent"].startswith("A phone!")
    assert len(newest["user_agent"]) == 200

    problem(await stranger.http.delete(f"/api/sessions/{newest['id']}"), 404, "not_found")
    assert (await person.http.delete(f"/api/sessions/{newest['id']}")).status_code == 204
    problem(await person.http.delete(f"/api/sessions/{newest['id']}"), 404, "not_found")
    problem(await refresh(phone), 401, "session_ended")
    assert [item["id"] for item in (await person.http.get("/api/sessions")).json()["items"]] == [oldest["id"]]


async def test_logging_out_everywhere_but_here(vault: Vault):
    person, bystander = await vault.person(), await vault.person()
    phone = vault.client()
    await phone.post("/api/auth/login", json=person.credentials)
    assert (await person.http.delete("/api/sessions")).status_code == 204
    problem(await refresh(phone), 401, "session_ended")
    assert await alive(person.http)
    assert await alive(bystander.http)


async def test_lists_come_in_pages(vault: Vault):
    person = await vault.person()
    made = [(await person.key())["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await person.http.get("/api/keys", params={"limit": 2, "cursor": cursor})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]
    problem(await person.http.get("/api/keys?cursor=x"), 400, "invalid_cursor")
    problem(await person.http.get("/api/keys?limit=0"), 400, "invalid_input")


# --- API keys -------------------------------------------------------------------------------------------------------


async def test_a_key_is_shown_once(vault: Vault):
    person = await vault.person()
    made = await person.key("search", "chat", "search", expires_at="2100-01-01T00:00:00Z")
    assert made["key"].startswith(made["prefix"])
    assert made["scopes"] == ["chat", "search"]
    listed = (await person.http.get("/api/keys")).json()["items"]
    assert listed == [{name: value for name, value in made.items() if name != "key"}]
    program = vault.client(Authorization=f"Bearer {made['key']}")
    assert (await program.get("/api/me")).json()["id"] == str(person.id)
    assert (await person.http.get("/api/keys")).json()["items"][0]["last_used_at"] is not None


async def test_a_deleted_key_is_out_at_once(vault: Vault):
    person, stranger = await vault.person(), await vault.person()
    made = await person.key()
    program = vault.client(Authorization=f"Bearer {made['key']}")
    assert await alive(program)
    problem(await stranger.http.delete(f"/api/keys/{made['id']}"), 404, "not_found")
    assert await alive(program)
    assert (await person.http.delete(f"/api/keys/{made['id']}")).status_code == 204
    assert not await alive(program)
    problem(await person.http.delete(f"/api/keys/{made['id']}"), 404, "not_found")


async def test_strangers_see_no_keys(vault: Vault):
    person, stranger = await vault.person(), await vault.person()
    await person.key()
    assert (await stranger.http.get("/api/keys")).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "invalid_input"),
        ({"name": " "}, "invalid_name"),
        ({"name": "a\0b"}, "invalid_name"),
        ({"name": "x" * 101}, "invalid_input"),
        ({"scopes": []}, "invalid_input"),
        ({"scopes": ["everything"]}, "invalid_input"),
        ({"scopes": ["search", "account"]}, "invalid_scope"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "invalid_expiry"),
        ({"expires_at": "2100-01-01T00:00:00"}, "invalid_input"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "invalid_expiry"),
        ({"owner_id": str(uuid4())}, "invalid_input"),
    ],
)
async def test_keys_that_cannot_be_made(vault: Vault, change: dict[str, Any], code: str):
    person = await vault.person()
    answer = await person.http.post("/api/keys", json={"name": "a program", "scopes": ["search"]} | change)
    problem(answer, 400, code)
    assert (await person.http.get("/api/keys")).json()["items"] == []


ACCOUNT_CALLS = [
    ("GET", "/api/keys"),
    ("POST", "/api/keys"),
    ("DELETE", f"/api/keys/{NOBODYS}"),
    ("GET", "/api/sessions"),
    ("DELETE", "/api/sessions"),
    ("DELETE", f"/api/sessions/{NOBODYS}"),
    ("POST", "/api/auth/logout"),
    ("PATCH", "/api/me"),
    ("POST", "/api/me/password"),
]


@pytest.mark.parametrize(("method", "path"), ACCOUNT_CALLS)
async def test_a_key_does_not_manage_the_account(vault: Vault, method: str, path: str):
    person = await vault.person()
    made = await person.key("documents:read", "documents:write", "search", "chat")
    program = vault.client(Authorization=f"Bearer {made['key']}")
    body = {"name": "more", "scopes": ["search"]} if method == "POST" else None
    problem(await program.request(method, path, json=body), 403, "missing_scope")


@pytest.mark.parametrize(("method", "path"), [*ACCOUNT_CALLS, ("GET", "/api/me")])
async def test_strangers_are_asked_who_they_are(vault: Vault, method: str, path: str):
    problem(await vault.client().request(method, path), 401, "unauthenticated")


@pytest.mark.parametrize("path", ["/api/keys", "/api/sessions"])
@pytest.mark.parametrize("id", ["x", "1", "00000000-0000-0000-0000-000000000000", NOBODYS])
async def test_ids_that_are_not_there(vault: Vault, person: Account, path: str, id: str):
    problem(await person.http.delete(f"{path}/{id}"), 404, "not_found")


@pytest.fixture(scope="module")
async def person(vault: Vault) -> Account:
    return await vault.person()
