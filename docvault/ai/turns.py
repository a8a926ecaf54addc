"""Many at once, or one alone: everybody in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """Who is `alone` waits for those before them, and those behind wait for them: nobody for ever."""

    def __init__(self) -> None:
        self._inside = 0
        self._taken = False
        self._line: deque[tuple[bool, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def turn(self, *, alone: bool) -> AsyncGenerator[None]:
        place = asyncio.get_running_loop().create_future()
        self._line.append((alone, place))
        self._let_in()
        try:
            await place
            yield
        finally:
            if place.cancelled():
                self._let_in()  # those behind it may not have to wait
            else:
                self._inside -= 1
                self._taken = False
                self._let_in()

    def _let_in(self) -> None:
        while self._line and not self._taken:
            alone, place = self._line[0]
            if alone and self._inside and not place.cancelled():
                return
            self._line.popleft()
            if not place.cancelled():
                self._inside, self._taken = self._inside + 1, alone
                place.set_result(None)
