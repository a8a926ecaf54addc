"""The calls over HTTP: what they take, give and refuse."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from docvault.resources import Resources
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
    assert set(hit) == {
        "document_id", "filename", "page", "section", "chunk_id", "text", "score", "boxes", "content_type", "folder",
        "page_count", "passage_start", "passage_end", "marks",
    }  # fmt: skip
    assert (hit["content_type"], hit["folder"], hit["page_count"]) == ("text/plain", "farm", 1)
    assert (hit["passage_start"], hit["passage_end"]) == (0, len(NOTE))
    marked = ["orchard", "kilograms", "quinces"]
    assert [hit["text"][start:end] for start, end in hit["marks"]] == marked
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
        ({"query": "x", "per_document": 0}, "invalid_input"),
        ({"query": "x", "mode": "psychic"}, "invalid_input"),
        ({"query": "x", "filters": {"owner": "me"}}, "invalid_input"),
        ({"query": "x", "filters": {"document_ids": ["no id"]}}, "invalid_input"),
        ({"query": "x", "filters": {"content_types": ["image/"] * 101}}, "invalid_input"),
        ({"query": "x", "filters": {"tags": ["x" * 1001]}}, "invalid_input"),
        ({"query": "x", "filters": {"document_ids": [str(UUID(int=0))] * 10_001}}, "invalid_input"),
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
    found = [source for message in theirs["messages"] for source in message["sources"] or []]
    assert found
    assert all(source["document_id"] is None and source["text"] for source in found)


async def test_a_conversation_shows_what_it_was_answered_from(reader: Person) -> None:
    filters = {"folder": "farm"}
    events = await reader.chat(QUESTION, filters=filters)
    told = next(event.data for event in events if event.event == "sources")
    question, answer = (await reader.http.get(f"/api/conversations/{told['conversation_id']}")).json()["messages"]
    assert question["sources"] == told["sources"]
    assert question["sources"][0]["document_id"] == reader.document  # type: ignore[attr-defined]
    assert {name: value for name, value in question["filters"].items() if value is not None} == filters
    assert (answer["sources"], answer["filters"]) == (None, None)
    (citation,) = answer["citations"]
    text = (await reader.http.get(f"/api/documents/{citation['document_id']}/text")).json()["pages"][0]["text"]
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    cited = next(event.data for event in events if event.event == "citation")
    assert {name: cited[name] for name in ("start", "end")} == {name: citation[name] for name in ("start", "end")}


async def test_a_passage_outlives_its_document(people: People, worker: object, resources: Resources) -> None:
    person = await people.new()
    (document,) = await person.add(("harvest.txt", NOTE))
    id = await asked(person)
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("DELETE FROM documents WHERE id = :id"), {"id": document["id"]})
    question, answer = (await person.http.get(f"/api/conversations/{id}")).json()["messages"]
    (source,) = question["sources"]
    assert (source["document_id"], source["text"]) == (None, NOTE.decode())
    assert (answer["citations"][0]["document_id"], answer["citations"][0]["quote"]) == (None, NOTE.decode())


async def test_asked_anew_and_answered_again_over_http(reader: Person) -> None:
    id = await asked(reader)
    path = f"/api/conversations/{id}"
    question = (await reader.http.get(path)).json()["messages"][0]
    events = await reader.chat("", conversation_id=id, regenerates=question["id"])
    assert events[-1].event == "end"
    again = (await reader.http.get(path)).json()["messages"]
    assert [m["content"] for m in again][:1] == [QUESTION]
    assert len(again) == 2
    await reader.chat("How many quinces in 2019?", conversation_id=id, replaces=question["id"])
    anew = (await reader.http.get(path)).json()
    assert [m["content"] for m in anew["messages"]][:1] == ["How many quinces in 2019?"]
    assert (len(anew["messages"]), anew["title"]) == (2, "How many quinces in 2019?")


async def test_conversations_are_found_by_what_was_said(people: People, worker: object) -> None:
    person, other = await people.new(), await people.new()
    for one in (person, other):
        await one.add(("harvest.txt", NOTE))
        await asked(one)
    await person.http.post("/api/conversations", json={"title": "100% sure_"})
    for q, titles in {
        "": ["100% sure_", QUESTION], "QUELLWIESE": [QUESTION], "0% SURE_": ["100% sure_"], "orchard%give": [],
        "_": ["100% sure_"], "no such words": [], "\0 ": ["100% sure_", QUESTION],
    }.items():  # fmt: skip
        items = (await person.http.get("/api/conversations", params={"q": q})).json()["items"]
        assert [item["title"] for item in items] == titles, q
    (found,) = (await person.http.get("/api/conversations", params={"q": "quellWIESE"})).json()["items"]
    assert found["models"] == ["extractive"]
    assert "Quellwiese" in found["preview"]
    assert (await person.http.get("/api/conversations", params={"q": "x" * 201})).status_code == 400


async def test_the_preview_of_a_long_answer_is_about_what_was_looked_for(people: People) -> None:
    person = await people.new()
    said = [SAID | {"role": "user", "content": "first"}, SAID | {"content": f"{'so ' * 200}the needle{' on' * 200}"}]
    body = {"title": "x", "created_at": SAID["created_at"], "messages": said}
    await person.http.post("/api/conversations/import", json=body)
    (found,) = (await person.http.get("/api/conversations", params={"q": "needle"})).json()["items"]
    assert "so the needle on" in found["preview"]
    (listed,) = (await person.http.get("/api/conversations")).json()["items"]
    assert listed["preview"].startswith("so so")
    assert len(listed["preview"]) <= 160


async def test_all_out_all_gone_all_in_again(people: People, worker: object) -> None:
    person, other = await people.new(), await people.new()
    await person.add(("harvest.txt", NOTE))
    first = await asked(person)
    await person.chat("And in which year?", conversation_id=first, filters={"folder": "farm"})
    await asked(person)
    await asked(other)
    saved = await person.http.post("/api/conversations/export")
    assert saved.status_code == 200
    assert saved.headers["content-disposition"] == 'attachment; filename="conversations.json"'
    before = saved.json()
    assert [len(one["messages"]) for one in before] == [4, 2]
    assert all(m["sources"] for one in before for m in one["messages"] if m["role"] == "user" and not m["filters"])

    assert (await person.http.delete("/api/conversations")).json() == {"deleted": 2}
    assert (await person.http.get("/api/conversations")).json()["items"] == []
    assert len((await other.http.get("/api/conversations")).json()["items"]) == 1
    assert (await person.http.post("/api/conversations/export")).json() == []

    back = await person.http.post("/api/conversations/import", json=before)
    assert back.status_code == 201
    assert len(back.json()["items"]) == 2
    assert (await person.http.post("/api/conversations/export")).json() == before
    listed = (await person.http.get("/api/conversations")).json()["items"]
    assert [item["id"] for item in listed] == [item["id"] for item in back.json()["items"]]
    assert (await person.http.delete("/api/conversations")).json() == {"deleted": 2}


async def test_one_bad_conversation_of_a_list_lets_none_in(people: People) -> None:
    person = await people.new()
    good = {"title": "x", "created_at": SAID["created_at"], "messages": []}
    bad = good | {"messages": [SAID | {"answers": 3}]}
    answer = await person.http.post("/api/conversations/import", json=[good, bad])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_conversation")
    assert (await person.http.get("/api/conversations")).json()["items"] == []


async def test_an_export_of_the_version_before_is_read_in(people: People) -> None:
    person = await people.new()
    old = {
        "format": "docvault-conversation-1", "title": "Old", "created_at": "2026-01-01T00:00:00Z",
        "messages": [
            SAID | {"role": "user", "answers": None, "model": None, "usage": None, "cost": None, "error": None,
                    "citations": []},
            SAID | {"answers": 0, "model": "extractive", "usage": {}, "cost": 0.5, "error": None, "citations": [
                CITED | {"document_id": None, "boxes": [[1.0, 2.0, 3.0, 4.0]]}]},
        ],
    }  # fmt: skip
    body = (await person.http.post("/api/conversations/import", json=old)).json()
    question, answer = body["messages"]
    assert (question["sources"], question["filters"], answer["error_code"]) == (None, None, None)
    assert (answer["citations"][0]["start"], answer["citations"][0]["end"]) == (None, None)


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
        ({"messages": [SAID | {"filters": {"colour": "red"}}]}, "invalid_input"),
        ({"messages": [SAID | {"filters": {"folder": "\0"}}]}, "invalid_text"),
        ({"messages": [SAID | {"sources": [{"n": 1}]}]}, "invalid_input"),
        ({"messages": [SAID | {"citations": [CITED | {"start": -1}]}]}, "invalid_input"),
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


async def test_citations_of_one_passage_come_back_in_the_order_in_which_they_were_given(people: People) -> None:
    person = await people.new()
    quotes = [f"words {n}" for n in range(12)]
    moment = "2026-01-01T00:00:00Z"
    question = {"role": "user", "content": "Which?", "created_at": moment}
    cited = [{"marker": 1, "filename": "a.txt", "page": 1, "quote": quote} for quote in quotes]
    answer = {"role": "assistant", "content": "[1]" * 12, "created_at": moment, "answers": 0, "citations": cited}
    saved = {"title": "Twelve", "created_at": moment, "messages": [question, answer]}

    body = (await person.http.post("/api/conversations/import", json=saved)).json()

    assert [citation["quote"] for citation in body["messages"][1]["citations"]] == quotes
