"""Around every request: an id for the logs, the security headers, one line in the log."""

from __future__ import annotations

import re
import time
from typing import cast
from uuid import uuid4

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from docvault.logging import get_logger
from docvault.server.headers import secure
from ingestion.tus import is_tus, method_asked

log = get_logger("docvault.requests")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{8,64}")


class RequestContext:
    """Around the application and not inside it: what no route answers, and what fails, carries all of this too."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._handle(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _handle(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 0
        if is_tus(scope["path"]):
            # A copy: the server's own must stay what really came, or it would leave out the answer's body.
            scope = cast(HTTPScope, {**scope, "method": method_asked(scope)})

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Request-ID"] = request_id
                secure(headers, https=self.https)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            took = round((time.perf_counter() - started) * 1000, 1)
            quiet = scope["path"].startswith(("/health", "/metrics", "/assets/"))
            write = log.debug if quiet else log.info
            write("request", method=scope.get("method"), path=scope["path"], status=status, took_ms=took)
