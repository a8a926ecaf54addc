"""Who may see what. The only rules, in the only place.

Everybody sees their own rows: row-level security proves it, `owned` says it to the planner too. Being somebody else's
looks exactly like not being there. A scope narrows an API key; a person who logged in has every scope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from sqlalchemy import ColumnElement

from docvault.errors import Forbidden

Scope = Literal["documents:read", "documents:write", "search", "chat", "account"]
SCOPES: frozenset[str] = frozenset(get_args(Scope))
KEY_SCOPES: frozenset[str] = SCOPES - {"account"}
"""What an API key may be given. `account` (keys, sessions) is for who logged in: a leaked key makes no keys."""


class Identity(msgspec.Struct, frozen=True):
    """Who makes this request: by a session's access token, good until `expires_at` (Unix time), or by an API key."""

    owner_id: UUID
    scopes: frozenset[str] = SCOPES
    is_admin: bool = False
    session_id: UUID | None = None
    key_id: UUID | None = None
    key_hash: bytes | None = None
    expires_at: float | None = None


def administrators_only(connection: ASGIConnection[Any, Identity, Any, Any], _handler: BaseRouteHandler) -> None:
    """A guard. API keys never pass: no identity of theirs is an administrator's."""
    if not connection.user.is_admin:
        raise not_administrator()


def not_administrator() -> Forbidden:
    return Forbidden("Only an administrator who is logged in may do this.", code="not_administrator")


def owned(table: Any, owner_id: UUID) -> ColumnElement[bool]:
    """`table`'s rows of `owner_id`. Row-level security says the same; this lets the planner use the key."""
    return table.owner_id == owner_id


def requires(scope: Scope) -> Callable[[ASGIConnection[Any, Identity, Any, Any], BaseRouteHandler], None]:
    """A route's guard: only identities with `scope` pass."""

    def guard(connection: ASGIConnection[Any, Identity, Any, Any], _handler: BaseRouteHandler) -> None:
        if scope not in connection.user.scopes:
            raise Forbidden(f"This API key may not do this: it lacks the scope `{scope}`.", code="missing_scope")

    return guard
