"""Webhooks over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.vault import Account, Vault

URL = "https://example.org/hooks"


async def test_the_life_of_a_webhook(person: Account) -> None:
    answer = await person.http.post("/api/webhooks", json={"url": URL})
    made = answer.json()
    assert (answer.status_code, made["url"], made["enabled"]) == (201, URL, True)
    assert made["events"] == ["document.failed", "document.ready"]
    assert made["secret"].startswith("whsec_")
    shown = (await person.http.get(f"/api/webhooks/{made['id']}")).json()
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    assert (await person.http.get("/api/webhooks")).json() == {"items": [shown], "next_cursor": None}
    change = {"url": "https://example.org/other", "events": ["document.failed", "document.failed"]}
    changed = (await person.http.patch(f"/api/webhooks/{made['id']}", json=change)).json()
    assert changed == shown | {"url": change["url"], "events": ["document.failed"]}
    off = (await person.http.patch(f"/api/webhooks/{made['id']}", json={"enabled": False})).json()
    assert (off["enabled"], off["disabled_reason"]) == (False, "You switched this webhook off.")
    again = (await person.http.patch(f"/api/webhooks/{made['id']}", json={"enabled": False})).json()
    assert again == off
    assert (await person.http.delete(f"/api/webhooks/{made['id']}")).status_code == 204
    for method in ("GET", "DELETE"):
        gone = await person.http.request(method, f"/api/webhooks/{made['id']}")
        assert (gone.status_code, gone.json()["detail"]) == (404, "There is no such webhook.")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_input"),
        ({"url": URL, "events": []}, "invalid_input"),
        ({"url": URL, "events": ["document.deleted"]}, "invalid_input"),
        ({"url": URL, "colour": "red"}, "invalid_input"),
        ({"url": "nowhere"}, "invalid_url"),
        ({"url": "https://me:secret@example.org/"}, "invalid_url"),
        ({"url": "ftp://example.org/"}, "invalid_url"),
        ({"url": URL, "secret": "short"}, "invalid_secret"),
    ],
)
async def test_what_is_refused(person: Account, body: dict[str, Any], code: str) -> None:
    answer = await person.http.post("/api/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert "secret@" not in answer.text


async def test_private_urls_are_refused_unless_allowed(careful: Vault, person: Account) -> None:
    body = {"url": "http://127.0.0.1:9/"}
    other = await careful.person()
    answer = await other.http.post("/api/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "private_url")
    made = (await other.http.post("/api/webhooks", json={"url": URL})).json()
    answer = await other.http.patch(f"/api/webhooks/{made['id']}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "private_url")
    assert (await other.http.get(f"/api/webhooks/{made['id']}")).json()["url"] == URL
    assert (await person.http.post("/api/webhooks", json=body)).status_code == 201


async def test_no_more_than_there_may_be(vault: Vault) -> None:
    person = await vault.changed(max_webhooks=2).person()
    codes = [(await person.http.post("/api/webhooks", json={"url": URL})).status_code for _ in range(3)]
    assert codes == [201, 201, 409]
    answer = await person.http.post("/api/webhooks", json={"url": URL})
    assert answer.json()["code"] == "too_many_webhooks"


async def test_api_keys_do_not_manage_webhooks(vault: Vault) -> None:
    person = await vault.person()
    key = await person.key("documents:read", "documents:write", "search", "chat")
    program = vault.client(Authorization=f"Bearer {key['key']}")
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{uuid4()}"), ("POST", f"/{uuid4()}/rotate")):
        answer = await program.request(method, f"/api/webhooks{path}", json={"url": URL} if method == "POST" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


async def test_lists_come_in_pages(person: Account) -> None:
    made = [(await person.http.post("/api/webhooks", json={"url": URL})).json()["id"] for _ in range(3)]
    first = (await person.http.get("/api/webhooks", params={"limit": 2})).json()
    second = (await person.http.get("/api/webhooks", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
    log = f"/api/webhooks/{made[0]}/deliveries"
    sent = [(await person.http.post(f"/api/webhooks/{made[0]}/test")).json()["id"] for _ in range(3)]
    first = (await person.http.get(log, params={"limit": 2})).json()
    second = (await person.http.get(log, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == sent[::-1]
    assert (await person.http.get(log, params={"status": "failed"})).json()["items"] == []
    assert (await person.http.get(log, params={"cursor": "x"})).json()["code"] == "invalid_cursor"


async def test_a_message_is_retried_under_its_own_webhook_only(person: Account) -> None:
    one, two = [(await person.http.post("/api/webhooks", json={"url": URL})).json()["id"] for _ in range(2)]
    sent = (await person.http.post(f"/api/webhooks/{one}/test")).json()
    assert (sent["status"], sent["tries"]) == ("pending", 0)
    assert (await person.http.post(f"/api/webhooks/{one}/deliveries/{sent['id']}/retry")).status_code == 202
    answer = await person.http.post(f"/api/webhooks/{two}/deliveries/{sent['id']}/retry")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such delivery.")


async def test_anothers_webhook_looks_like_none(vault: Vault, person: Account) -> None:
    id = (await person.http.post("/api/webhooks", json={"url": URL})).json()["id"]
    sent = (await person.http.post(f"/api/webhooks/{id}/test")).json()["id"]
    stranger = await vault.person()
    calls = [
        ("GET", "", None),
        ("PATCH", "", {"enabled": False}),
        ("DELETE", "", None),
        ("POST", "/test", None),
        ("POST", "/rotate", None),
        ("GET", "/deliveries", None),
        ("POST", f"/deliveries/{sent}/retry", None),
    ]
    for method, path, body in calls:
        theirs, nobodys = [
            await stranger.http.request(method, f"/api/webhooks/{which}{path}", json=body) for which in (id, uuid4())
        ]
        assert theirs.status_code == nobodys.status_code == 404, f"{method} {path}"
        assert theirs.json()["detail"] == nobodys.json()["detail"] == "There is no such webhook."
    assert (await person.http.get(f"/api/webhooks/{id}")).json()["enabled"]
