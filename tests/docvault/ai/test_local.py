import asyncio
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from docvault.ai.embeddings import Embedder, open_embedder
from docvault.errors import ModelError
from docvault.settings import Settings
from tests.docvault.ai.conftest import TEXTS

LONG = ["The committee met again and found nothing to add to its report of the year before. " * 20] * 400


@pytest.fixture
async def own(local: Settings) -> AsyncGenerator[Embedder]:
    """An embedder that a test may keep busy."""
    opened = await open_embedder(local)
    yield opened
    await opened.close()


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.sum(first * second, axis=-1)


async def test_vectors_agree_with_the_original_in_fp32(embedder: Embedder, original: np.ndarray):
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert cosines(vectors, original).min() > 0.985  # the empty text is the furthest off
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    # Whatever is near in the original is near here.
    assert np.abs(vectors @ vectors.T - original @ original.T).max() < 0.05


async def test_each_vector_stands_where_its_text_stood(embedder: Embedder):
    texts = [f"{'passage about ' * (n % 20)}{word}" for n, word in enumerate(["ships", "bread", "law", "stars"] * 8)]
    together = await embedder.embed(texts)
    alone = np.array([await embedder.embed_query(text) for text in texts])
    similar = together @ alone.T
    assert np.diagonal(similar).min() > 0.98
    assert [texts[row] for row in similar.argmax(axis=1)] == texts


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\x00\x07\x1b", "a\ud800b\udfff", "\u200b\ufeff", "🙂" * 5000, "w" * 3_000_000, "a " * 2_000_000],
)
async def test_any_string_has_a_vector(embedder: Embedder, text: str):
    passage, question = (await embedder.embed([text]))[0], await embedder.embed_query(text)
    assert np.isfinite(passage).all()
    assert np.linalg.norm(passage) == pytest.approx(1, abs=1e-4)
    assert np.array_equal(passage, question)


async def test_a_long_text_is_cut_at_the_limit(embedder: Embedder):
    words = ["pump"] * 254  # and the two special pieces
    within = await embedder.embed_query(" ".join(words))
    assert np.array_equal(within, await embedder.embed_query(" ".join([*words, "butterfly", "treaty"])))
    assert not np.array_equal(within, await embedder.embed_query(" ".join([*words[1:], "butterfly", "treaty"])))


async def test_no_text_no_vector(embedder: Embedder):
    assert (await embedder.embed([])).shape == (0, 384)


async def test_a_question_overtakes_a_bulk_import(own: Embedder):
    bulk = asyncio.create_task(own.embed(LONG))
    await asyncio.sleep(0)
    for n in range(5):
        assert (await own.embed_query(f"question {n}")).shape == (384,)
    assert not bulk.done()
    bulk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bulk


async def test_a_short_document_does_not_wait_for_a_long_one(own: Embedder):
    long = asyncio.create_task(own.embed(LONG))
    await asyncio.sleep(0)
    assert (await own.embed(["one", "two"])).shape == (2, 384)
    assert not long.done()
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long


async def test_the_loop_runs_on_meanwhile(own: Embedder):
    bulk, turns = asyncio.create_task(own.embed(LONG[:8])), 0
    while not bulk.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 8


async def test_closing_drops_what_has_not_begun(local: Settings):
    opened = await open_embedder(local)
    bulk = asyncio.create_task(opened.embed(LONG))
    await opened.embed_query("is it at work")
    await opened.close()
    with pytest.raises(ModelError, match="was closed"):
        await bulk
    with pytest.raises(ModelError, match="was closed"):
        await opened.embed(["one more"])
