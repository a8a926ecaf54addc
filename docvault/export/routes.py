"""A link to everything one has, what it leads to, and the way out."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.response import Stream

from docvault.accounts.routes import AnyRequest, client_of, refresh_cookie
from docvault.accounts.schemas import Farewell
from docvault.export.leaving import leave
from docvault.export.operations import export
from docvault.library.links import LinkView, make_link
from docvault.resources import Resources
from docvault.security.access import Identity, requires


@post("/api/export/link", tags=["accounts"], status_code=200, guards=[requires("account")])
async def export_link(resources: NamedDependency[Resources], identity: NamedDependency[Identity]) -> LinkView:
    """A link by which the browser downloads everything you have."""
    return make_link(resources.settings, identity, "/api/export", "export")


@get(
    "/api/export",
    tags=["accounts"],
    guards=[requires("account")],
    opt={"uncompressed": True, "ticket": "export"},
    media_type="application/zip",
)
async def get_export(
    resources: NamedDependency[Resources], identity: NamedDependency[Identity], ticket: FromQuery[str | None] = None
) -> Stream:
    """Everything you have as one ZIP: documents in their folders, what is known of them, conversations, your account.

    `ticket` comes from `link`, and takes the place of the header.
    """
    name = f"docvault-{datetime.now(UTC):%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # It may take hours: longer than an access token lives, but no longer than the session is good.
    session = msgspec.structs.replace(identity, expires_at=None)
    pieces = resources.streams.of(session, export(resources, identity.owner_id))
    return Stream(pieces, headers=headers, media_type="application/zip")


@delete("/api/me", tags=["accounts"], guards=[requires("account")])
async def delete_me(
    request: AnyRequest,
    resources: NamedDependency[Resources],
    identity: NamedDependency[Identity],
    data: JSONBody[Farewell],
) -> Response[None]:
    """Delete your account with everything in it, for good. The last administrator cannot while others are there."""
    await leave(resources, identity.owner_id, data.password, client_of(request))
    return Response(None, status_code=204, cookies=[refresh_cookie(resources.settings, "", 0)])


export_routes = [export_link, get_export, delete_me]
