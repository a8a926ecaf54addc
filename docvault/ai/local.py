"""The embedder that computes in this process, whatever runs its model.

Passages of all callers go through one pool (`docvault.ai.batches`). Questions have threads of their own and passages
are embedded at a lower priority, so that a question asked while a thousand passages are embedded is computed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple, Protocol

from docvault.ai.batches import Call, Pool, Tokens, Waiting
from docvault.ai.embeddings import Vectors
from docvault.ai.hanging import Watch, closed
from docvault.ai.prepared import Manifest

TOKENIZE_AT_ONCE = 64
POOLED = 512
"""Texts of one call that wait as word pieces; the rest of a long call are read when these are fewer."""

AHEAD = 1
"""Batches handed to the threads beyond one each, so that no thread waits for the loop to give it the next."""

BULK_NICENESS = 5


class Model(Protocol):
    """Something that runs a prepared model. Every method may be called from any thread."""

    manifest: Manifest

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]: ...

    def run(self, tokens: Sequence[Tokens]) -> Vectors: ...


class Bulk(NamedTuple):
    """What embeds passages: `at_once` batches of at most `batch_tokens` padded word pieces on `threads` threads."""

    model: Model
    batch_tokens: int
    at_once: int
    threads: int


class LocalEmbedder:
    """`docvault.ai.embeddings.Embedder` over a model for questions and one for passages, mostly the same.

    One call of the model has `seconds` (`docvault.ai.hanging`). Once one was over its time, `hung` is set: it goes on
    with new threads, and had better be ended and opened anew.
    """

    def __init__(self, questions: Model, bulk: Bulk, seconds: float = 120.0) -> None:
        self.model_id = questions.manifest.model_id
        self.dimensions = questions.manifest.dimensions
        self.max_tokens = questions.manifest.max_tokens
        self._questioned, self._bulk = questions, bulk
        self._pool = Pool(bulk.batch_tokens)
        self._running = 0
        self._closed = False
        self.hung = asyncio.Event()
        self._watch = Watch(seconds, self._lost)
        self._threads, self._question_threads = self._bulk_threads(), _question_threads()

    async def embed(self, texts: Sequence[str], *, group: Hashable = None) -> Vectors:
        """Calls of one `group` take turns as one; without, each call is a group of its own."""
        call = Call(len(texts), self.dimensions, group)
        try:
            for start in range(0, len(texts), TOKENIZE_AT_ONCE):
                await self._room(call)
                self._pool.add(call, start, await self._tokenize(texts[start : start + TOKENIZE_AT_ONCE]))
                self._pump()
            await call.finished
        finally:
            self._pool.drop(call)
            call.finished.cancel()
        return call.vectors

    async def embed_query(self, text: str) -> Vectors:
        return await self._watch.call(self._question_threads, 0, self._embed_question, text)

    async def check(self) -> None:
        """It is here."""

    async def close(self) -> None:
        """Wait for the batches being computed; the calls that wait for others fail with `ModelError`."""
        self._closed = True
        for threads in (self._question_threads, self._threads):
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)
        while batch := self._pool.take():
            _fail(batch, closed())

    async def _room(self, call: Call) -> None:
        while call.pooled > POOLED - TOKENIZE_AT_ONCE and not call.finished.done():
            call.freed.clear()
            await call.freed.wait()

    async def _tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        if self._closed:
            raise closed()
        part = [self._bulk.model.manifest.passage_prompt + text for text in texts]
        return await self._watch.call(self._threads, 0, self._bulk.model.tokenize, part)

    def _pump(self) -> None:
        """Hand out batches as long as threads are free; called whenever that may have changed."""
        while not self._closed and self._running < self._bulk.at_once + AHEAD and (batch := self._pool.take()):
            self._running += 1
            tokens = [text.tokens for text in batch]
            running = self._watch.call(self._threads, batch[-1].length, self._bulk.model.run, tokens)
            running.add_done_callback(partial(self._deliver, batch))

    def _deliver(self, batch: list[Waiting], done: asyncio.Future[Vectors]) -> None:
        self._running -= 1
        error = closed() if done.cancelled() else done.exception()
        if error is not None:
            _fail(batch, error)
        else:
            _hand_out(batch, done.result())
        self._pump()

    def _lost(self, threads: ThreadPoolExecutor) -> None:
        """One of them will not come back: what waits for it is failed, to be asked for again."""
        self.hung.set()
        threads.shutdown(wait=False, cancel_futures=True)
        if threads is self._threads:
            self._threads = self._bulk_threads()
        elif threads is self._question_threads:
            self._question_threads = _question_threads()

    def _bulk_threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._bulk.threads, "embed", initializer=_lower_priority)

    def _embed_question(self, text: str) -> Vectors:
        tokens = self._questioned.tokenize([self._questioned.manifest.query_prompt + text])
        return self._questioned.run(tokens)[0]


def _hand_out(batch: list[Waiting], vectors: Vectors) -> None:
    rows: dict[Call, list[int]] = {}
    for row, text in enumerate(batch):
        rows.setdefault(text.call, []).append(row)
    for call, found in rows.items():
        call.put([batch[row].place for row in found], vectors[found])


def _fail(batch: list[Waiting], error: BaseException) -> None:
    for call in {text.call for text in batch}:
        call.fail(error)


def _question_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores(), "embed-question")


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _lower_priority() -> None:
    """Linux keeps a niceness for each thread, so that bulk work gives way to questions and to the event loop."""
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + BULK_NICENESS))
