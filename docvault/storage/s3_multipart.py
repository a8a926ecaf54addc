"""Objects that go into a bucket in parts: in one go, or over several calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from io import BytesIO
from typing import Any

import msgspec

from docvault.errors import Unavailable
from docvault.logging import get_logger
from docvault.storage import Digest, Partial, Spare
from docvault.storage.s3_client import S3Client, body_of, pieces_of
from docvault.storage.uploading import hashing, in_parts, settled, write_behind, written

log = get_logger(__name__)


class Multipart:
    """One upload in parts, from its beginning to its completion or its removal."""

    def __init__(self, s3: S3Client, key: str, digest: Digest | None) -> None:
        self._s3 = s3
        self._key = key
        self._digest = digest
        self._begun = begin(s3, key)
        self._etags: list[str] = []
        self._size = 0
        self._completing = False

    async def run(self, parts: AsyncIterator[BytesIO]) -> int:
        upload_id = await settled(self._begun)

        async def send(body: dict[str, Any]) -> None:
            self._etags.append(await upload_body(self._s3, self._key, upload_id, len(self._etags) + 1, body))
            self._size += body["ContentLength"]

        async with aclosing(written(parts, self._hashed)) as bodies:  # the next part, while one is being sent
            await write_behind(bodies, send)
        self._completing = True
        try:
            await complete(self._s3, self._key, upload_id, self._etags, self._size)
        except FileNotFoundError:
            raise Unavailable("The object store lost an upload. Send it again.") from None
        return self._size

    async def _hashed(self, part: BytesIO) -> dict[str, Any]:
        async with hashing(self._digest, [part.getbuffer()]):
            return await body_of(part)

    async def abandon(self) -> None:
        await abandon(self._s3, self._key, self._begun)
        if self._completing:
            await self._s3.call("delete_object", Key=self._key)


class GrowingObject:
    """One call of `append`. What does not fill a part is kept as an object of its own, and begins the next one.

    All parts but the last have one size, as some stores want it, whatever the setting is by then.
    """

    def __init__(
        self, s3: S3Client, key: str, partial: Partial, part_bytes: int, spare: Spare, total: int | None,
        digest: Digest | None,
    ) -> None:  # fmt: skip
        self._s3 = s3
        self._key = key
        self._partial = partial
        self._part_bytes = partial.part_bytes or part_bytes
        self._spare = spare
        self._total = total
        self._digest = digest
        self._known = rest_bytes(partial)
        self._begun: asyncio.Future[str] | None = None

    async def run(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[Partial]:
        try:
            async with (
                aclosing(in_parts(self._behind_rest(chunks), self._part_bytes)) as parts,
                aclosing(written(parts, self._write)) as partials,
            ):
                async for partial in partials:
                    yield partial
                    self._begun = None  # whoever keeps the partial knows it
        except BaseException:
            if self._begun is not None:
                await settled(quietly(abandon(self._s3, self._key, self._begun)))
            raise

    async def _behind_rest(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        rest = bool(self._partial.rest)
        async for chunk in chunks:
            if rest:
                yield (await read_rest(self._s3, self._partial)).getvalue()
                rest = False
            yield chunk

    async def _write(self, part: BytesIO) -> Partial:
        size, known, self._known = part.tell(), self._known, 0
        reached = len(self._partial.etags) * self._part_bytes + size
        async with hashing(self._digest, [part.getbuffer()[known:]]):
            if reached != self._total and size < self._part_bytes:
                self._partial = await self._as_rest(part, reached)
            elif reached == self._total and not self._partial.upload_id:
                await self._s3.write("put_object", Key=self._key, **await body_of(part))
                self._partial = Partial(reached, whole=True)
            else:
                self._partial = await self._as_part(part, reached)
        return self._partial

    async def _as_part(self, part: BytesIO, reached: int) -> Partial:
        upload_id, etags = self._partial.upload_id, self._partial.etags
        if not upload_id:
            # A future of its own: cancelled while waiting for it, we still learn what is to be aborted.
            self._begun = begin(self._s3, self._key)
            upload_id = await settled(self._begun)
        etag = await upload_part(self._s3, self._key, upload_id, len(etags) + 1, part)
        return Partial(reached, upload_id=upload_id, part_bytes=self._part_bytes, etags=(*etags, etag))

    async def _as_rest(self, part: BytesIO, reached: int) -> Partial:
        # Never under the old key: until what we say is kept, the old bytes are those that count.
        key = await self._spare()
        await self._s3.write("put_object", Key=key, **await body_of(part))
        return msgspec.structs.replace(self._partial, size=reached, rest=key, part_bytes=self._part_bytes)


async def finish(s3: S3Client, key: str, partial: Partial) -> None:
    """Raises `FileNotFoundError` unless the object is there, whole, afterwards."""
    if partial.whole:
        return await _check(s3, key, partial.size)
    try:
        rest = await read_rest(s3, partial)
        if not partial.upload_id:
            await s3.write("put_object", Key=key, **await body_of(rest))
            return
        etags = list(partial.etags)
        if rest.tell():
            etags.append(await upload_part(s3, key, partial.upload_id, len(etags) + 1, rest))
    except FileNotFoundError:
        return await _check(s3, key, partial.size)
    await complete(s3, key, partial.upload_id, etags, partial.size)


def begin(s3: S3Client, key: str) -> asyncio.Future[str]:
    async def call() -> str:
        return (await s3.call("create_multipart_upload", Key=key))["UploadId"]

    return asyncio.ensure_future(call())


async def upload_part(s3: S3Client, key: str, upload_id: str, number: int, part: BytesIO) -> str:
    return await upload_body(s3, key, upload_id, number, await body_of(part))


async def upload_body(s3: S3Client, key: str, upload_id: str, number: int, body: dict[str, Any]) -> str:
    where = {"Key": key, "UploadId": upload_id, "PartNumber": number}
    return (await s3.write("upload_part", **where, **body))["ETag"]


async def complete(s3: S3Client, key: str, upload_id: str, etags: Sequence[str], size: int) -> None:
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    try:
        await s3.write("complete_multipart_upload", Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts})
    except FileNotFoundError:
        # No such upload: a first try may have completed it and only its answer got lost.
        await _check(s3, key, size)


async def abort(s3: S3Client, key: str, upload_id: str) -> None:
    with suppress(FileNotFoundError):  # already gone
        await s3.call("abort_multipart_upload", Key=key, UploadId=upload_id)


async def abandon(s3: S3Client, key: str, begun: asyncio.Future[str]) -> None:
    try:
        upload_id = await begun
    except Exception:
        return  # it never began
    await abort(s3, key, upload_id)


async def quietly(clean_up: Any) -> None:
    """The error that led here matters more than one of the clean-up, which `clear_unfinished` repeats."""
    try:
        await clean_up
    except Exception as error:
        log.warning("an upload that failed could not be cleared away", reason=str(error.__cause__ or error))


def rest_bytes(partial: Partial) -> int:
    return partial.size - len(partial.etags) * partial.part_bytes if partial.rest else 0


async def read_rest(s3: S3Client, partial: Partial) -> BytesIO:
    """The bytes behind the last full part; none for none. Stands at its end."""
    rest = BytesIO()
    if partial.rest:
        body = (await s3.call("get_object", Key=partial.rest))["Body"]
        async for piece in pieces_of(body):
            rest.write(piece)
        if rest.tell() != rest_bytes(partial):
            raise FileNotFoundError("The last bytes of an unfinished object are not what they were.")
    return rest


async def _check(s3: S3Client, key: str, size: int) -> None:
    if (await s3.call("head_object", Key=key))["ContentLength"] != size:
        raise FileNotFoundError("The object is not whole.")
