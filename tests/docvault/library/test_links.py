"""Links by which a browser downloads without a header: what they open, and everything they do not."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from sqlalchemy import text

from docvault.resources import Resources
from docvault.security.tokens import Ticket, make_ticket
from docvault.settings import Settings
from tests.people import People, Person

PAGE = b"<!doctype html><script>alert(document.cookie)</script><p>The buoys were painted in May.</p>"
NAME = 'Jürgen "Buoys" 50%\u20ac.html'


@pytest.fixture(scope="module")
async def alice(people: People) -> Person:
    person = await people.new()
    (document,) = await person.upload(("page.html", PAGE))
    person.document = document["id"]  # type: ignore[attr-defined]
    renamed = await person.http.patch(f"/api/documents/{document['id']}", json={"filename": NAME})
    assert renamed.status_code == 200
    return person


async def link(person: Person, **body: Any) -> dict[str, Any]:
    answer = await person.http.post(f"/api/documents/{person.document}/link", json=body)  # type: ignore[attr-defined]
    assert answer.status_code == 200, answer.text
    return answer.json()


def ticket_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["ticket"][0]


def refused(answer: httpx.Response, code: str = "invalid_ticket") -> None:
    assert (answer.status_code, answer.json()["code"]) == (401, code), answer.text
    assert b"buoys" not in answer.content


async def test_a_link_downloads_without_a_header(alice: Person, people: People) -> None:
    made = await link(alice)
    answer = await people.stranger().get(made["url"])
    assert (answer.status_code, answer.content) == (200, PAGE)
    names = answer.headers["content-disposition"]
    assert names.startswith('attachment; filename="J_rgen _Buoys_ 50__.html"; ')
    assert names.endswith("filename*=UTF-8''J%C3%BCrgen%20%22Buoys%22%2050%25%E2%82%AC.html")
    part = await people.stranger().get(made["url"], headers={"Range": "bytes=0-8"})
    assert (part.status_code, part.content) == (206, PAGE[:9])


async def test_what_is_shown_can_never_run_here(alice: Person, people: People) -> None:
    made = await link(alice, download=False)
    answer = await people.stranger().get(made["url"])
    assert answer.headers["content-disposition"].startswith("inline; ")
    policy = answer.headers["content-security-policy"]
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'none'"} == set(policy.split("; "))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_a_link_says_until_when(alice: Person, settings: Settings) -> None:
    made = await link(alice)
    claims = jwt.decode(ticket_of(made["url"]), options={"verify_signature": False})
    assert settings.ticket_seconds - 5 <= claims["exp"] - time.time() <= settings.ticket_seconds
    assert claims["exp"] - claims["iat"] == settings.ticket_seconds


async def test_a_ticket_opens_this_document_and_nothing_else(alice: Person, people: People) -> None:
    (other,) = await alice.upload(("other.txt", b"Nothing of the buoys."))
    stranger, ticket = people.stranger(), ticket_of((await link(alice))["url"])
    refused(await stranger.get(f"/api/documents/{other['id']}/content", params={"ticket": ticket}))
    document = f"/api/documents/{alice.document}"  # type: ignore[attr-defined]
    refused(await stranger.get("/api/export", params={"ticket": ticket}))
    for path in (document, f"{document}/text", "/api/me", "/api/documents", "/api/keys"):
        refused(await stranger.get(path, params={"ticket": ticket}), "unauthenticated")
    refused(await stranger.delete(document, params={"ticket": ticket}), "unauthenticated")
    as_header = {"Authorization": f"Bearer {ticket}"}
    refused(await stranger.get(f"{document}/content", headers=as_header), "unauthenticated")
    refused(await stranger.get(f"{document}/content", params={"ticket": alice.token}))


def forged(settings: Settings, alice: Person, **change: Any) -> str:
    claims = jwt.decode(alice.token, options={"verify_signature": False})
    of = alice.document  # type: ignore[attr-defined]
    key = change.pop("key", settings.secret_key)
    good = claims | {"aud": "docvault-ticket", "for": "content", "of": of} | change
    return jwt.encode(good, key, algorithm="HS256")


@pytest.mark.parametrize(
    "change",
    [{"exp": 1}, {"aud": "docvault"}, {"for": "export"}, {"of": ""}, {"of": str(uuid4())}, {"sid": str(uuid4())},
     {"sub": str(uuid4())}, {"key": "somebody else's key that is long enough"}, {"iss": "x"}],
)  # fmt: skip
async def test_tickets_that_are_none(settings: Settings, alice: Person, people: People, change: Any) -> None:
    content = f"/api/documents/{alice.document}/content"  # type: ignore[attr-defined]
    good = await people.stranger().get(content, params={"ticket": forged(settings, alice)})
    assert good.status_code == 200
    refused(await people.stranger().get(content, params={"ticket": forged(settings, alice, **change)}))
    refused(await people.stranger().get(content, params={"ticket": "x"}))
    refused(await people.stranger().get(content), "unauthenticated")


async def test_a_ticket_ends_with_its_session(people: People) -> None:
    person = await people.new()
    (document,) = await person.upload(("notes.txt", b"Some notes of the buoys."))
    person.document = document["id"]  # type: ignore[attr-defined]
    made = await link(person)
    assert (await people.stranger().get(made["url"])).status_code == 200
    await person.http.post("/api/auth/logout")
    refused(await people.stranger().get(made["url"]))


async def test_a_ticket_of_somebody_who_is_disabled_is_good_for_nothing(people: People, resources: Resources) -> None:
    person = await people.new()
    (document,) = await person.upload(("notes.txt", b"Some notes of the buoys."))
    person.document = document["id"]  # type: ignore[attr-defined]
    made = await link(person)
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE users SET disabled_at = now()"))
    refused(await people.stranger().get(made["url"]))


async def test_a_ticket_for_anothers_document_finds_none(settings: Settings, alice: Person, people: People) -> None:
    """Even one that this service signed: it reads as whoever it names."""
    mallory = await people.new()
    sid = UUID(jwt.decode(mallory.token, options={"verify_signature": False})["sid"])
    document: str = alice.document  # type: ignore[attr-defined]
    ticket = make_ticket(settings.secret_key, Ticket(UUID(mallory.id), sid, "content", document), 60)
    answer = await people.stranger().get(f"/api/documents/{document}/content", params={"ticket": ticket})
    assert answer.status_code == 404
    assert (await mallory.http.post(f"/api/documents/{document}/link", json={})).status_code == 404


async def test_programs_get_no_links(alice: Person, people: People) -> None:
    key = await alice.http.post("/api/keys", json={"name": "a", "scopes": ["documents:read"]})
    header = {"Authorization": f"Bearer {key.json()['key']}"}
    path = f"/api/documents/{alice.document}"  # type: ignore[attr-defined]
    answer = await people.stranger().post(f"{path}/link", json={}, headers=header)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert (await people.stranger().get(f"{path}/content", headers=header)).content == PAGE
