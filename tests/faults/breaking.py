"""Break something while the actor stands still, and put right what a machine's own supervisor would."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

import psutil
import redis.asyncio

from docvault.local.processes import Child
from tests.faults.cases import Case, Fault
from tests.faults.world import PATIENCE, Actor, World

BITES = 6
"""Requests that meet a failing store: more than one call is tried again."""


async def break_it(world: World, case: Case, actor: Actor) -> None:
    """The actor, stopped at its step, lives on afterwards unless it is the one that is killed or stays frozen."""
    actor.family = actor.children()
    if case.fault in _BREAKERS:
        await _BREAKERS[case.fault](world, actor)


async def _kill(_: World, actor: Actor) -> None:
    actor.ps.kill()
    await actor.ended()


async def _stop(_: World, actor: Actor) -> None:
    actor.ps.terminate()
    actor.ps.resume()


async def _kill_postgres(world: World, actor: Actor) -> None:
    world.postgres.child.kill()
    actor.ps.resume()
    await _started_again(world.postgres.child, world.postgres._wait)


async def _kill_redis(world: World, actor: Actor) -> None:
    world.redis.child.kill()
    actor.ps.resume()
    await asyncio.sleep(0.3)  # long enough for somebody to miss it
    await _started_again(world.redis.child, world.redis._wait)


async def _started_again(child: Child, wait: Callable[[], bool] = lambda: True) -> None:
    """As `docvault up` does it: on the same port, and again until it comes up."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await child.ended()
            child.clear()
            child.start()
            if wait():
                return
            await asyncio.sleep(0.1)


async def _flush(world: World, actor: Actor) -> None:
    async with redis.asyncio.Redis.from_url(world.redis.url) as client:
        await client.flushall()
    actor.ps.resume()


async def _kill_embedder(world: World, actor: Actor) -> None:
    world.embedder.kill()
    actor.ps.resume()
    await _started_again(world.embedder)


def _readers(actor: Actor) -> list[psutil.Process]:
    return actor.children("ingestion.extract.zygote")


async def _kill_reader(_: World, actor: Actor) -> None:
    """The process that forks the throw-away ones, which end with it. A worker without one has not needed it yet."""
    for process in _readers(actor):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.ppid() == actor.ps.pid:
                process.kill()
    actor.ps.resume()


async def _kill_child(_: World, actor: Actor) -> None:
    for process in _readers(actor):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.ppid() != actor.ps.pid:
                process.kill()
    actor.ps.resume()


def _s3(mode: str) -> Callable[[World, Actor], Awaitable[None]]:
    async def bite(world: World, actor: Actor) -> None:
        world.proxy.turn(mode)  # type: ignore[arg-type]
        actor.ps.resume()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE / 4):
                while world.proxy.bitten < BITES:
                    await asyncio.sleep(0.02)
        world.proxy.mode = "pass"

    return bite


async def _fill_disk(world: World, actor: Actor) -> None:
    """Until the actor has noticed."""
    if world.disk.small:
        world.disk.fill()
    else:
        actor.ps.send_signal(signal.SIGUSR1)
    actor.ps.resume()
    try:
        async with asyncio.timeout(PATIENCE / 4):
            while "the disk of the uploaded files failed" not in actor.said():
                await asyncio.sleep(0.02)
    finally:
        world.disk.free()
        if not world.disk.small:
            actor.ps.send_signal(signal.SIGUSR2)


_BREAKERS: dict[Fault, Callable[[World, Actor], Awaitable[None]]] = {
    "kill -9": _kill,
    "SIGTERM": _stop,
    "postgres -9": _kill_postgres,
    "redis -9": _kill_redis,
    "FLUSHALL": _flush,
    "embedder -9": _kill_embedder,
    "reader -9": _kill_reader,
    "child -9": _kill_child,
    "S3 503": _s3("503"),
    "S3 cut": _s3("cut"),
    "disk full": _fill_disk,
}


async def wake(actor: Actor) -> None:
    """A frozen one: it goes on with what it had, and is told to stop, which gives it time to try all it wanted."""
    actor.ps.resume()
    actor.ps.send_signal(signal.SIGTERM)
