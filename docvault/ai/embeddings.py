"""Text to vectors: the protocol, and the one place that chooses who keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape `(n, dimensions)`, every row of length 1, so that a dot product is a cosine."""


class Embedder(Protocol):
    """What ingestion and search need of an embedding model.

    `model_id` is stored beside each vector: vectors of different models are never compared.
    """

    model_id: str
    dimensions: int
    max_tokens: int

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages, in the order given. Raises `ModelError` when the model does not answer."""
        ...

    async def embed_query(self, text: str) -> Vectors:
        """The vector of one question, shape `(dimensions,)`."""
        ...

    async def close(self) -> None: ...
