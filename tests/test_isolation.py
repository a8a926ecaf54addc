"""Wall 1: no row of another owner, tried at the table, at the policy and at every route the API describes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from docvault.resources import Resources
from tests.people import People, Person

NOTE = b"# Harvest\n\nThe orchard at Quellwiese gave 4,312 kilograms of quinces in 2019.\n"
POLICY = "(owner_id = ( SELECT (current_setting('app.owner_id'::text, true))::uuid AS current_setting))"
ADMIN = "/api/admin/"
TUS = {"Tus-Resumable": "1.0.0"}
OPEN = {
    "/api/about",
    "/health",
    "/health/live",
    "/health/ready",
    "/api/auth/register",
    "/api/auth/login",
    "/api/auth/exchange",
    "/api/auth/refresh",
}


@pytest.fixture(scope="module")
async def alice(people: People, worker: object) -> Person:
    """Somebody with a document, a conversation and a key."""
    person = await people.new()
    (document,) = await person.add(("harvest.md", NOTE), folder="secret", tags="quinces")
    assert document["status"] == "ready", document
    person.document = document["id"]  # type: ignore[attr-defined]
    events = await person.chat("How many kilograms of quinces did the orchard give in 2019?")
    person.conversation = next(e.data["conversation_id"] for e in events if e.event == "sources")  # type: ignore[attr-defined]
    key = await person.http.post("/api/keys", json={"name": "mine", "scopes": ["search"]})
    person.key = key.json()["id"]  # type: ignore[attr-defined]
    upload = await person.http.post("/api/uploads", headers=TUS | {"Upload-Length": "10"})
    person.resumable = upload.headers["Location"].rpartition("/")[2]  # type: ignore[attr-defined]
    sessions = await person.http.get("/api/sessions")
    person.session = sessions.json()["items"][0]["id"]  # type: ignore[attr-defined]
    webhook = await person.http.post("/api/webhooks", json={"url": "https://alice.invalid/hooks"})
    person.webhook = webhook.json()["id"]  # type: ignore[attr-defined]
    delivery = await person.http.post(f"/api/webhooks/{person.webhook}/test")  # type: ignore[attr-defined]
    person.delivery = delivery.json()["id"]  # type: ignore[attr-defined]
    return person


@pytest.fixture(scope="module")
async def mallory(people: People, alice: Person) -> AsyncIterator[Person]:
    """Somebody else. When all is done, Alice's things must still be as they were."""
    yield await people.new()
    document = (await alice.http.get(f"/api/documents/{alice.document}")).json()  # type: ignore[attr-defined]
    assert (document["status"], document["folder"], document["tags"]) == ("ready", "secret", ["quinces"])
    assert (await alice.http.get(f"/api/conversations/{alice.conversation}")).status_code == 200  # type: ignore[attr-defined]
    assert [key["name"] for key in (await alice.http.get("/api/keys")).json()["items"]] == ["mine"]
    assert (await alice.http.get(f"/api/webhooks/{alice.webhook}")).json()["enabled"]  # type: ignore[attr-defined]


async def test_every_table_with_an_owner_is_walled(resources: Resources) -> None:
    query = text(
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.qual, p.with_check, p.cmd, p.permissive "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'owner_id' "
        "LEFT JOIN pg_policies p ON p.tablename = c.relname AND p.policyname = 'owner' "
        "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
    )
    async with resources.database.lookup() as connection:
        tables = (await connection.execute(query)).all()
    assert len(tables) >= 11
    for table in tables:
        assert (table.relrowsecurity, table.relforcerowsecurity) == (True, True), table.relname
        assert (table.qual, table.with_check, table.cmd, table.permissive) == (POLICY, None, "ALL", "PERMISSIVE")


async def test_every_foreign_key_between_owned_tables_carries_the_owner(resources: Resources) -> None:
    query = text(
        "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent, "
        "pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"
    )
    async with resources.database.lookup() as connection:
        keys = (await connection.execute(query)).all()
    assert len(keys) >= 15
    for key in keys:
        assert "FOREIGN KEY (owner_id" in key.definition, f"{key.child} -> {key.parent}"


async def test_the_service_role_can_neither_bypass_nor_own(resources: Resources) -> None:
    await resources.database.check_role()
    async with resources.database.lookup() as connection:
        for statement in (
            "SET ROLE docvault_owner",
            "SET ROLE docvault_lookup",
            "ALTER TABLE documents DISABLE TRIGGER ALL",
        ):
            with pytest.raises(DBAPIError):
                await connection.execute(text(statement))


async def test_the_page_about_lookup_functions_names_all_of_them(resources: Resources) -> None:
    """And the tables they look into: whoever adds one says so there."""
    page = (Path(__file__).parents[1] / "docs/decisions/0002-lookup-functions.md").read_text()
    told = page.partition("| functions | for |")[2].partition("**Why.**")[0]
    functions = "SELECT proname FROM pg_proc WHERE proowner = 'docvault_lookup'::regrole"
    tables = "SELECT tablename FROM pg_policies WHERE 'docvault_lookup' = ANY (roles)"
    async with resources.database.lookup() as connection:
        found = {*await connection.scalars(text(functions)), *await connection.scalars(text(tables))}
    assert set(re.findall(r"`(\w+)`", told)) == found


async def test_without_an_owner_no_row_is_seen(resources: Resources, alice: Person) -> None:
    async with resources.database.lookup() as connection:
        for table in ("documents", "revisions", "pages", "chunks", "chunk_vectors", "messages", "users"):
            # A connection that was used before has '' as its owner, which is no uuid: refused, not empty.
            with suppress(DBAPIError):
                assert (await connection.scalar(text(f"SELECT count(*) FROM {table}"))) == 0


async def test_the_owner_is_forgotten_with_the_transaction(resources: Resources) -> None:
    async with resources.database.transaction(uuid4()) as session:
        assert await session.scalar(text("SELECT current_setting('app.owner_id', true)"))
    for _ in range(resources.settings.database_pool_size):
        async with resources.database.lookup() as connection:
            assert not await connection.scalar(text("SELECT current_setting('app.owner_id', true)"))


async def test_rows_cannot_be_written_for_another(resources: Resources, alice: Person, mallory: Person) -> None:
    statement = text("INSERT INTO conversations (owner_id, id, title) VALUES (:owner, gen_random_uuid(), 'not mine')")
    with pytest.raises(DBAPIError, match="row-level security"):
        async with resources.database.transaction(UUID(mallory.id)) as session:
            await session.execute(statement, {"owner": alice.id})


async def test_a_row_cannot_be_attached_to_anothers(resources: Resources, alice: Person, mallory: Person) -> None:
    """Foreign keys are checked without row-level security: only the owner in the key stops this."""
    statement = text(
        "INSERT INTO messages (owner_id, id, conversation_id, role, content) "
        "VALUES (:owner, gen_random_uuid(), :conversation, 'user', 'hello')"
    )
    with pytest.raises(DBAPIError, match="violates foreign key"):
        async with resources.database.transaction(UUID(mallory.id)) as session:
            await session.execute(statement, {"owner": mallory.id, "conversation": alice.conversation})  # type: ignore[attr-defined]


def operations(app: Litestar) -> list[tuple[str, str, Any]]:
    schema = app.openapi_schema.to_schema()
    return [
        (path, method.upper(), operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


async def test_anothers_ids_look_like_ids_that_do_not_exist(app: Litestar, alice: Person, mallory: Person) -> None:
    """Every route with an id in its path: the same answer, to the letter, as for an id that nobody has."""
    ids = {
        "document_id": alice.document,  # type: ignore[attr-defined]
        "conversation_id": alice.conversation,  # type: ignore[attr-defined]
        "key_id": alice.key,  # type: ignore[attr-defined]
        "session_id": alice.session,  # type: ignore[attr-defined]
        "webhook_id": alice.webhook,  # type: ignore[attr-defined]
        "delivery_id": alice.delivery,  # type: ignore[attr-defined]
        "upload_id": alice.resumable,  # type: ignore[attr-defined]
    }
    tried = 0
    for path, method, operation in operations(app):
        names = re.findall(r"{(\w+)}", path)
        if not names or path.startswith(ADMIN):
            continue
        assert set(names) <= set(ids), f"{path}: say in this test whose id that is"
        body = _body(path, method, operation)
        nothing = dict.fromkeys(ids, str(uuid4()))
        more: Any = {"json": body, "headers": TUS, "params": {"q": "quinces"} if path.endswith("/find") else None}
        theirs = await mallory.http.request(method, _fill(path, ids), **more)
        nobodys = await mallory.http.request(method, _fill(path, nothing), **more)
        assert theirs.status_code == nobodys.status_code == 404, f"{method} {path}: {theirs.text}"
        assert _without_id(theirs.json()) == _without_id(nobodys.json())
        tried += 1
    assert tried >= 10


def _fill(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda name: ids[name[1]], path)


def _body(path: str, method: str, operation: Any) -> Any:
    if "webhooks" in path:
        return {"enabled": False} if method == "PATCH" else None
    if method == "PATCH":
        return {"title": "x"} if "conversations" in path else {"folder": "x"}
    return {} if "requestBody" in operation else None


def _without_id(problem: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in problem.items() if key != "request_id"}


async def test_lists_show_ones_own_alone(app: Litestar, alice: Person, mallory: Person) -> None:
    for path, method, _ in operations(app):
        if method != "GET" or "{" in path or path in OPEN or path == "/api/events" or path.startswith(ADMIN):
            continue
        answer = await mallory.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        for secret in (alice.document, alice.conversation, alice.key, alice.webhook, alice.email, "quinces"):  # type: ignore[attr-defined]
            assert secret not in answer.text, path


async def test_administration_is_closed_to_everybody_else(app: Litestar, alice: Person, mallory: Person) -> None:
    tried = 0
    for path, method, operation in operations(app):
        if not path.startswith(ADMIN):
            continue
        for id in (alice.id, str(uuid4())):
            answer = await mallory.http.request(
                method, path.replace("{person_id}", id), json={} if "requestBody" in operation else None
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "not_administrator"), f"{method} {path}"
        tried += 1
    assert tried >= 7


async def test_an_administrator_sees_no_document_of_others(
    app: Litestar, alice: Person, people: People, resources: Resources
) -> None:
    """Their own page shows their own alone, and administration counts."""
    admin = await people.new()
    async with resources.database.transaction(UUID(admin.id)) as session:
        await session.execute(text("UPDATE users SET is_admin = true"))
    for path, method, _ in operations(app):
        if method != "GET" or "{" in path or path in OPEN or path == "/api/events":
            continue
        answer = await admin.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        for secret in (alice.document, alice.conversation, alice.key, "quinces", "harvest.md", "Quellwiese"):  # type: ignore[attr-defined]
            assert secret not in answer.text, path
    for path in ("", "/content", "/text"):
        answer = await admin.http.get(f"/api/documents/{alice.document}{path}")  # type: ignore[attr-defined]
        assert answer.status_code == 404
    assert alice.email in (await admin.http.get("/api/admin/people?limit=500")).text


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
async def test_search_finds_ones_own_alone(alice: Person, mallory: Person, mode: str) -> None:
    question = "kilograms of quinces"
    assert [hit["document_id"] for hit in await alice.search(question, mode=mode)] == [alice.document]  # type: ignore[attr-defined]
    assert await mallory.search(question, mode=mode) == []
    filters = {"document_ids": [alice.document]}  # type: ignore[attr-defined]
    assert await mallory.search(question, mode=mode, filters=filters) == []


async def test_chat_answers_from_ones_own_alone(alice: Person, mallory: Person) -> None:
    filters = {"document_ids": [alice.document]}  # type: ignore[attr-defined]
    events = await mallory.chat("How many kilograms of quinces?", filters=filters)
    assert not [event for event in events if event.event == "citation"]
    assert all("4,312" not in str(event.data) for event in events)
    body = {"question": "And then?", "conversation_id": alice.conversation}  # type: ignore[attr-defined]
    assert (await mallory.http.post("/api/chat", json=body)).status_code == 404


async def test_anothers_question_is_neither_replaced_nor_answered_again(alice: Person, mallory: Person) -> None:
    """Nor from a conversation of one's own, where it looks like a question that nobody asked."""
    path = f"/api/conversations/{alice.conversation}"  # type: ignore[attr-defined]
    before = (await alice.http.get(path)).json()
    theirs = before["messages"][0]["id"]
    mine = (await mallory.http.post("/api/conversations", json={"title": "mine"})).json()["id"]
    for conversation, code in ((alice.conversation, "conversation_not_found"), (mine, "question_not_found")):  # type: ignore[attr-defined]
        for field in ("replaces", "regenerates"):
            body = {"question": "x" if field == "replaces" else "", "conversation_id": conversation}
            answers = [
                await mallory.http.post("/api/chat", json=body | {field: question})
                for question in (theirs, str(uuid4()))
            ]
            assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, code)] * 2
            assert _without_id(answers[0].json()) == _without_id(answers[1].json())
    assert (await mallory.http.delete("/api/conversations")).json()["deleted"] >= 1
    assert (await mallory.http.post("/api/conversations/export")).json() == []
    assert (await alice.http.get(path)).json() == before


async def test_what_is_imported_points_at_nobody_elses_documents(alice: Person, mallory: Person) -> None:
    saved = (await alice.http.get(f"/api/conversations/{alice.conversation}/export")).json()  # type: ignore[attr-defined]
    kept = await mallory.http.post("/api/conversations/import", json=[saved])
    body = await mallory.http.get(f"/api/conversations/{kept.json()['items'][0]['id']}")
    assert alice.document not in body.text  # type: ignore[attr-defined]
    await mallory.http.delete("/api/conversations")


async def test_anothers_folders_are_not_there(alice: Person, mallory: Person) -> None:
    for path in ("secret", "nowhere"):
        for method, more in (
            ("PATCH", {"json": {"path": path, "new_path": "mine"}}),
            ("DELETE", {"params": {"path": path}}),
        ):
            answer = await mallory.http.request(method, "/api/folders", **more)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), f"{method} {path}"
    made = await mallory.http.post("/api/folders", json={"path": "secret"})
    assert made.json() == {"path": "secret", "documents": 0, "size_bytes": 0}
    assert (await mallory.http.delete("/api/folders", params={"path": "secret"})).json() == {"trashed": 0}
    assert "quinces" in (await alice.http.get("/api/tags")).text


@pytest.mark.parametrize("action", ["move", "add_tags", "remove_tags", "trash", "restore", "delete", "retry"])
async def test_anothers_documents_are_left_out_of_what_is_done_to_many(
    alice: Person, mallory: Person, action: str
) -> None:
    body = {"ids": [alice.document], "action": action, "folder": "mine", "tags": ["quinces"]}  # type: ignore[attr-defined]
    answer = await mallory.http.post("/api/documents/bulk", json=body)
    assert (answer.status_code, answer.json()) == (200, {"changed": []})
    assert (await mallory.http.post("/api/documents/trash/empty")).json() == {"deleted": 0}


async def test_anothers_trash_is_kept(alice: Person, mallory: Person) -> None:
    trash, restore = ({"ids": [alice.document], "action": action} for action in ("trash", "restore"))  # type: ignore[attr-defined]
    assert (await alice.http.post("/api/documents/bulk", json=trash)).json()["changed"]
    try:
        assert (await mallory.http.post("/api/documents/trash/empty")).json() == {"deleted": 0}
        assert (await mallory.http.post("/api/documents/bulk", json=restore)).json() == {"changed": []}
        (document,) = await mallory.upload(("mine.md", NOTE))
        assert document["duplicate_of"] is None
        await mallory.http.delete(f"/api/documents/{document['id']}")
    finally:
        assert (await alice.http.post("/api/documents/bulk", json=restore)).json()["changed"]


async def test_the_same_bytes_tell_nothing_of_each_other(alice: Person, mallory: Person) -> None:
    (document,) = await mallory.upload(("mine.md", NOTE))
    assert document["duplicate_of"] is None
    assert document["id"] != alice.document  # type: ignore[attr-defined]
    assert (await mallory.http.delete(f"/api/documents/{document['id']}")).status_code == 204
    assert (await alice.http.get(f"/api/documents/{alice.document}/content")).content == NOTE  # type: ignore[attr-defined]


async def test_everything_but_the_doors_wants_a_name(app: Litestar, people: People) -> None:
    stranger = people.stranger()
    for path, method, _ in operations(app):
        if path in OPEN:
            continue
        answer = await stranger.request(method, re.sub(r"{\w+}", str(uuid4()), path))
        assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthenticated"
