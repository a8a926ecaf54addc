"""Documents put straight into the database: as many as a test needs, and read by nobody."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from docvault.models import Chunk, Document, Page, Revision
from docvault.resources import Resources


async def put(resources: Resources, owner_id: UUID, filename: str, folder: str = "", **values: Any) -> UUID:
    """A document that is ready; of its revision `size_bytes` and `content_type` may be given, and `pages` of text."""
    id, revision_id = uuid4(), uuid4()
    pages = values.pop("texts", [])
    revision = Revision(
        owner_id=owner_id, id=revision_id, document_id=id, object_key=f"{owner_id}/{revision_id}",
        size_bytes=values.pop("size_bytes", 10), content_type=values.pop("content_type", "text/plain"),
        sha256=hashlib.sha256(id.bytes).digest(),
    )  # fmt: skip
    document = Document(
        owner_id=owner_id, id=id, revision_id=revision_id, filename=filename, folder=folder,
        **{"status": "ready", "stage": "ready", "progress": 1.0, "tags": [], **values},
    )  # fmt: skip
    async with resources.database.transaction(owner_id) as session:
        session.add_all([document, revision])
        await session.flush()
        session.add_all(
            Page(owner_id=owner_id, revision_id=revision_id, number=number, text=words)
            for number, words in enumerate(pages, start=1)
        )
    return id


MANY = text(
    """
    WITH made AS (
        SELECT n, gen_random_uuid() AS document, gen_random_uuid() AS revision FROM generate_series(1, :count) AS n
    ), documents_made AS (
        INSERT INTO documents (owner_id, id, revision_id, filename, folder, tags, status, stage, pages, created_at)
        SELECT :owner, document, revision, 'Report ' || lpad(n::text, length(:count::text), '0') || '.pdf', '', '{}',
            'ready', 'ready', 1, now() - n * interval '1 minute' FROM made
    )
    INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type)
    SELECT :owner, revision, document, format('%s/%s', CAST(:owner AS uuid), revision), 1000 + n, '', 'application/pdf'
    FROM made
""".replace("::", "\\:\\:")
)


async def put_many(resources: Resources, owner_id: str, count: int) -> None:
    """`Report 1.pdf` and on, the newest first, all names of the same length."""
    async with resources.database.transaction(UUID(owner_id)) as session:
        await session.execute(MANY, {"owner": owner_id, "count": count})


async def put_passages(
    resources: Resources, owner_id: UUID, document_id: UUID, passages: list[tuple[int, int, str, list[list[float]]]]
) -> None:
    """Passages of the document's revision: their page, where on it they start, their text, their boxes."""
    async with resources.database.transaction(owner_id) as session:
        document = await session.get_one(Document, (owner_id, document_id))
        session.add_all(
            Chunk(
                owner_id=owner_id, id=uuid4(), document_id=document_id, revision_id=document.revision_id,
                ordinal=ordinal, page=page, start_offset=start, end_offset=start + len(words), text=words, section=[],
                context="", tokens=1, boxes=boxes, config="simple", tsv="",
            )
            for ordinal, (page, start, words, boxes) in enumerate(passages)
        )  # fmt: skip
