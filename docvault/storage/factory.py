"""Which store it is: the bucket, when one is set, else a folder."""

from __future__ import annotations

from docvault.settings import Settings
from docvault.storage import ObjectStore


async def open_store(settings: Settings) -> ObjectStore:
    """The store the settings name. Raises `ConfigurationError` where it can never work.

    A bucket whose server does not answer yet is opened all the same: calls to it raise `Unavailable` until it does.
    """
    if settings.s3_bucket:
        # The S3 client costs half a second to import: only those who use it pay.
        from docvault.storage.s3 import S3Store

        return await S3Store.open(settings)
    from docvault.storage.files import FileStore

    return await FileStore.open(settings.objects_path)
