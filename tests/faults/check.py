"""What must be so when all is quiet again, whatever was broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from docvault.resources import Resources
from docvault.storage.uploading import nobody
from ingestion.sweeper import sweep
from tests.faults.cases import BOX, GONE, LEDGER, LETTER, TORN
from tests.faults.outcome import Outcome
from tests.faults.scene import NOTE, RAGS, Files, Passages, Searcher

READABLE = (LEDGER, LETTER, BOX, NOTE)
BROKEN = (TORN, RAGS)
NAMES = (*READABLE, *BROKEN)


@dataclass(frozen=True)
class Expected:
    """What an undisturbed vault makes of the files: passages by name, and the error of unreadable ones."""

    old: Mapping[str, Passages]
    new: Mapping[str, Passages]
    error: str


@dataclass(frozen=True)
class Person:
    """Whose documents these are. `ids` are those that were told of by an answer 202; `deleted_at` when GONE was."""

    owner_id: UUID
    ids: frozenset[UUID]
    gone: UUID
    deleted_at: float


_DOCUMENTS = text("""
    SELECT d.*, r.object_key, r.size_bytes,
        (SELECT count(*) FROM chunks c WHERE c.document_id = d.id) AS all_chunks,
        (SELECT count(*) FROM chunks c WHERE c.document_id = d.id AND c.revision_id = d.revision_id) AS its_chunks,
        (SELECT count(DISTINCT c.ordinal) FROM chunks c WHERE c.document_id = d.id AND c.ordinal < d.chunks) AS places,
        (SELECT count(*) FROM chunk_vectors v WHERE v.document_id = d.id) AS vectors,
        (SELECT count(*) FROM pages p WHERE p.revision_id = d.revision_id) AS its_pages,
        (SELECT count(*) FROM revisions o WHERE o.document_id = d.id) AS revisions
    FROM documents d JOIN revisions r ON r.id = d.revision_id ORDER BY d.created_at
""")

_LEFT = text("""
    SELECT (SELECT count(*) FROM staged_vectors) AS staged,
        (SELECT count(*) FROM chunks c WHERE NOT EXISTS (SELECT FROM documents d WHERE d.id = c.document_id)) AS chunks,
        (SELECT count(*) FROM pages p WHERE NOT EXISTS (SELECT FROM revisions r WHERE r.id = p.revision_id)) AS pages,
        (SELECT count(*) FROM unowned_objects) AS unowned
""")


async def documents(resources: Resources, owner_id: UUID) -> Sequence[Any]:
    async with resources.database.transaction(owner_id) as session:
        return (await session.execute(_DOCUMENTS)).all()


def is_quiet(rows: Sequence[Any]) -> bool:
    """Every document is there, and read or given up; the one that was deleted is gone."""
    names = {row.filename for row in rows}
    return names >= set(NAMES) and GONE not in names and all(row.status in ("ready", "failed") for row in rows)


async def check(
    resources: Resources, person: Person, expected: Expected, files: Files, searcher: Searcher, outcome: Outcome
) -> None:
    rows = await documents(resources, person.owner_id)
    _check_names(rows, person, outcome)
    for row in rows:
        _check_row(row, expected, outcome)
        _check_counts(row, outcome)
    await _check_bytes(resources, rows, files, outcome)
    _check_answers(rows, person, expected, searcher, outcome)
    await _check_store(resources, person.owner_id, outcome)
    await _check_left(resources, person.owner_id, outcome)


def _check_names(rows: Sequence[Any], person: Person, outcome: Outcome) -> None:
    counts = Counter(row.filename for row in rows)
    for name in NAMES:
        if not counts[name]:
            outcome.add("lost", f"{name} is not there")
        elif counts[name] > 1:
            outcome.add("doubled", f"{name} is there {counts[name]} times")
    for id in person.ids - {row.id for row in rows} - {person.gone}:
        outcome.add("lost", f"document {id} was accepted and is not there")
    if counts[GONE]:
        outcome.add("left over", f"{GONE} was deleted and is still there")


def _check_row(row: Any, expected: Expected, outcome: Outcome) -> None:
    how = f"{row.filename} is {row.status}/{row.stage} ({row.error_code}), try {row.tries}, crashes {row.crashes}"
    right = row.status == "ready" if row.filename in READABLE else row.error_code == expected.error
    if row.status not in ("ready", "failed"):
        outcome.add("stuck", how)
    elif not right and row.filename in NAMES:
        outcome.add("wrongly failed", how)
    elif row.filename in BROKEN and row.tries > 1:
        outcome.add("wrongly failed", f"{how}: it can never be read, and was tried again")


def _check_counts(row: Any, outcome: Outcome) -> None:
    if row.status != "ready":
        return
    found = (row.all_chunks, row.its_chunks, row.places, row.vectors)
    if found != (row.chunks,) * 4:
        outcome.add(
            "doubled" if row.all_chunks > row.chunks else "lost",
            f"{row.filename} has {row.chunks} passages, and there are {found[0]}, {found[1]} of its revision, "
            f"{found[2]} places, {found[3]} vectors",
        )
    if row.its_pages != row.pages:
        outcome.add("lost", f"{row.filename} has {row.pages} pages, and there are {row.its_pages}")
    if row.revisions != 1 or row.pending_revision_id:
        outcome.add("left over", f"{row.filename} has {row.revisions} revisions")


async def _check_bytes(resources: Resources, rows: Sequence[Any], files: Files, outcome: Outcome) -> None:
    for row in rows:
        if row.filename not in files:
            continue
        try:
            async with resources.store.read(row.object_key) as pieces:
                content = b"".join([piece async for piece in pieces])
        except FileNotFoundError:
            continue  # counted as a row without an object
        if content != files[row.filename]:
            outcome.add("lost", f"{row.filename} does not have the bytes that were uploaded last")


def _check_answers(
    rows: Sequence[Any], person: Person, expected: Expected, searcher: Searcher, outcome: Outcome
) -> None:
    names = {row.id: row.filename for row in rows} | {person.gone: GONE}
    ledger = next((row.id for row in rows if row.filename == LEDGER), None)
    said: set[str] = set()
    for answer in searcher.answers:
        for id, passages in answer.passages.items():
            said |= _wrong(names.get(id, ""), passages, expected)
        if ledger not in answer.passages:
            said.add(f"{LEDGER} could not be found while its newer revision was read")
        if person.gone in answer.passages and answer.asked > person.deleted_at:
            said.add(f"{GONE} was found after it had been deleted")
    last = {names.get(id, ""): passages for id, passages in searcher.answers[-1].passages.items()}
    if last != {name: passages for name, passages in expected.new.items() if name != GONE}:
        said.add(f"in the end a search finds { ({name: len(found) for name, found in last.items()}) }")
    for words in sorted(said):
        outcome.add("half seen", words)
    outcome.searches = len(searcher.answers)


def _wrong(name: str, passages: Passages, expected: Expected) -> set[str]:
    old, new = expected.old.get(name, frozenset()), expected.new.get(name, frozenset())
    if passages in (old, new):
        return set()
    of_old, of_new = len(passages & old), len(passages & new)
    return {
        f"of {name or 'a document that is not there'}: {of_old} old passages of {len(old)}, {of_new} new of {len(new)}"
    }


async def _check_store(resources: Resources, owner_id: UUID, outcome: Outcome) -> None:
    """First as it is: every object is known to somebody. Then, when all times are over, held by a revision."""
    held, noted, there = await _keys(resources, owner_id)
    for key in there - held - noted:
        outcome.add("objects without a row", f"{key} is in the store, and nobody knows of it")
    for key in held - there:
        outcome.add("rows without an object", f"{key} is a revision's, and not in the store")
    for key in held & noted:
        outcome.add("rows without an object", f"{key} is a revision's, and the sweeper is to remove it")
    async with resources.database.transaction(owner_id) as session:
        await session.execute(text("UPDATE unowned_objects SET due_at = now() - interval '1 second'"))
    await sweep(resources)
    await resources.store.clear_unfinished(datetime.now(UTC), nobody)
    held, noted, there = await _keys(resources, owner_id)
    for key in there - held:
        outcome.add("objects without a row", f"{key} is left in the store when all is swept")
    for key in held - there:
        outcome.add("rows without an object", f"{key} was swept away under its revision")
    if again := await resources.store.clear_unfinished(datetime.now(UTC), nobody):
        outcome.add("left over", f"{again} half-written objects")


async def _keys(resources: Resources, owner_id: UUID) -> tuple[set[str], set[str], set[str]]:
    async with resources.database.transaction(owner_id) as session:
        held = set(await session.scalars(text("SELECT object_key FROM revisions")))
        noted = set(await session.scalars(text("SELECT object_key FROM unowned_objects")))
    return held, noted, {found.key async for found in resources.store.list(f"{owner_id}/")}


async def _check_left(resources: Resources, owner_id: UUID, outcome: Outcome) -> None:
    async with resources.database.transaction(owner_id) as session:
        left = (await session.execute(_LEFT)).one()
    for name, count in left._asdict().items():
        if count:
            outcome.add("left over", f"{count} rows of {name}")
