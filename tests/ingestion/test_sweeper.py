"""Objects that nobody holds go; those that somebody holds stay, whatever happens at the same time."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault.errors import Unavailable
from docvault.resources import Resources
from ingestion import queries
from ingestion.sweeper import sweep
from tests.people import People


class Refusing:
    """A store that will not let go of one object."""

    def __init__(self, kept: str) -> None:
        self.kept = kept
        self.removed: list[str] = []

    async def delete(self, key: str) -> None:
        if key == self.kept:
            raise Unavailable("This object is held.")
        self.removed.append(key)


async def noted(resources: Resources, owner_id: UUID, *expiries: float) -> list[str]:
    keys = [f"{owner_id}/{uuid4()}" for _ in expiries]
    async with resources.database.transaction(owner_id) as session:
        for key, expiry in zip(keys, expiries, strict=True):
            await queries.reserve_object(session, owner_id, key, expiry)
    return keys


async def test_one_that_cannot_be_removed_does_not_keep_the_others(resources: Resources, people: People) -> None:
    owner_id = UUID((await people.new()).id)
    first, second = await noted(resources, owner_id, -2, -1)
    store: Any = Refusing(first)
    mended = dataclasses.replace(resources, store=store)
    with pytest.raises(Unavailable):
        await sweep(mended)
    await sweep(mended)
    assert second in store.removed
    async with resources.database.transaction(owner_id) as session:
        left = (await session.scalars(text("SELECT object_key FROM unowned_objects"))).all()
    assert left == [first]


async def test_what_is_due_can_no_longer_become_a_document(resources: Resources, people: People) -> None:
    """The sweeper may have begun to remove it."""
    owner_id = UUID((await people.new()).id)
    keys = await noted(resources, owner_id, -1, 60)
    async with resources.database.transaction(owner_id) as session:
        assert await queries.adopt_objects(session, owner_id, keys) == 1
