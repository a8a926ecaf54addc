import asyncio
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docvault.ai.batches import ALIKE, SHORT, Call, Pool, Waiting, plan_batches

lengths = st.lists(st.integers(1, 300), max_size=40)


async def call(pool: Pool, found: list[int], group: object = None) -> Call:
    made = Call(len(found), 1, group)
    pool.add(made, 0, [np.zeros(length, dtype=np.int64) for length in found])
    return made


def drain(pool: Pool) -> list[list[Waiting]]:
    return list(iter(pool.take, []))


@given(st.lists(lengths, max_size=6), st.integers(1, 2000))
def test_every_text_is_taken_once_within_the_ceiling(calls: list[list[int]], ceiling: int):
    async def check() -> None:
        pool = Pool(ceiling)
        made = [await call(pool, found) for found in calls]
        batches = drain(pool)
        taken = [(text.call, text.place) for batch in batches for text in batch]
        assert len(taken) == len(set(taken)) == sum(map(len, calls))
        assert {one for one, _ in taken} == {one for one, found in zip(made, calls, strict=True) if found}
        for batch in batches:
            shortest, longest = batch[0].length, batch[-1].length
            assert len(batch) == 1 or len(batch) * longest <= ceiling
            assert shortest >= ALIKE * longest or longest <= SHORT
        assert len(pool) == 0

    asyncio.run(check())


@given(st.lists(st.lists(st.integers(1, 300), min_size=1, max_size=12), min_size=1, max_size=6))
def test_nobody_waits_longer_than_a_batch_of_each_other_between_two_of_their_own(calls: list[list[int]]):
    async def check() -> None:
        pool = Pool(500)
        made = [await call(pool, found) for found in calls]
        batches = drain(pool)
        for one, found in zip(made, calls, strict=True):
            last = max(number for number, batch in enumerate(batches) if any(text.call is one for text in batch))
            assert last < len(found) * len(calls)

    asyncio.run(check())


async def test_documents_of_one_passage_fill_a_batch_together():
    pool = Pool(1000)
    for length in (100, 98, 3, 95, 99, 400, 97, 96, 94, 93, 92, 91):
        await call(pool, [length])
    assert [text.length for text in pool.take()] == [91, 92, 93, 94, 95, 96, 97, 98, 99, 100]
    assert sorted(text.length for batch in drain(pool) for text in batch) == [3, 400]


async def test_texts_far_apart_in_length_are_not_padded_to_each_other():
    pool = Pool(100_000)
    await call(pool, [10, 200, 20, 190])
    assert [[text.length for text in batch] for batch in drain(pool)] == [[10, 20], [190, 200]]


async def test_a_group_takes_turns_as_one():
    pool = Pool(1)
    worker = [await call(pool, [5, 6, 7], "worker") for _ in range(4)]
    api = await call(pool, [5, 6], "api")
    whose = [batch[0].call for batch in drain(pool)]
    assert whose.index(api) == 1
    assert [number for number, one in enumerate(whose) if one is api] == [1, 3]
    assert whose[0:5:2] == worker[:3]  # and within it, its calls do


async def test_a_call_that_was_dropped_takes_no_turn():
    pool = Pool(1)
    gone, stays = await call(pool, [5] * 30), await call(pool, [5, 5])
    first = pool.take()
    assert first[0].call is gone
    pool.drop(gone)
    assert len(pool) == 2
    assert [batch[0].call for batch in drain(pool)] == [stays, stays]


async def test_texts_may_be_added_when_all_before_were_taken():
    pool = Pool(10)
    one = await call(pool, [5])
    assert len(pool.take()) == 1
    pool.add(one, 1, [np.zeros(5, dtype=np.int64)])
    assert [text.place for text in pool.take()] == [1]
    assert pool.take() == []


async def test_padding_is_a_small_part_of_what_is_run():
    """Against cutting each call into batches of its own, as lengths of real passages go."""
    dice, pool = random.Random(3), Pool(4096)
    calls = [[dice.randint(10, 256) for _ in range(dice.randint(1, 5))] for _ in range(120)]
    for found in calls:
        await call(pool, found)
    together = drain(pool)
    padded = sum(len(batch) * batch[-1].length for batch in together)
    alone = [max(found) * len(found) for found in calls]
    assert padded < 1.1 * sum(map(sum, calls)) < 0.9 * sum(alone)
    assert len(together) < len(calls) / 4


@pytest.mark.parametrize("broken", [False, True])
async def test_a_call_is_done_when_its_last_vector_is_there(broken: bool):
    one = Call(3, 2)
    one.put([2, 0], np.ones((2, 2), dtype=np.float32))
    assert not one.finished.done()
    if broken:
        one.fail(LookupError("no"))
        one.put([1], np.zeros((1, 2), dtype=np.float32))
        with pytest.raises(LookupError):
            await one.finished
    else:
        one.put([1], np.zeros((1, 2), dtype=np.float32))
        await one.finished
        assert one.vectors.tolist() == [[1, 1], [0, 0], [1, 1]]


@given(st.lists(st.integers(1, 300), max_size=80), st.integers(1, 2000))
def test_batches_hold_every_text_once_within_the_ceiling(lengths: list[int], ceiling: int):
    batches = plan_batches(lengths, ceiling)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= ceiling
