"""Puts `request.user` on every request: an `Identity`, or the request ends with 401.

Routes with `opt={"public": True}` are left alone: no header is read, no database asked, there is no `request.user`.
Those with `opt={"ticket": purpose}` take `?ticket=` in place of a header, and no others do: a browser's own download
cannot send one.
"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from docvault.resources import Resources
from docvault.security.authentication import identify, identify_ticket

OPEN_PATHS = [r"^/schema(/|$)"]  # the OpenAPI document's routes are the framework's: they carry no `opt` of ours


class AuthenticationMiddleware(AbstractAuthenticationMiddleware):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, exclude=OPEN_PATHS, exclude_from_auth_key="public")

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        resources: Resources = connection.app.state.resources
        header = connection.headers.get("authorization")
        purpose = connection.route_handler.opt.get("ticket")
        ticket = connection.query_params.get("ticket")
        if purpose and ticket and not header:
            of = "".join(map(str, connection.path_params.values()))
            identity = await identify_ticket(resources.database, resources.settings.secret_key, ticket, purpose, of)
        else:
            identity = await identify(resources.database, resources.settings.secret_key, header)
        return AuthenticationResult(user=identity, auth=None)
