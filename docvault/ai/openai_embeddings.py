"""Embeddings from any OpenAI-compatible endpoint (`POST <base url>/embeddings`)."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from docvault.ai.embeddings import Vectors
from docvault.ai.prepared import RECIPE, Manifest, folder_name, publish, source_of, write_manifest
from docvault.errors import ModelError
from docvault.settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_TOKENS = 8191
"""Longest input of OpenAI's embedding models; an endpoint with less refuses longer ones in its own words."""

CHARS_PER_TOKEN = 4
BATCH_TEXTS = 128
"""Texts in one request. OpenAI takes 2,048, several compatible servers 128 or fewer than that in memory."""

CONCURRENCY = 4
TRIES = 5
TIMEOUT = 60.0


class OpenAIEmbedder:
    """`docvault.ai.embeddings.Embedder` over an endpoint.

    The client tries again after 408, 409, 429, 5xx and broken connections, waiting as `Retry-After` says or else twice
    as long each time, with jitter.
    """

    def __init__(self, settings: Settings, manifest: Manifest) -> None:
        self.model_id = manifest.model_id
        self.dimensions = manifest.dimensions
        self.max_tokens = manifest.max_tokens
        self._model = settings.embedding_model
        self._batch_chars = settings.embedding_batch_tokens * CHARS_PER_TOKEN
        self._where = settings.embedding_base_url
        self._client = _client(settings)
        self._free = asyncio.Semaphore(CONCURRENCY)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        requests = [asyncio.ensure_future(self._ask(batch)) for batch in _batches(texts, self._batch_chars)]
        try:
            parts = await asyncio.gather(*requests)
        finally:
            for request in requests:
                request.cancel()
        return np.concatenate([np.empty((0, self.dimensions), dtype=np.float32), *parts])

    async def embed_query(self, text: str) -> Vectors:
        return (await self._ask([_readable(text)], in_turn=False))[0]

    async def check(self) -> None:
        """Asking costs money: an endpoint that is away shows when it is used."""

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, texts: list[str], *, in_turn: bool = True) -> Vectors:
        """Passages wait for their turn, so that questions find the endpoint free."""
        if not in_turn:
            vectors = await _request(self._client, self._model, self._where, texts)
        else:
            async with self._free:
                vectors = await _request(self._client, self._model, self._where, texts)
        if vectors.shape[1] != self.dimensions:
            raise ModelError(
                f"{self._where} now gives vectors of {vectors.shape[1]} numbers for {self._model}, "
                f"not {self.dimensions}: the model behind that name was changed.",
                hint="Give the new model a name of its own, and let the documents be embedded again.",
            )
        return vectors


async def probe(settings: Settings, report: Callable[[str], None]) -> Manifest:
    """Ask the endpoint for one vector and write down how long it is. Raises `ModelError` when it does not answer."""
    where, model = settings.embedding_base_url, settings.embedding_model
    report(f"Asking {where} for a first vector of {model}")
    client = _client(settings)
    try:
        vectors = await _request(client, model, where, ["How long is a vector?"])
    finally:
        await client.close()
    manifest = Manifest(
        model_id=f"{model}@{urlsplit(where).netloc}",
        model=model,
        source=source_of(settings),
        recipe=RECIPE,
        dimensions=int(vectors.shape[1]),
        max_tokens=MAX_TOKENS,
        kind="endpoint",
    )
    await asyncio.to_thread(_keep, settings, manifest)
    return manifest


def _keep(settings: Settings, manifest: Manifest) -> None:
    settings.models_path.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".endpoint-", dir=settings.models_path))
    try:
        write_manifest(folder, manifest)
        publish(folder, settings.models_path / folder_name(manifest.model_id))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _client(settings: Settings) -> AsyncOpenAI:
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=settings.embedding_base_url,
        api_key=settings.embedding_api_key or "none",
        timeout=TIMEOUT,
        max_retries=TRIES - 1,
    )


async def _request(client: AsyncOpenAI, model: str, where: str, texts: list[str]) -> Vectors:
    from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

    try:
        answer = await client.embeddings.create(model=model, input=texts, encoding_format="float")
        rows = sorted(answer.data, key=lambda row: row.index)
        vectors = np.array([row.embedding for row in rows], dtype=np.float32)
    except APITimeoutError:
        raise _failed(where, model, f"gave no answer within {TIMEOUT:.0f} seconds") from None
    except APIConnectionError as error:
        raise _failed(where, model, f"cannot be reached ({error.__cause__ or error})") from None
    except APIStatusError as error:
        raise _failed(where, model, f"answered {error.status_code}: {error.message[:300]}") from None
    except (OpenAIError, ValueError, TypeError, AttributeError) as error:
        raise _failed(where, model, f"gave an answer that cannot be read ({error})") from None
    if vectors.ndim != 2 or len(vectors) != len(texts) or not vectors.size or not np.isfinite(vectors).all():
        raise _failed(where, model, f"gave {len(vectors)} usable vectors for {len(texts)} texts")
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _failed(where: str, model: str, what: str) -> ModelError:
    return ModelError(
        f"The embedding endpoint {where} {what}, asked for {model}.",
        hint="Check DOCVAULT_EMBEDDING_BASE_URL, DOCVAULT_EMBEDDING_MODEL and DOCVAULT_EMBEDDING_API_KEY.",
    )


def _batches(texts: Sequence[str], chars: int) -> Iterator[list[str]]:
    """Consecutive texts, at most `BATCH_TEXTS` and about `chars` characters together."""
    batch: list[str] = []
    size = 0
    for text in map(_readable, texts):
        if batch and (len(batch) == BATCH_TEXTS or size + len(text) > chars):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _readable(text: str) -> str:
    """What JSON and the endpoint can take: no lone surrogates, not too long, and never empty (OpenAI refuses that)."""
    text = text[: MAX_TOKENS * CHARS_PER_TOKEN].encode("utf-8", "replace").decode()
    return text if text.strip() else "."
