"""Webhooks, and what was or is to be delivered to them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from docvault.models.base import Base, Id, Now, Owner, Texts, owned_by, owned_by_user

DeliveryStatus = Literal["pending", "delivered", "failed"]


class Webhook(Base):
    """An address that is told about its owner's documents. `secret_sealed` signs what is sent.

    So does the secret before it, until `previous_until`: its receiver has time to change. `failing_since` is when the
    first try failed after the last that was taken.
    """

    __tablename__ = "webhooks"
    __table_args__ = (owned_by_user(),)

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    url: Mapped[str]
    events: Mapped[Texts]
    secret_sealed: Mapped[bytes]
    previous_sealed: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    created_at: Mapped[Now]
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]


class WebhookDelivery(Base):
    """One message for one webhook: written in the transaction that it tells about, sent by a worker afterwards.

    `payload` is kept as the text that is signed and sent, the same in every try.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        owned_by("webhooks", "webhook_id"),
        Index("webhook_deliveries_listed", "owner_id", "webhook_id", "created_at", "id"),
    )

    owner_id: Mapped[Owner]
    id: Mapped[Id]
    webhook_id: Mapped[UUID]
    event: Mapped[str]
    payload: Mapped[str]
    status: Mapped[DeliveryStatus] = mapped_column(Text, default="pending")
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[Now]
    response_status: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[Now]
    delivered_at: Mapped[datetime | None]
