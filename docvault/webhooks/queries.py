"""All SQL of the webhooks. Each runs in a transaction of its owner, but for the two lookups at the end.

Where a webhook and its messages are both written, the webhook comes first: so no two transactions wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Select, case, delete, func, insert, literal, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from docvault.errors import NotFound
from docvault.models import DeliveryStatus, Webhook, WebhookDelivery
from docvault.pagination import Cursor
from docvault.security.access import owned

NEWEST_FIRST = "-created_at"
Listed = TypeVar("Listed", Webhook, WebhookDelivery)
_DUE = text("SELECT owner_id, webhook_id, id FROM due_deliveries(:most)")
_OLD = text("SELECT owner_id FROM owners_of_old_deliveries(:before)")


class Due(NamedTuple):
    owner_id: UUID
    webhook_id: UUID
    id: UUID


class Claimed(NamedTuple):
    """A message that is ours to send now. `tries` counts this one."""

    owner_id: UUID
    webhook_id: UUID
    id: UUID
    tries: int
    payload: str
    url: str
    secret_sealed: bytes
    previous_sealed: bytes | None
    disabled: bool


# --- webhooks -----------------------------------------------------------------------------------------------------


async def lock_webhooks(session: AsyncSession, owner_id: UUID) -> int:
    """How many the owner has. Nobody else adds one to them until the transaction ends."""
    key = func.hashtextextended(literal(f"webhooks:{owner_id}"), literal(0))
    await session.execute(select(func.pg_advisory_xact_lock(key)))
    return (await session.execute(select(func.count()).where(owned(Webhook, owner_id)))).scalar_one()


async def webhooks(session: AsyncSession, owner_id: UUID, after: Cursor | None, limit: int) -> Sequence[Webhook]:
    query = select(Webhook).where(owned(Webhook, owner_id))
    return (await session.scalars(_newest_first(query, Webhook, after).limit(limit))).all()


async def find_webhook(session: AsyncSession, owner_id: UUID, id: UUID, *, lock: bool = False) -> Webhook:
    """Raises `NotFound`."""
    query = select(Webhook).where(owned(Webhook, owner_id), Webhook.id == id)
    found = (await session.scalars(query.with_for_update() if lock else query)).one_or_none()
    if found is None:
        raise _no_webhook()
    return found


async def remove_webhook(session: AsyncSession, owner_id: UUID, id: UUID) -> None:
    """With its log and what waits for it. Raises `NotFound`."""
    statement = delete(Webhook).where(owned(Webhook, owner_id), Webhook.id == id).returning(Webhook.id)
    if (await session.execute(statement)).one_or_none() is None:
        raise _no_webhook()


async def disable(session: AsyncSession, owner_id: UUID, id: UUID, reason: str) -> None:
    """Nothing more is sent; what waited has failed."""
    mine = owned(Webhook, owner_id), Webhook.id == id
    await session.execute(update(Webhook).where(*mine).values(disabled_at=func.now(), disabled_reason=reason))
    waiting = owned(WebhookDelivery, owner_id), WebhookDelivery.webhook_id == id, WebhookDelivery.status == "pending"
    await session.execute(update(WebhookDelivery).where(*waiting).values(status="failed", error=reason))


# --- messages -----------------------------------------------------------------------------------------------------


async def is_wanted(session: AsyncSession, owner_id: UUID, event: str) -> bool:
    wanting = (owned(Webhook, owner_id), Webhook.disabled_at.is_(None), Webhook.events.contains([event]))
    return await session.scalar(select(Webhook.id).where(*wanting).limit(1)) is not None


async def add_deliveries(session: AsyncSession, owner_id: UUID, event: str, payload: str) -> None:
    """One for each of the owner's webhooks that is enabled and wants `event`."""
    wanting = select(
        Webhook.owner_id,
        func.gen_random_uuid(),
        Webhook.id,
        literal(event),
        literal(payload),
        literal("pending"),
        literal(0),
    ).where(owned(Webhook, owner_id), Webhook.disabled_at.is_(None), Webhook.events.contains([event]))
    columns = ["owner_id", "id", "webhook_id", "event", "payload", "status", "tries"]
    await session.execute(insert(WebhookDelivery).from_select(columns, wanting))


async def deliveries(
    session: AsyncSession,
    owner_id: UUID,
    webhook_id: UUID,
    status: DeliveryStatus | None,
    after: Cursor | None,
    limit: int,
) -> Sequence[WebhookDelivery]:
    query = select(WebhookDelivery).where(owned(WebhookDelivery, owner_id), WebhookDelivery.webhook_id == webhook_id)
    if status:
        query = query.where(WebhookDelivery.status == status)
    return (await session.scalars(_newest_first(query, WebhookDelivery, after).limit(limit))).all()


async def send_again(session: AsyncSession, owner_id: UUID, webhook_id: UUID, id: UUID) -> WebhookDelivery:
    """Due now; with all its tries before it again unless it was still waiting for one. Raises `NotFound`."""
    mine = owned(WebhookDelivery, owner_id), WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.id == id
    statement = update(WebhookDelivery).where(*mine).returning(WebhookDelivery)
    again = {
        "status": "pending",
        "due_at": func.now(),
        "delivered_at": None,
        "tries": case((WebhookDelivery.status == "pending", WebhookDelivery.tries), else_=0),
    }
    found = (await session.scalars(statement.values(**again))).one_or_none()
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


# --- sending ------------------------------------------------------------------------------------------------------


async def claim(session: AsyncSession, due: Due, seconds: float) -> Claimed | None:
    """Take a message that is due: for `seconds` nobody else will. None when somebody was faster.

    A worker that dies with it costs a try and that time.
    """
    statement = (
        update(WebhookDelivery)
        .where(
            owned(WebhookDelivery, due.owner_id),
            WebhookDelivery.id == due.id,
            WebhookDelivery.status == "pending",
            WebhookDelivery.due_at <= func.now(),
            Webhook.owner_id == WebhookDelivery.owner_id,
            Webhook.id == WebhookDelivery.webhook_id,
        )
        .values(due_at=func.now() + timedelta(seconds=seconds), tries=WebhookDelivery.tries + 1)
    )
    valid = Webhook.previous_until > func.now()
    row = (
        await session.execute(
            statement.returning(
                WebhookDelivery.tries,
                WebhookDelivery.payload,
                Webhook.url,
                Webhook.secret_sealed,
                func.coalesce(valid, False).label("both"),
                Webhook.previous_sealed,
                Webhook.disabled_at,
            )
        )
    ).one_or_none()
    if row is None:
        return None
    previous = row.previous_sealed if row.both else None
    return Claimed(*due, row.tries, row.payload, row.url, row.secret_sealed, previous, row.disabled_at is not None)


async def delivered(session: AsyncSession, claimed: Claimed, response_status: int | None) -> None:
    failing = owned(Webhook, claimed.owner_id), Webhook.id == claimed.webhook_id, Webhook.failing_since.is_not(None)
    await session.execute(update(Webhook).where(*failing).values(failing_since=None))
    values = {"status": "delivered", "response_status": response_status, "error": None, "delivered_at": func.now()}
    await _settle(session, claimed, values)


async def not_delivered(
    session: AsyncSession, claimed: Claimed, response_status: int | None, error: str, again_in: float | None
) -> timedelta:
    """To be tried again after as many seconds, or failed. How long its webhook has taken nothing."""
    mine = owned(Webhook, claimed.owner_id), Webhook.id == claimed.webhook_id
    since = func.coalesce(Webhook.failing_since, func.now())
    statement = update(Webhook).where(*mine).values(failing_since=since)
    failing = (await session.execute(statement.returning(func.now() - Webhook.failing_since))).scalar_one_or_none()
    values: dict[str, Any] = {"response_status": response_status, "error": error}
    if again_in is None:
        values["status"] = "failed"
    else:
        values["due_at"] = func.now() + timedelta(seconds=again_in)
    await _settle(session, claimed, values)
    return failing or timedelta()


async def _settle(session: AsyncSession, claimed: Claimed, values: dict[str, Any]) -> None:
    """Unless somebody has claimed it since."""
    still = WebhookDelivery.status == "pending", WebhookDelivery.tries == claimed.tries
    mine = owned(WebhookDelivery, claimed.owner_id), WebhookDelivery.id == claimed.id
    await session.execute(update(WebhookDelivery).where(*mine, *still).values(**values))


async def forget_old(session: AsyncSession, owner_id: UUID, before: datetime) -> None:
    old = WebhookDelivery.status != "pending", WebhookDelivery.created_at < before
    await session.execute(delete(WebhookDelivery).where(owned(WebhookDelivery, owner_id), *old))


async def due_deliveries(connection: AsyncConnection, most: int) -> list[Due]:
    """Of every webhook the oldest first, in turns."""
    return [Due(row.owner_id, row.webhook_id, row.id) for row in await connection.execute(_DUE, {"most": most})]


async def owners_of_old(connection: AsyncConnection, before: datetime) -> list[UUID]:
    return list((await connection.execute(_OLD, {"before": before})).scalars())


def _newest_first(query: Select[Listed], table: Any, after: Cursor | None) -> Select[Listed]:
    if after is not None:
        last = tuple_(literal(datetime.fromisoformat(after.key), table.created_at.type), literal(after.id))
        query = query.where(tuple_(table.created_at, table.id) < last)
    return query.order_by(table.created_at.desc(), table.id.desc())


def _no_webhook() -> NotFound:
    return NotFound("There is no such webhook.")
