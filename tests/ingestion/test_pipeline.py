"""The row is the job: claims, leases, attempts, retries, cancellation."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault import news
from docvault.errors import DocumentError, Unavailable
from docvault.resources import Resources
from docvault.server.worker import working
from ingestion import embed as embed_module
from ingestion import queries, reading_queries
from ingestion.extract.document import Chunk, Extracted, Page, Reading
from ingestion.jobs import Desk
from ingestion.pipeline import ingest, retry_delay
from ingestion.progress import announce
from ingestion.queries import LostClaim
from tests.people import People, Person

READING = "status = 'processing', stage = 'embedding', lease_until = now() + interval '1 hour'"
WORDS = "The lighthouse keeper counts the ships."


def reading(words: str = WORDS) -> Reading:
    chunk = Chunk(0, 1, 0, len(words), words, [], "", 10, [])
    return Reading(Extracted([Page(1, words, [])], language="en"), [chunk])


class ScriptedReader:
    """Reads what it is told to: each step is a reading, an error, or an event to wait for."""

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.reads = 0
        self.begun = asyncio.Event()

    async def read(self, path: Path, **_: Any) -> Reading:
        self.reads += 1
        self.begun.set()
        step = self.steps.pop(0) if self.steps else reading()
        if isinstance(step, asyncio.Event):
            await step.wait()
            return reading()
        if isinstance(step, Exception):
            raise step
        return step

    async def close(self) -> None: ...


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


@pytest.fixture
def quick(resources: Resources, changed: Any) -> Resources:
    """The shared servers with short times, and nobody else's worker: `people` here upload without one."""
    return dataclasses.replace(resources, settings=changed(lease=0.6, heartbeat=0.1, retry_delay=0.01, max_attempts=3))


async def uploaded(person: Person) -> UUID:
    (document,) = await person.upload(("ships.txt", f"{WORDS} {uuid4()}".encode()))
    return UUID(document["id"])


async def row(resources: Resources, person: Person, id: UUID) -> Any:
    async with resources.database.transaction(UUID(person.id)) as session:
        return (await session.execute(text("SELECT * FROM documents WHERE id = :id"), {"id": id})).one()


async def run(quick: Resources, reader: Any, person: Person, id: UUID) -> Any:
    await ingest(quick, reader, UUID(person.id), id)
    return await row(quick, person, id)


async def counts(resources: Resources, person: Person) -> tuple[int, int, int]:
    query = text(
        "SELECT (SELECT count(*) FROM pages), (SELECT count(*) FROM chunks), (SELECT count(*) FROM chunk_vectors)"
    )
    async with resources.database.transaction(UUID(person.id)) as session:
        return tuple((await session.execute(query)).one())  # type: ignore[return-value]


async def test_a_document_becomes_ready(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    done = await run(quick, ScriptedReader(), person, id)
    assert (done.status, done.attempt, done.tries, done.progress, done.lease_until) == ("ready", 1, 1, 1.0, None)
    assert (done.pages, done.chunks, done.language) == (1, 1, "en")
    assert await counts(quick, person) == (1, 1, 1)


async def test_a_ready_document_is_not_read_again(quick: Resources, person: Person) -> None:
    id, reader = await uploaded(person), ScriptedReader()
    await run(quick, reader, person, id)
    done = await run(quick, reader, person, id)
    assert (reader.reads, done.attempt) == (1, 1)


async def test_a_permanent_error_fails_at_once_and_says_why(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    error = DocumentError("It is locked.", code="encrypted", hint="Unlock it.")
    done = await run(quick, ScriptedReader(error), person, id)
    assert (done.status, done.tries) == ("failed", 1)
    shown = (await person.http.get(f"/api/documents/{id}")).json()
    assert shown["error"] == {"code": "encrypted", "detail": "It is locked.", "hint": "Unlock it."}


async def test_no_text_is_a_reason(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    done = await run(quick, ScriptedReader(Reading(Extracted([]), [])), person, id)
    assert (done.status, done.error_code) == ("failed", "no_text")


async def test_a_passing_error_is_tried_again_later(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    reader = ScriptedReader(DocumentError("Busy.", code="busy", permanent=False))
    once = await run(quick, reader, person, id)
    assert (once.status, once.attempt, once.tries, once.error_code) == ("queued", 1, 1, "busy")
    assert once.due_at > once.updated_at
    await until_due(quick, person, id)
    assert (await run(quick, reader, person, id)).status == "ready"


async def until_due(resources: Resources, person: Person, id: UUID) -> None:
    async with asyncio.timeout(5):
        while True:
            async with resources.database.transaction(UUID(person.id)) as session:
                query = text("SELECT due_at <= now() FROM documents WHERE id = :id")
                if await session.scalar(query, {"id": id}):
                    return


async def test_tries_come_to_an_end(quick: Resources, person: Person) -> None:
    id, reader = await uploaded(person), ScriptedReader(*[RuntimeError("boom")] * 3)
    for _ in range(3):
        await until_due(quick, person, id)
        done = await run(quick, reader, person, id)
    assert (done.status, done.error_code, done.attempt) == ("failed", "internal", 3)
    assert "boom" not in done.error_detail


async def test_crashes_come_to_an_end_and_cost_no_try(quick: Resources, person: Person) -> None:
    """A worker that dies writes nothing: only its claim is left. The document must still come to an end."""
    id, reader = await uploaded(person), ScriptedReader()
    for crashes in range(3):
        async with quick.database.transaction(UUID(person.id)) as session:
            claim = await queries.claim(session, UUID(person.id), id, lease=-1)
        assert claim is not None
        assert (claim.crashes, claim.tries) == (crashes, 1)
    done = await run(quick, reader, person, id)
    assert (done.status, done.error_code, reader.reads) == ("failed", "gave_up", 0)
    assert (await person.http.post(f"/api/documents/{id}/retry")).status_code == 202
    done = await run(quick, reader, person, id)
    assert (done.status, done.attempt, done.tries, done.crashes) == ("ready", 6, 1, 0)


async def test_what_could_not_be_begun_again_has_had_no_further_try(quick: Resources, person: Person) -> None:
    id, owner = await uploaded(person), UUID(person.id)
    for _ in range(3):  # its worker dies, and the next cannot reach the database
        async with quick.database.transaction(owner) as session:
            claim = await queries.claim(session, owner, id, lease=-1)
        async with quick.database.transaction(owner) as session:
            await queries.put_off(session, owner, id, -1, blame=False)
        assert claim is not None
        assert claim.tries == 1
    assert (await run(quick, ScriptedReader(), person, id)).status == "ready"


async def test_a_claim_is_not_given_twice(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    async with quick.database.transaction(UUID(person.id)) as session:
        assert await queries.claim(session, UUID(person.id), id, lease=30)
    async with quick.database.transaction(UUID(person.id)) as session:
        assert await queries.claim(session, UUID(person.id), id, lease=30) is None


async def test_an_older_attempt_can_no_longer_write(quick: Resources, person: Person) -> None:
    id, owner = await uploaded(person), UUID(person.id)
    async with quick.database.transaction(owner) as session:
        old = await queries.claim(session, owner, id, lease=-1)
    async with quick.database.transaction(owner) as session:
        new = await queries.claim(session, owner, id, lease=30)
    assert old and new
    for write in (
        lambda session: queries.beat(session, old, 30, stage="embedding", progress=0.5),
        lambda session: queries.fail(session, old, DocumentError("too late")),
        lambda session: queries.hand_back(session, old, 0),
        lambda session: queries.hold(session, old),
    ):
        with pytest.raises(LostClaim):
            async with quick.database.transaction(owner) as session:
                await write(session)
    assert (await row(quick, person, id)).attempt == 2


async def test_a_lease_is_kept_alive(quick: Resources, person: Person) -> None:
    """A document that takes far longer than its lease stays its worker's."""
    id, gate = await uploaded(person), asyncio.Event()
    reader = ScriptedReader(gate)
    task = asyncio.create_task(ingest(quick, reader, UUID(person.id), id))
    await reader.begun.wait()
    until = asyncio.get_running_loop().time() + 3 * quick.settings.lease
    while asyncio.get_running_loop().time() < until:
        async with quick.database.lookup() as connection:
            assert id not in [due for _, due, _ in await queries.due_documents(connection, 1000)]
        await asyncio.sleep(0.05)
    gate.set()
    await task
    assert (await row(quick, person, id)).status == "ready"


async def test_a_worker_that_wakes_too_late_writes_nothing(quick: Resources, person: Person) -> None:
    """Frozen past its lease, it wakes when another has finished: no passage is doubled."""
    id, owner, gate = await uploaded(person), UUID(person.id), asyncio.Event()
    frozen = dataclasses.replace(quick, settings=quick.settings)
    slow = ScriptedReader(gate)
    first = asyncio.create_task(ingest(frozen, slow, owner, id))
    await slow.begun.wait()
    async with quick.database.transaction(owner) as session:  # its heart stops: the lease is over
        await session.execute(text("UPDATE documents SET lease_until = now() - interval '1 second'"))
    done = await run(quick, ScriptedReader(), person, id)
    assert (done.status, done.attempt) == ("ready", 2)
    gate.set()
    await first
    assert (await row(quick, person, id)).attempt == 2
    assert await counts(quick, person) == (1, 1, 1)


async def test_cancel_stops_the_worker(quick: Resources, person: Person) -> None:
    id, gate = await uploaded(person), asyncio.Event()
    reader = ScriptedReader(gate)
    task = asyncio.create_task(ingest(quick, reader, UUID(person.id), id))
    await reader.begun.wait()
    answer = await person.http.post(f"/api/documents/{id}/cancel")
    assert (answer.status_code, answer.json()["status"], answer.json()["error"]["code"]) == (202, "failed", "cancelled")
    async with asyncio.timeout(5):
        await task  # the heartbeat notices
    assert (await row(quick, person, id)).error_code == "cancelled"
    assert (await person.http.post(f"/api/documents/{id}/cancel")).json()["code"] == "not_running"
    assert (await person.http.post(f"/api/documents/{id}/retry")).json()["status"] == "queued"
    assert (await person.http.post(f"/api/documents/{id}/retry")).json()["code"] == "not_failed"


async def test_deleting_while_it_is_read_really_deletes(quick: Resources, person: Person) -> None:
    id, gate = await uploaded(person), asyncio.Event()
    reader = ScriptedReader(gate)
    task = asyncio.create_task(ingest(quick, reader, UUID(person.id), id))
    await reader.begun.wait()
    assert (await person.http.delete(f"/api/documents/{id}")).status_code == 204
    gate.set()
    await task
    assert await counts(quick, person) == (0, 0, 0)


async def test_a_stopping_worker_hands_its_documents_back(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    reader = ScriptedReader(asyncio.Event())
    task = asyncio.create_task(ingest(quick, reader, UUID(person.id), id))
    await reader.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    done = await row(quick, person, id)
    assert (done.status, done.tries) == ("queued", 0)


async def test_missing_bytes_are_a_reason(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    for path in (quick.settings.objects_path / person.id).iterdir():
        path.unlink()
    done = await run(quick, ScriptedReader(), person, id)
    assert (done.status, done.error_code) == ("failed", "content_missing")


async def test_a_worker_finds_what_nobody_rang_for(quick: Resources, person: Person) -> None:
    """Redis emptied: the ring is gone, the document is not."""
    id = await uploaded(person)
    await quick.cache.flushall()
    desk = Desk(quick, ScriptedReader())  # type: ignore[arg-type]
    async with working(quick, desk):
        assert (await person.settled(str(id)))["status"] == "ready"


async def test_more_documents_than_hands(quick: Resources, person: Person) -> None:
    documents = await person.upload(*((f"{n}.txt", f"{WORDS} {uuid4()}".encode()) for n in range(12)))
    reader = ScriptedReader()
    desk, other = Desk(quick, reader), Desk(quick, reader)  # type: ignore[arg-type]
    async with working(quick, desk), working(quick, other):
        for document in documents:
            assert (await person.settled(document["id"]))["status"] == "ready"
    # By the rows and not by the reader: it is also given what other tests left waiting.
    async with quick.database.transaction(UUID(person.id)) as session:
        assert set(await session.scalars(text("SELECT attempt FROM documents"))) == {1}
    assert await counts(quick, person) == (12, 12, 12)


async def test_a_part_that_is_away_costs_no_try(quick: Resources, person: Person) -> None:
    """However long the store is away: the document waits, says why, and is read when it is back."""
    id, reader = await uploaded(person), ScriptedReader(*[Unavailable("The store is away.", code="away")] * 5)
    for _ in range(5):
        await until_due(quick, person, id)
        done = await run(quick, reader, person, id)
        assert (done.status, done.tries, done.error_code) == ("queued", 0, "away")
    await until_due(quick, person, id)
    assert (await run(quick, reader, person, id)).status == "ready"


async def test_a_database_that_is_away_for_a_moment_costs_no_crash(
    quick: Resources, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left to its lease, the document would have taken down a worker, by what its row says."""
    id, hand_back, tries = await uploaded(person), queries.hand_back, 0

    async def away(*arguments: Any, **more: Any) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Unavailable("The database does not answer.")
        await hand_back(*arguments, **more)

    monkeypatch.setattr(queries, "hand_back", away)
    done = await run(quick, ScriptedReader(Unavailable("The database does not answer.")), person, id)
    assert (done.status, done.crashes, done.tries) == ("queued", 0, 0)


async def test_a_newer_revision_takes_the_place_when_it_is_read(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    await run(quick, ScriptedReader(reading("The heron waits.")), person, id)
    (again,) = await person.upload(("ships.txt", b"quite another text"))
    assert (again["id"], again["status"]) == (str(id), "queued")
    assert await texts(quick, person) == ["The heron waits."]
    broken = ScriptedReader(DocumentError("It is locked.", code="encrypted"))
    assert (await run(quick, broken, person, id)).status == "failed"
    assert await texts(quick, person) == ["The heron waits."], "what was served is served on"
    old = (await person.http.get(f"/api/documents/{id}/content")).content
    assert old.startswith(WORDS.encode())
    await person.http.post(f"/api/documents/{id}/retry")
    done = await run(quick, ScriptedReader(reading("The heron flies.")), person, id)
    assert (done.status, done.pending_revision_id) == ("ready", None)
    assert await texts(quick, person) == ["The heron flies."]
    assert (await person.http.get(f"/api/documents/{id}/content")).content == b"quite another text"
    assert await scalar(quick, person, "SELECT count(*) FROM revisions") == 1
    assert await scalar(quick, person, "SELECT count(*) FROM unowned_objects") == 1, "the old bytes are the sweeper's"


async def test_a_newer_revision_can_be_given_up(quick: Resources, person: Person) -> None:
    id = await uploaded(person)
    await run(quick, ScriptedReader(), person, id)
    await person.upload(("ships.txt", b"quite another text"))
    answer = await person.http.post(f"/api/documents/{id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "ready")
    assert await scalar(quick, person, "SELECT count(*) FROM revisions") == 1
    assert await counts(quick, person) == (1, 1, 1)


async def test_what_was_never_served_gives_way_at_once(quick: Resources, person: Person) -> None:
    """Uploaded again while the first is being read: that reading is lost, and its words are never found."""
    id, gate = await uploaded(person), asyncio.Event()
    slow = ScriptedReader(gate)
    first = asyncio.create_task(ingest(quick, slow, UUID(person.id), id))  # type: ignore[arg-type]
    await slow.begun.wait()
    await person.upload(("ships.txt", b"quite another text"))
    gate.set()
    await first
    assert (await row(quick, person, id)).status == "queued"
    await run(quick, ScriptedReader(reading("The heron flies.")), person, id)
    assert await texts(quick, person) == ["The heron flies."]


async def texts(resources: Resources, person: Person) -> list[str]:
    query = text(
        "SELECT c.text FROM chunks c JOIN documents d ON d.id = c.document_id AND d.revision_id = c.revision_id "
        "JOIN chunk_vectors v ON v.chunk_id = c.id ORDER BY c.ordinal"
    )
    async with resources.database.transaction(UUID(person.id)) as session:
        assert await session.scalar(text("SELECT count(*) FROM chunks")) == await session.scalar(
            text("SELECT count(*) FROM chunk_vectors")
        )
        return list(await session.scalars(query))


async def scalar(resources: Resources, person: Person, query: str) -> Any:
    async with resources.database.transaction(UUID(person.id)) as session:
        return await session.scalar(text(query))


class Counting:
    """An embedder that counts what it is asked for."""

    def __init__(self, embedder: Any) -> None:
        self._embedder, self.texts = embedder, list[str]()
        self.model_id, self.dimensions, self.max_tokens = embedder.model_id, embedder.dimensions, embedder.max_tokens

    async def embed(self, texts: Any) -> Any:
        self.texts += texts
        return await self._embedder.embed(texts)


def passages(count: int, changed: int = -1) -> Reading:
    words = [f"Passage {n} {'anew' if n == changed else ''}" for n in range(count)]
    chunks = [Chunk(n, 1, 0, len(w), w, [], "", 10, []) for n, w in enumerate(words)]
    return Reading(Extracted([Page(1, " ".join(words), [])], language="en"), chunks)


async def test_unchanged_text_is_not_embedded_again(quick: Resources, person: Person) -> None:
    counting = Counting(quick.embedder)
    counted = dataclasses.replace(quick, embedder=counting)  # type: ignore[arg-type]
    id = await uploaded(person)
    await run(counted, ScriptedReader(passages(5)), person, id)
    assert len(counting.texts) == 5
    await person.upload(("ships.txt", b"quite another text"))
    await run(counted, ScriptedReader(passages(5, changed=3)), person, id)
    assert counting.texts[5:] == ["Passage 3 anew"]
    assert await counts(quick, person) == (1, 5, 5)
    (other,) = await person.upload(("copy.txt", b"the same passages in another file"))
    await run(counted, ScriptedReader(passages(5)), person, UUID(other["id"]))
    assert counting.texts[6:] == ["Passage 3 "]


async def test_the_same_text_of_another_is_embedded(quick: Resources, people: People) -> None:
    """That it took no time would tell what somebody else keeps."""
    counting = Counting(quick.embedder)
    counted = dataclasses.replace(quick, embedder=counting)  # type: ignore[arg-type]
    for person in await people.several(2):
        await run(counted, ScriptedReader(passages(3)), person, await uploaded(person))
    assert len(counting.texts) == 6


async def test_what_a_stopped_worker_embedded_is_kept(
    quick: Resources, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed_module, "SLICE", 2)
    monkeypatch.setattr(embed_module, "IN_FLIGHT", 1)

    class Breaking(Counting):
        async def embed(self, texts: Any) -> Any:
            if len(self.texts) >= 4:
                raise Unavailable("The embedder is away.")
            return await super().embed(texts)

    breaking, counting = Breaking(quick.embedder), Counting(quick.embedder)
    id = await uploaded(person)
    done = await run(dataclasses.replace(quick, embedder=breaking), ScriptedReader(passages(7)), person, id)  # type: ignore[arg-type]
    assert done.status == "queued"
    await until_due(quick, person, id)
    await run(dataclasses.replace(quick, embedder=counting), ScriptedReader(passages(7)), person, id)  # type: ignore[arg-type]
    assert len(counting.texts) <= 5, "at least the first slice was kept"
    assert await counts(quick, person) == (1, 7, 7)
    assert await scalar(quick, person, "SELECT count(*) FROM staged_vectors") == 0


async def test_all_failed_documents_are_retried_at_once(quick: Resources, person: Person) -> None:
    ids = [UUID(d["id"]) for d in await person.upload(*((f"{n}.txt", f"{uuid4()}".encode()) for n in range(3)))]
    for id, code in zip(ids, ("encrypted", "corrupt", "corrupt"), strict=True):
        await run(quick, ScriptedReader(DocumentError("No.", code=code)), person, id)
    assert (await person.http.post("/api/documents/retry?code=corrupt")).json() == {"retried": 2}
    assert [(await row(quick, person, id)).status for id in ids] == ["failed", "queued", "queued"]
    assert (await person.http.post("/api/documents/retry")).json() == {"retried": 1}


async def test_a_password_comes_with_the_retry_and_is_forgotten(quick: Resources, person: Person) -> None:
    id, given = await uploaded(person), list[Any]()

    class Locked(ScriptedReader):
        async def read(self, path: Path, **more: Any) -> Reading:
            given.append(more.get("password"))
            if more.get("password") != "sesame":
                raise DocumentError("It is locked.", code="encrypted")
            return await super().read(path, **more)

    await run(quick, Locked(), person, id)
    answer = await person.http.post(f"/api/documents/{id}/retry", json={"password": "sesame"})
    assert answer.status_code == 202, answer.text
    kept = await row(quick, person, id)
    assert b"sesame" not in kept.password_sealed
    done = await run(quick, Locked(), person, id)
    assert (done.status, done.password_sealed, given) == ("ready", None, [None, "sesame"])


async def test_owners_take_turns(quick: Resources, people: People) -> None:
    """Somebody's thousand files do not keep another waiting for his one."""
    many, one = await people.several(2)
    await many.upload(*((f"{n}.txt", f"{uuid4()}".encode()) for n in range(12)))
    (last,) = await one.upload(("one.txt", f"{uuid4()}".encode()))
    async with quick.database.lookup() as connection:
        due = [id for owner, id, _ in await queries.due_documents(connection, 1000) if str(owner) in (many.id, one.id)]
    assert UUID(last["id"]) in due[:2]


async def test_whoever_has_less_under_way_comes_first(quick: Resources, people: People) -> None:
    """However many are asked for, they are the first of the whole order: by turn, and within one by age."""
    busy, idle, late = await people.several(3)
    for each, count in ((busy, 4), (idle, 3), (late, 2)):
        await each.upload(*((f"{n}.txt", f"{uuid4()}".encode()) for n in range(count)))
    for each, change in ((busy, "'2 h'"), (idle, "'1 h'"), (late, "'-1 h'")):
        async with quick.database.transaction(UUID(each.id)) as session:
            await session.execute(text(f"UPDATE documents SET due_at = now() - interval {change}"))
            if each is busy:
                taken = "SELECT id FROM documents LIMIT 1"
                await session.execute(text(f"UPDATE documents SET {READING} WHERE id = ({taken})"))
    names = {busy.id: "busy", idle.id: "idle", late.id: "late"}

    async def turns(most: int) -> list[str]:
        async with quick.database.lookup() as connection:
            return [str(owner) for owner, _, _ in await queries.due_documents(connection, most)]

    everybody = await turns(1000)
    ours = [names[owner] for owner in everybody if owner in names]
    assert ours == ["idle", "busy", "idle", "busy", "idle", "busy"]
    for most in (1, 2, 3, len(everybody)):
        assert await turns(most) == everybody[:most]


async def test_what_took_a_worker_down_is_read_alone(resources: Resources, person: Person) -> None:
    """In another process: the worker that takes it now stays as it is, whatever becomes of it."""
    id = await uploaded(person)
    async with resources.database.transaction(UUID(person.id)) as session:
        assert await queries.claim(session, UUID(person.id), id, lease=-1)
    async with working(resources, Desk(resources, ScriptedReader())):  # type: ignore[arg-type]
        assert (await person.settled(str(id)))["status"] == "ready"
    (found,) = await texts(resources, person)
    assert found != WORDS, "not by the worker's own reader, which reads that and no more"


async def test_a_stopping_worker_finishes_what_it_can(quick: Resources, person: Person) -> None:
    id, gate = await uploaded(person), asyncio.Event()
    reader = ScriptedReader(*[gate] * 20)
    desk = Desk(quick, reader)  # type: ignore[arg-type]
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(10):
        while (await row(quick, person, id)).status != "processing":
            await asyncio.sleep(0.01)
    closing = asyncio.create_task(desk.close(grace=10))
    gate.set()
    await closing
    running.cancel()
    assert (await row(quick, person, id)).status == "ready"


@pytest.mark.parametrize(("tries", "least", "most"), [(1, 2, 3), (2, 4, 6), (4, 16, 24)])
def test_retry_delay_doubles_with_jitter(tries: int, least: float, most: float) -> None:
    delays = {retry_delay(2.0, tries) for _ in range(50)}
    assert all(least <= delay <= most for delay in delays)
    assert len(delays) > 1


class Silent:
    """Somebody listens, but Redis says so and no more."""

    async def execute_command(self, *_: object) -> int:
        return 1

    async def publish(self, *_: object) -> None: ...


async def test_news_of_a_deleted_document_are_no_error(quick: Resources, person: Person) -> None:
    heard: Any = Silent()
    await announce(dataclasses.replace(quick, cache=heard), UUID(person.id), uuid4())


async def test_who_cancels_is_told_on_every_page(quick: Resources, person: Person) -> None:
    id, reader = await uploaded(person), ScriptedReader(asyncio.Event())
    async with quick.cache.pubsub(ignore_subscribe_messages=True) as listening:
        await listening.subscribe(news.channel(UUID(person.id)))
        task = asyncio.create_task(ingest(quick, reader, UUID(person.id), id))  # type: ignore[arg-type]
        await reader.begun.wait()
        assert (await person.http.post(f"/api/documents/{id}/cancel")).status_code == 202
        await task
        async with asyncio.timeout(5):
            while True:
                message = await listening.get_message(timeout=1)
                if message and str(id) in str(message["data"]):
                    break


async def test_vectors_are_written_in_slices(quick: Resources, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """As lists of numbers, all those of a long document would take ten times what they take as vectors."""
    monkeypatch.setattr(reading_queries, "SLICE", 2)
    passages = [Chunk(n, 1, 0, 3, "The", [], "", 10, []) for n in range(5)]
    id = await uploaded(person)
    await run(quick, ScriptedReader(Reading(Extracted([Page(1, WORDS, [])], language="en"), passages)), person, id)
    assert await counts(quick, person) == (1, 5, 5)
