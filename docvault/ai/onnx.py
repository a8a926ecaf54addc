"""The serving embedder: onnxruntime and tokenizers, nothing else.

One session is shared by all threads, and each run computes on the thread that called it (one intra-op thread, no
spinning): the work is spread by texts, not by splitting every matrix, which gives more work per CPU second.

Questions have threads of their own and passages are embedded at a lower priority, so that a question asked while a
thousand passages are embedded in the same process is computed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from docvault.ai.embeddings import Vectors
from docvault.ai.prepared import GRAPH, TOKENIZER, Prepared, sha256
from docvault.errors import ConfigurationError, ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Tokens = npt.NDArray[np.int64]
"""Word pieces of one text, shape `(length,)`."""

BATCH_TOKENS = 256
"""Padded word pieces of one run. Larger batches leave the processor's cache and share one scale for more activations:
on passages of 200 pieces, 256 gave 3,970 pieces a CPU second, 1,024 3,630 and 2,048 3,340."""

CHARS_PER_TOKEN = 100
"""Text beyond this many characters for each word piece allowed is not read at all: a word piece of real text has four
characters, a word of more than 100 is one unknown piece to BERT's tokenizer, and reading 100 MB takes a minute."""

TOKENIZE_AT_ONCE = 64
BULK_NICENESS = 5


class OnnxModel:
    """A prepared graph and its tokenizer. Every method may be called from any thread."""

    def __init__(self, prepared: Prepared) -> None:
        """Load it (about 0.2 s). Raises `ConfigurationError` when a file is missing, damaged or not readable."""
        folder, self.manifest = prepared
        try:
            if sha256(folder / GRAPH) != self.manifest.graph_sha256:
                raise ValueError("its hash is not the one in its manifest")
            self._session = _session(str(folder / GRAPH))
            self._tokenizer = _tokenizer(str(folder / TOKENIZER), self.manifest.max_tokens)
        except Exception as error:  # both libraries raise plain Exceptions of their own
            raise ConfigurationError(
                f"The embedding model in {folder} cannot be loaded: {error}.",
                code="model_damaged",
                hint=f"Remove the folder {folder} and start again: it is made anew.",
            ) from error

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Word pieces of each text, cut at `max_tokens`. Takes every string: empty, huge, with lone surrogates."""
        readable = [self._readable(text) for text in texts]
        encodings = self._tokenizer.encode_batch_fast(readable)  # lets other threads run, which `encode` does not
        return [np.array(encoding.ids or [self.manifest.pad_id], dtype=np.int64) for encoding in encodings]

    def run(self, tokens: Sequence[Tokens]) -> Vectors:
        """Vectors of one batch, shape `(len(tokens), dimensions)`."""
        longest = max(map(len, tokens))
        ids = np.full((len(tokens), longest), self.manifest.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, pieces in enumerate(tokens):
            ids[row, : len(pieces)] = pieces
            mask[row, : len(pieces)] = 1
        try:
            (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        except Exception as error:
            raise ModelError(f"The embedding model {self.manifest.model_id} failed: {error}.") from error
        return np.asarray(vectors, dtype=np.float32)

    def embed(self, texts: Sequence[str], batch_tokens: int = BATCH_TOKENS) -> Vectors:
        """Vectors of `texts` in their order, on the calling thread."""
        vectors = np.empty((len(texts), self.manifest.dimensions), dtype=np.float32)
        tokens = self.tokenize(texts)
        for batch in plan_batches([len(pieces) for pieces in tokens], batch_tokens):
            vectors[batch] = self.run([tokens[index] for index in batch])
        return vectors

    def _readable(self, text: str) -> str:
        text = text[: self.manifest.max_tokens * CHARS_PER_TOKEN]
        if self.manifest.lowercase:
            text = text.lower()
        return text if text.isascii() else text.encode("utf-8", "replace").decode()


class OnnxEmbedder:
    """`docvault.ai.embeddings.Embedder` over an `OnnxModel`."""

    def __init__(self, model: OnnxModel, threads: int = 0, batch_tokens: int = BATCH_TOKENS) -> None:
        """`threads` 0 is one per core this process may use; `batch_tokens` is a ceiling over `BATCH_TOKENS`."""
        self.model_id = model.manifest.model_id
        self.dimensions = model.manifest.dimensions
        self.max_tokens = model.manifest.max_tokens
        self._model = model
        self._threads = threads or _usable_cores()
        self._batch_tokens = min(batch_tokens, BATCH_TOKENS)
        self._bulk = ThreadPoolExecutor(self._threads, "embed", initializer=_lower_priority)
        self._questions = ThreadPoolExecutor(self._threads, "embed-question")

    async def embed(self, texts: Sequence[str]) -> Vectors:
        tokens = await self._tokenize(texts)
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        batches = iter(plan_batches([len(pieces) for pieces in tokens], self._batch_tokens))
        # Each call has at most one batch a thread in the queue: a short document waits for a batch of a long one,
        # not for all of it.
        lanes = [asyncio.ensure_future(self._lane(batches, tokens, vectors)) for _ in range(self._threads)]
        try:
            await asyncio.gather(*lanes)
        finally:
            for lane in lanes:
                lane.cancel()
        return vectors

    async def embed_query(self, text: str) -> Vectors:
        return await asyncio.get_running_loop().run_in_executor(self._questions, self._embed_question, text)

    async def close(self) -> None:
        """Wait for the batches being computed; those that were not begun are dropped."""
        for pool in (self._questions, self._bulk):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def _tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        loop, tokens = asyncio.get_running_loop(), list[Tokens]()
        prompt = self._model.manifest.passage_prompt
        for start in range(0, len(texts), TOKENIZE_AT_ONCE):
            part = [prompt + text for text in texts[start : start + TOKENIZE_AT_ONCE]]
            tokens += await loop.run_in_executor(self._bulk, self._model.tokenize, part)
        return tokens

    async def _lane(self, batches: Iterator[list[int]], tokens: list[Tokens], vectors: Vectors) -> None:
        loop = asyncio.get_running_loop()
        for batch in batches:
            vectors[batch] = await loop.run_in_executor(self._bulk, self._model.run, [tokens[i] for i in batch])

    def _embed_question(self, text: str) -> Vectors:
        return self._model.embed([self._model.manifest.query_prompt + text])[0]


def plan_batches(lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Indices of texts that are run together: alike in length, longest first, padded to at most `batch_tokens`.

    A text longer than that is a batch of its own.
    """
    batches: list[list[int]] = []
    room = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if room == 0:
            batches.append([])
            room = max(1, batch_tokens // lengths[index])
        batches[-1].append(index)
        room -= 1
    return batches


def _session(path: str) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _tokenizer(path: str, max_tokens: int) -> Tokenizer:
    # Its own threads would take cores from the questions; the embedder's threads are enough.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _lower_priority() -> None:
    """Linux keeps a niceness for each thread, so that bulk work gives way to questions and to the event loop."""
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + BULK_NICENESS))
