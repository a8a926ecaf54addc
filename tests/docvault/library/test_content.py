"""Bytes that have not passed the virus scan are not given out."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from docvault.errors import Conflict
from docvault.library.content import check_clean
from docvault.models import Document
from docvault.resources import Resources
from tests.people import People


def document(status: str, error_code: str | None = None, *, chunks: int = 0, newer: bool = False) -> Document:
    pending = uuid4() if newer else None
    return Document(status=status, error_code=error_code, chunks=chunks, pending_revision_id=pending)


@pytest.mark.parametrize("scanned", [True, False])
@pytest.mark.parametrize(
    "found",
    [
        document("ready", chunks=3),
        document("failed", "no_text"),
        document("failed", "encrypted"),
        document("processing", chunks=3),
        document("failed", "infected", chunks=3, newer=True),  # the newer revision is; this one is served
        document("queued", newer=True),
    ],
)
def test_bytes_that_are_given_out(found: Document, scanned: bool) -> None:
    check_clean(found, scanned=scanned)


@pytest.mark.parametrize("scanned", [True, False])
@pytest.mark.parametrize("chunks", [0, 3])
def test_infected_ones_are_not(scanned: bool, chunks: int) -> None:
    with pytest.raises(Conflict) as refused:
        check_clean(document("failed", "infected", chunks=chunks), scanned=scanned)
    assert refused.value.code == "infected"


@pytest.mark.parametrize(
    "found",
    [
        document("queued"),
        document("queued", "infected"),  # somebody asked for it to be read again
        document("processing"),
        document("failed", "not_scanned"),
        document("failed", "scan_too_large"),
        document("failed", "cancelled"),
        document("failed", "gave_up"),
    ],
)
def test_unknown_ones_are_not_where_everything_is_scanned(found: Document) -> None:
    check_clean(found, scanned=False)
    with pytest.raises(Conflict) as refused:
        check_clean(found, scanned=True)
    assert refused.value.code == "not_scanned"


async def test_over_http(people: People, resources: Resources) -> None:
    person = await people.new()
    (uploaded,) = await person.upload(("invoice.txt", f"An invoice {uuid4()}".encode()))
    url = f"/api/documents/{uploaded['id']}/content"
    etag = (await person.http.get(url)).headers["etag"]
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE documents SET status = 'failed', error_code = 'infected'"))
    for headers in ({}, {"Range": "bytes=0-1"}, {"If-None-Match": etag}):
        answer = await person.http.get(url, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "infected")
        assert "invoice" not in answer.text
