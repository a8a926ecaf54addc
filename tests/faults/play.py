"""One case from beginning to end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
import psutil
from sqlalchemy import text

from docvault.errors import DocVaultError
from ingestion.pipeline import ingest
from tests.faults import breaking
from tests.faults.actor import Plan
from tests.faults.cases import GONE, LEDGER, LETTER, Case
from tests.faults.check import Expected, Person, check, documents, is_quiet
from tests.faults.outcome import Outcome
from tests.faults.scene import Files, Searcher, before, uploaded
from tests.faults.slow import release
from tests.faults.world import PATIENCE, Actor, World

CLEAN = {0, -signal.SIGTERM}
"""How a process may end that was told to: uvicorn passes the signal on when it is done."""

RESUMED = 45.0
"""Seconds from a worker's death until others have its documents, at most, with the usual lease of 30."""

_TEXTS = (LEDGER, LETTER, GONE)

_numbers = itertools.count(1)


class Player:
    """Plays a case: a person, the scene, the actor, the fault, the relief, the checks."""

    def __init__(self, world: World, case: Case, expected: Expected) -> None:
        self.world, self.case, self.expected = world.unhurried() if case.step.unhurried else world, case, expected
        self.resources = self.world.resources
        self.outcome = Outcome(case)
        api = case.step.role == "api"
        self.files = uploaded(6_500_000 if case.on_s3 and api else 1_400_000)
        if api and not case.step.name.startswith("delete"):
            del self.files[GONE]  # it is deleted meanwhile: uploaded after that, it would be a new one
        self.accepted: set[UUID] = set()
        self.deleted_at = float("inf")
        self.death: datetime | None = None
        self.held: Sequence[Any] = ()

    async def play(self) -> Outcome:
        began = monotonic()
        await self._settle_in()
        self.searcher = Searcher(self.resources, self.owner_id)
        try:
            async with self.searcher.searching():
                actor = await self._on_worker() if self.case.step.role == "worker" else await self._on_api()
                await self._quiet()
            await self.judge(self.outcome)
            await self._check_processes(actor)
            await self._time()
        except TimeoutError:
            states = [f"{row.filename} {row.status} {row.error_code}" for row in await self._rows()]
            self.outcome.add("stuck", f"nothing came of it in {PATIENCE:.0f} seconds: {', '.join(states)}")
        finally:
            await self._end()
        self.outcome.seconds = monotonic() - began
        self.outcome.accepted = len(self.accepted)
        if self.actor:
            self.outcome.log = self.actor.said()
            self.outcome.refused_late = self.outcome.log.count("document.claim_lost")
        return self.outcome

    async def judge(self, outcome: Outcome) -> None:
        """Look at everything, and write what is wrong into `outcome`."""
        person = Person(self.owner_id, frozenset(self.accepted), self.gone, self.deleted_at)
        await check(self.resources, person, self.expected, self.files, self.searcher, outcome)

    # --- before ---------------------------------------------------------------------------------------------------

    async def _settle_in(self) -> None:
        """A person whose documents of before are read and served."""
        self.actor: Actor | None = None
        self.person = await self.world.people.new()
        self.owner_id = UUID(self.person.id)
        first = await self._upload(self.person.http, before())
        for document in first.values():
            await ingest(self.resources, self.world.reader, self.owner_id, document)
        self.gone = first[GONE]

    async def _upload(self, client: httpx.AsyncClient, files: Files) -> dict[str, UUID]:
        """Raises `httpx.HTTPError` for every answer but 202."""
        parts = [("file", file) for file in files.items()]
        answer = (await client.post("/api/documents", files=parts)).raise_for_status()
        if answer.status_code != 202:
            self.outcome.add("lost", f"the upload was answered with {answer.status_code}")
        found = {document["filename"]: UUID(document["id"]) for document in answer.json()["documents"]}
        self.accepted |= set(found.values())
        return found

    def _spawn(self) -> Actor:
        step = self.case.step
        in_parts = self.case.on_s3 and step.role == "api"
        plan = Plan(
            step=step.name, filename=step.filename, slow=step.slow, broken=self.case.broken,
            copied=self.case.fault == "disk full", bytes=5_600_000 if in_parts else 1_200_000,
        )  # fmt: skip
        self.actor = self.world.spawn(step.role, plan, f"{next(_numbers)}-{step.role}")
        return self.actor

    async def _reached(self, actor: Actor) -> bool:
        try:
            if await actor.until_stopped():
                async with asyncio.timeout(PATIENCE):
                    await self.searcher.look()
                return True
            said = f"the actor ended with {actor.process.exitcode}"
        except TimeoutError:
            said = "the actor went on"
        self.outcome.add("not reached", said)
        return False

    # --- a worker -------------------------------------------------------------------------------------------------

    async def _on_worker(self) -> Actor:
        await self._upload(self.person.http, self.files)
        if self.case.step.name.startswith("sweep"):  # which needs something to sweep
            await self._delete(self.person.http)
        actor = self._spawn()
        if self.case.step.stopping:
            await self._until_claimed()
            actor.ps.terminate()
        if not await self._reached(actor):
            return actor
        deleting = asyncio.create_task(self._delete(self.person.http))
        try:
            await self._break_worker(actor)
        finally:
            async with asyncio.timeout(PATIENCE):
                await deleting
        return actor

    async def _break_worker(self, actor: Actor) -> None:
        dies = self.case.fault in ("kill -9", "frozen")
        if dies:
            self.held = [row for row in await self._rows() if row.status == "processing"]
            self.death = datetime.now(UTC)
        await breaking.break_it(self.world, self.case, actor)
        releasing = asyncio.create_task(self._release())
        try:
            await self._see_through(actor, dies)
        finally:
            releasing.cancel()

    async def _release(self) -> None:
        """What waits to be read, and what is unpacked later and would wait as well."""
        while self.case.step.slow:
            release(self.world.settings.objects_path / str(self.owner_id))
            await asyncio.sleep(0.1)

    async def _see_through(self, actor: Actor, dies: bool) -> None:
        """Who lives on does the rest; where nobody does, the relief comes."""
        stopping = self.case.step.stopping or self.case.fault == "SIGTERM"
        if dies or stopping:
            async with self.world.relief():
                await self._quiet()
                if self.case.fault == "frozen":
                    await breaking.wake(actor)
                    await self._ends_well(actor)
                elif not dies:
                    await self._ends_well(actor)
            return
        await self._quiet()
        actor.ps.terminate()
        await self._ends_well(actor)

    async def _until_claimed(self) -> None:
        """One of those that wait to be released, and would be handed back."""
        async with asyncio.timeout(PATIENCE):
            while not any(row.status == "processing" and row.filename in _TEXTS for row in await self._rows()):
                await asyncio.sleep(0.02)

    async def _ends_well(self, actor: Actor) -> None:
        try:
            code = await actor.ended()
        except TimeoutError:
            self.outcome.add("unclean end", f"told to stop, it was still there after {PATIENCE:.0f} seconds")
            return
        if code not in CLEAN:
            self.outcome.add("unclean end", f"told to stop, it ended with {code}")

    # --- an API ---------------------------------------------------------------------------------------------------

    async def _on_api(self) -> Actor:
        """The person speaks with the actor, and where it does not answer, with another API."""
        actor = self._spawn()
        headers = {"Authorization": f"Bearer {self.person.token}"}
        async with (
            self.world.relief(),
            httpx.AsyncClient(base_url=actor.address, headers=headers, timeout=PATIENCE) as client,
        ):
            await self._until_serving(client, actor)
            deleting = self.case.step.name.startswith("delete")
            if deleting:
                await self._upload(client, self.files)
            asking = asyncio.create_task(self._delete(client) if deleting else self._insist(client))
            try:
                if await self._reached(actor):
                    await self._break_api(actor, asking, deleting)
                    await self._quiet()
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
            if self.case.fault != "kill -9":
                await breaking.wake(actor)
                await self._ends_well(actor)
                await self._quiet()  # what woke up may have asked once more for what had failed
        return actor

    async def _break_api(self, actor: Actor, asking: asyncio.Task[None], deleting: bool) -> None:
        await breaking.break_it(self.world, self.case, actor)
        if self.case.fault in ("kill -9", "frozen"):
            asking.cancel()  # no answer came: the person asks again, and another API answers
            await asyncio.gather(asking, return_exceptions=True)
            asking = asyncio.create_task(self._delete(self.person.http) if deleting else self._insist(self.person.http))
        try:
            async with asyncio.timeout(PATIENCE):
                if not deleting:
                    await self._delete(self.person.http)
                await asking
        finally:
            asking.cancel()

    async def _until_serving(self, client: httpx.AsyncClient, actor: Actor) -> None:
        async with asyncio.timeout(PATIENCE):
            while actor.alive:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/health/live")).status_code == 200:
                        return
                await asyncio.sleep(0.02)

    async def _insist(self, client: httpx.AsyncClient) -> None:
        """Upload until it is accepted. What is not, must say that it may be tried again."""
        while True:
            try:
                await self._upload(client, self.files)
                return
            except httpx.HTTPStatusError as error:
                self._check_answer(error.response)
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)

    async def _delete(self, client: httpx.AsyncClient) -> None:
        """Until it is gone. The person insists."""
        while self.deleted_at == float("inf"):
            with contextlib.suppress(httpx.TransportError):
                answer = await client.delete(f"/api/documents/{self.gone}")
                if answer.status_code in (204, 404):
                    self.deleted_at = monotonic()
                    return
                self._check_answer(answer)
            await asyncio.sleep(0.1)

    def _check_answer(self, answer: httpx.Response) -> None:
        if answer.status_code != 503 or not answer.headers["content-type"].startswith("application/problem+json"):
            self.outcome.add("unclean end", f"the API answered {answer.status_code}: {answer.text[:200]}")

    # --- after ----------------------------------------------------------------------------------------------------

    async def _rows(self) -> Sequence[Any]:
        while True:
            try:
                return await documents(self.resources, self.owner_id)
            except DocVaultError:  # the database is away
                await asyncio.sleep(0.05)

    async def _quiet(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_quiet(await self._rows()):
                await asyncio.sleep(0.05)

    async def _check_processes(self, actor: Actor) -> None:
        _, left = await asyncio.to_thread(psutil.wait_procs, actor.family, 10.0)
        for process in left:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                self.outcome.add("processes left", f"{process.pid} {process.cmdline()[:6]}")
                process.kill()

    async def _end(self) -> None:
        """Whatever came of it, the next case begins with nothing of this one."""
        self.world.proxy.mode = "pass"
        self.world.disk.free()
        if self.actor and self.actor.alive:
            self.actor.ps.kill()
            await self.actor.ended()
        async with self.resources.database.transaction(self.owner_id) as session:
            await session.execute(text("DELETE FROM documents WHERE status IN ('queued', 'processing')"))

    async def _time(self) -> None:
        """How long after the death of their worker its documents were in other hands, and read."""
        attempts = {row.id: row.attempt for row in self.held}
        taken = [row for row in await self._rows() if row.attempt > attempts.get(row.id, row.attempt)]
        if self.death and taken:
            self.outcome.resumed = max((row.started_at - self.death).total_seconds() for row in taken)
            self.outcome.ready = max((row.finished_at - self.death).total_seconds() for row in taken)
            if self.case.step.unhurried and self.outcome.resumed > RESUMED:
                self.outcome.add("too late", f"nobody had its documents for {self.outcome.resumed:.0f} seconds")


async def control(world: World) -> Expected:
    """What an undisturbed vault makes of the scene. Nothing may be wrong with it."""
    person = await world.people.new()
    owner_id = UUID(person.id)
    searcher = Searcher(world.resources, owner_id)

    async def served(files: Files) -> dict[str, frozenset[str]]:
        parts = [("file", file) for file in files.items()]
        (await person.http.post("/api/documents", files=parts)).raise_for_status()
        async with asyncio.timeout(PATIENCE), world.relief():
            while any(row.status not in ("ready", "failed") for row in await documents(world.resources, owner_id)):
                await asyncio.sleep(0.05)
        names = {row.id: row.filename for row in await documents(world.resources, owner_id)}
        return {names[id]: passages for id, passages in (await searcher.ask()).items()}

    old, new = await served(before()), await served(uploaded(1_400_000))
    rows = await documents(world.resources, owner_id)
    (error,) = {row.error_code for row in rows if row.status == "failed"}
    return Expected(old, new, error)
