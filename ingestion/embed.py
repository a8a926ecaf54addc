"""Passages to vectors, a slice at a time so that the progress of a long document can be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from docvault.ai.embeddings import Embedder, Vectors
from ingestion.extract.document import Chunk

SLICE = 256  # passages; enough to sort by length, few enough to see progress


def embedded_text(chunk: Chunk) -> str:
    """The passage with its context before it: a passage alone often does not say what it is about."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


async def embed(embedder: Embedder, chunks: Sequence[Chunk], on_progress: Callable[[float], None]) -> Vectors:
    """Shape `(len(chunks), dimensions)`. `on_progress` hears the share that is done."""
    parts: list[Vectors] = []
    for start in range(0, len(chunks), SLICE):
        parts.append(await embedder.embed([embedded_text(chunk) for chunk in chunks[start : start + SLICE]]))
        on_progress(min(1.0, (start + SLICE) / len(chunks)))
    return np.concatenate(parts) if parts else np.empty((0, embedder.dimensions), dtype=np.float32)
