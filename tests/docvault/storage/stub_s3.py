"""An S3 server in memory that fails, waits and lies when told to."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from typing import NamedTuple, Self
from xml.sax.saxutils import escape

from aiohttp import web

PAGE = 10


class Held(NamedTuple):
    reached: asyncio.Event
    go_on: asyncio.Event


class StubS3:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.log: list[str] = []
        self.body_headers: list[dict[str, str]] = []
        self.part_sizes: list[int] = []
        self.break_off_after: int | None = None
        self.corrupt = False
        self._failures: dict[str, tuple[int, bool]] = {}
        self._held: dict[str, Held] = {}

    def fail(self, operation: str, times: int, after: bool = False) -> None:
        """Answer 503 that many times: instead of doing it, or `after` having done it."""
        self._failures[operation] = (times, after)

    def hold(self, operation: str) -> Held:
        """Do it, set `reached`, and answer when `go_on` is set."""
        self._held[operation] = Held(asyncio.Event(), asyncio.Event())
        return self._held[operation]

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/bucket{slash:/?}{key:.*}", self._answer)
        # Nothing is waited for at the end: some answers are held for ever.
        self._runner = web.AppRunner(application, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        operation = _operation(request)
        self.log.append(operation)
        times, after = self._failures.get(operation, (0, False))
        self._failures[operation] = (times - 1, after)
        body = await request.read()
        if times > 0 and not after:
            return _error(503, "SlowDown")
        answer = await getattr(self, f"_{operation}")(request, request.match_info["key"], body)
        if operation in self._held:
            self._held[operation].reached.set()
            await self._held[operation].go_on.wait()
        return _error(503, "SlowDown") if times > 0 else answer

    async def _HeadBucket(self, request: web.Request, key: str, body: bytes) -> web.StreamResponse:  # noqa: N802
        return web.Response()

    async def _PutObject(self, request: web.Request, key: str, body: bytes) -> web.StreamResponse:  # noqa: N802
        if refused := self._note_body(request, body):
            return refused
        self.objects[key] = body
        return web.Response(headers={"ETag": '"1"'})

    async def _HeadObject(self, request: web.Request, key: str, body: bytes) -> web.StreamResponse:  # noqa: N802
        if key not in self.objects:
            return web.Response(status=404)
        return web.Response(headers={"Content-Length": str(len(self.objects[key]))})

    async def _GetObject(self, request: web.Request, key: str, body: bytes) -> web.StreamResponse:  # noqa: N802
        data = self.objects[key]
        answer = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await answer.prepare(request)
        await answer.write(data[: self.break_off_after])
        if self.break_off_after is not None and request.transport is not None:
            request.transport.close()
        return answer

    async def _DeleteObject(self, request: web.Request, key: str, body: bytes) -> web.StreamResponse:  # noqa: N802
        self.objects.pop(key, None)
        return web.Response(status=204)

    async def _ListObjectsV2(self, request: web.Request, key: str, body: bytes) -> web.StreamResponse:  # noqa: N802
        start = int(request.query.get("continuation-token", "0"))
        names = sorted(self.objects)
        found = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(self.objects[name])}</Size>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for name in names[start : start + PAGE]
        )
        more = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>" if start + PAGE < len(names) else ""
        return _xml(f"<ListBucketResult>{found}{more}</ListBucketResult>")

    async def _CreateMultipartUpload(  # noqa: N802
        self, request: web.Request, key: str, body: bytes
    ) -> web.StreamResponse:
        name = f"upload-{len(self.log)}"
        self.uploads[name] = {}
        return _xml(f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>")

    async def _UploadPart(self, request: web.Request, key: str, body: bytes) -> web.StreamResponse:  # noqa: N802
        if refused := self._note_body(request, body):
            return refused
        self.part_sizes.append(len(body))
        self.uploads[request.query["uploadId"]][int(request.query["partNumber"])] = body
        return web.Response(headers={"ETag": '"1"'})

    async def _CompleteMultipartUpload(  # noqa: N802
        self, request: web.Request, key: str, body: bytes
    ) -> web.StreamResponse:
        parts = self.uploads.pop(request.query["uploadId"], None)
        if parts is None:
            return _error(404, "NoSuchUpload")
        self.objects[key] = b"".join(data for _, data in sorted(parts.items()))
        return _xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")

    async def _AbortMultipartUpload(  # noqa: N802
        self, request: web.Request, key: str, body: bytes
    ) -> web.StreamResponse:
        if self.uploads.pop(request.query["uploadId"], None) is None:
            return _error(404, "NoSuchUpload")
        return web.Response(status=204)

    def _note_body(self, request: web.Request, body: bytes) -> web.Response | None:
        self.body_headers.append(dict(request.headers))
        arrived = b"?" + body[1:] if self.corrupt else body
        md5 = b64encode(hashlib.md5(arrived).digest()).decode()
        return None if request.headers["Content-MD5"] == md5 else _error(400, "BadDigest")


def _operation(request: web.Request) -> str:
    if not request.match_info["key"]:
        return {"HEAD": "HeadBucket", "GET": "ListObjectsV2"}[request.method]
    if "uploads" in request.query:
        return "CreateMultipartUpload"
    if "uploadId" in request.query:
        names = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}
        return names[request.method]
    return f"{request.method.title()}Object"


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(text=f'<?xml version="1.0"?>{text}', status=status, content_type="application/xml")


def _error(status: int, code: str) -> web.Response:
    return _xml(f"<Error><Code>{code}</Code><Message>{code}</Message></Error>", status)
