"""Text to vectors: the protocol, and the one place that chooses who keeps it.

A model is made ready once, in a process of its own (`prepare_embedder`: under a minute for the built-in one), and
opened by every process that embeds (`open_embedder`: a fraction of a second).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from docvault.errors import ConfigurationError
from docvault.settings import Settings

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
        """The vector of one question, shape `(dimensions,)`."""
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
    if is_ready(settings):
        return
    report = progress or _silent
    if settings.embedding_base_url:
        from docvault.ai.openai_embeddings import probe

        await probe(settings, report)
    else:
        await _export(settings, report)


async def open_embedder(settings: Settings) -> Embedder:
    """Open the model made ready before. Raises `ConfigurationError` when it was not, or is damaged."""
    from docvault.ai.prepared import find_prepared

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
    from docvault.ai.onnx import OnnxEmbedder, OnnxModel

    model = await asyncio.to_thread(OnnxModel, prepared)
    return OnnxEmbedder(model, settings.embedding_threads, settings.embedding_batch_tokens)


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
