"""Tell other programs how a reading ended, in the transaction that says so."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from docvault.library.views import find_view
from docvault.webhooks import operations as webhooks
from docvault.webhooks import queries as webhook_queries
from ingestion.queries import Claim

Event = Literal["document.ready", "document.failed"]


async def tell(session: AsyncSession, claim: Claim, event: Event) -> None:
    """Promise `event` to the owner's webhooks that want it. One short query where there are none."""
    if not await webhook_queries.is_wanted(session, claim.owner_id, event):
        return
    session.expire_all()
    shown = await find_view(session, claim.owner_id, claim.document_id)
    await webhooks.enqueue(session, claim.owner_id, event, shown)
