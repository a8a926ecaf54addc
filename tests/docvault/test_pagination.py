from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from docvault.errors import InvalidInput
from docvault.pagination import decode_cursor, encode_cursor


def test_round_trip() -> None:
    id, moment = uuid4(), datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    cursor = decode_cursor(encode_cursor("-created_at", moment, id), "-created_at")
    assert cursor is not None
    assert (datetime.fromisoformat(cursor.key), cursor.id) == (moment, id)


def test_no_cursor_is_the_first_page() -> None:
    assert decode_cursor(None, "filename") is None
    assert decode_cursor("", "filename") is None


@pytest.mark.parametrize("text", ["x", "e30", "%%%", "Zm9v", "ÄÖ", "W10="])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor") as refused:
        decode_cursor(text, "filename")
    assert refused.value.code == "invalid_cursor"


def test_a_cursor_belongs_to_its_order() -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(encode_cursor("filename", "a", uuid4()), "-filename")


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("-created_at", "x"),
        ("-created_at", "0001-01-01T00:00:00+14:00"),
        ("updated_at", ""),
        ("size_bytes", "x"),
        ("size_bytes", "9" * 40),
        ("-size_bytes", "9" * 5000),
    ],
)
def test_a_made_up_key_is_refused(sort: str, key: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(encode_cursor(sort, key, uuid4()), sort)
