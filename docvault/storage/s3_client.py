"""Calls to an S3 server: one way in, within a time, with its answers as this project's errors."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from io import BytesIO
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig
from aiohttp import ClientError as StreamError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.handlers import add_expect_header

from docvault.errors import ConfigurationError, Unavailable
from docvault.logging import get_logger
from docvault.settings import Settings
from docvault.storage.uploading import settled

PIECE = 256 * 1024
MISSING = {"NoSuchKey", "404", "NotFound"}
REFUSED = (ClientError, EndpointConnectionError, ConnectTimeoutError)
"""After these nothing was stored."""

log = get_logger(__name__)


class S3Client:
    """One bucket. Each call is tried three times with growing pauses, but never for longer than `timeout` in all."""

    def __init__(self, client: Any, bucket: str, timeout: float) -> None:
        self._client = client
        self.bucket = bucket
        self.timeout = timeout

    @classmethod
    async def open(cls, settings: Settings, stack: AsyncExitStack) -> S3Client:
        """Raises `ConfigurationError` for an address that is none."""
        try:
            client = await stack.enter_async_context(_client(settings))
        except ValueError as error:
            raise ConfigurationError(f"S3_ENDPOINT_URL is not usable: {error}") from error
        return cls(client, settings.s3_bucket, settings.s3_timeout)

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """`get_object`, `upload_part` and so on, as botocore names them. Raises `FileNotFoundError`, `Unavailable`."""
        with answers():
            async with asyncio.timeout(self.timeout):
                return await getattr(self._client, operation)(Bucket=self.bucket, **arguments)

    async def write(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Never cut short by a cancellation: the server may have all of it already, and finish after the clean-up."""
        return await settled(self.call(operation, **arguments))


class EmptyRangeError(Exception):
    """The range begins behind the object's end."""


def _client(settings: Settings) -> Any:
    config = AioConfig(
        connect_timeout=min(10.0, settings.s3_timeout / 2),
        read_timeout=settings.s3_timeout / 2,  # a server that went silent leaves time for a second try
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=64,
        # Other stores often know neither virtual hosts nor the newer checksums of Amazon; all know Content-MD5.
        s3={"addressing_style": "path" if settings.s3_endpoint_url else "auto", "payload_signing_enabled": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = aioboto3.Session(
        aws_access_key_id=settings.s3_access_key_id or None,
        aws_secret_access_key=settings.s3_secret_access_key or None,
        region_name=settings.s3_region,
    )
    return _without_expect(session.client("s3", endpoint_url=settings.s3_endpoint_url or None, config=config))


@asynccontextmanager
async def _without_expect(opening: Any) -> AsyncGenerator[Any]:
    """A server that refuses a body early waits for it for ever when it was announced by `Expect: 100-continue`."""
    async with opening as client:
        client.meta.events.unregister("before-call.s3", add_expect_header)
        yield client


@contextmanager
def answers() -> Generator[None]:
    """What the store and the way to it can answer, in this project's errors."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in MISSING or code == "NoSuchUpload":
            raise FileNotFoundError("No object with this key is in the store.") from error
        if code in {"InvalidRange", "416"}:
            raise EmptyRangeError from error
        raise unavailable(error) from error
    except NoCredentialsError as error:
        raise ConfigurationError(
            "No key for the object store is set.", hint="Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
        ) from error
    except (BotoCoreError, StreamError, TimeoutError, OSError) as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> Unavailable:
    log.warning("the object store failed", reason=str(error) or type(error).__name__)
    return Unavailable("The store that keeps the documents does not answer.", hint="Try again in a moment.")


async def body_of(part: BytesIO) -> dict[str, Any]:
    """The part and its MD5, computed in a thread as it takes 15 ms for 8 MiB."""
    size = part.tell()
    md5 = await asyncio.to_thread(_md5, part)
    part.seek(0)
    return {"Body": part, "ContentLength": size, "ContentMD5": md5}


def _md5(part: BytesIO) -> str:
    with part.getbuffer() as data:
        return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


async def pieces_of(body: Any) -> AsyncIterator[bytes]:
    while True:
        with answers():
            piece: bytes = await body.read(PIECE)
        if not piece:
            return
        yield piece
