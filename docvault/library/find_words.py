"""Words in the pages of one document: some pages at a time, however many it has."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.boxes import boxes_between
from docvault.errors import InvalidInput
from docvault.library import find, queries
from docvault.library.schemas import FindView, OccurrenceView
from docvault.models import Revision

PAGES = 100  # in memory at a time
AROUND = 60  # characters shown before and after a hit
LONGEST = 200  # characters looked for


def wanted_words(q: str) -> re.Pattern[str]:
    """Raises `InvalidInput` for nothing, and for too much."""
    if len(q) > LONGEST:
        raise InvalidInput(f"`q` has {len(q)} characters; {LONGEST} are the most.", code="query_too_long")
    wanted = find.pattern(q)
    if wanted is None:
        raise InvalidInput("`q` is empty.", code="empty_query", hint="Say which words to find.")
    return wanted


async def find_words(
    session: AsyncSession, owner_id: UUID, revision_id: UUID, wanted: re.Pattern[str], limit: int
) -> FindView:
    """The first `limit` places in the pages of this revision, and how many there are in all."""
    hits, total, after = list[OccurrenceView](), 0, 0
    while pages := await queries.page_texts(session, owner_id, revision_id, after, PAGES):
        # In a thread: other requests do not wait for a long document.
        found, count = await asyncio.to_thread(_look, pages, wanted, limit - len(hits))
        hits, total, after = hits + found, total + count, pages[-1][0]
    return FindView(hits, total > len(hits), total)


async def with_boxes(session: AsyncSession, owner_id: UUID, revision: Revision, found: FindView) -> FindView:
    """For pages whose text is in no layer that could be marked, as those of scans and pictures."""
    passages: dict[int, list[queries.Passage]] = {}
    pages = {hit.page for hit in found.hits}
    for passage in await queries.passages(session, owner_id, revision.document_id, revision.id, pages):
        passages.setdefault(passage.page, []).append(passage)
    for hit in found.hits:
        hit.boxes = [box for passage in passages.get(hit.page, []) for box in _boxes(passage, hit)]
    return found


def _boxes(passage: queries.Passage, hit: OccurrenceView) -> list[list[float]]:
    return boxes_between(passage.boxes, passage.text, hit.start - passage.start, hit.end - passage.start)


def _look(pages: Sequence[tuple[int, str]], wanted: re.Pattern[str], limit: int) -> tuple[list[OccurrenceView], int]:
    hits, total = list[OccurrenceView](), 0
    for number, text in pages:
        if count := find.count(text, wanted):
            hits += [_hit(number, text, *place) for place in islice(find.places(text, wanted), limit - len(hits))]
            total += count
    return hits, total


def _hit(page: int, text: str, start: int, end: int) -> OccurrenceView:
    return OccurrenceView(
        page, start, end, text[max(0, start - AROUND) : start], text[start:end], text[end : end + AROUND]
    )
