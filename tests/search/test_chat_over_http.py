"""Answers from an OpenAI-compatible endpoint, over real sockets on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from docvault.local.home import any_port
from docvault.settings import Provider, Settings
from tests.conftest import serving
from tests.people import Event, Person, events
from tests.search.test_routes import QUESTION, reader
from tests.servers.openai_server import Failure, OpenAIServer, Reply, openai_server

__all__ = ["reader"]
KEY = "sk-not-to-be-seen"


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[OpenAIServer]:
    async with openai_server() as running:
        yield running


@pytest.fixture(scope="module")
async def client(reader: Person, settings: Settings, provider: OpenAIServer) -> AsyncIterator[httpx.AsyncClient]:
    """The same person at another process, which has models."""

    acme = Provider("acme", ["m1", "m2"], provider.base_url, KEY)
    more = msgspec.structs.replace(settings, port=any_port(), providers=[acme], model_stall=1.0)
    async with (
        serving(more) as address,
        httpx.AsyncClient(base_url=address, headers=reader.http.headers, timeout=30) as made,
    ):
        yield made


async def chat(client: httpx.AsyncClient, *models: str) -> list[Event]:
    async with client.stream("POST", "/api/chat", json={"question": QUESTION, "models": models}) as answer:
        assert answer.status_code == 200, await answer.aread()
        return [event async for event in events(answer)]


async def test_models_answer_side_by_side_and_fail_alone(client: httpx.AsyncClient, provider: OpenAIServer) -> None:
    provider.failures.append(Failure(401, body=b'{"error": {"message": "bad key %s"}}' % KEY.encode()))
    provider.replies.append(Reply(("It gave 4,312 ", "kilograms [", "1", "].")))
    said = await chat(client, "acme/m1", "acme/m2", "extractive")
    (error,) = [e.data for e in said if e.event == "error"]
    assert error["code"] == "model_refused"
    assert KEY not in str(said)
    (good,) = {"acme/m1", "acme/m2"} - {error["model"]}
    assert "".join(e.data["text"] for e in said if e.event == "delta" and e.data["model"] == good) == (
        "It gave 4,312 kilograms [1]."
    )
    cited = [e.data for e in said if e.event == "citation" and e.data["model"] == good]
    assert [c["quote"] for c in cited] == ["The orchard at Quellwiese gave 4,312 kilograms of quinces in 2019."]
    assert {e.data["model"] for e in said if e.event == "done"} == {good, "extractive"}
    done = next(e.data for e in said if e.event == "done" and e.data["model"] == good)
    assert done["usage"] == {"prompt_tokens": 11, "completion_tokens": 7}
    assert said[-1].event == "end"


@pytest.mark.parametrize(
    ("reply", "code"),
    [(Reply(("Half ",), cut=True), "model_cut_off"), (Reply(("Half ",), stall=True), "model_stalled")],
)
async def test_half_an_answer_is_kept(
    client: httpx.AsyncClient, provider: OpenAIServer, reply: Reply, code: str
) -> None:
    provider.replies.append(reply)
    said = await chat(client, "acme/m1")
    (error,) = [e.data for e in said if e.event == "error"]
    assert error["code"] == code
    id = next(e.data["conversation_id"] for e in said if e.event == "sources")
    answer = (await client.get(f"/api/conversations/{id}")).json()["messages"][1]
    assert answer["content"].strip() == "Half"
    assert answer["error"] == error["detail"]


async def test_a_reader_who_leaves_ends_the_providers_call(client: httpx.AsyncClient, provider: OpenAIServer) -> None:
    reply = Reply(("word ",) * 1000, pause=0.02)
    provider.replies.append(reply)
    body = {"question": QUESTION, "models": ["acme/m1"]}
    async with client.stream("POST", "/api/chat", json=body) as answer:
        async for event in events(answer):
            if event.event == "delta":
                break
    async with asyncio.timeout(5):
        await reply.gone.wait()


async def test_the_models_of_the_settings_are_offered(client: httpx.AsyncClient) -> None:
    items = (await client.get("/api/models")).json()["items"]
    assert [item["id"] for item in items] == ["extractive", "acme/m1", "acme/m2"]
