"""The short form of the kill matrix, and that it would find what it looks for. The whole: `make test-faults`."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.faults.cases import CASES, FAULTS, LEDGER, SHORT, STEPS, Case, case
from tests.faults.check import Expected
from tests.faults.outcome import Kind, Outcome
from tests.faults.play import Player
from tests.faults.world import Worlds


@pytest.mark.parametrize("one", SHORT, ids=lambda one: one.name)
async def test_nothing_is_lost(one: Case, worlds: Worlds, expected: Expected) -> None:
    outcome = await Player(worlds.of(one), one, expected).play()
    assert not outcome.flaws, outcome.explained()
    assert outcome.searches > 5
    assert len(expected.old[LEDGER]) != len(expected.new[LEDGER]) > 5


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (case("index: before commit", "FLUSHALL", broken="index in two transactions"), "half seen"),
        (case("store: after", "kill -9", broken="keys are not noted"), "objects without a row"),
    ],
    ids=lambda value: value.broken if isinstance(value, Case) else "",
)
async def test_a_broken_one_is_found(one: Case, kind: Kind, worlds: Worlds, expected: Expected) -> None:
    outcome = await Player(worlds.of(one), one, expected).play()
    assert kind in {flaw.kind for flaw in outcome.flaws}, outcome.explained()


WRONGS: tuple[tuple[Kind, str], ...] = (
    ("doubled", "UPDATE documents SET chunks = chunks - 1 WHERE filename = 'ledger.txt'"),
    ("left over", "UPDATE documents SET filename = 'gone.txt' WHERE filename = 'letter.txt'"),
    ("lost", "SELECT 1"),  # the same, seen from its owner
    ("wrongly failed", "UPDATE documents SET status = 'failed', error_code = 'internal' WHERE filename = 'note.txt'"),
    ("stuck", "UPDATE documents SET status = 'queued' WHERE filename = 'box.zip'"),
    ("rows without an object", "UPDATE revisions SET object_key = owner_id || '/' || gen_random_uuid()"),
    ("objects without a row", "SELECT 1"),
)


async def test_every_check_finds_what_it_looks_for(worlds: Worlds, expected: Expected) -> None:
    """What is put into the database by hand, one wrong after another."""
    player = Player(worlds.on_disk, case("claim: after commit", "FLUSHALL"), expected)
    assert not (await player.play()).flaws
    for kind, statement in WRONGS:
        async with player.resources.database.transaction(player.owner_id) as session:
            await session.execute(text(statement))
        outcome = Outcome(player.case)
        await player.judge(outcome)
        assert kind in {flaw.kind for flaw in outcome.flaws}, kind


def test_the_short_form_has_every_fault_and_the_whole_every_step() -> None:
    assert {one.fault for one in SHORT} >= set(FAULTS) - {"S3 cut", "SIGTERM", "reader -9"}
    assert {one.step for one in CASES} == set(STEPS)
    assert len(CASES) == len(set(CASES)) > 200
