"""A stream ends with the right to it, whoever it belongs to and however it is taken away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from uuid import uuid4

import anyio
import msgspec
import pytest
from sqlalchemy import event

from docvault.errors import Unavailable
from docvault.security import queries, streams
from docvault.security.access import Identity
from docvault.security.authentication import identify
from docvault.security.streams import OpenStreams
from tests.vault import Account, Vault

LONG = 10.0  # seconds after which a test has failed


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "EVERY", 0.05)


@pytest.fixture
def opened(vault: Vault) -> OpenStreams:
    return OpenStreams(vault.resources.database)


async def who(vault: Vault, credentials: str) -> Identity:
    return await identify(vault.resources.database, vault.settings.secret_key, f"Bearer {credentials}")


class Endless:
    """Says one thing, and then nothing for ever."""

    def __init__(self) -> None:
        self.closed = False

    async def events(self) -> AsyncGenerator[bytes]:
        try:
            yield b"hello"
            await asyncio.Event().wait()
        finally:
            self.closed = True


async def ended(told: AsyncIterator[bytes]) -> None:
    async with asyncio.timeout(LONG):
        assert await anext(told, None) is None


async def log_out(_vault: Vault, person: Account) -> None:
    assert (await person.http.post("/api/auth/logout")).status_code < 300


async def end_the_session(_vault: Vault, person: Account) -> None:
    (session,) = (await person.http.get("/api/sessions")).json()["items"]
    assert (await person.http.delete(f"/api/sessions/{session['id']}")).status_code < 300


async def log_out_everywhere(_vault: Vault, person: Account) -> None:
    assert (await person.http.post("/api/auth/logout", params={"everywhere": True})).status_code < 300


async def disable(vault: Vault, person: Account) -> None:
    await vault.disable(person.id)


@pytest.mark.parametrize("revoke", [log_out, end_the_session, log_out_everywhere, disable])
async def test_it_ends_with_its_session(
    vault: Vault, opened: OpenStreams, revoke: Callable[[Vault, Account], Awaitable[None]]
) -> None:
    person, other, endless, theirs = await vault.person(), await vault.person(), Endless(), Endless()
    async with (
        aclosing(opened.of(await who(vault, person.token), endless.events())) as told,
        aclosing(opened.of(await who(vault, other.token), theirs.events())) as told_to_other,
    ):
        assert (await anext(told), await anext(told_to_other)) == (b"hello", b"hello")
        await opened.look()
        assert not endless.closed
        await revoke(vault, person)
        await ended(told)
        assert (endless.closed, theirs.closed) == (True, False)


async def test_it_ends_with_its_api_key(vault: Vault, opened: OpenStreams) -> None:
    person = await vault.person()
    gone, kept = await person.key("documents:read"), await person.key("documents:read")
    async with (
        aclosing(opened.of(await who(vault, gone["key"]), Endless().events())) as told,
        aclosing(opened.of(await who(vault, kept["key"]), Endless().events())) as going_on,
    ):
        assert (await anext(told), await anext(going_on)) == (b"hello", b"hello")
        await person.http.delete(f"/api/keys/{gone['id']}")
        await ended(told)
        waiting = asyncio.ensure_future(anext(going_on, None))
        await opened.look()
        assert not (await asyncio.wait([waiting], timeout=0.1))[0]
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_it_ends_with_its_access_token(vault: Vault, opened: OpenStreams) -> None:
    person = await vault.person()
    identity = msgspec.structs.replace(await who(vault, person.token), expires_at=time.time() + 0.2)
    async with aclosing(opened.of(identity, Endless().events())) as told:
        assert await anext(told) == b"hello"
        await ended(told)


async def test_one_that_never_rests_ends_too(vault: Vault, opened: OpenStreams) -> None:
    async def chatter() -> AsyncGenerator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"again"

    identity = msgspec.structs.replace(await who(vault, (await vault.person()).token), expires_at=time.time() + 0.2)
    async with asyncio.timeout(LONG), aclosing(opened.of(identity, chatter())) as told:
        async for _ in told:
            pass


async def test_one_that_has_nothing_more_to_tell_ends_by_itself(vault: Vault, opened: OpenStreams) -> None:
    async def few() -> AsyncGenerator[int]:
        yield 1
        yield 2

    identity = await who(vault, (await vault.person()).token)
    assert [number async for number in opened.of(identity, few())] == [1, 2]


async def test_an_error_of_the_stream_passes(vault: Vault, opened: OpenStreams) -> None:
    async def broken() -> AsyncGenerator[int]:
        yield 1
        raise ValueError("broken")

    told = opened.of(await who(vault, (await vault.person()).token), broken())
    assert await anext(told) == 1
    with pytest.raises(ValueError, match="broken"):
        await anext(told)


async def test_a_reader_who_leaves_closes_it_and_nobody_looks_for_nobody(vault: Vault, opened: OpenStreams) -> None:
    endless = Endless()
    told = opened.of(await who(vault, (await vault.person()).token), endless.events())
    assert await anext(told) == b"hello"
    waiting = asyncio.ensure_future(anext(told, None))
    await asyncio.sleep(0)
    looking = opened._looking
    assert looking is not None
    waiting.cancel()
    await asyncio.wait([waiting, looking], timeout=LONG)
    assert (endless.closed, looking.cancelled(), opened._looking) == (True, True, None)


async def test_a_database_that_is_away_ends_none(
    vault: Vault, opened: OpenStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, ask = 0, queries.live

    async def away(*arguments: object) -> set[object]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Unavailable("The database does not answer.")
        return await ask(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "live", away)
    person, endless = await vault.person(), Endless()
    async with aclosing(opened.of(await who(vault, person.token), endless.events())) as told:
        assert await anext(told) == b"hello"
        waiting = asyncio.ensure_future(anext(told, None))
        async with asyncio.timeout(LONG):
            while tries < 3:
                await asyncio.sleep(0.01)
        assert not waiting.done()
        await log_out(vault, person)
        async with asyncio.timeout(LONG):
            assert await waiting is None


async def test_a_thousand_streams_are_one_question(
    vault: Vault, opened: OpenStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "EVERY", 3600.0)  # none but the one look that is counted
    person = await vault.person()
    identity = await who(vault, person.token)
    others = [msgspec.structs.replace(identity, session_id=uuid4()) for _ in range(999)]
    told = [opened.of(each, Endless().events()) for each in [identity, *others]]
    for each in told:
        assert await anext(each) == b"hello"
    statements: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = vault.resources.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        await opened.look()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    for each in told[1:]:
        await ended(each)
    waiting = asyncio.ensure_future(anext(told[0], None))
    assert not (await asyncio.wait([waiting], timeout=0.1))[0]
    assert len([each for each in statements if "find_session" in each]) == 1
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_who_goes_away_is_cancelled_more_than_once_and_leaves_nothing_open(
    vault: Vault, opened: OpenStreams
) -> None:
    """Answers are sent inside an anyio scope, which cancels until its tasks have ended."""

    class Slow(Endless):
        async def events(self) -> AsyncGenerator[bytes]:
            try:
                yield b"hello"
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.05)
                self.closed = True

    person = await vault.person()
    slow = Slow()

    async def listen() -> None:
        async with aclosing(opened.of(await who(vault, person.token), slow.events())) as told:
            async for _ in told:
                heard.set()

    heard = asyncio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(listen)
        await heard.wait()
        await asyncio.sleep(0)
        group.cancel_scope.cancel()
    assert slow.closed
