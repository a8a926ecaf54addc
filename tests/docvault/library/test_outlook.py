"""Whether what people are told about time comes true, by simulated desks: no clock is looked at."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from docvault.library.outlook import FIRST_GUESS, Outlook, Pace, Place, Run, is_stalled, outlook, pace

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


# --- pace ---------------------------------------------------------------------------------------------------------


def test_time_in_which_two_documents_were_read_counts_once() -> None:
    runs = [Run(at(0), at(10), 50), Run(at(5), at(20), 100), Run(at(100), at(110), 50)]
    assert pace(runs, at(-1000)) == Pace(200, 30)


def test_order_does_not_matter_and_an_inner_run_adds_no_time() -> None:
    runs = [Run(at(2), at(4), 5), Run(at(0), at(10), 50), Run(at(9), at(12), 5)]
    assert pace(runs, at(-1000)) == pace(runs[::-1], at(-1000)) == Pace(60, 12)


def test_only_what_was_done_since_counts() -> None:
    runs = [Run(at(0), at(100), 1000), Run(at(-50), at(-10), 7777)]
    assert pace(runs, at(90)) == Pace(pytest.approx(100), 10)


def test_nothing_seen_is_the_first_guess() -> None:
    assert pace([], at(0)).per_second == FIRST_GUESS
    assert pace([Run(at(0), at(0), 10)], at(-10)).per_second == FIRST_GUESS


@pytest.mark.parametrize("true", [0.5, 5.0, 400.0])
def test_the_pace_comes_to_what_it_is(true: float) -> None:
    seen = [pace([Run(at(0), at(t), t * true)], at(-1000)).per_second for t in (1, 10, 60, 600)]
    errors = [abs(each - true) for each in seen]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < max(0.1, 0.05 * true)


# --- outlook ------------------------------------------------------------------------------------------------------


def test_documents_being_read_share_the_pace() -> None:
    small, large = uuid4(), uuid4()
    told = outlook({small: 10.0, large: 90.0}, {}, 10.0)
    # Both at half the pace until the small one ends, after 2 s; then the large one alone: 80 more at 10 a second.
    assert told == {small: Outlook(None, 2.0), large: Outlook(None, 10.0)}


def test_what_waits_comes_after_what_is_read_and_after_those_before_it() -> None:
    first, second, reading = uuid4(), uuid4(), uuid4()
    told = outlook({reading: 50.0}, {first: Place(1, 10.0), second: Place(2, 40.0)}, 10.0)
    assert told[first] == Outlook(1, 6.0)
    assert told[second] == Outlook(2, 9.0)


def test_a_document_that_is_tried_again_later_is_not_ready_before() -> None:
    id = uuid4()
    assert outlook({}, {id: Place(1, 10.0, due_in=30.0)}, 10.0)[id].seconds == 30.0


def test_where_nobody_reads_nobody_can_tell() -> None:
    id = uuid4()
    assert is_stalled(0, 3600.0)
    assert not is_stalled(1, 3600.0)
    assert not is_stalled(0, 5.0)
    assert outlook({}, {id: Place(4, 10.0)}, 10.0, stalled=True)[id] == Outlook(4, None)


# --- a simulated import -------------------------------------------------------------------------------------------


class Desk:
    """Reads `hands` documents at a time, all together at `true` passages a second. Time goes in steps."""

    STEP = 0.5

    def __init__(self, works: list[int], expected: list[int], true: float, hands: int) -> None:
        self.now, self.true, self.hands = 0.0, true, hands
        self.ids = [UUID(int=number) for number in range(len(works))]
        self.works, self.expected = dict(zip(self.ids, works, strict=True)), dict(zip(self.ids, expected, strict=True))
        self.waiting, self.left, self.began = list(self.ids), dict[UUID, float](), dict[UUID, float]()
        self.ended: dict[UUID, float] = {}

    def step(self) -> None:
        while self.waiting and len(self.left) < self.hands:
            id = self.waiting.pop(0)
            self.left[id], self.began[id] = float(self.works[id]), self.now
        self.now += self.STEP
        share = self.true * self.STEP / max(1, len(self.left))
        for id in list(self.left):
            self.left[id] -= share
            if self.left[id] <= 0:
                del self.left[id]
                self.ended[id] = self.now

    def told(self) -> dict[UUID, Outlook]:
        runs = [Run(at(self.began[id]), at(end), self.works[id]) for id, end in self.ended.items()]
        runs += [Run(at(self.began[id]), at(self.now), self.works[id] - left) for id, left in self.left.items()]
        places, ahead = dict[UUID, Place](), 0.0
        for position, id in enumerate(self.waiting, 1):
            ahead += self.expected[id]
            places[id] = Place(position, ahead)
        return outlook(self.left, places, pace(runs, at(self.now - 900)).per_second)


@pytest.mark.parametrize("true", [4.0, 300.0])
@pytest.mark.parametrize(("hands", "half", "most"), [(1, 0.04, 0.15), (4, 0.05, 0.2), (16, 0.12, 0.3)])
def test_forecasts_converge(true: float, hands: int, half: float, most: float) -> None:
    """Documents of all sizes, each judged wrongly by up to half: what was said on the way, against what came true.

    After a fifth of the time, half of all that is said is right to `half` of the whole time, and nearly all to `most`.
    """
    chance = random.Random(1)
    works = [max(1, int(chance.lognormvariate(2.5, 1.2) * true / 10)) for _ in range(80)]
    expected = [max(1, round(work * chance.uniform(0.6, 1.5))) for work in works]
    desk, said = Desk(works, expected, true, hands), list[tuple[float, dict[UUID, Outlook]]]()
    while len(desk.ended) < len(desk.ids):
        desk.step()
        said.append((desk.now, desk.told()))
    errors = sorted(
        abs(now + outlook.seconds - desk.ended[id]) / desk.now
        for now, told in said
        for id, outlook in told.items()
        if outlook.seconds is not None and now > 0.2 * desk.now
    )
    assert errors[len(errors) // 2] < half
    assert errors[int(len(errors) * 0.95)] < most

    # What the last one was told comes ever nearer the truth.
    last = max(desk.ended, key=desk.ended.__getitem__)
    spoken = [abs(now + (told[last].seconds or 0.0) - desk.ended[last]) for now, told in said if last in told]
    fifth = len(spoken) // 5
    assert sum(spoken[-fifth:]) <= 0.5 * sum(spoken[:fifth])
    assert spoken[-1] <= 1.0
