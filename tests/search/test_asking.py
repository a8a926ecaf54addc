"""Asked in other words, answered again, stopped: what goes, what stays, and what is never lost on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault.ai.chat import ChatModels
from docvault.ai.scripted import ScriptedModel
from docvault.errors import InvalidInput, ModelError, NotFound
from docvault.models import Message
from docvault.resources import Resources
from search import answer, asking, conversations
from search.queries import Filters
from search.schemas import ChatRequest
from tests.search.conftest import NewShelf, Shelf
from tests.search.test_answer import PAGE, QUESTION, kept, model, of, said, scripted, shelf, stream

__all__ = ["shelf"]
SECOND = "What of the wages after the strike?"
BROKEN = ModelError("acme is away.", code="model_unreachable")


async def two_questions(resources: Resources, shelf: Shelf, *models: str) -> tuple[UUID, list[Any]]:
    """A conversation of two questions; its id and messages."""
    events = await said(resources, shelf, models=[*models])
    id = UUID(of(events, "sources")[0]["conversation_id"])
    await said(resources, shelf, models=[*models], conversation_id=id, question=SECOND)
    return id, (await kept(shelf, str(id)))[0]


def contents(messages: list[Any]) -> list[str]:
    return [message.content for message in messages]


def with_scripts(resources: Resources, **scripts: Any) -> Resources:
    return replace(resources, models=ChatModels([ScriptedModel(f"acme/{n}", s) for n, s in scripts.items()]))


async def test_a_question_asked_in_other_words(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It is so."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    request = {"models": ["acme/a"], "conversation_id": id, "question": "And the rain?", "replaces": messages[2].id}
    events = await said(resources, shelf, **request)
    assert of(events, "done")
    after, _ = await kept(shelf, str(id))
    assert contents(after) == [QUESTION, "It is so.", "And the rain?", "It is so."]
    told = model(resources, "a").asked[-1]
    assert [m.content for m in told[1:]] == [QUESTION, "It is so.", "And the rain?"]


async def test_asked_anew_from_the_start_all_goes_and_the_title_follows(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It is so."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    request = {"models": ["acme/a"], "conversation_id": id, "question": "And the rain?", "replaces": messages[0].id}
    await said(resources, shelf, **request)
    assert contents((await kept(shelf, str(id)))[0]) == ["And the rain?", "It is so."]
    async with resources.database.transaction(shelf.owner_id) as session:
        assert (await conversations.find(session, shelf.owner_id, id)).title == "And the rain?"
        await conversations.rename(session, shelf.owner_id, id, "Mine")
    (question, _), _ = await kept(shelf, str(id))
    await said(resources, shelf, **request | {"question": "And snow?", "replaces": question.id})
    async with resources.database.transaction(shelf.owner_id) as session:
        assert (await conversations.find(session, shelf.owner_id, id)).title == "Mine"


async def test_a_new_question_that_nobody_answers_removes_nothing(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It is so."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    failing = with_scripts(resources, a=[BROKEN], b=[BROKEN])
    request = {"conversation_id": id, "question": "And the rain?", "replaces": messages[0].id}
    events = await said(failing, shelf, models=["acme/a", "acme/b"], **request)
    assert [error["code"] for error in of(events, "error")] == ["model_unreachable"] * 2
    assert not any("message_id" in error for error in of(events, "error"))
    assert contents((await kept(shelf, str(id)))[0]) == contents(messages)


async def test_a_model_that_failed_is_kept_beside_one_that_answered(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It is so."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    goes_on = asyncio.Event()
    mixed = with_scripts(resources, a=[BROKEN], b=[goes_on, "Ninety days."])
    request = ChatRequest("And the rain?", id, ["acme/a", "acme/b"], replaces=messages[0].id)
    async for piece in answer.answer(mixed, await asking.ask(mixed, shelf.owner_id, request)):
        if piece.startswith(b"event: error"):
            assert contents((await kept(shelf, str(id)))[0]) == contents(messages)
            goes_on.set()
    after, _ = await kept(shelf, str(id))
    assert {(m.content, m.model, m.error_code) for m in after} == {
        ("And the rain?", None, None), ("", "acme/a", "model_unreachable"), ("Ninety days.", "acme/b", None),
    }  # fmt: skip


async def test_a_commit_that_fails_removes_nothing(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It is so."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    request = ChatRequest("And the rain?", id, ["acme/a"], replaces=messages[0].id)
    asked = await asking.ask(resources, shelf.owner_id, request)
    asked.question.filters = {"folder": "\0"}  # PostgreSQL has no such text
    events = [piece async for piece in answer.answer(resources, asked)]
    assert any(piece.startswith(b"event: error") for piece in events)
    assert not any(piece.startswith(b"event: done") for piece in events)
    assert contents((await kept(shelf, str(id)))[0]) == contents(messages)


async def test_answered_again_by_one_of_two(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["From a."], b=["From b."])
    id, messages = await two_questions(resources, shelf, "acme/a", "acme/b")
    again = with_scripts(resources, a=["Better."], b=["never"])
    events = await said(again, shelf, question="", models=["acme/a"], conversation_id=id, regenerates=messages[0].id)
    assert of(events, "sources")[0]["question_id"] == str(messages[0].id)
    after, _ = await kept(shelf, str(id))
    assert sorted(contents(after[:3])) == sorted([QUESTION, "Better.", "From b."])
    assert contents(after[3:]) == contents(messages[3:])
    assert [m.content for m in model(again, "a").asked[0][1:]] == [QUESTION]


async def test_answered_again_by_those_who_answered_in_the_same_scope(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["From a."], b=["From b."])
    document = shelf.document  # type: ignore[attr-defined]
    filters = Filters(document_ids=[document])
    events = await said(resources, shelf, models=["acme/a", "extractive"], filters=filters)
    sources = of(events, "sources")[0]
    await shelf.put("other.txt", PAGE + " So it was.")
    request = {"conversation_id": UUID(sources["conversation_id"]), "regenerates": UUID(sources["question_id"])}
    again = of(await said(resources, shelf, question="", **request), "sources")[0]
    assert sorted(again["models"]) == ["acme/a", "extractive"]
    assert {source["document_id"] for source in again["sources"]} == {str(document)}
    wider = of(await said(resources, shelf, question=QUESTION, filters=Filters(), **request), "sources")[0]
    assert len({source["document_id"] for source in wider["sources"]}) == 2
    (question, *answers), _ = await kept(shelf, sources["conversation_id"])
    assert question.sources == wider["sources"]
    assert question.filters is None
    assert len(answers) == 2


async def test_an_answer_that_fails_again_leaves_the_one_there_was(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["From a."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    failing = with_scripts(resources, a=[BROKEN], b=[BROKEN])
    request = {"question": "", "conversation_id": id, "regenerates": messages[0].id}
    await said(failing, shelf, models=["acme/a", "acme/b"], **request)
    after, _ = await kept(shelf, str(id))
    assert [(m.content, m.error_code) for m in after[:3]] == [
        (QUESTION, None), ("From a.", None), ("", "model_unreachable"),
    ]  # fmt: skip


async def test_what_does_not_go_together_is_refused(shelf: Shelf, new_shelf: NewShelf) -> None:
    resources = scripted(shelf, a=["x"])
    id, messages = await two_questions(resources, shelf, "acme/a")
    question, reply = messages[0].id, messages[1].id
    for request in (
        ChatRequest(QUESTION, id, replaces=question, regenerates=question),
        ChatRequest(QUESTION, replaces=question),
        ChatRequest(regenerates=question),
        ChatRequest("In other words?", id, regenerates=question),
    ):
        with pytest.raises(InvalidInput) as refused:
            await asking.ask(resources, shelf.owner_id, request)
        assert refused.value.code == "invalid_chat"
    with pytest.raises(InvalidInput) as empty:
        await asking.ask(resources, shelf.owner_id, ChatRequest("", id, replaces=question))
    assert empty.value.code == "empty_query"
    other = of(await said(resources, shelf, models=["acme/a"]), "sources")[0]
    for wrong in (uuid4(), reply, UUID(other["question_id"])):
        for request in (ChatRequest("x", id, replaces=wrong), ChatRequest("", id, regenerates=wrong)):
            with pytest.raises(NotFound) as missing:
                await asking.ask(resources, shelf.owner_id, request)
            assert missing.value.code == "question_not_found"
    stranger = await new_shelf()
    for request in (ChatRequest("x", id, replaces=question), ChatRequest("", id, regenerates=question)):
        with pytest.raises(NotFound) as theirs:
            await asking.ask(resources, stranger.owner_id, request)
        assert theirs.value.code == "conversation_not_found"


async def stopped(resources: Resources, shelf: Shelf, request: ChatRequest, at: bytes) -> tuple[UUID, list[Any], Any]:
    """Stop the stream at the event that has `at`, and wait for its end."""
    asked = await asking.ask(resources, shelf.owner_id, request)
    pieces = answer.answer(resources, asked)
    async for piece in pieces:
        if at in piece:
            break
    await asyncio.sleep(0)  # as a server does, which reads on before it notices
    tasks = list(answer._running)  # pyright: ignore[reportPrivateUsage]
    await pieces.aclose()
    await asyncio.gather(*tasks, return_exceptions=True)
    messages, cited = await kept(shelf, str(asked.conversation_id))
    return asked.conversation_id, messages, cited


async def test_stopped_it_keeps_what_was_written_with_its_citations(shelf: Shelf) -> None:
    never = asyncio.Event()
    resources = scripted(shelf, a=["It gave 4,312 kilograms [1] and more. Held [back", never])
    _, messages, cited = await stopped(resources, shelf, ChatRequest(QUESTION, models=["acme/a"]), b"more. Held")
    assert contents(messages) == [QUESTION, "It gave 4,312 kilograms [1] and more. Held [back"]
    assert (messages[1].error, messages[1].error_code) == (answer.STOPPED, "stopped")
    ((citation,),) = cited.values()
    assert citation.quote.startswith("The orchard at Quellwiese")
    assert PAGE[citation.start_offset : citation.end_offset] == citation.quote
    assert messages[0].sources[0]["text"] == PAGE


async def test_stopped_before_the_first_word_the_question_is_kept(shelf: Shelf) -> None:
    never = asyncio.Event()
    resources = scripted(shelf, a=[never], b=["word", never])
    request = ChatRequest(QUESTION, models=["acme/a", "acme/b"])
    id, messages, _ = await stopped(resources, shelf, request, b"word")
    assert {(m.content, m.error_code) for m in messages} == {(QUESTION, None), ("", "stopped"), ("word", "stopped")}
    resources = with_scripts(resources, a=["Now."])
    events = await said(resources, shelf, models=["acme/a"], conversation_id=id, question="And now?")
    assert of(events, "done")


async def test_stopped_before_the_first_word_nothing_is_replaced(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It is so."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    request = ChatRequest("", id, ["acme/a"], regenerates=messages[0].id)
    waiting = with_scripts(resources, a=[asyncio.Event()])
    for again in (request, ChatRequest("Other words", id, ["acme/a"], replaces=messages[0].id)):
        asked = await asking.ask(waiting, shelf.owner_id, again)
        pieces = answer.answer(waiting, asked)
        assert b"sources" in await anext(pieces)
        reading = asyncio.ensure_future(anext(pieces))
        while not (model(waiting, "a").asked and answer._running):  # pyright: ignore[reportPrivateUsage]
            await asyncio.sleep(0.01)
        tasks = list(answer._running)  # pyright: ignore[reportPrivateUsage]
        reading.cancel()
        await asyncio.gather(reading, *tasks, return_exceptions=True)
        model(waiting, "a").asked.clear()
    assert contents((await kept(shelf, str(id)))[0]) == contents(messages)


async def test_a_conversation_that_is_removed_meanwhile_does_not_come_back(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It is so."])
    id, _ = await two_questions(resources, shelf, "acme/a")
    events = stream(resources, shelf, models=["acme/a"], conversation_id=id, question="And the rain?")
    assert (await anext(events))[0] == "sources"
    async with resources.database.transaction(shelf.owner_id) as session:
        await conversations.remove(session, shelf.owner_id, id)
    rest = [event async for event in events]
    assert [error["code"] for error in of(rest, "error")] == ["conversation_not_found"]
    assert not of(rest, "done")
    async with resources.database.transaction(shelf.owner_id) as session:
        with pytest.raises(NotFound):
            await conversations.find(session, shelf.owner_id, id)


async def test_answers_stand_by_their_question(shelf: Shelf) -> None:
    """Given again after the next question was asked, an answer is still the first one's."""
    resources = scripted(shelf, a=["It is so."])
    id, messages = await two_questions(resources, shelf, "acme/a")
    await said(resources, shelf, question="", models=["acme/a"], conversation_id=id, regenerates=messages[0].id)
    after, _ = await kept(shelf, str(id))
    assert [m.role for m in after] == ["user", "assistant"] * 2
    assert after[1].question_id == after[0].id
    before, gone = asking.divided(after, after[2].id)
    assert [m.id for m in before] == [m.id for m in after[:2]]
    assert [m.id for m in gone] == [m.id for m in after[2:]]


_OLD = text("""
    INSERT INTO messages (owner_id, id, conversation_id, role, content) VALUES (:owner, :question, :id, 'user', 'x')
""")


async def test_a_question_of_long_ago_has_no_passages(shelf: Shelf) -> None:
    """As the version before kept it."""
    id = uuid4()
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        row = {"owner": shelf.owner_id, "id": id, "question": uuid4()}
        await session.execute(text("INSERT INTO conversations (owner_id, id, title) VALUES (:owner, :id, 'x')"), row)
        await session.execute(_OLD, row)
    (question,), _ = await kept(shelf, str(id))
    assert isinstance(question, Message)
    assert (question.sources, asking.filters_of(question)) == (None, None)
    resources = scripted(shelf, a=["It is so."])
    events = await said(resources, shelf, question="", models=["acme/a"], conversation_id=id, regenerates=question.id)
    assert of(events, "done")
