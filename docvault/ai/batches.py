"""Which texts are run together: alike in length, whoever asked for them, and everybody in turn.

A batch costs its longest text times its texts, so what is alike in length is run together. The texts of all callers
wait in one pool, sorted by length. Whose turn it is chooses a text, its oldest, and the batch is filled with that one's
neighbours in the pool: full batches even where every document has but one passage, and no caller who waits for more
than one batch of each of the others between two of its own.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import numpy.typing as npt

from docvault.ai.embeddings import Vectors

Tokens = npt.NDArray[np.int64]
"""Word pieces of one text, shape `(length,)`."""

ALIKE = 0.6
"""A text shorter than this share of the batch's longest is left for another batch: its padding would cost more."""

SHORT = 24
"""Word pieces up to which texts are alike in any case: so short a run is mostly the cost of running at all."""


class Call:
    """One caller's texts: `vectors` fills up in any order, and `finished` is done when the last is there."""

    def __init__(self, texts: int, dimensions: int, group: Hashable = None) -> None:
        self.vectors: Vectors = np.empty((texts, dimensions), dtype=np.float32)
        self.group: Hashable = self if group is None else group
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.freed = asyncio.Event()
        self.pooled = 0
        self.queue: deque[Waiting] = deque()
        self._left = texts
        if not texts:
            self.finished.set_result(None)

    def put(self, places: list[int], vectors: Vectors) -> None:
        self.vectors[places] = vectors
        self.pooled -= len(places)
        self._left -= len(places)
        self.freed.set()
        if not self._left and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, error: BaseException) -> None:
        self.freed.set()
        if not self.finished.done():
            self.finished.set_exception(error)


@dataclass(eq=False, slots=True)
class Waiting:
    """One text of one call. `number` counts all that ever came, so that no two sort alike."""

    tokens: Tokens
    place: int
    call: Call
    number: int
    taken: bool = False
    length: int = field(init=False)

    def __post_init__(self) -> None:
        self.length = len(self.tokens)


def _order(text: Waiting) -> tuple[int, int]:
    return text.length, text.number


class Pool:
    """What waits to be run. Its callers keep it small: taking a batch costs a move of the list."""

    def __init__(self, batch_tokens: int) -> None:
        """`batch_tokens` is the most padded word pieces of one batch; a text longer than that is one of its own."""
        self._batch_tokens = batch_tokens
        self._sorted: list[Waiting] = []
        self._turns: dict[Hashable, deque[Call]] = {}  # in the order of their turns; calls of one group share its turn
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, call: Call, first_place: int, tokens: Sequence[Tokens]) -> None:
        if not call.queue:
            self._turns.setdefault(call.group, deque()).append(call)
        for place, pieces in enumerate(tokens, first_place):
            text = Waiting(pieces, place, call, next(self._numbers))
            call.queue.append(text)
            insort(self._sorted, text, key=_order)
        call.pooled += len(tokens)

    def take(self) -> list[Waiting]:
        """The next batch, longest last; empty when nothing waits."""
        chosen = self._next()
        if chosen is None:
            return []
        start, stop = self._around(bisect_left(self._sorted, _order(chosen), key=_order))
        batch = self._sorted[start:stop]
        del self._sorted[start:stop]
        for text in batch:
            text.taken = True
        return batch

    def drop(self, call: Call) -> None:
        """Forget what is left of it."""
        if any(not text.taken for text in call.queue):
            self._sorted = [text for text in self._sorted if text.call is not call]
        call.queue.clear()

    def _next(self) -> Waiting | None:
        """The oldest text of the call whose turn it is; both its group and the call go to the end of their lines."""
        while self._turns:
            group, calls = next(iter(self._turns.items()))
            del self._turns[group]
            while calls:
                call = calls.popleft()
                while call.queue and call.queue[0].taken:
                    call.queue.popleft()
                if call.queue:
                    calls.append(call)
                    self._turns[group] = calls
                    return call.queue[0]
        return None

    def _around(self, place: int) -> tuple[int, int]:
        """From where to where in the list a batch with the text at `place` goes: it grows to the nearer neighbour."""
        texts, start, stop = self._sorted, place, place + 1
        own = texts[place].length
        while True:
            down = start > 0 and self._fits(start - 1, stop)
            up = stop < len(texts) and self._fits(start, stop + 1)
            if not down and not up:
                return start, stop
            if down and not (up and texts[stop].length - own < own - texts[start - 1].length):
                start -= 1
            else:
                stop += 1

    def _fits(self, start: int, stop: int) -> bool:
        shortest, longest = self._sorted[start].length, self._sorted[stop - 1].length
        alike = shortest >= ALIKE * longest or longest <= SHORT
        return alike and longest * (stop - start) <= self._batch_tokens


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
