"""Passages to vectors, a slice at a time: progress can be seen, and what is done can be kept before the rest is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from hashlib import blake2b

from docvault.ai.embeddings import Embedder, Vectors
from ingestion.extract.document import Chunk

SLICE = 256  # passages; enough to sort by length, few enough to see progress

IN_FLIGHT = 2
"""Slices of one document asked for at once: while one is read into word pieces or kept, the other is computed."""

OnSlice = Callable[[Sequence[int], Vectors], Awaitable[None]]
"""Gets which texts are done, and their vectors in that order, shape `(len(places), dimensions)`."""


def embedded_text(chunk: Chunk) -> str:
    """The passage with its context before it: a passage alone often does not say what it is about."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


def text_hash(text: str) -> bytes:
    """16 bytes that stand for an embedded text: BLAKE2b-128 (RFC 7693) of its UTF-8.

    Two texts that share one by chance would take some 2^64 texts. Lone surrogates are read as the embedder reads them.
    """
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


async def embed(
    embedder: Embedder, texts: Sequence[str], on_slice: OnSlice, on_progress: Callable[[float], None]
) -> None:
    """Embed `texts`, at most `IN_FLIGHT` slices of them at a time.

    `on_slice` is awaited for each finished slice, one call at a time, in the order in which they finish. `on_progress`
    hears the share that is done. The first error of the embedder or of `on_slice` ends it, and is raised as it is;
    neither is at work any more when this returns, however it does.
    """
    slices = (range(start, min(start + SLICE, len(texts))) for start in range(0, len(texts), SLICE))
    turn, done = asyncio.Lock(), 0

    async def lane(slices: Iterator[range]) -> None:
        nonlocal done
        for places in slices:
            vectors = await embedder.embed([texts[place] for place in places])
            async with turn:
                await on_slice(places, vectors)
            done += len(places)
            on_progress(done / len(texts))

    lanes = [asyncio.ensure_future(lane(slices)) for _ in range(IN_FLIGHT)]
    try:
        await asyncio.gather(*lanes)
    finally:
        for task in lanes:
            task.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
