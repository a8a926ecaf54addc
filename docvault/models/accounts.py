"""People, their sessions and their API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from docvault.models.base import Base, Id, Now, Owner, Texts, owned_by_user


class User(Base):
    """`id` is the `owner_id` of everything the person has. `email` is stored as typed, `email_key` case-folded."""

    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class Session(Base):
    """One log-in and all the refresh tokens that follow from it (a family).

    Only hashes are kept, of the current refresh token and of the one before it, which is good until `previous_until`
    (a reload and a second tab bring it). An older one that comes back has been stolen from somebody, and `revoked_at`
    ends the whole family, access tokens included.
    """

    __tablename__ = "sessions"
    __table_args__ = (owned_by_user(),)

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    refresh_hash: Mapped[bytes]
    previous_hash: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Now]
    refreshed_at: Mapped[Now]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiKey(Base):
    """`hash` is SHA-256 of the key; `prefix` its first characters, for people to tell keys apart."""

    __tablename__ = "api_keys"
    __table_args__ = (owned_by_user(),)

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    name: Mapped[str]
    prefix: Mapped[str]
    hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[Texts]
    created_at: Mapped[Now]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Preferences(Base):
    """How a person likes the page. Whoever never said so has no row."""

    __tablename__ = "preferences"
    __table_args__ = (owned_by_user(),)

    owner_id: Mapped[Owner]
    theme: Mapped[Literal["system", "light", "dark"]] = mapped_column(Text, default="system")
    language: Mapped[str | None]
    default_models: Mapped[Texts]
