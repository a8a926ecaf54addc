"""A worker's duty: to send the messages that are due.

A message is claimed by an atomic UPDATE that makes it due again later, sent with no transaction open, and settled. A
worker that dies between sending and writing down leaves it to that later time: it is sent again with the same id.
So each message arrives at least once, and its receiver tells doubles by `webhook-id`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from docvault.ending import end
from docvault.errors import ConfigurationError, DocVaultError
from docvault.logging import get_logger
from docvault.resources import Resources
from docvault.security.sealing import unseal
from docvault.webhooks import queries
from docvault.webhooks.operations import purpose
from docvault.webhooks.queries import Claimed, Due
from docvault.webhooks.send import Outcome, Sender
from docvault.webhooks.signing import signature

LOOK = 1.0  # seconds between two looks for what is due, if `sweep` is not shorter
AT_ONCE, OF_OWNER, OF_WEBHOOK = 32, 8, 2  # messages being sent by one worker
AHEAD = 4  # rows looked at for each that can be taken
MARGIN = 15.0  # seconds a claim lasts longer than the receiver may take
PARTING = 2.0  # seconds a stopping worker waits for answers
DELAYS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
"""Seconds before the second, third ... try: the schedule that the Standard Webhooks specification gives."""
LONGEST_WAIT = 86_400.0  # seconds a receiver's `Retry-After` may ask for
FAILING = timedelta(days=3)  # until a webhook that takes nothing is disabled
GONE = 410
PRUNE_EVERY = 3600.0  # seconds
log = get_logger(__name__)


async def keep_delivering(resources: Resources) -> None:
    """Until cancelled."""
    courier = Courier(resources)
    pruned = -PRUNE_EVERY
    try:
        while True:
            try:
                await courier.take_what_is_due()
                if time.monotonic() - pruned >= PRUNE_EVERY:
                    await prune(resources)
                    pruned = time.monotonic()
            except DocVaultError as error:
                log.warning("webhooks.cannot_look", reason=error.detail)
            except Exception as error:
                log.error("webhooks.failed", exc_info=error)
            await courier.wait(min(LOOK, resources.settings.sweep))
    finally:
        await courier.close()


class Courier:
    """The messages one worker is sending: never so many to one receiver that the others have to wait for it."""

    def __init__(self, resources: Resources, sender: Sender | None = None) -> None:
        self._resources = resources
        self._sender = sender or Sender(resources.settings)
        self._sending: dict[UUID, asyncio.Task[None]] = {}
        self._to: Counter[UUID] = Counter()
        self._done = asyncio.Event()

    async def take_what_is_due(self) -> None:
        """Begin to send as many as there is room for."""
        self._done.clear()
        if (room := AT_ONCE - len(self._sending)) <= 0:
            return
        async with self._resources.database.lookup() as connection:
            due = await queries.due_deliveries(connection, room * AHEAD)
        for row in due:
            if len(self._sending) < AT_ONCE and row.id not in self._sending and self._has_room(row):
                self._to.update((row.owner_id, row.webhook_id))
                self._sending[row.id] = asyncio.create_task(self._carry(row))

    def _has_room(self, due: Due) -> bool:
        return self._to[due.owner_id] < OF_OWNER and self._to[due.webhook_id] < OF_WEBHOOK

    async def wait(self, seconds: float) -> None:
        """Until one of the messages being sent is done, or as long as that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._done.wait()

    async def idle(self) -> None:
        """Until nothing is being sent."""
        while self._sending:
            await asyncio.wait(list(self._sending.values()))

    async def close(self) -> None:
        """Those without an answer are tried again when their claim is over."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(PARTING):
                    await self.idle()
        finally:
            sending = list(self._sending.values())
            await end(sending)
            await self._sender.close()

    async def _carry(self, due: Due) -> None:
        try:
            await deliver(self._resources, self._sender, due)
        except DocVaultError as error:
            log.warning("webhook.not_settled", delivery_id=str(due.id), reason=error.detail)
        except Exception as error:
            log.error("webhook.broke", delivery_id=str(due.id), exc_info=error)
        finally:
            del self._sending[due.id]
            self._to.subtract((due.owner_id, due.webhook_id))
            self._to += Counter()  # forgets those at nought
            self._done.set()


async def deliver(resources: Resources, sender: Sender, due: Due) -> None:
    """Claim, send, settle. Nothing happens when somebody else has claimed it."""
    settings, database = resources.settings, resources.database
    async with database.transaction(due.owner_id) as session:
        claimed = await queries.claim(session, due, settings.webhook_seconds + MARGIN)
    if claimed is None:
        return
    outcome = Outcome(error="The webhook is disabled.") if claimed.disabled else await _send(resources, sender, claimed)
    async with database.transaction(due.owner_id) as session:
        if outcome.error is None:
            await queries.delivered(session, claimed, outcome.status)
            return
        again_in = None if claimed.disabled else delay(claimed.tries, settings.webhook_attempts, outcome)
        failing = await queries.not_delivered(session, claimed, outcome.status, outcome.error, again_in)
        if not claimed.disabled and (reason := _hopeless(outcome, failing)):
            await queries.disable(session, due.owner_id, due.webhook_id, reason)
            log.warning("webhook.disabled", webhook_id=str(due.webhook_id), reason=reason)


async def _send(resources: Resources, sender: Sender, claimed: Claimed) -> Outcome:
    sealed = [claimed.secret_sealed, *([claimed.previous_sealed] if claimed.previous_sealed else [])]
    try:
        keys = [unseal(resources.settings, claimed.owner_id, purpose(claimed.webhook_id), one) for one in sealed]
    except ConfigurationError as error:
        log.error("webhook.sealed_elsewhere", webhook_id=str(claimed.webhook_id))
        return Outcome(error=error.detail)
    now, body = int(time.time()), claimed.payload.encode()
    headers = {
        "webhook-id": str(claimed.id),
        "webhook-timestamp": str(now),
        "webhook-signature": signature(keys, str(claimed.id), now, body),
    }
    return await sender.post(claimed.url, headers, body)


def delay(tries: int, most: int, outcome: Outcome) -> float | None:
    """Seconds until the next try, or None: that was the last. Spread, so that a crowd does not return together."""
    if tries >= most:
        return None
    planned = DELAYS[min(tries, len(DELAYS)) - 1] * random.uniform(1.0, 1.2)  # noqa: S311
    return max(planned, min(outcome.retry_after, LONGEST_WAIT))


def _hopeless(outcome: Outcome, failing: timedelta) -> str | None:
    """Why nothing more is to be sent there, if that is so."""
    if outcome.status == GONE:
        return "Its receiver answered 410: it is gone for good."
    if failing >= FAILING:
        return f"For {FAILING.days} days nothing was taken. The last try: {outcome.error}"
    return None


async def prune(resources: Resources) -> None:
    """Forget messages that were delivered or failed, and are older than `webhook_log_days`."""
    before = datetime.now(UTC) - timedelta(days=resources.settings.webhook_log_days)
    async with resources.database.lookup() as connection:
        owners = await queries.owners_of_old(connection, before)
    for owner_id in owners:
        async with resources.database.transaction(owner_id) as session:
            await queries.forget_old(session, owner_id, before)
