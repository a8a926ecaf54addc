"""Against an OpenAI-compatible server on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from docvault.ai.chat import ChatMessage, Usage, open_chat_models
from docvault.ai.openai_chat import OpenAIChatModel
from docvault.errors import ModelError
from docvault.settings import Provider, load_settings
from tests.servers.openai_server import Failure, OpenAIServer, Reply, openai_server

KEY = "sk-a-very-secret-key"
ASKED = [ChatMessage("system", "Be short."), ChatMessage("user", "Hello?")]


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with openai_server() as running:
        yield running


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[OpenAIChatModel]:
    made = OpenAIChatModel(Provider("acme", ["m1"], server.base_url, KEY), "m1", stall=0.3)
    yield made
    await made.close()


async def said(model: OpenAIChatModel) -> list[str | Usage]:
    return [piece async for piece in model.stream(ASKED, max_tokens=50)]


async def failed(model: OpenAIChatModel) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await said(model)
    assert KEY not in caught.value.detail
    assert caught.value.detail.startswith("acme/m1 ")
    return caught.value


async def test_pieces_come_as_they_are_said_and_usage_last(server: OpenAIServer, model: OpenAIChatModel) -> None:
    assert await said(model) == ["Hello", " there.", Usage(11, 7)]
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "m1"
    assert asked.body["max_tokens"] == 50
    assert asked.body["messages"] == [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello?"}]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "model_refused"), (401, "model_refused"), (404, "model_refused"), (429, "model_rate_limited"),
     (500, "model_unreachable"), (503, "model_unreachable")],
)  # fmt: skip
async def test_a_refusal_is_told_in_the_providers_words(
    server: OpenAIServer, model: OpenAIChatModel, status: int, code: str
) -> None:
    body = b'{"error": {"message": "the words for %s"}}' % KEY.encode()
    server.failures.extend([Failure(status, {"retry-after-ms": "1"}, body)] * 2)
    error = await failed(model)
    assert error.code == code
    assert "the words for ***" in error.detail


async def test_a_failure_before_the_first_word_is_tried_again(server: OpenAIServer, model: OpenAIChatModel) -> None:
    server.failures.append(Failure(503, {"retry-after-ms": "1"}))
    assert (await said(model))[:2] == ["Hello", " there."]


async def test_silence_is_given_up(server: OpenAIServer, model: OpenAIChatModel) -> None:
    reply = Reply(("Hello",), stall=True)
    server.replies.append(reply)
    assert (await failed(model)).code == "model_stalled"
    async with asyncio.timeout(5):
        await reply.gone.wait()


async def test_silence_before_the_first_word_too(server: OpenAIServer, model: OpenAIChatModel) -> None:
    server.failures.append(Failure(200, stall=3))
    assert (await failed(model)).code == "model_stalled"


async def test_a_slow_answer_is_no_silence(server: OpenAIServer, model: OpenAIChatModel) -> None:
    server.replies.append(Reply(("a",) * 8, pause=0.1))
    assert (await said(model))[:-1] == ["a"] * 8


async def test_an_answer_that_breaks_off(server: OpenAIServer, model: OpenAIChatModel) -> None:
    server.replies.append(Reply(("Hello",), cut=True))
    async with aclosing(model.stream(ASKED, max_tokens=50)) as stream:
        assert await anext(stream) == "Hello"
        with pytest.raises(ModelError) as caught:
            await anext(stream)
    assert caught.value.code == "model_cut_off"


async def test_nobody_there(model: OpenAIChatModel) -> None:
    nowhere = OpenAIChatModel(Provider("acme", ["m1"], "http://127.0.0.1:9/v1", KEY), "m1", stall=3)
    assert (await failed(nowhere)).code == "model_unreachable"
    await nowhere.close()


@pytest.mark.parametrize("odd", [f"{KEY}\n", f"{KEY}\n{KEY}"])
async def test_a_key_that_no_header_can_carry_is_not_told(server: OpenAIServer, odd: str) -> None:
    model = OpenAIChatModel(Provider("acme", ["m1"], server.base_url, odd), "m1", stall=3)
    if odd == f"{KEY}\n":
        await said(model)  # pasted with the end of its line
    else:
        assert (await failed(model)).code == "model_unreachable"
    await model.close()


async def test_something_else_there(server: OpenAIServer, model: OpenAIChatModel) -> None:
    server.failures.append(Failure(200, {"content-type": "text/event-stream"}, b"data: {oops\n\n"))
    assert (await failed(model)).code in ("model_unreachable", "model_cut_off")


async def test_closing_the_stream_ends_the_call(server: OpenAIServer, model: OpenAIChatModel) -> None:
    reply = Reply(("Hello",) * 100, pause=0.05)
    server.replies.append(reply)
    async with aclosing(model.stream(ASKED, max_tokens=50)) as stream:
        assert await anext(stream) == "Hello"
    async with asyncio.timeout(5):
        await reply.gone.wait()


def test_models_come_from_the_settings() -> None:
    settings = load_settings(
        {
            "DOCVAULT_PROVIDERS": '[{"name": "acme", "models": ["a", "b"]}]',
            "OPENAI_API_KEY": "k",
            "OPENAI_MODELS": "c/d",
        }
    )
    models = open_chat_models(settings)
    assert [model.id for model in models] == ["acme/a", "acme/b", "openai/c/d"]
    assert models.get("acme/b").provider == "acme"  # type: ignore[union-attr]
    assert models.get("acme/c") is None
