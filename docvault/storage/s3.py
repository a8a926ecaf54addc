"""Objects in a bucket of Amazon S3 or of any store that speaks its protocol."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from docvault.errors import ConfigurationError, Unavailable
from docvault.logging import get_logger
from docvault.settings import Settings
from docvault.storage import Digest, Live, Partial, Spare, StoredObject
from docvault.storage.s3_client import REFUSED, EmptyRangeError, S3Client, body_of, pieces_of, unavailable
from docvault.storage.s3_multipart import GrowingObject, Multipart, abort, finish, quietly
from docvault.storage.uploading import KEY, hashing, in_parts, settled, valid_key, write_behind

MAX_PARTS = 10_000
"""Most parts of one upload: Amazon S3's "multipart upload limits"."""

log = get_logger(__name__)


class S3Store:
    """An `ObjectStore` in one bucket. Small objects go in a single PUT, larger ones part by part.

    A call that gets no answer raises `Unavailable` (see `S3Client`). A part's MD5 travels with it: one that was changed
    on the way is refused by the store.
    """

    def __init__(self, s3: S3Client, *, part_bytes: int, stack: AsyncExitStack) -> None:
        self._s3 = s3
        self._part_bytes = part_bytes
        self._stack = stack

    @classmethod
    async def open(cls, settings: Settings) -> S3Store:
        """Connect, and make the bucket where it is missing and may be made.

        Raises `ConfigurationError` when it can be neither found nor made, or nobody says which key to use.
        A server that does not answer yet is no error here.
        """
        stack = AsyncExitStack()
        s3 = await S3Client.open(settings, stack)
        # Enough parts for the largest file, whatever it is set to.
        part_bytes = max(settings.upload_part_bytes, -(-settings.max_file_bytes // MAX_PARTS))
        store = cls(s3, part_bytes=part_bytes, stack=stack)
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
                async with hashing(digest, [first.getbuffer()]):
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
                yield _window(pieces_of(answer["Body"]), start, end)
            else:
                yield pieces_of(answer["Body"])
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
        return (await self._s3.call("head_object", Key=valid_key(key)))["ContentLength"]

    async def delete(self, key: str) -> None:
        await self._s3.call("delete_object", Key=valid_key(key))

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        page: dict[str, Any] = {"NextContinuationToken": None}
        while "NextContinuationToken" in page:
            token = page["NextContinuationToken"]
            page = await self._s3.call(
                "list_objects_v2", Prefix=prefix, **({"ContinuationToken": token} if token else {})
            )
            for found in page.get("Contents", []):
                if KEY.fullmatch(found["Key"]):
                    yield StoredObject(found["Key"], found["Size"], found["LastModified"])

    def append(
        self,
        key: str,
        partial: Partial,
        chunks: AsyncIterator[bytes],
        *,
        spare: Spare,
        total: int | None = None,
        digest: Digest | None = None,
    ) -> AsyncGenerator[Partial]:
        growing = GrowingObject(self._s3, valid_key(key), partial, self._part_bytes, spare, total, digest)
        return growing.run(chunks)

    async def finish(self, key: str, partial: Partial) -> None:
        await finish(self._s3, valid_key(key), partial)

    async def abort(self, key: str, partial: Partial) -> None:
        if partial.upload_id:
            await abort(self._s3, valid_key(key), partial.upload_id)

    async def clear_unfinished(self, before: datetime, live: Live) -> int:
        removed = 0
        for upload in [upload async for upload in self._unfinished()]:
            if upload["Initiated"] < before and not (KEY.fullmatch(upload["Key"]) and await live(upload["Key"])):
                await abort(self._s3, upload["Key"], upload["UploadId"])
                removed += 1
        return removed

    async def check(self) -> None:
        key = f".check/{uuid4().hex}"
        try:
            await self._put_whole(key, _filled(b"check"))
            async with asyncio.timeout(self._s3.timeout):
                body = (await self._s3.call("get_object", Key=key))["Body"]
                if b"".join([piece async for piece in pieces_of(body)]) != b"check":
                    raise Unavailable("The object store gives back other bytes than were written.")
            await self._s3.call("delete_object", Key=key)
        except (FileNotFoundError, TimeoutError) as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        await self._stack.aclose()

    async def _put_whole(self, key: str, body: BytesIO) -> None:
        try:
            await self._s3.write("put_object", Key=key, **await body_of(body))
        except BaseException as error:
            if not isinstance(error.__cause__, REFUSED):
                await settled(quietly(self._s3.call("delete_object", Key=key)))
            raise

    async def _put_in_parts(self, key: str, parts: AsyncIterator[BytesIO], digest: Digest | None) -> int:
        upload = Multipart(self._s3, key, digest)
        try:
            return await upload.run(parts)
        except BaseException:
            await settled(quietly(upload.abandon()))
            raise

    async def _unfinished(self) -> AsyncIterator[dict[str, Any]]:
        page: dict[str, Any] = {"IsTruncated": True}
        while page.get("IsTruncated"):
            markers = {"KeyMarker": page.get("NextKeyMarker"), "UploadIdMarker": page.get("NextUploadIdMarker")}
            try:
                page = await self._s3.call("list_multipart_uploads", **{name: m for name, m in markers.items() if m})
            except FileNotFoundError:
                return  # so answer some stores when there never was one
            for upload in page.get("Uploads", []):
                yield upload

    async def _get(self, key: str, start: int, end: int | None) -> dict[str, Any] | None:
        """None for a range that holds nothing of an object that is there."""
        if end is not None and end <= start:
            await self.size(key)
            return None
        ranged = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
        try:
            return await self._s3.call("get_object", Key=key, **ranged)
        except EmptyRangeError:
            return None

    async def _ensure_bucket(self, region: str) -> None:
        try:
            await self._s3.call("head_bucket")
        except FileNotFoundError:
            # Amazon takes its first region by leaving it out, and refuses it by name.
            where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            try:
                await self._s3.call("create_bucket", **where)
            except Unavailable as error:
                raise ConfigurationError(
                    f"The bucket {self._s3.bucket} is not there and cannot be made: {error.__cause__}",
                    hint="Make it, or set S3_BUCKET to one that these keys may use.",
                ) from error


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


async def _window(pieces: AsyncIterator[bytes], start: int, end: int | None) -> AsyncIterator[bytes]:
    position = 0
    async for piece in pieces:
        wanted = piece[max(0, start - position) : None if end is None else max(0, end - position)]
        position += len(piece)
        if wanted:
            yield wanted
        if end is not None and position >= end:
            return
