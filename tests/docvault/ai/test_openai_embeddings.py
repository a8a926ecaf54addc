import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest

from docvault.ai import openai_embeddings
from docvault.ai.embeddings import Embedder, is_ready, open_embedder, prepare_embedder, tokenizer_path
from docvault.errors import ConfigurationError, ModelError
from docvault.settings import Settings
from tests.servers.openai_server import Failure, OpenAIServer, openai_server

NOW = {"retry-after-ms": "1"}


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIServer]:
    async with openai_server() as running:
        yield running


@pytest.fixture
def remote(server: OpenAIServer, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, embedding_model="small", embedding_base_url=server.base_url, embedding_api_key="sk-test"
    )


@pytest.fixture
async def embedder(remote: Settings, server: OpenAIServer) -> AsyncGenerator[Embedder]:
    await prepare_embedder(remote)
    server.asked.clear()
    opened = await open_embedder(remote)
    yield opened
    await opened.close()


def expected(server: OpenAIServer, texts: list[str]) -> np.ndarray:
    vectors = np.array([server.vector(text) for text in texts])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


async def test_the_endpoint_is_asked_once_for_the_length_of_its_vectors(remote: Settings, server: OpenAIServer):
    assert not is_ready(remote)
    with pytest.raises(ConfigurationError, match="not ready"):
        await open_embedder(remote)
    steps: list[str] = []
    await prepare_embedder(remote, steps.append)
    await prepare_embedder(remote, steps.append)
    assert is_ready(remote)
    assert len(steps) == len(server.asked) == 1
    opened = await open_embedder(remote)
    await opened.close()
    assert opened.dimensions == 8
    assert opened.model_id == f"small@{server.base_url.removeprefix('http://').removesuffix('/v1')}"
    assert tokenizer_path(remote) is None


async def test_another_model_or_address_is_not_ready(remote: Settings):
    await prepare_embedder(remote)
    for changed in ({"embedding_model": "large"}, {"embedding_base_url": remote.embedding_base_url + "/other"}):
        assert not is_ready(Settings(home=remote.home, **{**settings_of(remote), **changed}))


def settings_of(settings: Settings) -> dict[str, str]:
    return {"embedding_model": settings.embedding_model, "embedding_base_url": settings.embedding_base_url}


async def test_vectors_come_in_the_order_given_and_have_length_one(embedder: Embedder, server: OpenAIServer):
    texts = [f"passage {n}" for n in range(300)]
    vectors = await embedder.embed(texts)
    assert np.allclose(vectors, expected(server, texts), atol=1e-6)
    assert vectors.dtype == np.float32
    assert [len(asked.body["input"]) for asked in server.asked].count(128) == 2
    assert server.asked[0].headers["authorization"] == "Bearer sk-test"
    assert np.allclose(await embedder.embed_query("why"), expected(server, ["why"])[0], atol=1e-6)


async def test_no_text_and_odd_text(embedder: Embedder, server: OpenAIServer):
    assert (await embedder.embed([])).shape == (0, 8)
    assert (await embedder.embed(["", " \n", "a\ud800b", "x" * 1_000_000, "\x00"])).shape == (5, 8)
    sent = [text for asked in server.asked for text in asked.body["input"]]
    assert all(text.strip() for text in sent)
    assert max(map(len, sent)) < 50_000


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_endpoint_is_asked_again(embedder: Embedder, server: OpenAIServer, status: int):
    server.failures.extend([Failure(status, NOW), Failure(status, NOW)])
    assert (await embedder.embed(["a"])).shape == (1, 8)
    assert len(server.asked) == 3


async def test_it_waits_as_long_as_it_was_told(embedder: Embedder, server: OpenAIServer):
    server.failures.append(Failure(429, {"retry-after": "1"}))
    await embedder.embed_query("a")
    first, second = server.asked
    assert second.at - first.at >= 1.0  # without the header it would be half a second


async def test_an_endpoint_that_stays_broken_is_given_up(embedder: Embedder, server: OpenAIServer):
    server.failures.extend([Failure(503, NOW)] * openai_embeddings.TRIES)
    with pytest.raises(ModelError, match=r"answered 503: .*as the test asked.*asked for small") as caught:
        await embedder.embed_query("a")
    assert "DOCVAULT_EMBEDDING_BASE_URL" in (caught.value.hint or "")
    assert len(server.asked) == openai_embeddings.TRIES


async def test_a_refusal_is_final(embedder: Embedder, server: OpenAIServer):
    server.failures.append(Failure(401))
    with pytest.raises(ModelError, match="answered 401"):
        await embedder.embed(["a"])
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": []}', b'{"data": [{"index": 0, "embedding": []}]}'])
async def test_an_answer_that_is_none(embedder: Embedder, server: OpenAIServer, body: bytes):
    server.failures.append(Failure(200, body=body))
    with pytest.raises(ModelError, match=r"cannot be read|usable vectors"):
        await embedder.embed(["a"])


async def test_a_model_that_was_changed_behind_its_name(embedder: Embedder, server: OpenAIServer):
    server.dimensions = 9
    with pytest.raises(ModelError, match="vectors of 9 numbers for small, not 8"):
        await embedder.embed_query("a")


async def test_silence_ends(remote: Settings, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(openai_embeddings, "TIMEOUT", 0.1)
    monkeypatch.setattr(openai_embeddings, "TRIES", 1)
    server.failures.append(Failure(stall=1))
    with pytest.raises(ModelError, match="no answer within"):
        await prepare_embedder(remote)


async def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(openai_embeddings, "TRIES", 1)
    async with openai_server() as gone:
        base_url = gone.base_url
    with pytest.raises(ModelError, match="cannot be reached"):
        await prepare_embedder(Settings(home=tmp_path, embedding_model="small", embedding_base_url=base_url))


async def test_a_question_does_not_wait_for_passages(embedder: Embedder, server: OpenAIServer):
    server.failures.extend([Failure(503, NOW, stall=0.5)] * openai_embeddings.CONCURRENCY)
    bulk = asyncio.create_task(embedder.embed([f"{n}" for n in range(128 * 6)]))
    while len(server.asked) < openai_embeddings.CONCURRENCY:
        await asyncio.sleep(0.005)
    await embedder.embed_query("now")
    assert not bulk.done()
    assert len(await bulk) == 128 * 6
