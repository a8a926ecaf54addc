"""Registering, logging in and out, one's sessions and API keys."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from docvault.accounts import operations, queries
from docvault.accounts.about import about
from docvault.accounts.operations import Client, SignedIn
from docvault.accounts.queries import NEWEST_FIRST
from docvault.accounts.schemas import (
    ApiKeyCreate,
    ApiKeyView,
    CreatedApiKeyView,
    Credentials,
    MePatch,
    PasswordChange,
    SessionView,
    TokenView,
    UserView,
    api_key_view,
    created_api_key_view,
    session_view,
    user_view,
)
from docvault.accounts.sign_in_links import SignInLink, SignInLinkView, make_sign_in_link, sign_in_by_link
from docvault.accounts.throttle import client_key
from docvault.models import ApiKey, Session, User
from docvault.pagination import CursorPage, cursor_page, decode_cursor, encode_cursor
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from docvault.security.tokens import not_authenticated
from docvault.settings import Settings
from docvault.unit_of_work import UnitOfWork

REFRESH_COOKIE = "docvault_refresh"
Limit = Annotated[int, QueryParameter(ge=1, le=500)]
AnyRequest = Request[Any, Any, Any]


class AuthController(Controller):
    path = "/api/auth"
    tags = ["accounts"]  # noqa: RUF012

    @post("/register", opt={"public": True})
    async def register(
        self, request: AnyRequest, resources: NamedDependency[Resources], data: JSONBody[Credentials]
    ) -> Response[TokenView]:
        """Make an account and log in. The first account is the administrator's."""
        signed_in = await operations.register(resources, data.email, data.password, client_of(request))
        return _signed_in(resources.settings, signed_in, 201)

    @post("/login", opt={"public": True}, status_code=200)
    async def log_in(
        self, request: AnyRequest, resources: NamedDependency[Resources], data: JSONBody[Credentials]
    ) -> Response[TokenView]:
        """Start a session. After too many failed tries for one address, 429 with `Retry-After`."""
        signed_in = await operations.log_in(resources, data.email, data.password, client_of(request))
        return _signed_in(resources.settings, signed_in)

    @post("/sign-in-link", guards=[requires("account")])
    async def sign_in_link(
        self, resources: NamedDependency[Resources], identity: NamedDependency[Identity]
    ) -> SignInLinkView:
        """A link that signs another browser in as you: once, within `DOCVAULT_SIGN_IN_LINK_SECONDS`."""
        if identity.session_id is None:
            raise not_authenticated("A link needs somebody who is logged in.")
        return make_sign_in_link(resources.settings, identity.owner_id, identity.session_id)

    @post("/exchange", opt={"public": True}, status_code=200)
    async def exchange(
        self, request: AnyRequest, resources: NamedDependency[Resources], data: JSONBody[SignInLink]
    ) -> Response[TokenView]:
        """Start a session with the ticket of a `sign-in-link`, which is good once."""
        signed_in = await sign_in_by_link(resources, data.ticket, client_of(request))
        return _signed_in(resources.settings, signed_in)

    @post("/refresh", opt={"public": True}, status_code=200)
    async def refresh(self, request: AnyRequest, resources: NamedDependency[Resources]) -> Response[TokenView]:
        """Fresh tokens for the session of the cookie. One that was used up more than seconds ago ends its session."""
        signed_in = await operations.refresh(resources, request.cookies.get(REFRESH_COOKIE))
        return _signed_in(resources.settings, signed_in)

    @post("/logout", status_code=204, guards=[requires("account")])
    async def log_out(
        self,
        unit: NamedDependency[UnitOfWork],
        resources: NamedDependency[Resources],
        identity: NamedDependency[Identity],
        everywhere: FromQuery[bool] = False,
    ) -> Response[None]:
        """End this session, or all of them: their tokens are refused from now on."""
        await queries.revoke(unit.session, unit.owner_id, None if everywhere else identity.session_id)
        return Response(None, status_code=204, cookies=[refresh_cookie(resources.settings, "", 0)])


class SessionsController(Controller):
    path = "/api/sessions"
    tags = ["accounts"]  # noqa: RUF012
    guards = [requires("account")]  # noqa: RUF012

    @get()
    async def list_sessions(
        self,
        unit: NamedDependency[UnitOfWork],
        identity: NamedDependency[Identity],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> CursorPage[SessionView]:
        """Where you are logged in, newest first."""
        after = decode_cursor(cursor, NEWEST_FIRST)
        rows = await queries.live_sessions(unit.session, unit.owner_id, after, limit + 1)
        return cursor_page(rows, limit, lambda row: session_view(row, identity.session_id), _cursor)

    @delete()
    async def end_other_sessions(self, unit: NamedDependency[UnitOfWork], identity: NamedDependency[Identity]) -> None:
        """Log out everywhere but here."""
        await queries.revoke(unit.session, unit.owner_id, other_than=identity.session_id)

    @delete("/{session_id:uuid}")
    async def end_session(self, unit: NamedDependency[UnitOfWork], session_id: FromPath[UUID]) -> None:
        """Log one of your sessions out."""
        await operations.end_session(unit.session, unit.owner_id, session_id)


class ApiKeysController(Controller):
    path = "/api/keys"
    tags = ["accounts"]  # noqa: RUF012
    guards = [requires("account")]  # noqa: RUF012

    @get()
    async def list_keys(
        self, unit: NamedDependency[UnitOfWork], cursor: FromQuery[str | None] = None, limit: Limit = 50
    ) -> CursorPage[ApiKeyView]:
        """Your API keys, newest first, without the keys themselves."""
        rows = await queries.api_keys(unit.session, unit.owner_id, decode_cursor(cursor, NEWEST_FIRST), limit + 1)
        return cursor_page(rows, limit, api_key_view, _cursor)

    @post()
    async def create_key(self, unit: NamedDependency[UnitOfWork], data: JSONBody[ApiKeyCreate]) -> CreatedApiKeyView:
        """Make an API key. The answer is the only time it is shown."""
        return created_api_key_view(*await operations.create_api_key(unit.session, unit.owner_id, data))

    @delete("/{key_id:uuid}")
    async def delete_key(self, unit: NamedDependency[UnitOfWork], key_id: FromPath[UUID]) -> None:
        """Delete an API key: it is refused from now on."""
        await queries.remove_api_key(unit.session, unit.owner_id, key_id)


@get("/api/me", tags=["accounts"])
async def me(unit: NamedDependency[UnitOfWork]) -> UserView:
    """Who you are, and how you like the page."""
    return await _me(unit)


@patch("/api/me", tags=["accounts"], guards=[requires("account")])
async def patch_me(unit: NamedDependency[UnitOfWork], data: JSONBody[MePatch]) -> UserView:
    """Change how you like the page: only what is named."""
    values = msgspec.structs.asdict(data.preferences)
    changed = {name: value for name, value in values.items() if value is not msgspec.UNSET}
    await queries.change_preferences(unit.session, unit.owner_id, changed)
    return await _me(unit)


@post("/api/me/password", tags=["accounts"], status_code=204, guards=[requires("account")])
async def change_password(
    request: AnyRequest,
    resources: NamedDependency[Resources],
    identity: NamedDependency[Identity],
    data: JSONBody[PasswordChange],
) -> None:
    """Change your password. Your other sessions end; API keys stay."""
    await operations.change_password(resources, identity, data.current, data.new, client_of(request))


async def _me(unit: UnitOfWork) -> UserView:
    user = await unit.session.get_one(User, unit.owner_id)
    return user_view(user, await queries.preferences(unit.session, unit.owner_id))


def client_of(request: AnyRequest) -> Client:
    host = request.client.host if request.client else None
    return Client(client_key(host), request.headers.get("user-agent", ""))


def _signed_in(settings: Settings, signed_in: SignedIn, status: int = 200) -> Response[TokenView]:
    user = user_view(signed_in.user, signed_in.preferences)
    tokens = TokenView(signed_in.access_token, settings.access_token_minutes * 60, user)
    cookie = refresh_cookie(settings, signed_in.refresh_token, settings.refresh_token_days * 86_400)
    return Response(tokens, status_code=status, cookies=[cookie])


def refresh_cookie(settings: Settings, token: str, max_age: int) -> Cookie:
    """Out of reach of scripts, of other sites, and of every path but the one that needs it. `max_age` in seconds."""
    return Cookie(
        REFRESH_COOKIE,
        path="/api/auth",
        value=token,
        max_age=max_age,
        secure=settings.cookie_secure,
        httponly=True,
        samesite="strict",
    )


def _cursor(row: Session | ApiKey) -> str:
    return encode_cursor(NEWEST_FIRST, row.created_at, row.id)


accounts_routes = [AuthController, SessionsController, ApiKeysController, me, patch_me, change_password, about]
