"""How long until a document can be found: from its place in the owner's queue, and the pace of the last minutes.

Work is counted in passages, and so is pace: passages read per second in which at least one of the owner's documents
was being read. So it holds whatever shares the machine, be it other owners, more workers, or scans that take longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

FIRST_GUESS = 40.0
"""Passages a second before anything was read: what the built-in model does on two ordinary cores, rounded down."""
TRUST = 1.0
"""The guess counts like this many seconds of watching: after twenty seconds of reading, one part in twenty."""
STALLED = 60.0
"""Seconds that a document may be due while nothing is being read; after that, nobody can tell when it will be."""


class Run(NamedTuple):
    """One document that was read, or is being read until now: `passages` of it are done."""

    began: datetime
    ended: datetime
    passages: float


class Pace(NamedTuple):
    passages: float
    seconds: float

    @property
    def per_second(self) -> float:
        return (FIRST_GUESS * TRUST + self.passages) / (TRUST + self.seconds)


def pace(runs: Iterable[Run], since: datetime) -> Pace:
    """What was done after `since`. Of a run that began before, the share that lies after it."""
    passages, seconds, reached = 0.0, 0.0, since
    for run in sorted(runs):
        length = (run.ended - run.began).total_seconds()
        inside = (run.ended - max(run.began, since)).total_seconds()
        if inside > 0 and length > 0:
            passages += run.passages * inside / length
        if run.ended > reached:
            seconds += (run.ended - max(run.began, reached)).total_seconds()
            reached = run.ended
    return Pace(passages, seconds)


class Place(NamedTuple):
    """Of a document that waits: `ahead` counts the passages up to and with its own, `due_in` seconds."""

    position: int
    ahead: float
    due_in: float = 0.0


class Outlook(NamedTuple):
    """What a person is told: `position` in their own queue counts from 1, `seconds` until it is ready."""

    position: int | None = None
    seconds: float | None = None


def outlook(
    reading: Mapping[UUID, float], waiting: Mapping[UUID, Place], per_second: float, *, stalled: bool = False
) -> dict[UUID, Outlook]:
    """`reading` has the passages that are left of each document that is being read now.

    Those share the pace evenly, so that one with `r` passages left ends when every other has had as many, or has
    ended: after the sum of `min(r, left)` over all (processor sharing). What waits comes after all of them, in turn.
    `stalled`: nothing is being read though it should be, so what waits gets no time.
    """
    told: dict[UUID, Outlook] = {}
    lefts = sorted(reading.values())
    for id, left in reading.items():
        told[id] = Outlook(None, in_seconds(sum(min(left, other) for other in lefts) / per_second))
    for id, place in waiting.items():
        seconds = max(place.due_in, (sum(lefts) + place.ahead) / per_second)
        told[id] = Outlook(place.position, None if stalled else in_seconds(seconds))
    return told


def is_stalled(reading: int, oldest_due_seconds: float) -> bool:
    return not reading and oldest_due_seconds > STALLED


def in_seconds(seconds: float) -> float:
    return round(max(0.0, seconds), 1)
