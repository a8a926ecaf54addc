"""What the webhook calls do, and `enqueue`, by which others make a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.errors import Conflict
from docvault.logging import get_logger
from docvault.models import Webhook, WebhookDelivery
from docvault.security.sealing import seal
from docvault.settings import Settings
from docvault.webhooks import queries
from docvault.webhooks.addresses import check_url
from docvault.webhooks.schemas import TEST, Event, WebhookCreate, WebhookPatch
from docvault.webhooks.signing import checked_secret, make_secret

BOTH_SECRETS = timedelta(hours=24)
"""For how long after a change of secret messages are signed with the old one too."""
SWITCHED_OFF = "You switched this webhook off."
log = get_logger(__name__)


async def enqueue(session: AsyncSession, owner_id: UUID, event: Event, data: Any) -> None:
    """Promise `event` to every webhook of the owner that wants it, in the transaction that makes it true.

    `data` is the document as the API shows it (anything that msgspec writes as JSON), never its text: it is kept and
    sent as it is now. One statement, whether there are webhooks or not.
    """
    await queries.add_deliveries(session, owner_id, event, payload(event, data))


def payload(event: str, data: Any) -> str:
    """`{type, timestamp, data}`, as the Standard Webhooks specification recommends."""
    return msgspec.json.encode({"type": event, "timestamp": datetime.now(UTC), "data": data}).decode()


async def create(
    session: AsyncSession, settings: Settings, owner_id: UUID, wanted: WebhookCreate
) -> tuple[Webhook, str]:
    """The row, and its secret. Raises `InvalidInput`, or `Conflict` (`too_many_webhooks`)."""
    check_url(wanted.url, private=settings.webhook_private)
    secret = checked_secret(wanted.secret) if wanted.secret is not None else make_secret()
    if await queries.lock_webhooks(session, owner_id) >= settings.max_webhooks:
        raise Conflict(
            f"You have {settings.max_webhooks} webhooks, which is the most there may be.",
            code="too_many_webhooks",
            hint="Delete one that you no longer need.",
        )
    id = uuid4()
    sealed = seal(settings, owner_id, purpose(id), secret)
    webhook = Webhook(owner_id=owner_id, id=id, url=wanted.url, events=_events(wanted.events), secret_sealed=sealed)
    session.add(webhook)
    await session.flush()
    log.info("webhook.created", owner_id=str(owner_id), webhook_id=str(id))
    return webhook, secret


async def change(session: AsyncSession, settings: Settings, owner_id: UUID, id: UUID, wanted: WebhookPatch) -> Webhook:
    """Raises `InvalidInput` or `NotFound`."""
    webhook = await queries.find_webhook(session, owner_id, id, lock=True)
    if wanted.url is not msgspec.UNSET:
        check_url(wanted.url, private=settings.webhook_private)
        webhook.url = wanted.url
    if wanted.events is not msgspec.UNSET:
        webhook.events = _events(wanted.events)
    if wanted.enabled is True:
        webhook.disabled_at = webhook.disabled_reason = webhook.failing_since = None
    await session.flush()
    if wanted.enabled is False and webhook.disabled_at is None:
        await queries.disable(session, owner_id, id, SWITCHED_OFF)
        await session.refresh(webhook)
    return webhook


async def rotate(session: AsyncSession, settings: Settings, owner_id: UUID, id: UUID) -> tuple[Webhook, str]:
    """A new secret. For a day messages carry the signature of the old one too. Raises `NotFound`."""
    webhook = await queries.find_webhook(session, owner_id, id, lock=True)
    secret = make_secret()
    webhook.previous_sealed, webhook.previous_until = webhook.secret_sealed, datetime.now(UTC) + BOTH_SECRETS
    webhook.secret_sealed = seal(settings, owner_id, purpose(id), secret)
    await session.flush()
    log.info("webhook.rotated", owner_id=str(owner_id), webhook_id=str(id))
    return webhook, secret


async def try_out(session: AsyncSession, owner_id: UUID, id: UUID) -> WebhookDelivery:
    """A message that says nothing, for this webhook alone. Raises `NotFound`, or `Conflict` (`webhook_disabled`)."""
    webhook = await _enabled(session, owner_id, id)
    delivery = WebhookDelivery(
        owner_id=owner_id, id=uuid4(), webhook_id=webhook.id, event=TEST, payload=payload(TEST, {"webhook_id": id})
    )
    session.add(delivery)
    await session.flush()
    await session.refresh(delivery)
    return delivery


async def send_again(session: AsyncSession, owner_id: UUID, webhook_id: UUID, id: UUID) -> WebhookDelivery:
    """Raises `NotFound`, or `Conflict` (`webhook_disabled`)."""
    webhook = await _enabled(session, owner_id, webhook_id)
    return await queries.send_again(session, owner_id, webhook.id, id)


async def _enabled(session: AsyncSession, owner_id: UUID, id: UUID) -> Webhook:
    webhook = await queries.find_webhook(session, owner_id, id)
    if webhook.disabled_at is not None:
        raise Conflict(
            "This webhook is disabled: nothing is sent to it.",
            code="webhook_disabled",
            hint='Enable it first: PATCH it with {"enabled": true}.',
        )
    return webhook


def purpose(id: UUID) -> str:
    """What a webhook's secrets are sealed for."""
    return f"webhook:{id}"


def _events(wanted: list[Event]) -> list[str]:
    return sorted(set(wanted))
