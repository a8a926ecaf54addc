"""A process that begins an upload, says `half`, and never ends it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from docvault.settings import MiB, Settings
from docvault.storage.factory import open_store


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(20):
        yield bytes(MiB)
    print("half", flush=True)
    await asyncio.Event().wait()


async def main(key: str, home: str, endpoint: str, access_key: str, secret: str, bucket: str) -> None:
    settings = Settings(
        home=Path(home),
        s3_endpoint_url=endpoint,
        s3_access_key_id=access_key,
        s3_secret_access_key=secret,
        s3_bucket=bucket,
    )
    await (await open_store(settings)).put(key, chunks())


asyncio.run(main(*sys.argv[1:]))
