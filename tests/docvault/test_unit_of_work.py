"""What is told and rung, and when."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from docvault.database import Database
from docvault.news import News, channel
from docvault.queue import Ring
from docvault.resources import Resources
from docvault.unit_of_work import unit_of_work

OWNER = uuid4()


class Bells:
    """Redis, as far as a unit of work goes: notes what was said, in order."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    async def ring(self, *rings: Ring) -> None:
        self.said.append(list(rings))

    async def publish(self, where: str, message: bytes) -> None:
        assert where == channel(OWNER)
        self.said.append(msgspec.json.decode(message, type=News))


@pytest.fixture
def database(resources: Resources) -> Database:
    return resources.database


async def test_all_of_a_unit_is_said_once_after_the_commit(database: Database) -> None:
    bells: Any = Bells()
    first, second, third = uuid4(), uuid4(), uuid4()
    async with unit_of_work(database, bells, bells, OWNER) as unit:
        unit.changed(first, second)
        unit.changed(second)
        unit.changed(third)
        unit.deleted(third)
        unit.promise("read", first)
        unit.promise("read", second)
        assert bells.said == []
    assert [Ring("read", OWNER, first), Ring("read", OWNER, second)] in bells.said
    assert News([first, second], [third]) in bells.said
    assert len(bells.said) == 2


async def test_nothing_is_said_of_what_was_rolled_back(database: Database) -> None:
    bells: Any = Bells()
    with suppress(RuntimeError):
        async with unit_of_work(database, bells, bells, OWNER) as unit:
            unit.changed(uuid4())
            unit.promise("read", uuid4())
            raise RuntimeError
    assert bells.said == []


async def test_who_has_nothing_to_say_says_nothing(database: Database) -> None:
    bells: Any = Bells()
    async with unit_of_work(database, bells, bells, UUID(int=1)):
        pass
    assert bells.said == []
