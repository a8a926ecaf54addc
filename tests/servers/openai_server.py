"""A small OpenAI-compatible server on a real socket.

It answers in the shapes of the OpenAI API and can be told to fail: put a `Failure` into `failures` for each request
that shall. A further endpoint is one more entry in `routes`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn

Body = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


@dataclass
class Failure:
    """`stall` seconds of silence come first; a `body` that is not given is an error as OpenAI words it."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    stall: float = 0.0


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: Body
    at: float


@dataclass
class Reply:
    """A streamed answer: its pieces, `pause` seconds apart. `cut` breaks off after them, `stall` falls silent.

    `gone` is set once the client has left before the end.
    """

    pieces: tuple[str, ...] = ("Hello", " there.")
    pause: float = 0.0
    cut: bool = False
    stall: bool = False
    usage: bool = True
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class OpenAIServer:
    """`asked` keeps every request in the order of its arrival."""

    def __init__(self, dimensions: int = 8) -> None:
        self.base_url = ""
        self.dimensions = dimensions
        self.asked: list[Asked] = []
        self.failures: deque[Failure] = deque()
        self.replies: deque[Reply] = deque()
        self.routes: dict[str, Callable[[Body, Send], Awaitable[None]]] = {
            "/v1/embeddings": self.embeddings,
            "/v1/chat/completions": self.chat,
        }

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        body = json.loads(await _whole(receive) or b"null")
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        self.asked.append(Asked(scope["path"], headers, body, asyncio.get_running_loop().time()))
        if self.failures:
            await _fail(self.failures.popleft(), send)
        elif route := self.routes.get(scope["path"]):
            await _while_there(route(body, send), receive)
        else:
            await _fail(Failure(404), send)

    async def embeddings(self, body: Body, send: Send) -> None:
        """One vector a text, in another order than asked, as the API allows."""
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        rows = [
            {"object": "embedding", "index": index, "embedding": self.vector(text).tolist()}
            for index, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        answer = {"object": "list", "model": body["model"], "data": rows[::-1], "usage": usage}
        await respond(send, 200, json.dumps(answer).encode())

    async def chat(self, body: Body, send: Send) -> None:
        """The next of `replies`, streamed as the API does; a plain one when there is none."""
        reply = self.replies.popleft() if self.replies else Reply()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        try:
            for piece in reply.pieces:
                await _chunk(send, body, [{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
                await asyncio.sleep(reply.pause)
            if reply.stall:
                await asyncio.sleep(3600)
        except (asyncio.CancelledError, OSError):
            reply.gone.set()
            raise
        if reply.cut:
            raise ConnectionResetError("as the test asked")
        await _chunk(send, body, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if reply.usage and (body.get("stream_options") or {}).get("include_usage"):
            await _chunk(send, body, [], {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    def vector(self, text: str) -> np.ndarray:
        """Always the same for the same text, and not of length 1."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        return np.random.default_rng(seed).normal(size=self.dimensions) * 3


async def _chunk(send: Send, body: Body, choices: list[Any], usage: dict[str, int] | None = None) -> None:
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": body["model"], "choices": choices}
    line = json.dumps(chunk | {"usage": usage}).encode()
    await send({"type": "http.response.body", "body": b"data: " + line + b"\n\n", "more_body": True})


async def respond(send: Send, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    lines = {"content-type": "application/json"} | (headers or {})
    encoded = [(key.encode(), value.encode()) for key, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def openai_server(dimensions: int = 8) -> AsyncGenerator[OpenAIServer]:
    """Serve on a free port of this machine, in the running loop; `base_url` ends in `/v1`."""
    app = OpenAIServer(dimensions)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        task = asyncio.create_task(running._serve([listening]))  # `serve` would take pytest's signals
        app.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        try:
            yield app
        finally:
            running.should_exit = True
            await task


async def _whole(receive: Callable[[], Awaitable[Any]]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _while_there(answering: Coroutine[Any, Any, None], receive: Callable[[], Awaitable[Any]]) -> None:
    """Answer until done or until the client leaves, which cancels the answer."""
    answer, leaving = asyncio.create_task(answering), asyncio.ensure_future(receive())
    await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not answer.done():
        answer.cancel()
        await asyncio.wait({answer})
    elif error := answer.exception():
        raise error


async def _fail(failure: Failure, send: Send) -> None:
    await asyncio.sleep(failure.stall)
    error = {"error": {"message": "as the test asked", "type": "test", "param": None, "code": None}}
    body = json.dumps(error).encode() if failure.body is None else failure.body
    await respond(send, failure.status, body, failure.headers)
