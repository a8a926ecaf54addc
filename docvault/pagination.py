"""Cursor pages: `{items, next_cursor}`. A cursor names the last row seen, so rows added meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from docvault.errors import InvalidInput

T = TypeVar("T")
R = TypeVar("R")


class CursorPage(msgspec.Struct, Generic[T]):
    items: list[T]
    next_cursor: str | None = None


def cursor_page(rows: Sequence[R], limit: int, show: Callable[[R], T], cursor: Callable[[R], str]) -> CursorPage[T]:
    """The page of `limit` that `rows` begins with. Ask for one row more than `limit`: it tells that a page follows."""
    return CursorPage([show(row) for row in rows[:limit]], cursor(rows[limit - 1]) if len(rows) > limit else None)


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The sort key of the last row, as text (a moment, a name, a size), and its id as the tie-break."""

    sort: str
    key: str
    id: UUID


def encode_cursor(sort: str, key: object, id: UUID) -> str:
    text = key.isoformat() if isinstance(key, datetime) else str(key)
    return base64.urlsafe_b64encode(msgspec.json.encode(Cursor(sort, text, id))).decode().rstrip("=")


def decode_cursor(text: str | None, sort: str) -> Cursor | None:
    """Raises `InvalidInput` for a cursor that this API did not give, or gave for another order."""
    if not text:
        return None
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
        if cursor.sort != sort:
            raise ValueError
        _check_key(sort.lstrip("-"), cursor.key)
    except (ValueError, OverflowError, binascii.Error, msgspec.DecodeError):
        raise InvalidInput(
            "The cursor is not one of this list.", code="invalid_cursor", hint="Start again without `cursor`."
        ) from None
    return cursor


def _check_key(order: str, key: str) -> None:
    """Anybody can make up a cursor: its key must be what the database compares that order's column with."""
    if order.endswith("_at"):
        datetime.fromisoformat(key).astimezone(UTC)  # raises where the calendar ends
    elif order == "size_bytes" and abs(int(key)) >= 2**63:
        raise ValueError
