import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from docvault.ai.embeddings import Vectors
from docvault.errors import ModelError
from ingestion.embed import IN_FLIGHT, SLICE, embed, embedded_text, text_hash
from ingestion.extract.document import Chunk


class Counting:
    """Embeds a text `n` as `[n]`; each call waits for `gate`."""

    model_id, dimensions, max_tokens = "counting", 1, 10

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_work = self.most = 0
        self.fails: str | None = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if self.fails in texts:
                raise ModelError("out of luck")
            return np.array([[float(text)] for text in texts], dtype=np.float32)
        finally:
            self.at_work -= 1

    async def embed_query(self, text: str) -> Vectors:
        return (await self.embed([text]))[0]

    async def close(self) -> None: ...


async def ignore(places: Sequence[int], vectors: Vectors) -> None: ...


@pytest.mark.parametrize("count", [0, 1, SLICE, 3 * SLICE + 7])
async def test_every_text_is_handed_over_once_with_its_own_vector(count: int):
    embedder, progress = Counting(), list[float]()
    found: dict[int, float] = {}
    turn = asyncio.Lock()

    async def keep(places: Sequence[int], vectors: Vectors) -> None:
        assert not turn.locked(), "one at a time"
        async with turn:
            await asyncio.sleep(0)
            assert vectors.shape == (len(places), 1)
            assert not found.keys() & set(places)
            found.update(zip(places, vectors[:, 0].tolist(), strict=True))

    await embed(embedder, [str(n) for n in range(count)], keep, progress.append)
    assert found == {n: float(n) for n in range(count)}
    assert progress == sorted(progress)
    assert progress[-1:] == [1.0][: bool(count)]
    assert embedder.most <= IN_FLIGHT


async def test_the_next_slice_is_asked_for_while_one_is_kept():
    embedder, kept = Counting(), asyncio.Event()

    async def keep(places: Sequence[int], vectors: Vectors) -> None:
        if not kept.is_set():
            embedder.gate.clear()
            async with asyncio.timeout(5):
                while not embedder.at_work:
                    await asyncio.sleep(0)
            kept.set()
            embedder.gate.set()

    await embed(embedder, ["1"] * (4 * SLICE), keep, lambda _: None)
    assert kept.is_set()


async def test_an_error_is_raised_as_it_is_and_nothing_goes_on():
    embedder = Counting()
    embedder.fails = str(SLICE + 3)
    with pytest.raises(ModelError, match="out of luck"):
        await embed(embedder, [str(n) for n in range(5 * SLICE)], ignore, lambda _: None)
    assert embedder.at_work == 0


async def test_what_cannot_be_kept_ends_it():
    async def refuse(places: Sequence[int], vectors: Vectors) -> None:
        raise LookupError("somebody else has it")

    embedder = Counting()
    with pytest.raises(LookupError, match="somebody else has it"):
        await embed(embedder, ["1"] * (3 * SLICE), refuse, lambda _: None)
    assert embedder.at_work == 0


async def test_cancelling_waits_for_what_is_being_kept():
    """A transaction that is cancelled must be rolled back before its claim is handed back."""
    ended, begun = False, asyncio.Event()

    async def keep(places: Sequence[int], vectors: Vectors) -> None:
        nonlocal ended
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended = True

    task = asyncio.create_task(embed(Counting(), ["1"], keep, lambda _: None))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended


def test_the_hash_is_of_what_is_embedded():
    with_context = Chunk(0, 1, 0, 4, "text", section=[], context="of what", tokens=1, boxes=[])
    assert text_hash(embedded_text(with_context)) == text_hash("of what\ntext")
    assert len(text_hash("")) == 16
    assert len({text_hash(text) for text in ("text", "Text", "text ", "")}) == 4
    assert text_hash("a\ud800") == text_hash("a?")
