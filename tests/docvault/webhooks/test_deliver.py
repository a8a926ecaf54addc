"""From the outbox to a receiver: claims, tries, turns, what ends a webhook, and what is forgotten."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook as Verifier

from docvault.webhooks import queries
from docvault.webhooks.deliver import DELAYS, Courier, delay, deliver, keep_delivering, prune
from docvault.webhooks.operations import SWITCHED_OFF, enqueue
from docvault.webhooks.queries import Due
from docvault.webhooks.send import Outcome, Sender
from tests.docvault.webhooks.receiver import Got, Receiver, reply
from tests.vault import Account, Vault

DOCUMENT = {"id": "4711", "filename": "Jahresbericht – Übersicht.pdf", "status": "ready", "error": None}


async def made(person: Account, receiver: Receiver, **body: Any) -> dict[str, Any]:
    answer = await person.http.post("/api/webhooks", json={"url": receiver.url, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def tell(vault: Vault, person: Account, event: Any = "document.ready", data: Any = DOCUMENT) -> None:
    async with vault.resources.database.transaction(person.id) as session:
        await enqueue(session, person.id, event, data)


async def go_round(courier: Courier) -> None:
    await courier.take_what_is_due()
    await courier.idle()


async def log(person: Account, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    answer = await person.http.get(f"/api/webhooks/{webhook['id']}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def sql(vault: Vault, person: Account, statement: str, **values: Any) -> None:
    async with vault.resources.database.transaction(person.id) as session:
        await session.execute(text(statement), values)


async def make_due(vault: Vault, person: Account) -> None:
    await sql(vault, person, "UPDATE webhook_deliveries SET due_at = now() WHERE status = 'pending'")


def verified(secret: str, got: Got) -> Any:
    """By the official library: signature, and that the time is not far off."""
    return Verifier(secret).verify(got.body, got.headers)


async def test_a_message_arrives_signed(vault: Vault, person: Account, receiver: Receiver, courier: Courier) -> None:
    webhook = await made(person, receiver)
    await tell(vault, person)
    await go_round(courier)
    (got,) = receiver.got
    said = verified(webhook["secret"], got)
    assert (said["type"], said["data"], set(said)) == ("document.ready", DOCUMENT, {"type", "timestamp", "data"})
    (line,) = await log(person, webhook)
    assert got.headers["webhook-id"] == line["id"]
    assert (line["status"], line["tries"], line["response_status"], line["error"]) == ("delivered", 1, 204, None)
    assert line["delivered_at"] is not None
    assert line["due_at"] is None
    await go_round(courier)
    assert len(receiver.got) == 1


async def test_only_who_wants_an_event_is_told(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier
) -> None:
    failed = await made(person, receiver, events=["document.failed"])
    both = await made(person, receiver)
    off = await made(person, receiver)
    await person.http.patch(f"/api/webhooks/{off['id']}", json={"enabled": False})
    stranger = await vault.person()
    await made(stranger, receiver)
    await tell(vault, person)
    await tell(vault, person, "document.failed")
    await go_round(courier)
    assert [line["event"] for line in await log(person, failed)] == ["document.failed"]
    assert sorted(line["event"] for line in await log(person, both)) == ["document.failed", "document.ready"]
    assert await log(person, off) == []
    assert len(receiver.got) == 3


async def test_nothing_is_promised_by_a_transaction_that_fails(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier
) -> None:
    webhook = await made(person, receiver)
    with suppress(ZeroDivisionError):
        async with vault.resources.database.transaction(person.id) as session:
            await enqueue(session, person.id, "document.ready", DOCUMENT)
            raise ZeroDivisionError
    await go_round(courier)
    assert (receiver.got, await log(person, webhook)) == ([], [])


async def test_without_webhooks_one_statement_and_no_row(vault: Vault) -> None:
    person = await vault.person()
    async with vault.resources.database.transaction(person.id) as session:
        await enqueue(session, person.id, "document.ready", DOCUMENT)
        assert await session.scalar(text("SELECT count(*) FROM webhook_deliveries")) == 0


async def test_tried_again_later_with_the_same_id_and_then_given_up(
    vault: Vault, person: Account, receiver: Receiver
) -> None:
    few = vault.changed(webhook_attempts=3)
    courier = Courier(few.resources)
    receiver.answer = reply(500, b"broken")
    webhook = await made(person, receiver)
    await tell(vault, person)
    await go_round(courier)
    (line,) = await log(person, webhook)
    assert (line["status"], line["tries"], line["response_status"]) == ("pending", 1, 500)
    assert line["error"] == "It answered 500."
    await go_round(courier)  # not due: nothing
    for _ in range(4):
        await make_due(vault, person)
        await go_round(courier)
    (line,) = await log(person, webhook, status="failed")
    assert (line["tries"], line["due_at"]) == (3, None)
    assert {got.headers["webhook-id"] for got in receiver.got} == {line["id"]}
    assert len(receiver.got) == 3
    assert len({got.body for got in receiver.got}) == 1
    assert all(verified(webhook["secret"], got) for got in receiver.got)
    assert (await person.http.get(f"/api/webhooks/{webhook['id']}")).json()["failing_since"] is not None
    await courier.close()


async def test_retried_on_request(vault: Vault, person: Account, receiver: Receiver, courier: Courier) -> None:
    receiver.answers = [reply(410)]
    webhook = await made(person, receiver)
    url = f"/api/webhooks/{webhook['id']}"
    await tell(vault, person)
    await go_round(courier)
    found = (await person.http.get(url)).json()
    assert (found["enabled"], found["disabled_reason"]) == (False, "Its receiver answered 410: it is gone for good.")
    (line,) = await log(person, webhook)
    assert (line["status"], line["response_status"]) == ("failed", 410)
    again = f"{url}/deliveries/{line['id']}/retry"
    for call in (again, f"{url}/test"):
        refused = await person.http.post(call)
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
    enabled = (await person.http.patch(url, json={"enabled": True})).json()
    assert (enabled["enabled"], enabled["disabled_reason"], enabled["failing_since"]) == (True, None, None)
    answer = await person.http.post(again)
    assert (answer.status_code, answer.json()["status"], answer.json()["tries"]) == (202, "pending", 0)
    await go_round(courier)
    (line,) = await log(person, webhook)
    assert (line["status"], line["tries"]) == ("delivered", 1)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


async def test_a_success_ends_the_failing(vault: Vault, person: Account, receiver: Receiver, courier: Courier) -> None:
    receiver.answers = [reply(503)]
    webhook = await made(person, receiver)
    await tell(vault, person)
    await go_round(courier)
    assert (await person.http.get(f"/api/webhooks/{webhook['id']}")).json()["failing_since"]
    await make_due(vault, person)
    await go_round(courier)
    assert (await person.http.get(f"/api/webhooks/{webhook['id']}")).json()["failing_since"] is None


async def test_a_webhook_that_takes_nothing_for_days_is_disabled(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier
) -> None:
    receiver.answer = reply(500)
    webhook = await made(person, receiver)
    await tell(vault, person)
    await tell(vault, person)
    await sql(vault, person, "UPDATE webhooks SET failing_since = now() - interval '71 hours'")
    await go_round(courier)
    assert (await person.http.get(f"/api/webhooks/{webhook['id']}")).json()["enabled"]
    await sql(vault, person, "UPDATE webhooks SET failing_since = now() - interval '73 hours'")
    await sql(
        vault,
        person,
        "UPDATE webhook_deliveries SET due_at = now() WHERE id = (SELECT min(id::text)::uuid FROM webhook_deliveries)",
    )
    await go_round(courier)
    found = (await person.http.get(f"/api/webhooks/{webhook['id']}")).json()
    assert not found["enabled"]
    assert found["disabled_reason"] == "For 3 days nothing was taken. The last try: It answered 500."
    assert {line["status"] for line in await log(person, webhook)} == {"failed"}


async def test_switched_off_while_messages_wait(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier
) -> None:
    webhook = await made(person, receiver)
    await tell(vault, person)
    await person.http.patch(f"/api/webhooks/{webhook['id']}", json={"enabled": False})
    await go_round(courier)
    (line,) = await log(person, webhook)
    assert (line["status"], line["error"], receiver.got) == ("failed", SWITCHED_OFF, [])


async def test_promised_just_before_it_was_switched_off(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier
) -> None:
    """Written by a transaction that did not see the change: the claim does."""
    webhook = await made(person, receiver)
    await tell(vault, person)
    await sql(vault, person, "UPDATE webhooks SET disabled_at = now()")
    await go_round(courier)
    (line,) = await log(person, webhook)
    assert (line["status"], line["error"], receiver.got) == ("failed", "The webhook is disabled.", [])


async def test_after_a_change_of_secret_both_are_good(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier
) -> None:
    webhook = await made(person, receiver)
    answer = await person.http.post(f"/api/webhooks/{webhook['id']}/rotate")
    assert answer.status_code == 200
    new = answer.json()["secret"]
    assert new != webhook["secret"]
    await tell(vault, person)
    await go_round(courier)
    assert verified(webhook["secret"], receiver.got[0]) == verified(new, receiver.got[0])
    await sql(vault, person, "UPDATE webhooks SET previous_until = now()")
    await tell(vault, person)
    await go_round(courier)
    assert verified(new, receiver.got[1])
    with pytest.raises(Exception, match="No matching signature"):
        verified(webhook["secret"], receiver.got[1])


async def test_a_secret_of_ones_own(vault: Vault, person: Account, receiver: Receiver, courier: Courier) -> None:
    own = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert (await made(person, receiver, secret=own))["secret"] == own
    await tell(vault, person)
    await go_round(courier)
    assert verified(own, receiver.got[0])


async def test_sealed_under_another_key(vault: Vault, person: Account, receiver: Receiver) -> None:
    webhook = await made(person, receiver)
    await tell(vault, person)
    other = vault.changed(secret_key="another key, as after a restore without its file")
    courier = Courier(other.resources)
    await go_round(courier)
    await courier.close()
    (line,) = await log(person, webhook)
    assert line["error"] == "A secret in the database was sealed under another DOCVAULT_SECRET_KEY."
    assert (line["status"], receiver.got) == ("pending", [])


# --- several workers, slow receivers, workers that die ------------------------------------------------------------


async def test_several_workers_send_each_message_once(vault: Vault, person: Account, receiver: Receiver) -> None:
    webhook = await made(person, receiver)
    for _ in range(12):
        await tell(vault, person)
    couriers = [Courier(vault.resources) for _ in range(4)]
    while await log(person, webhook, status="pending"):
        await asyncio.gather(*(go_round(courier) for courier in couriers))
    for courier in couriers:
        await courier.close()
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert sorted(ids) == sorted(line["id"] for line in await log(person, webhook))
    assert {line["tries"] for line in await log(person, webhook)} == {1}


async def test_a_claim_is_not_given_twice(vault: Vault, person: Account, receiver: Receiver) -> None:
    webhook = await made(person, receiver)
    await tell(vault, person)
    (line,) = await log(person, webhook)
    due = Due(person.id, UUID(webhook["id"]), UUID(line["id"]))

    async def claim() -> queries.Claimed | None:
        async with vault.resources.database.transaction(person.id) as session:
            return await queries.claim(session, due, 60.0)

    claims = await asyncio.gather(*(claim() for _ in range(5)))
    assert sum(claimed is not None for claimed in claims) == 1


async def test_a_worker_that_dies_after_sending_leaves_it_to_the_next(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once: the same message, the same id."""
    monkeypatch.setattr("docvault.webhooks.deliver.PARTING", 0.0)
    webhook = await made(person, receiver)
    await tell(vault, person)
    receiver.hold.clear()
    dying = asyncio.create_task(keep_delivering(vault.resources))
    async with asyncio.timeout(10):
        await receiver.connected.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    receiver.hold.set()
    (line,) = await log(person, webhook)
    assert (line["status"], line["tries"]) == ("pending", 1)
    await go_round(courier)
    assert len(receiver.got) == 1  # its claim is not over yet
    await make_due(vault, person)
    await go_round(courier)
    (line,) = await log(person, webhook)
    assert (line["status"], line["tries"]) == ("delivered", 2)
    assert [got.headers["webhook-id"] for got in receiver.got] == [line["id"]] * 2


async def test_an_old_try_does_not_overwrite_a_newer_one(vault: Vault, person: Account, receiver: Receiver) -> None:
    webhook = await made(person, receiver)
    await tell(vault, person)
    (line,) = await log(person, webhook)
    due = Due(person.id, UUID(webhook["id"]), UUID(line["id"]))
    async with vault.resources.database.transaction(person.id) as session:
        old = await queries.claim(session, due, 60.0)
    await make_due(vault, person)
    sender = Sender(vault.settings)
    await deliver(vault.resources, sender, due)
    await sender.close()
    assert old is not None
    async with vault.resources.database.transaction(person.id) as session:
        await queries.not_delivered(session, old, 500, "Too late.", None)
    (line,) = await log(person, webhook)
    assert (line["status"], line["tries"], line["error"]) == ("delivered", 2, None)


async def test_a_receiver_that_does_not_answer_holds_up_nobody_else(
    vault: Vault, person: Account, receiver: Receiver, courier: Courier
) -> None:
    other = await vault.person()
    async with Receiver() as stuck:
        stuck.hold.clear()
        slow, quick = await made(person, stuck), await made(person, receiver)
        theirs = await made(other, receiver)
        for _ in range(30):
            await tell(vault, person)
        await tell(vault, other)
        while await log(person, quick, status="pending") or await log(other, theirs, status="pending"):
            await courier.take_what_is_due()
            await courier.wait(0.2)
        assert len(receiver.got) == 31
        assert stuck.most_at_once == 2
        assert {line["status"] for line in await log(person, slow)} == {"pending"}
        stuck.hold.set()
        await courier.idle()


async def test_the_duty_goes_on_by_itself(vault: Vault, person: Account, receiver: Receiver) -> None:
    webhook = await made(person, receiver)
    duty = asyncio.create_task(keep_delivering(vault.changed(sweep=0.05).resources))
    answer = await person.http.post(f"/api/webhooks/{webhook['id']}/test")
    assert (answer.status_code, answer.json()["event"]) == (202, "webhook.test")
    async with asyncio.timeout(10):
        await receiver.connected.wait()
        while await log(person, webhook, status="pending"):
            await asyncio.sleep(0.02)
    duty.cancel()
    await asyncio.gather(duty, return_exceptions=True)
    assert verified(webhook["secret"], receiver.got[0])["data"] == {"webhook_id": webhook["id"]}


async def test_the_duty_outlives_its_database(vault: Vault, person: Account, receiver: Receiver) -> None:
    class Flaky:
        looked = 0

        def lookup(self) -> Any:
            self.looked += 1
            if self.looked < 3:
                raise OSError("away")
            return vault.resources.database.lookup()

        def transaction(self, owner_id: UUID) -> Any:
            return vault.resources.database.transaction(owner_id)

    await made(person, receiver)
    await tell(vault, person)
    database: Any = Flaky()
    duty = asyncio.create_task(keep_delivering(replace(vault.changed(sweep=0.02).resources, database=database)))
    async with asyncio.timeout(10):
        await receiver.connected.wait()
    duty.cancel()
    await asyncio.gather(duty, return_exceptions=True)


async def test_private_receivers_are_refused_when_it_comes_to_it(
    vault: Vault, careful: Vault, person: Account, receiver: Receiver
) -> None:
    """Made while private networks were allowed, or by a name that means something else now."""
    webhook = await made(person, receiver)
    await tell(vault, person)
    courier = Courier(careful.resources)
    await go_round(courier)
    await courier.close()
    (line,) = await log(person, webhook)
    assert (line["status"], receiver.got) == ("pending", [])
    assert line["error"] == "127.0.0.1 leads into a private network, where webhooks may not go."


# --- when, and for how long ---------------------------------------------------------------------------------------


def test_delays_grow_as_the_specification_recommends() -> None:
    waits = [delay(tries, 20, Outcome(500)) or 0.0 for tries in range(1, 13)]
    planned = [*DELAYS, *[DELAYS[-1]] * 3]
    assert all(least <= wait <= least * 1.2 for wait, least in zip(waits, planned, strict=True))
    assert len({delay(1, 2, Outcome(500)) for _ in range(9)}) > 1


def test_the_last_try_is_the_last() -> None:
    assert delay(7, 8, Outcome(500)) is not None
    assert delay(8, 8, Outcome(500, retry_after=10)) is None


def test_a_receiver_may_ask_for_more_time_but_not_for_less_or_for_ever() -> None:
    assert delay(1, 8, Outcome(503, retry_after=600)) == 600
    assert (delay(4, 8, Outcome(503, retry_after=1)) or 0) >= 7200
    assert delay(1, 8, Outcome(503, retry_after=1e12)) == 86_400


async def test_old_messages_are_forgotten(vault: Vault, person: Account, receiver: Receiver) -> None:
    webhook = await made(person, receiver)
    days = {"delivered": 31, "failed": 31, "pending": 31, "young": 29}
    for status, age in days.items():
        add = (
            "INSERT INTO webhook_deliveries (owner_id, id, webhook_id, event, payload, status, created_at) "
            "SELECT owner_id, gen_random_uuid(), id, :name, '{}', :status, now() - :age * interval '1 day' "
            "FROM webhooks"
        )
        await sql(vault, person, add, name=status, status="failed" if status == "young" else status, age=age)
    await prune(vault.resources)
    assert sorted(line["event"] for line in await log(person, webhook)) == ["pending", "young"]


# --- walls --------------------------------------------------------------------------------------------------------


async def test_rows_of_others_are_not_there(vault: Vault, person: Account, receiver: Receiver) -> None:
    webhook = await made(person, receiver)
    await tell(vault, person)
    (line,) = await log(person, webhook)
    stranger = await vault.person()
    async with vault.resources.database.transaction(stranger.id) as session:
        for table in ("webhooks", "webhook_deliveries"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        due = Due(stranger.id, UUID(webhook["id"]), UUID(line["id"]))
        assert await queries.claim(session, due, 60.0) is None
        await enqueue(session, stranger.id, "document.ready", DOCUMENT)
    assert len(await log(person, webhook)) == 1


async def test_the_lookups_tell_ids_and_nothing_else(vault: Vault, person: Account, receiver: Receiver) -> None:
    await made(person, receiver)
    await tell(vault, person)
    async with vault.resources.database.lookup() as connection:
        rows = (await connection.execute(text("SELECT * FROM due_deliveries(10)"))).mappings().all()
        assert {key for row in rows for key in row} == {"owner_id", "webhook_id", "id"}
        assert person.id in {row["owner_id"] for row in rows}
        assert uuid4() not in {row["owner_id"] for row in rows}
