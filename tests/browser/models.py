"""Two language models: one that says what these tests asked it to, one that never answers."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.openai_server import Body, OpenAIServer, Reply, Send, respond

GOOD, BROKEN = "clear", "broken"
SAID = Reply(("The dive plan must reach the safety officer ", "12 days before the trip [1", "]."))


def models(provider: OpenAIServer) -> None:
    answers = provider.routes["/v1/chat/completions"]

    async def chat(body: Body, send: Send) -> None:
        if body["model"] == BROKEN:
            error: dict[str, Any] = {"error": {"message": "out of order", "type": "invalid_request_error"}}
            await respond(send, 400, json.dumps(error).encode())
        else:
            provider.replies.append(SAID)
            await answers(body, send)

    provider.routes["/v1/chat/completions"] = chat
