"""A document's place in the queue and its time, for one and for many at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from docvault.library import queries
from docvault.library.views import views
from docvault.resources import Resources
from tests.people import People, Person


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


async def uploaded(person: Person, count: int) -> list[str]:
    """Ids in the order of their turn."""
    ids: list[str] = []
    for number in range(count):
        (document,) = await person.upload((f"{number}.txt", f"{number} {uuid4()}".encode()))
        ids.append(document["id"])
    return ids


async def change(resources: Resources, person: Person, id: str, changes: str) -> None:
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text(f"UPDATE documents SET {changes} WHERE id = :id"), {"id": UUID(id)})


READING = "status = 'processing', started_at = now(), lease_until = now() + interval '1 hour'"
READY = "status = 'ready', progress = 1"


async def seen(person: Person) -> dict[str, Any]:
    """The list, and each alone: they must say the same of places."""
    listed = (await person.http.get("/api/documents", params={"limit": 100})).json()["items"]
    for each in listed:
        alone = (await person.http.get(f"/api/documents/{each['id']}")).json()
        assert alone["queue_position"] == each["queue_position"]
    return {each["id"]: each for each in listed}


async def test_places_and_times(person: Person, resources: Resources) -> None:
    first, second, third = await uploaded(person, 3)
    await change(resources, person, first, f"{READING}, progress = 0.5, work = 4000")
    await change(resources, person, second, "work = 4000")
    await change(resources, person, third, "work = 400")
    told = await seen(person)
    assert [told[id]["queue_position"] for id in (first, second, third)] == [None, 1, 2]
    times = [told[id]["expected_seconds"] for id in (first, second, third)]
    assert 0 < times[0] < times[1] < times[2]

    await change(resources, person, first, f"{READY}, lease_until = NULL, finished_at = now()")
    told = await seen(person)
    assert told[first]["expected_seconds"] is None
    assert [told[id]["queue_position"] for id in (second, third)] == [1, 2]


async def test_the_pace_is_the_owners_own(people: People, person: Person, resources: Resources) -> None:
    slow = await people.new()
    for each, work in ((person, 60_000), (slow, 60)):
        done, waiting = await uploaded(each, 2)
        minute = "started_at = now() - interval '70 s', finished_at = now() - interval '10 s'"
        await change(resources, each, done, f"{READY}, work = {work}, {minute}")
        await change(resources, each, waiting, "work = 1000")
    paces = [(await each.http.get("/api/ingestion")).json()["passages_per_second"] for each in (person, slow)]
    assert paces[0] == pytest.approx(1000, rel=0.05)
    assert paces[1] < 2.0
    times = [
        document["expected_seconds"]
        for each in (person, slow)
        for document in (await seen(each)).values()
        if document["queue_position"]
    ]
    assert times[0] == pytest.approx(1.0, rel=0.1)
    assert times[1] > 500


async def test_what_was_finished_long_ago_tells_nothing(person: Person, resources: Resources) -> None:
    (old,) = await uploaded(person, 1)
    hour = "started_at = now() - interval '2 h', finished_at = now() - interval '1 h'"
    await change(resources, person, old, f"{READY}, work = 7, {hour}")
    assert (await person.http.get("/api/ingestion")).json()["passages_per_second"] is None


async def test_of_many_finished_only_the_last_count(
    person: Person, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long run that began before them is counted from where they begin, and no work is counted without its time."""
    monkeypatch.setattr(queries, "RUNS", 2)
    for number, id in enumerate(await uploaded(person, 4)):
        ended = 10 * (4 - number)
        times = f"started_at = now() - interval '{ended + 10} s', finished_at = now() - interval '{ended} s'"
        await change(resources, person, id, f"{READY}, work = {10 ** (4 - number)}, {times}")
    async with resources.database.transaction(UUID(person.id)) as session:
        pace = (await queries.desk(session, UUID(person.id))).pace
    assert (round(pace.passages), round(pace.seconds)) == (10, 10)


async def test_where_nobody_reads_nobody_can_tell(person: Person, resources: Resources) -> None:
    (id,) = await uploaded(person, 1)
    await change(resources, person, id, "due_at = now() - interval '10 min'")
    told = (await seen(person))[id]
    assert (told["queue_position"], told["expected_seconds"]) == (1, None)
    overview = (await person.http.get("/api/ingestion")).json()
    assert overview["expected_seconds"] is None
    assert overview["oldest_waiting_seconds"] == pytest.approx(600, abs=30)


async def test_a_pause_before_the_next_try_is_waited_out(person: Person, resources: Resources) -> None:
    (id,) = await uploaded(person, 1)
    await change(resources, person, id, "due_at = now() + interval '10 min'")
    assert (await seen(person))[id]["expected_seconds"] == pytest.approx(600, abs=30)
    assert (await person.http.get("/api/ingestion")).json()["oldest_waiting_seconds"] == 0


async def test_a_list_takes_the_same_few_queries_whatever_its_length(person: Person, resources: Resources) -> None:
    await uploaded(person, 30)
    owner_id, statements = UUID(person.id), list[str]()

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = resources.database.engine.sync_engine
    async with resources.database.transaction(owner_id) as session:
        rows = await queries.unfinished(session, owner_id, 100)
        event.listen(engine, "before_cursor_execute", count)
        try:
            shown = await views(session, owner_id, rows)
        finally:
            event.remove(engine, "before_cursor_execute", count)
    assert [each.queue_position for each in shown] == list(range(1, 31))
    assert len(statements) <= 4


async def test_places_are_counted_from_wherever_the_list_begins(person: Person, resources: Resources) -> None:
    """The same as counting them all, for any part of the queue; files of one upload are due at the same moment."""
    files = [(f"{number}.txt", f"{number} {uuid4()}".encode()) for number in range(12)]
    await person.upload(*files[:8])
    await person.upload(*files[8:])
    owner_id = UUID(person.id)
    async with resources.database.transaction(owner_id) as session:
        await session.execute(text("UPDATE documents SET work = octet_length(filename)"))
        waiting = [document for document, _ in await queries.unfinished(session, owner_id, 100)]
        works = [max(1, document.work) for document in waiting]
        for some in (waiting[:1], waiting[3:5], waiting[-1:], waiting[::5][::-1], waiting):
            places = await queries.places(session, owner_id, some)
            assert {waiting[place.position - 1].id: place.ahead for place in places.values()} == {
                each.id: sum(works[: waiting.index(each) + 1]) for each in some
            }
        await session.execute(text("UPDATE documents SET status = 'ready' WHERE id = :id"), {"id": waiting[0].id})
        places = await queries.places(session, owner_id, waiting[:2])  # of which one was read in between
        assert [(id, place.position) for id, place in places.items()] == [(waiting[1].id, 1)]


async def test_the_overview_counts_and_groups(people: People, person: Person, resources: Resources) -> None:
    other = await people.new()
    await uploaded(other, 2)
    ids = await uploaded(person, 6)
    await change(resources, person, ids[0], READY)
    await change(resources, person, ids[1], f"{READING}, progress = 0.75, work = 100")
    await change(resources, person, ids[2], "work = 50")
    for id, code in zip(ids[3:], ("encrypted", "no_text", "no_text"), strict=True):
        error = f"error_code = '{code}', error_detail = 'Why {code}.', error_hint = 'Do that.'"
        await change(resources, person, id, f"status = 'failed', {error}")
    told = (await person.http.get("/api/ingestion")).json()
    counts = {status: told[status] for status in ("queued", "processing", "ready", "failed")}
    assert counts == {"queued": 1, "processing": 1, "ready": 1, "failed": 3}
    assert told["passages_left"] == 75
    assert told["expected_seconds"] > 0
    assert told["failures"] == [
        {"code": "no_text", "count": 2, "detail": "Why no_text.", "hint": "Do that."},
        {"code": "encrypted", "count": 1, "detail": "Why encrypted.", "hint": "Do that."},
    ]


async def test_the_overview_leaves_the_trash_out(person: Person, resources: Resources) -> None:
    ids = await uploaded(person, 9)
    states = ["work = 10", f"{READING}, progress = 0.5, work = 100", READY, "status = 'failed', error_code = 'no_text'"]
    for number, changes in enumerate([*states, *states]):
        await change(resources, person, ids[number], changes)
    for id in ids[4:]:
        await change(resources, person, id, "trashed_at = now()")
    told = (await person.http.get("/api/ingestion")).json()
    counts = {status: told[status] for status in ("queued", "processing", "ready", "failed", "passages_left")}
    assert counts == {"queued": 1, "processing": 1, "ready": 1, "failed": 1, "passages_left": 60}


async def test_deleting_tells_every_id_that_goes(person: Person, resources: Resources) -> None:
    """Members of archives go with them, those of archives in archives too."""
    outer, inner, member, other = await uploaded(person, 4)
    await change(resources, person, inner, f"archive_id = '{outer}'")
    await change(resources, person, member, f"archive_id = '{inner}'")
    owner_id = UUID(person.id)
    async with resources.database.transaction(owner_id) as session:
        gone = await queries.remove(session, owner_id, UUID(outer))
        objects = await session.scalar(text("SELECT count(*) FROM unowned_objects"))
    assert {str(id) for id in gone} == {outer, inner, member}
    assert objects == 3
    assert set(await seen(person)) == {other}
