"""Answers from any OpenAI-compatible endpoint (`POST <base url>/chat/completions`, streamed)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, Any

from docvault.ai.chat import ChatMessage, Usage
from docvault.errors import ModelError
from docvault.settings import Provider

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TRIES = 2
"""A call that fails before its first word is made once more; after it, the reader has seen it."""

WORDS = 300
"""Characters of a provider's own words that are passed on."""


class OpenAIChatModel:
    """`docvault.ai.chat.ChatModel` over an endpoint. `stall` is in seconds, between two pieces as before the first.

    Its errors: `model_refused` (the key, the model's name or the request, in the provider's words),
    `model_rate_limited`, `model_unreachable`, `model_stalled`, `model_cut_off` (it broke off in the middle).
    """

    def __init__(self, provider: Provider, model: str, *, stall: float) -> None:
        self.id = f"{provider.name}/{model}"
        self.provider = provider.name
        self._model = model
        self._settings = provider
        self._stall = stall
        # OpenAI's own newer models refuse the old name, most compatible servers know no other.
        self._limit = "max_tokens" if provider.base_url else "max_completion_tokens"
        self._client: AsyncOpenAI | None = None

    async def stream(self, messages: Sequence[ChatMessage], *, max_tokens: int) -> AsyncGenerator[str | Usage]:
        finished = False
        async with aclosing(self._pieces(messages, max_tokens)) as pieces:
            async for chunk in pieces:
                for piece in _read(chunk):
                    yield piece
                finished = finished or any(choice.finish_reason for choice in chunk.choices)
        if not finished:
            raise self._error("broke off in the middle of its answer", "model_cut_off")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _pieces(self, messages: Sequence[ChatMessage], max_tokens: int) -> AsyncGenerator[Any]:
        """The endpoint's chunks. The HTTP call ends with this generator, however it ends."""
        begun = False
        # Importing the library takes over a second: the first answer pays it, off the event loop and off the clock.
        await asyncio.to_thread(import_module, "openai")
        try:
            answer = await self._in_time(self._ask(messages, max_tokens))
            async with answer:
                chunks: AsyncIterator[Any] = aiter(answer)
                while (chunk := await self._in_time(anext(chunks, None))) is not None:
                    begun = True
                    yield chunk
        except Exception as error:
            raise self._explain(error, begun) from None

    def _ask(self, messages: Sequence[ChatMessage], max_tokens: int) -> Awaitable[Any]:
        if self._client is None:
            self._client = _client(self._settings, self._stall)
        create: Any = self._client.chat.completions.create
        return create(
            model=self._model,
            messages=[{"role": message.role, "content": message.content} for message in messages],
            stream=True,
            stream_options={"include_usage": True},
            **{self._limit: max_tokens},
        )

    async def _in_time(self, awaited: Any) -> Any:
        async with asyncio.timeout(self._stall):
            return await awaited

    def _explain(self, error: Exception, begun: bool) -> ModelError:
        from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, RateLimitError

        match error:
            case ModelError():
                return error
            case TimeoutError() | APITimeoutError():
                return self._error(
                    f"said nothing for {self._stall:g} seconds", "model_stalled", "Ask again, or another model."
                )
            case RateLimitError():
                return self._error(
                    f"takes no more for now: {self._words(error)}", "model_rate_limited", "Wait a little."
                )
            case APIStatusError() if error.status_code < 500:
                return self._error(
                    f"refused ({error.status_code}): {self._words(error)}", "model_refused",
                    "Check this provider's address, key and model in DOCVAULT_PROVIDERS.",
                )  # fmt: skip
            case _ if begun:
                return self._error("broke off in the middle of its answer", "model_cut_off")
            case APIStatusError():
                return self._error(f"is in trouble ({error.status_code}): {self._words(error)}", "model_unreachable")
            case APIConnectionError():
                return self._error(
                    f"cannot be reached: {self._hide(str(error.__cause__ or error))}", "model_unreachable"
                )
            case APIError():
                return self._error(f"failed: {self._words(error)}", "model_refused")
            case _:
                return self._error(f"gave an answer that cannot be read ({type(error).__name__})", "model_unreachable")

    def _error(self, what: str, code: str, hint: str | None = None) -> ModelError:
        return ModelError(f"{self.id} {what.rstrip('.')}.", code=code, hint=hint)

    def _words(self, error: Any) -> str:
        """What the provider says, and never the key: some repeat it."""
        body = error.body
        said = body.get("message") if isinstance(body, dict) else None  # type: ignore[reportUnknownMemberType]
        return self._hide(str(said or error.message))

    def _hide(self, words: str) -> str:
        key = self._settings.api_key.strip()
        for shown in filter(None, (key, repr(key)[1:-1])):  # libraries quote a header that they refuse
            words = words.replace(shown, "***")
        return words[:WORDS]


def _client(provider: Provider, stall: float) -> AsyncOpenAI:
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=provider.base_url, api_key=provider.api_key.strip() or "none", timeout=stall, max_retries=TRIES - 1
    )


def _read(chunk: Any) -> Iterator[str | Usage]:
    for choice in chunk.choices:
        if choice.index == 0 and choice.delta is not None and choice.delta.content:
            yield choice.delta.content
    if chunk.usage is not None:
        yield Usage(chunk.usage.prompt_tokens or 0, chunk.usage.completion_tokens or 0)
