"""Language models: what these tests ask them to say, at length too; one falls silent, one never answers."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.openai_server import Body, OpenAIServer, Reply, Send, respond

GOOD, LONG, SILENT, BROKEN = "clear", "lengthy", "silent", "broken"
SAID = Reply(("The dive plan must reach the safety officer ", "12 days before the trip [1", "]."))
CODE = "def due(days: int) -> bool:\n    return days <= 12  # before the trip"
AT_LENGTH = Reply((f"In code:\n\n```python\n{CODE}\n```\n\n", *(f"Line {n} of it.\n\n" for n in range(60))))
FIRST = Reply(("What came first.",), stall=True)
SAYS = {GOOD: SAID, LONG: AT_LENGTH, SILENT: FIRST}


def models(provider: OpenAIServer) -> None:
    answers = provider.routes["/v1/chat/completions"]

    async def chat(body: Body, send: Send) -> None:
        if body["model"] == BROKEN:
            error: dict[str, Any] = {"error": {"message": "out of order", "type": "invalid_request_error"}}
            await respond(send, 400, json.dumps(error).encode())
        else:
            provider.replies.append(SAYS[body["model"]])
            await answers(body, send)

    provider.routes["/v1/chat/completions"] = chat
