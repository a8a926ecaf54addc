"""What the webhook calls take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from docvault.models import DeliveryStatus, Webhook, WebhookDelivery

Event = Literal["document.ready", "document.failed"]
TEST = "webhook.test"
"""What the call to try a webhook out sends; nobody subscribes to it."""
Url = Annotated[str, Meta(max_length=2048)]
Events = Annotated[list[Event], Meta(min_length=1)]


class WebhookCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Without a `secret` one is made: `whsec_` and base64, as the Standard Webhooks specification has it."""

    url: Url
    events: Events = msgspec.field(default_factory=lambda: ["document.ready", "document.failed"])
    secret: Annotated[str, Meta(max_length=200)] | None = None

    def __repr__(self) -> str:
        return "WebhookCreate(…)"  # a traceback with local values must not show the secret


class WebhookPatch(msgspec.Struct, forbid_unknown_fields=True):
    """Only what is named changes."""

    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class WebhookView(msgspec.Struct):
    """`failing_since` is when the first try failed after the last that was taken."""

    id: UUID
    url: str
    events: list[str]
    enabled: bool
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None


class SecretWebhookView(WebhookView):
    """`secret` is shown this once."""

    secret: str


class DeliveryView(msgspec.Struct):
    """`id` is also the header `webhook-id` of every try. `due_at` is when a `pending` one is tried next."""

    id: UUID
    webhook_id: UUID
    event: str
    status: DeliveryStatus
    tries: int
    due_at: datetime | None
    response_status: int | None
    error: str | None
    created_at: datetime
    delivered_at: datetime | None


def webhook_view(webhook: Webhook) -> WebhookView:
    return WebhookView(
        webhook.id,
        webhook.url,
        webhook.events,
        webhook.disabled_at is None,
        webhook.created_at,
        webhook.failing_since,
        webhook.disabled_at,
        webhook.disabled_reason,
    )


def secret_webhook_view(webhook: Webhook, secret: str) -> SecretWebhookView:
    return SecretWebhookView(**msgspec.structs.asdict(webhook_view(webhook)), secret=secret)


def delivery_view(delivery: WebhookDelivery) -> DeliveryView:
    return DeliveryView(
        delivery.id,
        delivery.webhook_id,
        delivery.event,
        delivery.status,
        delivery.tries,
        delivery.due_at if delivery.status == "pending" else None,
        delivery.response_status,
        delivery.error,
        delivery.created_at,
        delivery.delivered_at,
    )
