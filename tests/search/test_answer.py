"""The stream: every model to its own end, nothing shown that was not found, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import text

from docvault.ai.chat import ChatModels, Usage
from docvault.ai.scripted import ScriptedModel, Step
from docvault.errors import InvalidInput, ModelError, NotFound
from docvault.resources import Resources
from search import answer, asking, conversations, extractive
from search.queries import Filters
from search.schemas import ChatRequest
from tests.search.conftest import NewShelf, Shelf

PAGE = "The orchard at Quellwiese gave 4,312 kilograms of quinces in 2019. Rain fell for ninety days."
QUESTION = "How many kilograms of quinces did the orchard give in 2019?"

Events = list[tuple[str, dict[str, Any]]]


@pytest.fixture
async def shelf(new_shelf: NewShelf) -> Shelf:
    made = await new_shelf()
    made.document = await made.put("harvest.pdf", PAGE, "Wages rose after the strike of 1911.")  # type: ignore[attr-defined]
    return made


def scripted(shelf: Shelf, **scripts: Sequence[Step]) -> Resources:
    models = [ScriptedModel(f"acme/{name}", script) for name, script in scripts.items()]
    return replace(shelf.resources, models=ChatModels(models))


def model(resources: Resources, name: str) -> ScriptedModel:
    found = resources.models.get(f"acme/{name}")
    assert isinstance(found, ScriptedModel)
    return found


async def stream(resources: Resources, shelf: Shelf, **request: Any) -> AsyncGenerator[tuple[str, dict[str, Any]]]:
    asked = await asking.ask(resources, shelf.owner_id, ChatRequest(**({"question": QUESTION} | request)))
    async with aclosing(answer.answer(resources, asked)) as pieces:
        async for piece in pieces:
            name, data, *rest = piece.decode().split("\n")
            assert rest == ["", ""]
            yield name.removeprefix("event: "), msgspec.json.decode(data.removeprefix("data: "))


async def said(resources: Resources, shelf: Shelf, **request: Any) -> Events:
    return [event async for event in stream(resources, shelf, **request)]


def of(events: Events, name: str, model: str | None = None) -> list[dict[str, Any]]:
    return [data for event, data in events if event == name and (model is None or data["model"] == model)]


def words(events: Events, model: str) -> str:
    return "".join(data["text"] for data in of(events, "delta", model))


async def kept(shelf: Shelf, conversation_id: str) -> tuple[list[Any], dict[UUID, list[Any]]]:
    async with shelf.resources.database.transaction(shelf.owner_id) as session:
        messages = list(await conversations.messages(session, shelf.owner_id, UUID(conversation_id)))
        cited = await conversations.citations(session, shelf.owner_id, [m.id for m in messages])
    return messages, dict(cited)


async def test_one_model_from_sources_to_end(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It gave 4,312 kilo", "grams [", '1: "gave 4,312 kilograms"', "].", Usage(9, 5)])
    events = await said(resources, shelf, models=["acme/a"])
    assert events[0][0] == "sources"
    assert [name for name, _ in events][-2:] == ["done", "end"]
    (sources,) = of(events, "sources")
    first = sources["sources"][0]
    assert (first["n"], first["filename"], first["page"], first["text"]) == (1, "harvest.pdf", 1, PAGE)
    assert first["document_id"] == str(shelf.document)  # type: ignore[attr-defined]
    assert words(events, "acme/a") == "It gave 4,312 kilograms [1]."
    (citation,) = of(events, "citation")
    assert citation == {
        "model": "acme/a", "marker": 1, "document_id": first["document_id"], "filename": "harvest.pdf", "page": 1,
        "quote": "gave 4,312 kilograms", "boxes": first["boxes"], "start": 26, "end": 46,
    }  # fmt: skip
    (done,) = of(events, "done")
    assert done["usage"] == {"prompt_tokens": 9, "completion_tokens": 5}
    messages, cited = await kept(shelf, sources["conversation_id"])
    assert [(m.role, m.content, m.model) for m in messages] == [
        ("user", QUESTION, None), ("assistant", "It gave 4,312 kilograms [1].", "acme/a"),
    ]  # fmt: skip
    assert str(messages[1].id) == done["message_id"]
    assert messages[1].usage == done["usage"]
    assert [c.quote for c in cited[messages[1].id]] == ["gave 4,312 kilograms"]


async def test_the_model_is_told_the_passages_and_the_question(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["Yes."])
    await said(resources, shelf, models=["acme/a"])
    system, user = model(resources, "a").asked[0]
    assert PAGE in system.content
    assert user.content == QUESTION


async def test_models_stand_side_by_side_and_fail_alone(shelf: Shelf) -> None:
    second = asyncio.Event()
    resources = scripted(
        shelf,
        slow=["first ", second, "second"],
        broken=["half an ans", ModelError("acme/broken broke off.", code="model_cut_off")],
        refusing=[ModelError("acme/refusing refused.", code="model_refused", hint="Check the key.")],
    )
    events: Events = []
    names = ["acme/slow", "acme/broken", "acme/refusing", "extractive"]
    async for event in stream(resources, shelf, models=names):
        events.append(event)
        ended = len(of(events, "done")) + len(of(events, "error"))
        if ended == 3:  # all others have ended while the slow one waits
            second.set()
    assert events[-1] == ("end", {})
    assert {e["model"]: e["code"] for e in of(events, "error")} == {
        "acme/broken": "model_cut_off", "acme/refusing": "model_refused",
    }  # fmt: skip
    assert of(events, "error", "acme/refusing")[0]["hint"] == "Check the key."
    assert {d["model"] for d in of(events, "done")} == {"acme/slow", "extractive"}
    assert words(events, "acme/slow") == "first second"
    assert words(events, "extractive").startswith("The orchard at Quellwiese gave 4,312 kilograms")
    messages, _ = await kept(shelf, of(events, "sources")[0]["conversation_id"])
    assert {m.model: (m.content, m.error) for m in messages if m.model and m.model != "extractive"} == {
        "acme/slow": ("first second", None),
        "acme/broken": ("half an ans", "acme/broken broke off."),
        "acme/refusing": ("", "acme/refusing refused."),
    }
    assert len({m.question_id for m in messages if m.role == "assistant"}) == 1


async def test_a_fault_of_ours_ends_in_an_error_too(shelf: Shelf) -> None:
    class Faulty(ScriptedModel):
        async def stream(self, messages: Any, *, max_tokens: int) -> AsyncGenerator[str | Usage]:
            yield "x"
            raise ZeroDivisionError("the secret inside")

    resources = replace(shelf.resources, models=ChatModels([Faulty("acme/a", [])]))
    events = await said(resources, shelf, models=["acme/a"])
    (error,) = of(events, "error")
    assert error["code"] == "internal"
    assert "secret" not in error["detail"]
    assert events[-1][0] == "end"


async def test_a_fault_before_the_first_word_ends_every_model(shelf: Shelf) -> None:
    class Faulty:
        model_id = "none"

        async def embed_query(self, text: str) -> Any:
            raise ZeroDivisionError("the secret inside")

    resources = replace(scripted(shelf, a=["x"], b=["x"]), embedder=cast(Any, Faulty()))
    events = await said(resources, shelf, models=["acme/a", "acme/b"])
    assert [name for name, _ in events] == ["error", "error", "end"]
    assert {data["code"] for data in of(events, "error")} == {"internal"}
    assert "secret" not in str(events)


async def test_what_cannot_be_kept_is_taken_out_of_an_answer(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["Many\0 quinces \ud83d", "\ude00."])
    events = await said(resources, shelf, models=["acme/a"])
    assert [name for name, _ in events][-2:] == ["done", "end"]
    assert words(events, "acme/a") == "Many  quinces ??."
    messages, _ = await kept(shelf, events[0][1]["conversation_id"])
    assert messages[-1].content == "Many  quinces ??."


async def test_an_error_in_odd_words_still_ends_the_stream(shelf: Shelf) -> None:
    resources = scripted(shelf, a=[ModelError("It said \ud83d\0 and left.", code="model_refused")])
    async with asyncio.timeout(10):
        events = await said(resources, shelf, models=["acme/a"])
    (error,) = of(events, "error")
    assert (error["code"], error["detail"]) == ("model_refused", "It said ?  and left.")
    messages, _ = await kept(shelf, events[0][1]["conversation_id"])
    assert messages[-1].error == error["detail"]


async def test_a_citation_that_is_not_on_the_page_never_shows(shelf: Shelf) -> None:
    resources = scripted(shelf, a=['It gave 5,000 kilograms [1: "gave 5,000 kilograms"] of plums [7].'])
    events = await said(resources, shelf, models=["acme/a"])
    assert words(events, "acme/a") == "It gave 5,000 kilograms of plums."
    assert of(events, "citation") == []


async def test_nothing_found_asks_no_model(new_shelf: NewShelf) -> None:
    empty = await new_shelf()
    resources = scripted(empty, a=["I know it all."])
    events = await said(resources, empty, models=["acme/a", "extractive"])
    for name in ("acme/a", "extractive"):
        assert words(events, name) == extractive.NOTHING_FOUND
    assert len(of(events, "done")) == 2
    assert model(resources, "a").asked == []


async def test_what_the_documents_do_not_say_is_not_made_up(shelf: Shelf) -> None:
    events = await said(shelf.resources, shelf, question="Who composed the opera about Figaro?")
    assert words(events, "extractive") == extractive.NO_ANSWER
    assert of(events, "citation") == []


async def test_a_second_question_goes_on_where_the_first_ended(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["It gave 4,312 kilograms [1]."])
    events = await said(resources, shelf, models=["acme/a"])
    id = of(events, "sources")[0]["conversation_id"]
    again = await said(resources, shelf, models=["acme/a"], conversation_id=UUID(id), question="And the rain?")
    assert of(again, "sources")[0]["conversation_id"] == id
    told = model(resources, "a").asked[1]
    assert [m.content for m in told[1:]] == [QUESTION, "It gave 4,312 kilograms [1].", "And the rain?"]
    assert of(again, "sources")[0]["sources"][0]["text"] == PAGE
    messages, _ = await kept(shelf, id)
    assert [m.role for m in messages] == ["user", "assistant"] * 2


async def test_a_reader_who_leaves_ends_every_call_and_what_was_said_is_kept(shelf: Shelf) -> None:
    never = asyncio.Event()
    resources = scripted(shelf, a=["half", never], b=["other half", never])
    asked = await asking.ask(resources, shelf.owner_id, ChatRequest(QUESTION, models=["acme/a", "acme/b"]))
    pieces = answer.answer(resources, asked)
    async for piece in pieces:
        if b"other half" in piece:
            break
    await pieces.aclose()
    async with asyncio.timeout(5):
        while not (model(resources, "a").closed and model(resources, "b").closed):
            await asyncio.sleep(0.01)
        while len((await kept(shelf, str(asked.conversation_id)))[0]) < 3:
            await asyncio.sleep(0.01)
    messages, _ = await kept(shelf, str(asked.conversation_id))
    assert {m.content for m in messages} == {QUESTION, "half", "other half"}
    assert {m.error_code for m in messages if m.role == "assistant"} == {"stopped"}
    assert all(m.seconds is not None for m in messages if m.role == "assistant")


async def test_no_transaction_is_open_while_models_speak(shelf: Shelf) -> None:
    speaking = asyncio.Event()
    resources = scripted(shelf, a=["x", speaking, "y"])
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() "
        "AND state LIKE 'idle in transaction%' AND query LIKE '%chunks%'"
    )
    async for name, _ in stream(resources, shelf, models=["acme/a"]):
        if name == "delta" and not speaking.is_set():
            async with resources.database.lookup() as connection:
                assert await connection.scalar(query) == 0
            assert resources.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            speaking.set()


async def test_silence_is_filled_so_that_proxies_keep_the_connection(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "HEARTBEAT", 0.02)
    goes_on = asyncio.Event()
    resources = scripted(shelf, a=[goes_on, "x"])
    asked = await asking.ask(resources, shelf.owner_id, ChatRequest(QUESTION, models=["acme/a"]))
    pieces: list[bytes] = []
    async for piece in answer.answer(resources, asked):
        pieces.append(piece)
        if pieces.count(b": ping\n\n") == 2:
            goes_on.set()
    assert pieces.count(b": ping\n\n") >= 2
    assert pieces[-1].startswith(b"event: end")


async def test_a_slow_reader_makes_the_models_wait(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["x"] * 1000)
    asked = await asking.ask(resources, shelf.owner_id, ChatRequest(QUESTION, models=["acme/a"]))
    count = 0
    async for piece in answer.answer(resources, asked):
        count += piece.startswith(b"event: delta")
    assert count == 1000


async def test_an_answer_that_cannot_be_kept_does_not_end_in_done(shelf: Shelf) -> None:
    resources = scripted(shelf, a=["x"])
    asked = await asking.ask(resources, shelf.owner_id, ChatRequest(QUESTION, models=["acme/a"]))
    async with resources.database.transaction(shelf.owner_id) as session:
        await session.execute(text("DELETE FROM documents"))
        await session.execute(text("DELETE FROM users"))
    events = [piece.decode() async for piece in answer.answer(resources, asked)]
    assert any("not_saved" in event for event in events)
    assert not any(event.startswith("event: done") for event in events)
    assert events[-1].startswith("event: end")


async def test_a_document_deleted_meanwhile_is_not_pointed_at(shelf: Shelf) -> None:
    goes_on = asyncio.Event()
    resources = scripted(shelf, a=["It gave 4,312 kilograms of quinces [1].", goes_on])
    events: Events = []
    async for event in stream(resources, shelf, models=["acme/a"]):
        events.append(event)
        if event[0] == "citation":
            async with resources.database.transaction(shelf.owner_id) as session:
                await session.execute(text("DELETE FROM documents"))
            goes_on.set()
    assert of(events, "done")
    _, cited = await kept(shelf, of(events, "sources")[0]["conversation_id"])
    ((citation,),) = cited.values()
    assert citation.document_id is None
    assert citation.quote.startswith("The orchard at Quellwiese")


async def test_what_is_refused_before_the_stream(shelf: Shelf, new_shelf: NewShelf) -> None:
    resources = scripted(shelf, **{f"m{n}": ["x"] for n in range(6)})

    async def refused(**request: Any) -> InvalidInput:
        with pytest.raises(InvalidInput) as caught:
            await asking.ask(resources, shelf.owner_id, ChatRequest(**({"question": QUESTION} | request)))
        return caught.value

    assert (await refused(question=" ")).code == "empty_query"
    unknown = await refused(models=["acme/nobody"])
    assert unknown.code == "unknown_model"
    assert "extractive, acme/m0" in str(unknown.hint)
    assert (await refused(models=[f"acme/m{n}" for n in range(6)])).code == "too_many_models"
    events = await said(resources, shelf, models=["acme/m0"])
    theirs = of(events, "sources")[0]["conversation_id"]
    other = await new_shelf()
    for owner, id in ((shelf.owner_id, uuid4()), (other.owner_id, UUID(theirs))):
        with pytest.raises(NotFound):
            await asking.ask(resources, owner, ChatRequest(QUESTION, conversation_id=id))


async def test_filters_hold_for_answers(shelf: Shelf) -> None:
    events = await said(shelf.resources, shelf, filters=Filters(folder="elsewhere"))
    assert of(events, "sources")[0]["sources"] == []
    assert words(events, "extractive") == extractive.NOTHING_FOUND
