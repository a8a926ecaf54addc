"""Text to vectors: the protocol, and the one place that chooses who keeps it.

A model is made ready once, in a process of its own (`prepare_embedder`: under a minute for the built-in one), and
opened (`open_embedder`: a fraction of a second) by `docvault embed` for all others, or by every process that embeds.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from docvault.errors import ConfigurationError
from docvault.settings import Settings

if TYPE_CHECKING:
    from docvault.ai.prepared import Prepared

Vectors = npt.NDArray[np.float32]
"""Shape `(n, dimensions)`, every row of length 1, so that a dot product is a cosine."""

Progress = Callable[[str], None]


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
        """The vector of one question, shape `(dimensions,)`. Raises `ModelError` likewise."""
        ...

    async def check(self) -> None:
        """Raises `ModelError` when it is known not to answer now."""
        ...

    async def close(self) -> None: ...


def is_ready(settings: Settings) -> bool:
    """Whether the configured model was made ready from the weights the settings ask for. Reads a few small files."""
    from docvault.ai.prepared import find_prepared

    return find_prepared(settings) is not None


async def prepare_embedder(settings: Settings, progress: Progress | None = None) -> None:
    """Make the configured model ready, unless it is; `progress` gets a sentence for each step.

    Several processes may call it at once: one works, the others wait. Raises `ConfigurationError` with the reason, and
    `ModelError` when a remote endpoint does not answer.
    """
    if settings.embedder or is_ready(settings):
        return  # whoever serves the model makes it ready
    report = progress or _silent
    if settings.embedding_base_url:
        from docvault.ai.openai_embeddings import probe

        await probe(settings, report)
    else:
        await _export(settings, report)


async def open_embedder(settings: Settings) -> Embedder:
    """Open the model made ready before, or the way to the process that serves it (`DOCVAULT_EMBEDDER`).

    Raises `ConfigurationError` when it was not made ready, or is damaged.
    """
    from docvault.ai.prepared import find_prepared

    if settings.embedder:
        from docvault.ai.embedding_client import open_embedding_client

        return await open_embedding_client(settings)
    prepared = find_prepared(settings)
    if prepared is None:
        raise ConfigurationError(
            f"The embedding model {settings.embedding_model} is not ready.",
            code="model_not_ready",
            hint="`docvault up`, `serve` and `work` make it ready when they start, which takes under a minute.",
        )
    if prepared.manifest.kind == "endpoint":
        from docvault.ai.openai_embeddings import OpenAIEmbedder

        return OpenAIEmbedder(settings, prepared.manifest)
    return await asyncio.to_thread(_open_local, settings, prepared)


def _open_local(settings: Settings, prepared: Prepared) -> Embedder:
    """On CUDA, threads only read text into word pieces and feed the device: two batches at once keep it busy."""
    from docvault.ai.cuda import TIMES, open_on_cuda
    from docvault.ai.local import Bulk, LocalEmbedder, usable_cores
    from docvault.ai.onnx import BATCH_TOKENS, OnnxModel

    graph, threads = OnnxModel(prepared), settings.embedding_threads or usable_cores()
    on_device = open_on_cuda(settings, prepared, graph)
    if on_device:
        bulk = Bulk(on_device, settings.embedding_batch_tokens * TIMES, 2, max(4, threads))
        return LocalEmbedder(graph, bulk, settings.embedding_seconds)
    batch_tokens = min(settings.embedding_batch_tokens, BATCH_TOKENS)
    return LocalEmbedder(graph, Bulk(graph, batch_tokens, threads, threads), settings.embedding_seconds)


def tokenizer_path(settings: Settings) -> Path | None:
    """`tokenizer.json` of the configured model, for counting word pieces; None when nobody here knows it.

    The built-in model's is there before the model is made ready. The file may ask for padding and truncation: call
    `no_padding()` and `no_truncation()` on what you load from it.
    """
    from docvault.ai import minilm
    from docvault.ai.prepared import TOKENIZER, find_prepared

    if settings.embedding_base_url:
        return None
    if minilm.is_built_in(settings.embedding_model):
        return minilm.weights_folder() / TOKENIZER
    prepared = find_prepared(settings)
    return prepared.folder / TOKENIZER if prepared else None


def _silent(text: str) -> None:
    """Progress that nobody follows."""


CHILD_ENVIRONMENT = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""Passive, or torch's threads spin while they wait, which on a busy machine takes several times the CPU."""


class _Line(msgspec.Struct):
    """What the exporter prints: a step, or why it gave up."""

    progress: str = ""
    error: str = ""
    code: str = "model_not_ready"
    hint: str | None = None


async def _export(settings: Settings, report: Progress) -> None:
    """Run `docvault.ai.export` in a process of its own, so that nobody else carries torch."""
    command = [sys.executable, "-m", "docvault.ai.export"]
    child = await asyncio.create_subprocess_exec(
        *command,
        *("--home", str(settings.home), "--model", settings.embedding_model),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | CHILD_ENVIRONMENT,
        limit=1 << 20,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    noise = asyncio.create_task(child.stderr.read())
    try:
        last = await _follow(child.stdout, report)
        code = await child.wait()
        if code == 0:
            return
        said = (await noise).decode(errors="replace").strip().splitlines()
        last_words = said[-1] if said else f"exit code {code}"
        raise ConfigurationError(
            last.error or f"The embedding model {settings.embedding_model} could not be made ready: {last_words}",
            code=last.code,
            hint=last.hint or f"Run `{' '.join(command)} --help` to try it by hand.",
        )
    finally:
        noise.cancel()
        if child.returncode is None:
            child.kill()
            await child.wait()


async def _follow(lines: asyncio.StreamReader, report: Progress) -> _Line:
    last = _Line()
    async for line in lines:
        last = msgspec.json.decode(line, type=_Line)
        if last.progress:
            report(last.progress)
    return last
