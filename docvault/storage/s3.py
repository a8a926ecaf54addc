"""Objects in a bucket of Amazon S3 or of any store that speaks its protocol."""

from __future__ import annotations

import asyncio
import hashlib
import os
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

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
from docvault.storage import Digest, StoredObject
from docvault.storage.uploading import KEY, hashing, in_parts, settled, valid_key, write_behind

PIECE = 256 * 1024
MAX_PARTS = 10_000
"""Most parts of one upload: Amazon S3's "multipart upload limits"."""

MISSING = {"NoSuchKey", "404", "NotFound"}
REFUSED = (ClientError, EndpointConnectionError, ConnectTimeoutError)
"""After these nothing was stored."""

log = get_logger(__name__)


class S3Store:
    """An `ObjectStore` in one bucket. Small objects go in a single PUT, larger ones part by part.

    Each call is tried three times with growing pauses, but never for longer than `s3_timeout` seconds in all; then it
    raises `Unavailable`. A part's MD5 travels with it, and the store refuses one that was changed on the way.
    """

    def __init__(self, client: Any, bucket: str, *, part_bytes: int, timeout: float, stack: AsyncExitStack) -> None:
        self._client = client
        self._bucket = bucket
        self._part_bytes = part_bytes
        self._timeout = timeout
        self._stack = stack

    @classmethod
    async def open(cls, settings: Settings) -> S3Store:
        """Connect, and make the bucket where it is missing and may be made.

        Raises `ConfigurationError` when it can be neither found nor made, or nobody says which key to use.
        A server that does not answer yet is no error here.
        """
        stack = AsyncExitStack()
        try:
            client = await stack.enter_async_context(_client(settings))
        except ValueError as error:
            raise ConfigurationError(f"S3_ENDPOINT_URL is not usable: {error}") from error
        # Enough parts for the largest file, whatever it is set to.
        part_bytes = max(settings.upload_part_bytes, -(-settings.max_file_bytes // MAX_PARTS))
        store = cls(client, settings.s3_bucket, part_bytes=part_bytes, timeout=settings.s3_timeout, stack=stack)
        try:
            await store._ensure_bucket(settings.s3_region)
        except Unavailable:
            log.warning("the bucket could not be checked: going on without", bucket=settings.s3_bucket)
        except BaseException:
            await store.close()
            raise
        return store

    async def put(self, key: str, chunks: AsyncIterator[bytes], digest: Digest | None = None) -> int:
        valid_key(key)
        async with aclosing(in_parts(chunks, self._part_bytes)) as parts:
            first = await anext(parts, None) or BytesIO()
            size = first.tell()
            if size < self._part_bytes:
                async with hashing(digest, first):
                    await self._put_whole(key, first)
                return size
            joined = _joined(first, parts)
            del first  # or it would stay in memory until the last part
            return await self._put_in_parts(key, joined, digest)

    @asynccontextmanager
    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[AsyncIterator[bytes]]:
        answer = await self._get(valid_key(key), start, end)
        if answer is None:
            yield _nothing()
            return
        try:
            if (start or end is not None) and not answer.get("ContentRange"):
                # A store that does not know ranges gives everything; the answer's status cannot be trusted to say so.
                yield _window(_pieces(answer["Body"]), start, end)
            else:
                yield _pieces(answer["Body"])
        finally:
            answer["Body"].close()

    @asynccontextmanager
    async def local_copy(self, key: str, folder: Path) -> AsyncGenerator[Path]:
        path = folder / uuid4().hex
        try:
            async with self.read(key) as pieces, aclosing(in_parts(pieces, self._part_bytes)) as parts:
                with await settled(asyncio.to_thread(_create, path)) as file:
                    await write_behind(parts, lambda part: settled(asyncio.to_thread(file.write, part.getbuffer())))
            yield path
        finally:
            await settled(asyncio.to_thread(path.unlink, missing_ok=True))

    async def size(self, key: str) -> int:
        return (await self._call("head_object", Key=valid_key(key)))["ContentLength"]

    async def delete(self, key: str) -> None:
        await self._call("delete_object", Key=valid_key(key))

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        page: dict[str, Any] = {"NextContinuationToken": None}
        while "NextContinuationToken" in page:
            token = page["NextContinuationToken"]
            page = await self._call("list_objects_v2", Prefix=prefix, **({"ContinuationToken": token} if token else {}))
            for found in page.get("Contents", []):
                if KEY.fullmatch(found["Key"]):
                    yield StoredObject(found["Key"], found["Size"], found["LastModified"])

    async def clear_unfinished(self, before: datetime) -> int:
        """A rule of the bucket's own (`AbortIncompleteMultipartUpload`) does the same and costs nothing."""
        removed = 0
        for upload in [upload async for upload in self._unfinished()]:
            if upload["Initiated"] < before:
                await self._abort(upload["Key"], upload["UploadId"])
                removed += 1
        return removed

    async def check(self) -> None:
        key = f".check/{uuid4().hex}"
        try:
            await self._put_whole(key, _filled(b"check"))
            async with asyncio.timeout(self._timeout):
                body = (await self._call("get_object", Key=key))["Body"]
                if b"".join([piece async for piece in _pieces(body)]) != b"check":
                    raise Unavailable("The object store gives back other bytes than were written.")
            await self._call("delete_object", Key=key)
        except (FileNotFoundError, TimeoutError) as error:
            raise _unavailable(error) from error

    async def close(self) -> None:
        await self._stack.aclose()

    async def _put_whole(self, key: str, body: BytesIO) -> None:
        try:
            await self._write("put_object", Key=key, **await _body(body))
        except BaseException as error:
            if not isinstance(error.__cause__, REFUSED):
                await settled(self._quietly(self._call("delete_object", Key=key)))
            raise

    async def _put_in_parts(self, key: str, parts: AsyncIterator[BytesIO], digest: Digest | None) -> int:
        upload = _Multipart(self, key, digest)
        try:
            return await upload.run(parts)
        except BaseException:
            await settled(self._quietly(upload.abandon()))
            raise

    async def _quietly(self, clean_up: Any) -> None:
        """The error that led here matters more than one of the clean-up, which `clear_unfinished` repeats."""
        try:
            await clean_up
        except Exception as error:
            log.warning("an upload that failed could not be cleared away", reason=str(error.__cause__ or error))

    async def _unfinished(self) -> AsyncIterator[dict[str, Any]]:
        page: dict[str, Any] = {"IsTruncated": True}
        while page.get("IsTruncated"):
            markers = {"KeyMarker": page.get("NextKeyMarker"), "UploadIdMarker": page.get("NextUploadIdMarker")}
            try:
                page = await self._call("list_multipart_uploads", **{name: m for name, m in markers.items() if m})
            except FileNotFoundError:
                return  # so answer some stores when there never was one
            for upload in page.get("Uploads", []):
                yield upload

    async def _abort(self, key: str, upload_id: str) -> None:
        with suppress(FileNotFoundError):  # already gone
            await self._call("abort_multipart_upload", Key=key, UploadId=upload_id)

    async def _get(self, key: str, start: int, end: int | None) -> dict[str, Any] | None:
        """None for a range that holds nothing of an object that is there."""
        if end is not None and end <= start:
            await self.size(key)
            return None
        ranged = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
        try:
            return await self._call("get_object", Key=key, **ranged)
        except _EmptyRangeError:
            return None

    async def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        with _answers():
            async with asyncio.timeout(self._timeout):
                return await getattr(self._client, operation)(Bucket=self._bucket, **arguments)

    async def _write(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Never cut short by a cancellation: the server may have all of it already, and finish after the clean-up."""
        return await settled(self._call(operation, **arguments))

    async def _ensure_bucket(self, region: str) -> None:
        try:
            await self._call("head_bucket")
        except FileNotFoundError:
            # Amazon takes its first region by leaving it out, and refuses it by name.
            where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            try:
                await self._call("create_bucket", **where)
            except Unavailable as error:
                raise ConfigurationError(
                    f"The bucket {self._bucket} is not there and cannot be made: {error.__cause__}",
                    hint="Make it, or set S3_BUCKET to one that these keys may use.",
                ) from error


class _Multipart:
    """One upload in parts, from its beginning to its completion or its removal."""

    def __init__(self, store: S3Store, key: str, digest: Digest | None) -> None:
        self._call = store._call  # pyright: ignore[reportPrivateUsage]
        self._write = store._write  # pyright: ignore[reportPrivateUsage]
        self._abort = store._abort  # pyright: ignore[reportPrivateUsage]
        self._key = key
        self._digest = digest
        # A future of its own: cancelled while waiting for it, `abandon` still learns what is to be aborted.
        self._begun = asyncio.ensure_future(self._call("create_multipart_upload", Key=key))
        self._parts: list[dict[str, Any]] = []
        self._size = 0
        self._completing = False

    async def run(self, parts: AsyncIterator[BytesIO]) -> int:
        upload_id: str = (await settled(self._begun))["UploadId"]

        async def write(part: BytesIO) -> None:
            number, size = len(self._parts) + 1, part.tell()
            where = {"Key": self._key, "UploadId": upload_id, "PartNumber": number}
            async with hashing(self._digest, part):
                answer = await self._write("upload_part", **where, **await _body(part))
            self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            self._size += size

        await write_behind(parts, write)
        await self._complete(upload_id)
        return self._size

    async def abandon(self) -> None:
        try:
            upload_id: str = (await self._begun)["UploadId"]
        except Exception:
            return  # it never began
        await self._abort(self._key, upload_id)
        if self._completing:
            await self._call("delete_object", Key=self._key)

    async def _complete(self, upload_id: str) -> None:
        self._completing = True
        arguments = {"UploadId": upload_id, "MultipartUpload": {"Parts": self._parts}}
        try:
            await self._write("complete_multipart_upload", Key=self._key, **arguments)
        except FileNotFoundError:
            # No such upload: a first try may have completed it and only its answer got lost.
            if (await self._call("head_object", Key=self._key))["ContentLength"] != self._size:
                raise Unavailable("The object store lost an upload. Send it again.") from None


class _EmptyRangeError(Exception):
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
def _answers() -> Generator[None]:
    """What the store and the way to it can answer, in this project's errors."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in MISSING or code == "NoSuchUpload":
            raise FileNotFoundError("No object with this key is in the store.") from error
        if code in {"InvalidRange", "416"}:
            raise _EmptyRangeError from error
        raise _unavailable(error) from error
    except NoCredentialsError as error:
        raise ConfigurationError(
            "No key for the object store is set.", hint="Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
        ) from error
    except (BotoCoreError, StreamError, TimeoutError, OSError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    log.warning("the object store failed", reason=str(error) or type(error).__name__)
    return Unavailable("The store that keeps the documents does not answer.", hint="Try again in a moment.")


async def _body(part: BytesIO) -> dict[str, Any]:
    """The part and its MD5, computed in a thread as it takes 15 ms for 8 MiB."""
    size = part.tell()
    md5 = await asyncio.to_thread(_md5, part)
    part.seek(0)
    return {"Body": part, "ContentLength": size, "ContentMD5": md5}


def _md5(part: BytesIO) -> str:
    with part.getbuffer() as data:
        return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _filled(data: bytes) -> BytesIO:
    part = BytesIO()
    part.write(data)
    return part


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


async def _joined(first: BytesIO, rest: AsyncIterator[BytesIO]) -> AsyncIterator[BytesIO]:
    yield first
    del first
    async for part in rest:
        yield part


async def _nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


async def _pieces(body: Any) -> AsyncIterator[bytes]:
    while True:
        with _answers():
            piece: bytes = await body.read(PIECE)
        if not piece:
            return
        yield piece


async def _window(pieces: AsyncIterator[bytes], start: int, end: int | None) -> AsyncIterator[bytes]:
    position = 0
    async for piece in pieces:
        wanted = piece[max(0, start - position) : None if end is None else max(0, end - position)]
        position += len(piece)
        if wanted:
            yield wanted
        if end is not None and position >= end:
            return
