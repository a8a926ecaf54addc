"""Every answer says what a browser may do with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docvault.local.home import any_port
from docvault.server.headers import DATA_POLICY, PAGE_POLICY
from docvault.settings import Settings
from tests.conftest import serving
from tests.people import People

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def check(headers: dict[str, str], policy: str = DATA_POLICY) -> None:
    assert ALWAYS.items() <= headers.items()
    assert headers["content-security-policy"] == policy
    for feature in ("camera", "microphone", "geolocation", "usb", "payment"):
        assert f"{feature}=()" in headers["permissions-policy"]
    assert len(headers["x-request-id"]) == 32
    assert "server" not in headers
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("GET", "/schema/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/api/me", 401),
        ("POST", "/api/auth/login", 400),
        ("GET", "/api/nowhere", 404),
        ("GET", "/v1/nowhere", 404),
        ("GET", "/schema/nowhere", 404),
        ("GET", "/assets/nowhere.js", 404),
        ("PUT", "/api/documents", 405),
        ("OPTIONS", "/api/uploads", 204),
    ],
)
async def test_data_and_errors(people: People, method: str, path: str, status: int) -> None:
    answer = await people.stranger().request(method, path)
    assert answer.status_code == status
    check(dict(answer.headers))
    assert answer.headers["cache-control"] == "no-store"


async def test_streams(people: People) -> None:
    person = await people.new()
    async with person.http.stream("GET", "/api/events") as events:
        check(dict(events.headers))
        assert (events.status_code, events.headers["cache-control"]) == (200, "no-store")
    async with person.http.stream("POST", "/api/chat", json={"question": "Is anything here?"}) as answer:
        check(dict(answer.headers))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_a_stricter_policy_of_a_handler_is_kept(people: People) -> None:
    person = await people.new()
    (document,) = await person.upload(("page.html", b"<script>alert(1)</script>"))
    answer = await person.http.get(f"/api/documents/{document['id']}/content")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy not in (DATA_POLICY, PAGE_POLICY)
    assert {"sandbox", "default-src"} <= directives(policy).keys()
    check(dict(answer.headers), policy)
    assert "public" not in answer.headers["cache-control"]


def test_the_policy_of_the_page_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = directives(PAGE_POLICY)
    assert (
        policy["default-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    )
    assert policy["script-src"] == ["'self'", "'wasm-unsafe-eval'"]
    assert policy["img-src"] == ["'self'", "data:", "blob:"]
    for sources in policy.values():
        assert set(sources) <= {"'self'", "'none'", "'wasm-unsafe-eval'", "data:", "blob:"}
    assert "unsafe-inline" not in PAGE_POLICY


async def test_https_is_remembered_where_there_is_nothing_else(changed: Callable[..., Settings]) -> None:
    settings = changed(port=any_port(), cookie_secure=True)
    async with serving(settings) as url, People(url) as people:
        for path in ("/health/live", "/", "/api/nowhere"):
            answer = await people.stranger().get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
