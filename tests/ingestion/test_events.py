"""What an owner's open pages are told, by the API and by workers alike, and that nothing falls between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import event, text

from docvault import news
from docvault.resources import Resources
from docvault.security import streams
from docvault.unit_of_work import unit_of_work
from ingestion import events as module
from ingestion.events import Heard, events
from ingestion.progress import announce
from tests.people import People, Person
from tests.people import events as parsed

Told = tuple[str, Any]


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Totals after every change, so that a test knows which they are about."""
    monkeypatch.setattr(module, "GAP", 0.0)
    monkeypatch.setattr(module, "TOTALS_GAP", 0.0)
    monkeypatch.setattr(module, "REST", 0.0)


class Stream:
    """The events of one person, as an open page gets them."""

    def __init__(self, told: AsyncIterator[bytes]) -> None:
        self.told, self.waiting = told, list[Told]()

    async def next(self) -> Told:
        async with asyncio.timeout(10):
            while not self.waiting:
                for block in (await anext(self.told)).decode().split("\n\n"):
                    if block.startswith("event: "):
                        name, data = block.removeprefix("event: ").split("\ndata: ")
                        self.waiting.append((name, msgspec.json.decode(data)))
            return self.waiting.pop(0)

    async def until(self, name: str, **fields: Any) -> Any:
        """The next event of that name with those fields."""
        while True:
            told, data = await self.next()
            if told == name and fields.items() <= data.items():
                return data

    async def opened(self) -> Any:
        assert await self.next() == ("hello", {})
        name, data = await self.next()
        assert name == "snapshot"
        return data


@pytest.fixture
async def stream(resources: Resources, person: Person) -> AsyncIterator[Stream]:
    async with aclosing(events(resources, UUID(person.id))) as told:  # type: ignore[type-var]
        yield Stream(told)


async def a_file(person: Person, name: str = "ships.txt") -> dict[str, Any]:
    (document,) = await person.upload((name, f"The keeper counts the ships. {uuid4()}".encode()))
    return document


async def write(resources: Resources, person: Person, id: str, changes: str) -> None:
    """As a worker does."""
    owner_id = UUID(person.id)
    async with resources.database.transaction(owner_id) as session:
        await session.execute(text(f"UPDATE documents SET {changes} WHERE id = :id"), {"id": UUID(id)})
    await announce(resources, owner_id, UUID(id))


# --- every change -------------------------------------------------------------------------------------------------


async def test_everything_the_api_does_is_told(stream: Stream, person: Person) -> None:
    snapshot = await stream.opened()
    assert (snapshot["documents"], snapshot["totals"]["queued"]) == ([], 0)
    document = await a_file(person)
    id, path = document["id"], f"/api/documents/{document['id']}"
    told = await stream.until("document", id=id)
    assert (told["status"], told["queue_position"]) == ("queued", 1)
    assert told["expected_seconds"] is not None
    assert (await stream.until("totals"))["queued"] == 1

    await person.http.patch(path, json={"filename": "boats.txt", "folder": "log", "tags": ["sea"]})
    told = await stream.until("document", id=id)
    assert (told["filename"], told["folder"], told["tags"]) == ("boats.txt", "log", ["sea"])

    await person.http.post(f"{path}/cancel")
    told = await stream.until("document", id=id, status="failed")
    assert (told["error"]["code"], told["queue_position"], told["expected_seconds"]) == ("cancelled", None, None)
    totals = await stream.until("totals", failed=1)
    (failure,) = totals["failures"]
    assert (failure["code"], failure["count"]) == ("cancelled", 1)
    assert failure["hint"].endswith(".")

    await person.http.post(f"{path}/retry")
    assert (await stream.until("document", id=id))["status"] == "queued"

    await person.http.delete(path)
    assert await stream.until("deleted") == {"id": id}
    assert (await stream.until("totals"))["queued"] == 0


async def test_what_a_worker_does_is_told(stream: Stream, person: Person, resources: Resources) -> None:
    await stream.opened()
    id = (await a_file(person))["id"]
    changes = (
        "status = 'processing', stage = 'extracting', progress = 0.25, pages_done = 3, pages_total = 9, work = 80, "
        "started_at = now(), lease_until = now() + interval '1 hour'"
    )
    await write(resources, person, id, changes)
    told = await stream.until("document", id=id, status="processing")
    assert (told["pages_done"], told["pages_total"], told["stage"]) == (3, 9, "extracting")
    assert told["queue_position"] is None
    assert told["expected_seconds"] > 0
    totals = await stream.until("totals", processing=1)
    assert totals["passages_left"] == 60


async def test_a_rolled_back_change_is_not_told(stream: Stream, person: Person, resources: Resources) -> None:
    await stream.opened()
    id = (await a_file(person))["id"]
    await stream.until("document", id=id)
    with suppress(RuntimeError):
        async with unit_of_work(resources.database, resources.queue, resources.cache, UUID(person.id)) as unit:
            unit.changed(UUID(id))
            raise RuntimeError
    await person.http.patch(f"/api/documents/{id}", json={"tags": ["after"]})
    assert (await stream.until("document"))["tags"] == ["after"]


async def test_nobody_hears_of_anothers(people: People, person: Person, resources: Resources) -> None:
    other = await people.new()
    async with aclosing(events(resources, UUID(other.id))) as told:  # type: ignore[type-var]
        stream = Stream(told)
        await stream.opened()
        await a_file(person)
        mine = (await a_file(other))["id"]
        name, data = await stream.next()
        assert (name, data["id"]) == ("document", mine)


# --- nothing falls between ----------------------------------------------------------------------------------------


async def test_who_opens_the_page_again_is_told_what_is_going_on(person: Person, resources: Resources) -> None:
    first, second = [(await a_file(person, f"{n}.txt"))["id"] for n in range(2)]
    async with aclosing(events(resources, UUID(person.id))) as told:  # type: ignore[type-var]
        snapshot = await Stream(told).opened()
    assert [(each["id"], each["queue_position"]) for each in snapshot["documents"]] == [(first, 1), (second, 2)]
    assert (snapshot["totals"]["queued"], snapshot["more"]) == (2, False)


async def test_a_change_while_the_snapshot_is_taken_is_told(
    person: Person, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream listens first and looks then, so what happens in between comes as an event."""
    id, taken = (await a_file(person))["id"], module._snapshot

    async def interrupted(*arguments: Any) -> Any:
        snapshot = await taken(*arguments)
        await person.http.delete(f"/api/documents/{id}")
        return snapshot

    monkeypatch.setattr(module, "_snapshot", interrupted)
    async with aclosing(events(resources, UUID(person.id))) as told:  # type: ignore[type-var]
        stream = Stream(told)
        assert [each["id"] for each in (await stream.opened())["documents"]] == [id]
        assert await stream.until("deleted") == {"id": id}


async def test_a_snapshot_has_a_bound(person: Person, resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    await person.upload(*((f"{n}.txt", f"{n} {uuid4()}".encode()) for n in range(5)))
    async with aclosing(events(resources, UUID(person.id))) as told:  # type: ignore[type-var]
        snapshot = await Stream(told).opened()
    assert [each["queue_position"] for each in snapshot["documents"]] == [1, 2, 3]
    assert (snapshot["more"], snapshot["totals"]["queued"]) == (True, 5)


# --- storms -------------------------------------------------------------------------------------------------------


async def test_a_thousand_changes_are_a_few_queries(stream: Stream, person: Person, resources: Resources) -> None:
    await stream.opened()
    for _ in range(5):
        await person.upload(*((f"{uuid4()}.txt", str(uuid4()).encode()) for _ in range(20)))
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = resources.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    seen = set[str]()
    try:
        while len(seen) < 100:
            seen.add((await stream.until("document"))["id"])
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(statements) < 100, "less than one for each of a hundred documents"


async def test_an_upload_is_one_message(person: Person, resources: Resources) -> None:
    async with resources.cache.pubsub() as listening:
        await listening.subscribe(news.channel(UUID(person.id)))
        documents = await person.upload(*((f"{n}.txt", f"{n} {uuid4()}".encode()) for n in range(20)))
        messages: list[news.News] = []
        async with asyncio.timeout(10):
            while not messages:
                message = await listening.get_message(ignore_subscribe_messages=True, timeout=1)
                messages += [msgspec.json.decode(message["data"], type=news.News)] if message else []
        assert await listening.get_message(ignore_subscribe_messages=True) is None
    assert [str(id) for id in messages[0].changed] == [document["id"] for document in documents]


def test_changes_are_gathered_and_totals_come_twice_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GAP", 0.25)
    monkeypatch.setattr(module, "TOTALS_GAP", 0.5)
    heard, ids = Heard(), [uuid4() for _ in range(3)]
    told, totals = list[float](), list[float]()
    for tick in range(1000):  # ten seconds in which something changes every ten milliseconds
        now = tick / 100
        heard.hear(news.News(changed=ids), now)
        if taken := heard.take_documents(now):
            assert taken == ids
            told.append(now)
        if heard.take_totals(now):
            totals.append(now)
    assert 30 <= len(told) <= 40
    assert 15 <= len(totals) <= 20
    assert told[0] <= 0.05, "a first change is not kept waiting"


def test_looks_that_take_long_are_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REST", 10.0)
    heard = Heard()
    heard.hear(news.News(changed=[uuid4()]), 0.0)
    assert heard.take_documents(1.0) and heard.take_totals(1.0)
    heard.rest(1.4, 0.4)
    heard.hear(news.News(changed=[uuid4()]), 1.4)
    assert heard.patience(1.4) == pytest.approx(4.0)


def test_patience_is_until_the_next_that_is_due() -> None:
    heard = Heard()
    assert heard.patience(100.0) == module.PING
    heard.hear(news.News(deleted=[uuid4()]), 100.0)
    assert heard.patience(100.0) <= module.GATHER


async def test_redis_away_ends_no_upload(person: Person, resources: Resources) -> None:
    class Away:
        async def publish(self, *_: object) -> None:
            raise OSError

    away: Any = Away()
    async with unit_of_work(resources.database, resources.queue, away, UUID(person.id)) as unit:
        unit.changed(uuid4())


async def test_the_stream_over_http(person: Person) -> None:
    async with person.http.stream("GET", "/api/events", timeout=30) as answer:
        told = parsed(answer)
        assert (await anext(told)).event == "hello"
        assert (await anext(told)).event == "snapshot"
        id = (await a_file(person))["id"]
        async with asyncio.timeout(10):
            assert (await anext(told)).data["id"] == id


async def test_the_stream_ends_when_its_session_does(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "EVERY", 0.05)
    async with person.http.stream("GET", "/api/events", timeout=30) as answer:
        told = parsed(answer)
        assert (await anext(told)).event == "hello"
        assert (await anext(told)).event == "snapshot"
        await person.http.post("/api/auth/logout")
        async with asyncio.timeout(10):
            assert [event async for event in told] == []
