"""A link to everything one has, and what it leads to."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Stream

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
    return Stream(export(resources, identity.owner_id), headers=headers, media_type="application/zip")


export_routes = [export_link, get_export]
