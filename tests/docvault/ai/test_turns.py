"""Many at once or one alone, by what is inside at each moment."""

from __future__ import annotations

import asyncio

from docvault.ai.turns import Turns


class Inside:
    def __init__(self) -> None:
        self.turns = Turns()
        self.seen: list[set[str]] = []
        self.now: set[str] = set()
        self.leave: dict[str, asyncio.Event] = {}

    def come(self, name: str) -> asyncio.Task[None]:
        self.leave[name] = asyncio.Event()
        return asyncio.create_task(self._stay(name))

    async def _stay(self, name: str) -> None:
        async with self.turns.turn(alone=name.startswith("alone")):
            self.now.add(name)
            self.seen.append(set(self.now))
            try:
                await self.leave[name].wait()
            finally:
                self.now.discard(name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_alone_waits_for_those_before_it_and_those_behind_for_it() -> None:
    inside = Inside()
    tasks = [inside.come(name) for name in ("a", "b", "alone", "c", "alone too", "d")]
    await settle()
    assert inside.now == {"a", "b"}
    for leaving, then in (("a", {"b"}), ("b", {"alone"}), ("alone", {"c"}), ("c", {"alone too"}), ("alone too", {"d"})):
        inside.leave[leaving].set()
        await settle()
        assert inside.now == then
    inside.leave["d"].set()
    await asyncio.gather(*tasks)
    assert [seen for seen in inside.seen if any(name.startswith("alone") for name in seen)] == [
        {"alone"},
        {"alone too"},
    ]


async def test_who_gives_up_holds_nobody_up() -> None:
    inside = Inside()
    first, alone, behind = (inside.come(name) for name in ("a", "alone", "b"))
    await settle()
    assert inside.now == {"a"}
    alone.cancel()
    await settle()
    assert inside.now == {"a", "b"}
    for name in ("a", "b"):
        inside.leave[name].set()
    await asyncio.gather(first, behind)

    alone = inside.come("alone")
    await settle()
    behind = inside.come("c")
    await settle()
    assert inside.now == {"alone"}
    alone.cancel()
    await settle()
    assert inside.now == {"c"}
    behind.cancel()


async def test_who_is_let_in_and_cancelled_at_once_leaves_again() -> None:
    inside = Inside()
    holder = inside.come("alone")
    await settle()
    waiting = inside.come("alone two")
    await settle()
    inside.leave["alone"].set()
    await asyncio.sleep(0)  # it leaves, and lets the other in, which has not woken yet
    waiting.cancel()
    await asyncio.gather(holder, waiting, return_exceptions=True)
    last = inside.come("alone three")
    await settle()
    assert inside.now == {"alone three"}
    inside.leave["alone three"].set()
    await last
