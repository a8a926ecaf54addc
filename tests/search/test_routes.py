"""The calls over HTTP: what they take, give and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.people import People, Person

NOTE = b"The orchard at Quellwiese gave 4,312 kilograms of quinces in 2019."
QUESTION = "How many kilograms of quinces did the orchard give?"


@pytest.fixture(scope="module")
async def reader(people: People, worker: object) -> Person:
    person = await people.new()
    (document,) = await person.add(("harvest.txt", NOTE), folder="farm")
    person.document = document["id"]  # type: ignore[attr-defined]
    return person


async def test_a_hit_has_its_place(reader: Person) -> None:
    answer = await reader.http.post("/api/search", json={"query": QUESTION})
    assert answer.status_code == 200
    body = answer.json()
    (hit,) = body["hits"]
    assert set(hit) == {"document_id", "filename", "page", "section", "chunk_id", "text", "score", "boxes"}
    assert (hit["document_id"], hit["filename"], hit["page"]) == (reader.document, "harvest.txt", 1)  # type: ignore[attr-defined]
    assert hit["text"] == NOTE.decode()
    assert 0 < hit["score"] <= 1
    assert body["took_ms"] > 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "  "}, "empty_query"),
        ({"query": "x" * 9000}, "query_too_long"),
        ({"query": "x", "top_k": 0}, "invalid_top_k"),
        ({"query": "x", "top_k": 101}, "invalid_top_k"),
        ({"query": "x", "top_k": "many"}, "invalid_input"),
        ({"query": "x", "mode": "psychic"}, "invalid_input"),
        ({"query": "x", "filters": {"owner": "me"}}, "invalid_input"),
        ({"query": "x", "filters": {"document_ids": ["no id"]}}, "invalid_input"),
        ({"query": "x", "limit": 3}, "invalid_input"),
        ({}, "invalid_input"),
    ],
)
async def test_a_search_that_is_refused(reader: Person, body: dict[str, Any], code: str) -> None:
    answer = await reader.http.post("/api/search", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text


@pytest.mark.parametrize("moment", ["2001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+14:00"])
async def test_moments_with_any_offset(reader: Person, moment: str) -> None:
    assert len(await reader.search(QUESTION, filters={"created_after": moment})) == 1


async def test_an_empty_vault_has_no_hits(people: People) -> None:
    assert await (await people.new()).search("anything") == []


async def test_a_scope_is_needed(reader: Person, people: People) -> None:
    key = (await reader.http.post("/api/keys", json={"name": "k", "scopes": ["search"]})).json()["key"]
    program = people.stranger(Authorization=f"Bearer {key}")
    assert (await program.post("/api/search", json={"query": "quinces"})).status_code == 200
    for method, path in [("POST", "/api/chat"), ("GET", "/api/conversations"), ("GET", "/api/models")]:
        answer = await program.request(method, path, json={"question": "x"} if method == "POST" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


async def test_the_stream_is_not_kept_by_anybody_on_the_way(reader: Person) -> None:
    async with reader.http.stream("POST", "/api/chat", json={"question": QUESTION}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in answer.headers
        await answer.aread()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"question": ""}, 400, "empty_query"),
        ({"question": "x", "models": ["nobody/none"]}, 400, "unknown_model"),
        ({"question": "x", "conversation_id": "00000000-0000-0000-0000-000000000001"}, 404, "conversation_not_found"),
        ({"question": "x", "filters": {"colour": "red"}}, 400, "invalid_input"),
    ],
)
async def test_a_chat_that_is_refused(reader: Person, body: dict[str, Any], status: int, code: str) -> None:
    answer = await reader.http.post("/api/chat", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_models_one_may_ask(reader: Person) -> None:
    items = (await reader.http.get("/api/models")).json()["items"]
    assert items[0] == {"id": "extractive", "provider": "docvault", "default": True}


async def asked(person: Person) -> str:
    events = await person.chat(QUESTION)
    return next(event.data["conversation_id"] for event in events if event.event == "sources")


async def test_a_conversation_is_kept_with_its_citations(reader: Person) -> None:
    id = await asked(reader)
    body = (await reader.http.get(f"/api/conversations/{id}")).json()
    assert body["title"] == QUESTION
    question, answer = body["messages"]
    assert (question["role"], answer["role"], answer["model"]) == ("user", "assistant", "extractive")
    assert answer["question_id"] == question["id"]
    assert answer["citations"][0]["quote"] == NOTE.decode()
    assert answer["citations"][0]["document_id"] == reader.document  # type: ignore[attr-defined]


async def test_renaming_and_removing(reader: Person) -> None:
    made = await reader.http.post("/api/conversations", json={"title": " A  plan "})
    assert (made.status_code, made.json()["title"]) == (201, "A plan")
    path = f"/api/conversations/{made.json()['id']}"
    renamed = await reader.http.patch(path, json={"title": "Another"})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Another")
    assert (await reader.http.delete(path)).status_code == 204
    assert (await reader.http.get(path)).status_code == 404
    assert (await reader.http.delete(path)).json()["code"] == "conversation_not_found"


async def test_pages_of_conversations_newest_first(people: People) -> None:
    person = await people.new()
    ids = [(await person.http.post("/api/conversations", json={"title": str(n)})).json()["id"] for n in range(5)]
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await person.http.get("/api/conversations", params={"limit": 2, "cursor": cursor})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ids[::-1]
    assert cursor is None
    assert (await person.http.get("/api/conversations", params={"cursor": "x"})).json()["code"] == "invalid_cursor"


async def test_out_and_in_again(reader: Person, people: People) -> None:
    id = await asked(reader)
    await reader.chat("And in which year?", conversation_id=id)
    saved = (await reader.http.get(f"/api/conversations/{id}/export")).json()
    back = await reader.http.post("/api/conversations/import", json=saved)
    assert back.status_code == 201
    assert back.json()["id"] != id
    again = (await reader.http.get(f"/api/conversations/{back.json()['id']}/export")).json()
    assert again == saved

    other = await people.new()
    theirs = (await other.http.post("/api/conversations/import", json=saved)).json()
    cited = [c for message in theirs["messages"] for c in message["citations"]]
    assert cited
    assert all(c["document_id"] is None and c["quote"] for c in cited)


SAID = {"role": "assistant", "content": "x", "created_at": "2026-01-01T00:00:00Z"}
CITED = {"marker": 1, "filename": "f", "page": 1, "quote": "q"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format": "another"}, "invalid_input"),
        ({"messages": [{"role": "system", "content": "x", "created_at": "2026-01-01T00:00:00Z"}]}, "invalid_input"),
        (
            {"messages": [{"role": "assistant", "content": "x", "created_at": "2026-01-01T00:00:00Z", "answers": 3}]},
            "invalid_conversation",
        ),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "invalid_conversation"),
        ({"messages": [SAID | {"created_at": "9999-12-31T23:59:59-14:00"}]}, "invalid_conversation"),
        ({"messages": [SAID | {"cost": 1e7}]}, "invalid_input"),
        ({"messages": [SAID | {"citations": [CITED | {"marker": 2**31}]}]}, "invalid_input"),
        ({"messages": [SAID | {"citations": [CITED | {"page": 2**31}]}]}, "invalid_input"),
    ],
)
async def test_what_is_no_conversation_is_not_read_in(people: People, change: dict[str, Any], code: str) -> None:
    person = await people.new()
    body = {"title": "x", "created_at": "2026-01-01T00:00:00Z", "messages": []} | change
    answer = await person.http.post("/api/conversations/import", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (await person.http.get("/api/conversations")).json()["items"] == []
