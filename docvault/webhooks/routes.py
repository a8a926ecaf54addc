"""One's webhooks, and the log of what was sent to them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from docvault.models import DeliveryStatus, Webhook, WebhookDelivery
from docvault.pagination import CursorPage, cursor_page, decode_cursor, encode_cursor
from docvault.resources import Resources
from docvault.security.access import requires
from docvault.unit_of_work import UnitOfWork
from docvault.webhooks import operations, queries
from docvault.webhooks.queries import NEWEST_FIRST
from docvault.webhooks.schemas import (
    DeliveryView,
    SecretWebhookView,
    WebhookCreate,
    WebhookPatch,
    WebhookView,
    delivery_view,
    secret_webhook_view,
    webhook_view,
)

Limit = Annotated[int, QueryParameter(ge=1, le=500)]


class WebhooksController(Controller):
    path = "/api/webhooks"
    tags = ["webhooks"]  # noqa: RUF012
    guards = [requires("account")]  # noqa: RUF012

    @get()
    async def list_webhooks(
        self, unit: NamedDependency[UnitOfWork], cursor: FromQuery[str | None] = None, limit: Limit = 50
    ) -> CursorPage[WebhookView]:
        """Your webhooks, newest first, without their secrets."""
        rows = await queries.webhooks(unit.session, unit.owner_id, decode_cursor(cursor, NEWEST_FIRST), limit + 1)
        return cursor_page(rows, limit, webhook_view, _cursor)

    @post()
    async def create_webhook(
        self, unit: NamedDependency[UnitOfWork], resources: NamedDependency[Resources], data: JSONBody[WebhookCreate]
    ) -> SecretWebhookView:
        """Make a webhook. The answer is the only time its secret is shown."""
        made = await operations.create(unit.session, resources.settings, unit.owner_id, data)
        return secret_webhook_view(*made)

    @get("/{webhook_id:uuid}")
    async def get_webhook(self, unit: NamedDependency[UnitOfWork], webhook_id: FromPath[UUID]) -> WebhookView:
        """One webhook, and whether it works."""
        return webhook_view(await queries.find_webhook(unit.session, unit.owner_id, webhook_id))

    @patch("/{webhook_id:uuid}")
    async def patch_webhook(
        self,
        unit: NamedDependency[UnitOfWork],
        resources: NamedDependency[Resources],
        webhook_id: FromPath[UUID],
        data: JSONBody[WebhookPatch],
    ) -> WebhookView:
        """Change where a webhook points and what it is told; switch it off, or on again."""
        return webhook_view(await operations.change(unit.session, resources.settings, unit.owner_id, webhook_id, data))

    @delete("/{webhook_id:uuid}")
    async def delete_webhook(self, unit: NamedDependency[UnitOfWork], webhook_id: FromPath[UUID]) -> None:
        """Delete a webhook with its log. What waited for it is not sent."""
        await queries.remove_webhook(unit.session, unit.owner_id, webhook_id)

    @post("/{webhook_id:uuid}/test", status_code=202)
    async def try_webhook(self, unit: NamedDependency[UnitOfWork], webhook_id: FromPath[UUID]) -> DeliveryView:
        """Send a `webhook.test` message. Its line in the log says how it went."""
        return delivery_view(await operations.try_out(unit.session, unit.owner_id, webhook_id))

    @post("/{webhook_id:uuid}/rotate", status_code=200)
    async def rotate_secret(
        self, unit: NamedDependency[UnitOfWork], resources: NamedDependency[Resources], webhook_id: FromPath[UUID]
    ) -> SecretWebhookView:
        """Make a new secret, shown this once. For 24 hours messages are signed with the old one too."""
        made = await operations.rotate(unit.session, resources.settings, unit.owner_id, webhook_id)
        return secret_webhook_view(*made)

    @get("/{webhook_id:uuid}/deliveries")
    async def list_deliveries(
        self,
        unit: NamedDependency[UnitOfWork],
        webhook_id: FromPath[UUID],
        status: FromQuery[DeliveryStatus | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> CursorPage[DeliveryView]:
        """The webhook's log: every message, newest first, with its tries and how the last one went."""
        after = decode_cursor(cursor, NEWEST_FIRST)
        webhook = await queries.find_webhook(unit.session, unit.owner_id, webhook_id)
        rows = await queries.deliveries(unit.session, unit.owner_id, webhook.id, status, after, limit + 1)
        return cursor_page(rows, limit, delivery_view, _cursor)

    @post("/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/retry", status_code=202)
    async def retry_delivery(
        self, unit: NamedDependency[UnitOfWork], webhook_id: FromPath[UUID], delivery_id: FromPath[UUID]
    ) -> DeliveryView:
        """Send a message again now, whatever became of it, with the same `webhook-id`."""
        return delivery_view(await operations.send_again(unit.session, unit.owner_id, webhook_id, delivery_id))


def _cursor(row: Webhook | WebhookDelivery) -> str:
    return encode_cursor(NEWEST_FIRST, row.created_at, row.id)


webhooks_routes = [WebhooksController]
