"""What ingestion answers with."""

from __future__ import annotations

import msgspec

from docvault.library.schemas import DocumentView


class UploadView(msgspec.Struct):
    """In the order of the request's files. One that was there already has `duplicate_of` set, and is not read again."""

    documents: list[DocumentView]
