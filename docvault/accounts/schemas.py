"""What the account calls take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from docvault.models import ApiKey, Preferences, Session, User
from docvault.security.access import Scope

MAX_EMAIL = 254  # RFC 5321 allows 256 octets for a path, its angle brackets among them
MAX_PASSWORD = 1024
MAX_KEY_NAME = 100


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    email: Annotated[str, Meta(max_length=MAX_EMAIL)]
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)]

    def __repr__(self) -> str:
        return "Credentials(…)"  # a traceback with local values must not show the password


Theme = Literal["system", "light", "dark"]
ModelId = Annotated[str, Meta(min_length=1, max_length=200)]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]
MAX_DEFAULT_MODELS = 16


class PreferencesView(msgspec.Struct):
    """`language` is a tag as `de`, null for what the browser asks for. No `default_models`: the vault's own."""

    theme: Theme = "system"
    language: str | None = None
    default_models: list[str] = []


class PreferencesPatch(msgspec.Struct, forbid_unknown_fields=True):
    """Only what is named changes."""

    theme: Theme | msgspec.UnsetType = msgspec.UNSET
    language: Language | msgspec.UnsetType | None = msgspec.UNSET
    default_models: Annotated[list[ModelId], Meta(max_length=MAX_DEFAULT_MODELS)] | msgspec.UnsetType = msgspec.UNSET


class MePatch(msgspec.Struct, forbid_unknown_fields=True):
    preferences: PreferencesPatch


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    current: Annotated[str, Meta(max_length=MAX_PASSWORD)]
    new: Annotated[str, Meta(max_length=MAX_PASSWORD)]

    def __repr__(self) -> str:
        return "PasswordChange(…)"


class Farewell(msgspec.Struct, forbid_unknown_fields=True):
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)]

    def __repr__(self) -> str:
        return "Farewell(…)"


class UserView(msgspec.Struct):
    id: UUID
    email: str
    is_admin: bool
    created_at: datetime
    preferences: PreferencesView


class TokenView(msgspec.Struct):
    """`expires_in` is in seconds. The refresh token is in the cookie, out of reach of scripts."""

    access_token: str
    expires_in: int
    user: UserView
    token_type: Literal["bearer"] = "bearer"  # noqa: S105


class SessionView(msgspec.Struct):
    """`current` marks the session that asks."""

    id: UUID
    user_agent: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    current: bool


class ApiKeyCreate(msgspec.Struct, forbid_unknown_fields=True):
    """`expires_at` needs its offset from UTC; without it the key lives until it is deleted."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_KEY_NAME)]
    scopes: Annotated[list[Scope], Meta(min_length=1)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class ApiKeyView(msgspec.Struct):
    """`prefix` is how the key begins."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class CreatedApiKeyView(ApiKeyView):
    """`key` is shown this once: only its hash is kept."""

    key: str


def user_view(user: User, preferences: Preferences | None) -> UserView:
    return UserView(user.id, user.email, user.is_admin, user.created_at, preferences_view(preferences))


def preferences_view(row: Preferences | None) -> PreferencesView:
    return PreferencesView(row.theme, row.language, row.default_models) if row else PreferencesView()


def session_view(session: Session, current: UUID | None) -> SessionView:
    return SessionView(
        session.id,
        session.user_agent,
        session.created_at,
        session.refreshed_at,
        session.expires_at,
        session.id == current,
    )


def api_key_view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(key.id, key.name, key.prefix, key.scopes, key.created_at, key.expires_at, key.last_used_at)


def created_api_key_view(key: ApiKey, text: str) -> CreatedApiKeyView:
    return CreatedApiKeyView(**msgspec.structs.asdict(api_key_view(key)), key=text)
