"""A shelf of documents, written straight into the database: search is tested without reading files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault.fulltext import configuration, words
from docvault.resources import Resources
from search.queries import halfvec

BOX = [72.0, 72.0, 300.0, 84.0]


class Shelf:
    """One owner's documents. A page is one chunk."""

    def __init__(self, resources: Resources, owner_id: UUID) -> None:
        self.resources = resources
        self.owner_id = owner_id

    async def put(self, filename: str, *pages: str, language: str = "en", **values: Any) -> UUID:
        """A document of these pages; `folder`, `tags`, `content_type` and `created_at` may be given."""
        document, revision = uuid4(), uuid4()
        owner = {"owner": self.owner_id, "document": document, "revision": revision}
        given = {"folder": "", "tags": [], "content_type": "text/plain", "created_at": datetime.now(UTC)} | values
        vectors = await self.resources.embedder.embed(pages)
        async with self.resources.database.transaction(self.owner_id) as session:
            tokens = sum(map(length, pages))
            await session.execute(
                _DOCUMENT,
                owner | given | {"filename": filename, "language": language, "chunks": len(pages), "tokens": tokens},
            )
            await session.execute(_REVISION, owner | given | {"key": str(uuid4())})
            for n, (page, vector) in enumerate(zip(pages, vectors, strict=True)):
                row = owner | {"n": n, "text": page, "id": uuid4()}
                await session.execute(_PAGE, row)
                config = configuration(language)
                more = {"config": config, "words": words(page), "tokens": length(page), "boxes": f"[{BOX}]"}
                await session.execute(_CHUNK, row | more)
                model = {"model": self.resources.embedder.model_id, "vector": halfvec(vector.tolist())}
                await session.execute(_VECTOR, row | model)
        return document


def length(page: str) -> int:
    return len(page.split())


_DOCUMENT = text("""
    INSERT INTO documents (owner_id, id, revision_id, filename, folder, tags, status, stage, language, chunks, tokens,
        created_at)
    VALUES (:owner, :document, :revision, :filename, :folder, CAST(:tags AS text[]), 'ready', 'ready', :language,
        :chunks, :tokens, CAST(:created_at AS timestamptz))
""")
_REVISION = text("""
    INSERT INTO revisions (owner_id, id, document_id, object_key, size_bytes, sha256, content_type)
    VALUES (:owner, :revision, :document, :key, 1, '', :content_type)
""")
_PAGE = text("INSERT INTO pages (owner_id, revision_id, number, text) VALUES (:owner, :revision, :n + 1, :text)")
_CHUNK = text("""
    INSERT INTO chunks (owner_id, id, document_id, revision_id, ordinal, page, start_offset, end_offset, text, tokens,
        boxes, config, tsv)
    VALUES (:owner, :id, :document, :revision, :n, :n + 1, 0, length(:text), :text, :tokens, CAST(:boxes AS jsonb),
        CAST(CAST(:config AS text) AS regconfig), to_tsvector(CAST(CAST(:config AS text) AS regconfig), :words))
""")
_VECTOR = text("""
    INSERT INTO chunk_vectors (owner_id, chunk_id, model_id, document_id, embedding)
    VALUES (:owner, :id, :model, :document, CAST(CAST(:vector AS text) AS halfvec))
""")

NewShelf = Callable[[], Awaitable[Shelf]]


@pytest.fixture(scope="session")
def new_shelf(resources: Resources) -> NewShelf:
    async def make() -> Shelf:
        owner_id = uuid4()
        async with resources.database.transaction(owner_id) as session:
            await session.execute(
                text("INSERT INTO users (id, email, email_key, password_hash) VALUES (:id, :name, :name, '')"),
                {"id": owner_id, "name": f"{owner_id}@example.org"},
            )
        return Shelf(resources, owner_id)

    return make
