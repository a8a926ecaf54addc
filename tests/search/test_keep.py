"""What is kept beside what is deleted at the same time: nobody waits for each other."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.database import open_database
from docvault.library import queries as library
from search import asking, conversations, exchange
from search.citations import Cited
from search.conversations import Answer
from search.keep import Keeper
from search.schemas import ChatRequest
from tests.search.conftest import NewShelf, Shelf
from tests.search.test_answer import PAGE, QUESTION, kept, of, said, scripted, shelf

__all__ = ["shelf"]
CITES = ["It gave 4,312 kilograms of quinces [1]."]


async def somebody_waits(session: AsyncSession) -> None:
    """For what this transaction has locked."""
    blocked = text("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
    async with asyncio.timeout(20):
        while not await session.scalar(blocked):
            await asyncio.sleep(0.01)


async def two_documents(new_shelf: NewShelf) -> tuple[Shelf, UUID, UUID]:
    """The one with the greater id was written first: whoever takes them as they stand takes them in the wrong order."""
    while True:
        shelf = await new_shelf()
        first, second = await shelf.put("a.txt", PAGE), await shelf.put("b.txt", PAGE)
        if first > second:
            return shelf, second, first


async def test_documents_are_locked_in_the_order_of_their_ids(new_shelf: NewShelf) -> None:
    shelf, low, high = await two_documents(new_shelf)
    asked = await asking.ask(shelf.resources, shelf.owner_id, ChatRequest(QUESTION))
    cited = [Cited(n, id, "x", 1, "quinces", [], 0, 7) for n, id in ((1, high), (2, low))]
    answer = Answer(uuid4(), "acme/a", "Quinces [1] [2].", cited)
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        await library.lock(session, shelf.owner_id, [low])
        keeping = asyncio.create_task(Keeper(shelf.resources.database, asked).keep(answer))
        await somebody_waits(session)
        await session.execute(text("SELECT FROM documents WHERE id = :id FOR UPDATE NOWAIT"), {"id": high})
    assert await keeping is None
    _, citations = await kept(shelf, str(asked.conversation_id))
    assert [c.document_id for c in citations[answer.id]] == [high, low]


async def test_an_answer_is_kept_however_long_a_document_it_cites_is_locked(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a worker that indexes it, say: longer than one statement waits for a lock."""
    hurried = open_database(msgspec.structs.replace(shelf.resources.settings, lock_timeout=0.2))
    asked = await asking.ask(shelf.resources, shelf.owner_id, ChatRequest(QUESTION))
    document: UUID = shelf.document  # type: ignore[attr-defined]
    answer = Answer(uuid4(), "acme/a", "Quinces [1].", [Cited(1, document, "x", 1, "quinces", [], 0, 7)])
    tries, twice = 0, asyncio.Event()
    keep = Keeper._keep  # pyright: ignore[reportPrivateUsage]

    async def counted(self: Keeper, answer: Answer) -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            twice.set()
        await keep(self, answer)

    monkeypatch.setattr(Keeper, "_keep", counted)
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        await library.lock(session, shelf.owner_id, [document])
        keeping = asyncio.create_task(Keeper(hurried, asked).keep(answer))
        async with asyncio.timeout(20):
            await twice.wait()
    assert await keeping is None
    await hurried.close()
    _, citations = await kept(shelf, str(asked.conversation_id))
    assert [c.document_id for c in citations[answer.id]] == [document]


@pytest.mark.parametrize("what", ["answer again", "ask in other words", "remove", "remove all"])
async def test_what_goes_waits_for_a_document_that_goes(shelf: Shelf, what: str) -> None:
    resources = scripted(shelf, a=CITES)
    events = await said(resources, shelf, models=["acme/a"])
    id = UUID(of(events, "sources")[0]["conversation_id"])
    question = UUID(of(events, "sources")[0]["question_id"])

    async def go() -> None:
        if what.startswith("remove"):
            async with resources.database.transaction(shelf.owner_id) as session:
                if what == "remove":
                    await conversations.remove(session, shelf.owner_id, id)
                else:
                    assert await conversations.clear(session, shelf.owner_id) == 1
        else:
            again = {"regenerates": question, "question": ""} if "again" in what else {"replaces": question}
            anew = await said(resources, shelf, models=["acme/a"], conversation_id=id, **again)
            assert of(anew, "done")

    async with resources.database.transaction(shelf.owner_id) as session:
        await library.lock(session, shelf.owner_id, [shelf.document])  # type: ignore[attr-defined]
        going = asyncio.create_task(go())
        await somebody_waits(session)
        await library.remove(session, shelf.owner_id, shelf.document)  # type: ignore[attr-defined]
    await going


async def test_an_import_locks_what_it_cites_before_it_writes(new_shelf: NewShelf) -> None:
    shelf, low, high = await two_documents(new_shelf)
    cited = [exchange.SavedCitation(n, "x", 1, "quinces", id) for n, id in ((1, high), (2, low))]
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        conversation = await conversations.create(session, shelf.owner_id, "A conversation")
        given = exchange.saved(conversation, [], {})
    given.messages.append(exchange.SavedMessage("assistant", "Quinces [1] [2].", given.created_at, citations=cited))

    async def bring_in() -> None:
        async with shelf.resources.database.transaction(shelf.owner_id) as session:
            await exchange.read_all_in(session, shelf.owner_id, [given, given])

    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        await library.lock(session, shelf.owner_id, [low])
        coming = asyncio.create_task(bring_in())
        await somebody_waits(session)
        await library.remove(session, shelf.owner_id, high)
    await coming


async def test_how_long_an_answer_took_is_kept(shelf: Shelf) -> None:
    resources = scripted(shelf, a=CITES)
    events = await said(resources, shelf, models=["acme/a"])
    messages, _ = await kept(shelf, of(events, "sources")[0]["conversation_id"])
    assert [message.seconds for message in messages] == [None, of(events, "done")[0]["seconds"]]
    assert 0 <= messages[1].seconds < 60
