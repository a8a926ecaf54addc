"""The roof: ids, problem details, health, metrics, compression, CORS, commits that fail."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from docvault.ai import embedding_client
from docvault.local.home import any_port
from docvault.logging import hide_secrets
from docvault.resources import Resources
from docvault.server.app import create_app
from docvault.settings import Settings
from tests.conftest import serving
from tests.people import People, Person


@pytest.fixture(scope="module")
async def person(people: People) -> Person:
    return await people.new()


async def test_a_given_request_id_is_kept_when_it_is_one(people: People) -> None:
    stranger = people.stranger()
    good = await stranger.get("/health/live", headers={"X-Request-ID": "trace-0123.abc"})
    assert good.headers["x-request-id"] == "trace-0123.abc"
    bad = await stranger.get("/health/live", headers={"X-Request-ID": "a b\tc"})
    assert bad.headers["x-request-id"] != "a b\tc"


async def test_problems_have_one_form(person: Person) -> None:
    for request, status, code in [
        (person.http.get("/api/nowhere"), 404, "not_found"),
        (person.http.put("/api/documents"), 405, "method_not_allowed"),
        (person.http.patch("/api/documents/x", json={}), 404, "not_found"),
        (person.http.post("/api/search", content=b"{"), 400, "invalid_input"),
        (person.http.post("/api/search", json={"query": "x", "mode": "psychic"}), 400, "invalid_input"),
        (person.http.post("/api/search", json={"query": "x" * 3_000_000}), 413, "too_large"),
    ]:
        answer = await request
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["detail"]
        assert problem["request_id"] == answer.headers["x-request-id"]


async def test_a_body_without_a_bottom_is_refused(people: People) -> None:
    deep = '{"email": ' + "[" * 100_000 + "]" * 100_000 + "}"
    answer = await people.stranger().post("/api/auth/login", content=deep, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


async def test_large_answers_are_compressed(person: Person) -> None:
    answer = await person.http.get("/schema/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["info"]["title"] == "DocVault"


async def test_health(people: People) -> None:
    stranger = people.stranger()
    assert (await stranger.get("/health/live")).json()["status"] == "ok"
    for path in ("/health", "/health/ready"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert answer.json()["parts"] == {"database": "ok", "redis": "ok", "storage": "ok", "embedder": "ok"}


async def test_without_the_embedder_it_serves_and_says_so(
    changed: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHECK_PATIENCE", "QUESTION_PATIENCE"):
        monkeypatch.setattr(embedding_client, name, 0.05)
    away = changed(port=any_port(), embedder=f"127.0.0.1:{any_port()}")
    async with serving(away) as url, People(url) as people:
        answer = await people.stranger().get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["parts"]["embedder"] == "unavailable"
        person = await people.new()
        found = await person.http.post("/api/search", json={"query": "is anybody there"})
        assert (found.status_code, found.json()["code"]) == (503, "embedder_unavailable")
        assert await person.search("is anybody there", mode="keyword") == []


@pytest.fixture
async def without_redis(changed: Callable[..., Settings]) -> AsyncIterator[People]:
    settings = changed(port=any_port(), redis_url=f"redis://127.0.0.1:{any_port()}/0")
    async with serving(settings) as url, People(url) as made:
        yield made


async def test_without_redis_the_vault_still_serves(without_redis: People) -> None:
    """Redis rings and counts; people log in, upload and search without it, and `ready` says what is missing."""
    answer = await without_redis.stranger().get("/health/ready")
    assert (answer.status_code, answer.json()["parts"]["redis"]) == (503, "unavailable")
    assert (await without_redis.stranger().get("/health/live")).status_code == 200
    person = await without_redis.new()
    (document,) = await person.upload(("note.txt", b"Kept although nobody could be rung."))
    assert document["status"] == "queued"
    assert await person.search("anything") == []


async def test_metrics(people: People, person: Person) -> None:
    await person.http.get("/api/documents")
    said = (await people.stranger().get("/metrics")).text
    assert "docvault_database_up 1.0" in said
    assert 'docvault_documents{status="queued"}' in said
    for name in ("documents_due", "oldest_due_seconds", "passages_left"):
        assert f"\ndocvault_{name} " in said
    assert 'path="/api/documents"' in said
    assert person.id not in said


async def test_metrics_count_what_a_free_worker_would_take(resources: Resources, person: Person) -> None:
    """More workers are of no use to a document that is being read, or that waits out a pause."""

    async def totals() -> Any:
        async with resources.database.lookup() as connection:
            return (await connection.execute(text("SELECT * FROM queue_totals()"))).one()

    async def change(id: str, values: str) -> None:
        async with resources.database.transaction(UUID(person.id)) as session:
            await session.execute(text(f"UPDATE documents SET {values} WHERE id = :id"), {"id": UUID(id)})

    before = await totals()
    documents = await person.upload(*((f"{n}.txt", str(uuid4()).encode()) for n in range(4)))
    due, paused, read, abandoned = [document["id"] for document in documents]
    reading = (
        "status = 'processing', progress = 0.5, work = 1000, due_at = now() - interval '9 days', lease_until = now()"
    )
    await change(due, "due_at = now() - interval '3 days'")
    await change(paused, "due_at = now() + interval '1 day'")
    await change(read, f"{reading} + interval '1 hour'")
    await change(abandoned, f"{reading} - interval '1 s'")
    after = await totals()
    assert (after.queued - before.queued, after.processing - before.processing) == (2, 2)
    assert after.due - before.due == 2
    assert after.oldest_seconds == pytest.approx(9 * 86400, rel=0.01), "the one whose worker died"
    assert after.passages - before.passages == pytest.approx(1002)
    await change(abandoned, "lease_until = now() + interval '1 hour'")
    assert (await totals()).oldest_seconds == pytest.approx(3 * 86400, rel=0.01)
    for document in documents:
        await person.http.delete(f"/api/documents/{document['id']}")


async def test_cors_is_closed_unless_it_is_opened(changed: Callable[..., Settings], people: People) -> None:
    ask = {"Origin": "https://page.example", "Access-Control-Request-Method": "GET"}
    closed = await people.stranger().options("/api/documents", headers=ask)
    assert "access-control-allow-origin" not in closed.headers
    settings = changed(port=any_port(), cors_origins=["https://page.example"])
    async with serving(settings) as url, People(url) as opened:
        answer = await opened.stranger().options("/api/documents", headers=ask)
        assert answer.headers["access-control-allow-origin"] == "https://page.example"
        other = await opened.stranger().get("/health/live", headers={"Origin": "https://other.example"})
        assert other.headers.get("access-control-allow-origin") != "https://other.example"


async def test_no_cookie_for_the_pages_of_everybody(changed: Callable[..., Settings]) -> None:
    ask = {"Origin": "https://page.example", "Cookie": "docvault_refresh=x"}
    for origins, credentials in (["*"], None), (["https://page.example"], "true"):
        settings = changed(port=any_port(), cors_origins=origins)
        async with serving(settings) as url, People(url) as opened:
            answer = await opened.stranger().get("/health/live", headers=ask)
            assert "access-control-allow-origin" in answer.headers
            assert answer.headers.get("access-control-allow-credentials") == credentials


async def test_a_commit_that_fails_is_an_error(changed: Callable[..., Settings]) -> None:
    """The handler is done and content, and then the database says no: the answer must not be a success."""

    def refuse(_connection: Any) -> None:
        raise OSError("the connection was lost while committing")

    settings = changed(port=any_port())
    app = create_app(settings)
    async with serving(settings, app) as url, People(url) as people:
        person = await people.new()
        (document,) = await person.upload(("a.txt", b"Something to rename."))
        engine = app.state.resources.database.engine.sync_engine
        event.listen(engine, "commit", refuse)
        answer = await person.http.patch(f"/api/documents/{document['id']}", json={"filename": "b.txt"})
        event.remove(engine, "commit", refuse)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        found = (await person.http.get(f"/api/documents/{document['id']}")).json()
        assert found["filename"] == "a.txt"


def test_secrets_never_reach_a_log() -> None:
    line = {"event": "x", "password": "p", "access_token": "t", "API_KEY": "k", "Authorization": "a", "size": 3}
    assert hide_secrets(logging.getLogger(), "info", line) == {
        "event": "x", "password": "***", "access_token": "***", "API_KEY": "***", "Authorization": "***", "size": 3,
    }  # fmt: skip


def test_logs_are_json_lines_with_ids() -> None:
    code = (
        "import structlog; from docvault.logging import get_logger, setup_logging; setup_logging();"
        "structlog.contextvars.bind_contextvars(request_id='r1');"
        "get_logger('x').info('upload.accepted', files=2, password='hunter22')\n"
        "import logging; logging.getLogger('some.library').warning('said %s', 'so')\n"
        "try: 1 / 0\nexcept ZeroDivisionError: get_logger('x').error('broke', exc_info=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second, third = map(json.loads, done.stderr.splitlines())
    assert (first["event"], first["request_id"], first["files"]) == ("upload.accepted", "r1", 2)
    assert "hunter22" not in done.stderr
    assert (second["event"], second["logger"], second["level"]) == ("said so", "some.library", "warning")
    assert "ZeroDivisionError" in third["exception"]
