"""Links for the browser's own downloads, which cannot send an `Authorization` header."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from docvault.library import queries
from docvault.library.content import check_clean
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from docvault.security.tokens import Ticket, make_ticket
from docvault.settings import Settings
from docvault.unit_of_work import UnitOfWork


class LinkAsked(msgspec.Struct, forbid_unknown_fields=True):
    """`download` saves the file; without it the browser shows what it can."""

    download: bool = True


class LinkView(msgspec.Struct):
    """`url` is a path of this vault, good until `expires_at` or until the session ends."""

    url: str
    expires_at: datetime


@post("/api/documents/{document_id:uuid}/link", tags=["documents"], status_code=200, guards=[requires("account")])
async def link(
    unit: NamedDependency[UnitOfWork],
    resources: NamedDependency[Resources],
    identity: NamedDependency[Identity],
    document_id: FromPath[UUID],
    data: JSONBody[LinkAsked],
) -> LinkView:
    """A link to a document's bytes for the browser to follow. For who is logged in: a program sends its header."""
    document, _ = await queries.find(unit.session, unit.owner_id, document_id)
    check_clean(document, scanned=bool(resources.settings.clamav))
    more = {} if data.download else {"inline": "true"}
    return make_link(
        resources.settings, identity, f"/api/documents/{document_id}/content", "content", str(document_id), **more
    )


def make_link(settings: Settings, identity: Identity, path: str, purpose: str, of: str = "", **query: str) -> LinkView:
    """A link to `path`, whose route must take tickets for `purpose`."""
    if identity.session_id is None:
        raise ValueError("a ticket ends with its session, so it needs one")
    ticket = Ticket(identity.owner_id, identity.session_id, purpose, of)
    expires_at = datetime.fromtimestamp(int(time.time()) + settings.ticket_seconds, UTC)
    text = make_ticket(settings.secret_key, ticket, settings.ticket_seconds)
    return LinkView(f"{path}?{urlencode({'ticket': text, **query})}", expires_at)
