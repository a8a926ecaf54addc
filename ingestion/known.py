"""Which files a person has already, told by the hash of their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library import queries
from docvault.library.schemas import view
from ingestion.queries import LOST_CONTENT
from ingestion.schemas import KnownDocument


async def known(session: AsyncSession, owner_id: UUID, hashes: Sequence[str]) -> list[KnownDocument]:
    """In the order of `hashes`. A document whose bytes were lost is none: they should be sent again."""
    rows = await queries.with_hashes(session, owner_id, [bytes.fromhex(sha256) for sha256 in set(hashes)])
    found: dict[str, KnownDocument] = {}
    for document, revision in rows:
        if document.error_code not in LOST_CONTENT:
            sha256, error = revision.sha256.hex(), view(document, revision).error
            found[sha256] = KnownDocument(
                sha256, document.id, document.filename, document.folder, document.status, error
            )
    return [found[sha256] for sha256 in dict.fromkeys(hashes) if sha256 in found]
