"""What a person has and does while things are broken, and somebody who searches all the while."""

from __future__ import annotations

import asyncio
import io
import random
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from docvault.errors import Unavailable
from docvault.resources import Resources
from search.retrieve import Query, retrieve
from tests.faults.cases import BOX, GONE, LEDGER, LETTER, TORN

WORD = "heron"
PAUSE = 0.05  # seconds between two searches
MOST = 50
NOTE, RAGS = "note.txt", "rags.pdf"
"""What is in the archive: a text and something unreadable."""

Passages = frozenset[str]
Files = dict[str, bytes]

_WEATHER = ("rain", "wind", "fog", "frost", "thaw", "hail", "sun", "sleet", "calm", "storm", "dew", "haze")


def words(name: str, passages: int) -> bytes:
    """A text of so many paragraphs, every one of them with `WORD` and none like another of any file."""
    lines = [
        f"In the {name}, on line {n}, a {WORD} stood at pier {n * 7 + 3} in {_WEATHER[n % 12]} and {name} weather, "
        f"and the keeper wrote down {n + 2} boats before noon."
        for n in range(passages)
    ]
    return "\n\n".join(lines).encode()


def torn(seed: int, size: int) -> bytes:
    """Begins as a PDF does and goes on as none."""
    return b"%PDF-1.7\n" + random.Random(seed).randbytes(size)


def before() -> Files:
    return {LEDGER: words("old ledger", 7), GONE: words("old gone book", 3)}


def uploaded(torn_bytes: int) -> Files:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr(NOTE, words("boxed note", 4))
        archive.writestr(RAGS, torn(2, 1_400_000))
    return {
        LEDGER: words("new ledger", 11),
        LETTER: words("fresh letter", 5),
        TORN: torn(1, torn_bytes),
        BOX: box.getvalue(),
        GONE: words("new gone book", 4),
    }


class Seen(NamedTuple):
    """An answer to one search, by document, and when it was asked for."""

    asked: float
    passages: dict[UUID, Passages]


class Searcher:
    """Asks for `WORD` twenty times a second. Every answer is kept; where the database is away, there is none."""

    def __init__(self, resources: Resources, owner_id: UUID) -> None:
        self._resources, self._owner_id = resources, owner_id
        self.answers: list[Seen] = []
        self.unanswered = 0

    @asynccontextmanager
    async def searching(self) -> AsyncGenerator[None]:
        task = asyncio.create_task(self._search())
        try:
            yield
            await self.ask()  # once more, when all is quiet
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ask(self) -> dict[UUID, Passages]:
        asked = monotonic()
        hits = await retrieve(self._resources, self._owner_id, Query(WORD, MOST, "keyword"))
        found: dict[UUID, set[str]] = {}
        for hit in hits:
            found.setdefault(hit.passage.document_id, set()).add(hit.passage.text)
        passages = {id: frozenset(texts) for id, texts in found.items()}
        self.answers.append(Seen(asked, passages))
        return passages

    async def look(self) -> None:
        """Until there were two more answers, both asked for after this."""
        enough = len(self.answers) + 3
        while len(self.answers) < enough:
            await asyncio.sleep(PAUSE / 2)

    async def _search(self) -> None:
        while True:
            try:
                await self.ask()
            except Unavailable:
                self.unanswered += 1
            await asyncio.sleep(PAUSE)
