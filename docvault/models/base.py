"""What every table shares.

Every table with a person's data starts its key with `owner_id` and is under forced row-level security
(`migrations/versions/`). Foreign keys carry `owner_id` too: they are checked without row-level security, so a key
by id alone could attach a row to another person's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKeyConstraint, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.orm import DeclarativeBase, mapped_column

Moment = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True))]
Now = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True), server_default=func.now())]
Id = Annotated[UUID, mapped_column(PGUUID(as_uuid=True), primary_key=True, default=uuid4)]
Owner = Annotated[UUID, mapped_column(PGUUID(as_uuid=True), primary_key=True)]
Texts = Annotated[list[str], mapped_column(ARRAY(Text), default=list)]
Json = Annotated[Any, mapped_column(JSONB)]


class Base(DeclarativeBase):
    type_annotation_map = {str: Text, datetime: TIMESTAMP(timezone=True), UUID: PGUUID(as_uuid=True)}  # noqa: RUF012


def owned_by(table: str, column: str, ondelete: str = "CASCADE", **more: Any) -> ForeignKeyConstraint:
    """A foreign key to `table` that can only point at a row of the same owner."""
    return ForeignKeyConstraint(["owner_id", column], [f"{table}.owner_id", f"{table}.id"], ondelete=ondelete, **more)


def owned_by_user() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["owner_id"], ["users.id"], ondelete="CASCADE")
