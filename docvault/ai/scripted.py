"""A language model that says what it was told to. For tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from docvault.ai.chat import ChatMessage, Usage
from docvault.errors import ModelError

Step = str | Usage | ModelError | asyncio.Event
"""A piece of the answer, its usage, an error to end in, or something to wait for."""


class ScriptedModel:
    """`asked` keeps the messages of every call, `closed` counts the calls that ended, however they did."""

    def __init__(self, id: str, script: Sequence[Step]) -> None:
        self.id = id
        self.provider = id.split("/")[0]
        self.script = list(script)
        self.asked: list[list[ChatMessage]] = []
        self.closed = 0

    async def stream(self, messages: Sequence[ChatMessage], *, max_tokens: int) -> AsyncGenerator[str | Usage]:
        self.asked.append(list(messages))
        try:
            for step in self.script:
                if isinstance(step, ModelError):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield step
        finally:
            self.closed += 1

    async def close(self) -> None:
        """Nothing is held."""
