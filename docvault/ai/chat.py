"""A conversation to an answer: the protocol of a language model, and the models a person may choose."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Literal, Protocol

import msgspec

from docvault.settings import Settings


class ChatMessage(msgspec.Struct, frozen=True):
    role: Literal["system", "user", "assistant"]
    content: str


class Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int
    completion_tokens: int


class ChatModel(Protocol):
    """`id` is `provider/model`, as people choose it."""

    id: str
    provider: str

    def stream(self, messages: Sequence[ChatMessage], *, max_tokens: int) -> AsyncGenerator[str | Usage]:
        """Pieces of the answer as they come, then its usage where the provider tells it.

        Raises `ModelError` when the provider refuses, stalls or breaks off; closing the generator ends the call.
        """
        ...

    async def close(self) -> None: ...


class ChatModels:
    """Every configured model by its id."""

    def __init__(self, models: Sequence[ChatModel]) -> None:
        self._models = {model.id: model for model in models}

    def __iter__(self) -> Iterator[ChatModel]:
        return iter(self._models.values())

    def get(self, id: str) -> ChatModel | None:
        return self._models.get(id)

    async def close(self) -> None:
        for model in self:
            await model.close()


def open_chat_models(settings: Settings) -> ChatModels:
    """Connects to nobody: a provider that is down shows when it is asked."""
    from docvault.ai.openai_chat import OpenAIChatModel

    return ChatModels(
        [
            OpenAIChatModel(provider, model, stall=settings.model_stall)
            for provider in settings.all_providers
            for model in provider.models
        ]
    )
