"""How the vault is, told to its administrator."""

from __future__ import annotations

import asyncio
import dataclasses
from uuid import UUID

import msgspec
from sqlalchemy import text

import docvault
from docvault.admin.health import details
from docvault.cache import open_cache
from docvault.presence import KEY, keep_present, present
from docvault.resources import Resources
from docvault.server.migrate import newest_revision
from tests.people import People


async def test_the_whole_picture(people: People, resources: Resources, worker: object) -> None:
    person = await people.new()
    async with resources.database.transaction(UUID(person.id)) as session:
        await session.execute(text("UPDATE users SET is_admin = true"))
    answer = await person.http.get("/api/admin/health")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"] == "ok"
    assert set(told["parts"]) == {"database", "redis", "storage", "embedder"}
    assert told["versions"]["docvault"] == docvault.__version__
    assert told["versions"]["schema"] == newest_revision()
    assert told["versions"]["postgresql"] and told["versions"]["redis"] and told["versions"]["python"]
    assert told["queue"]["oldest_seconds"] >= 0
    assert told["storage"]["kind"] == "files"
    assert 0 < told["storage"]["free_bytes"] < told["storage"]["total_bytes"]
    assert told["database_bytes"] > 1_000_000
    assert told["embedder"] == {"model": resources.embedder.model_id, "dimensions": resources.embedder.dimensions}
    (seen,) = told["workers"]
    assert (seen["version"], seen["jobs"]) == (docvault.__version__, resources.settings.worker_jobs)


async def test_what_is_away_is_said_and_hides_nothing_else(resources: Resources) -> None:
    gone = open_cache(msgspec.structs.replace(resources.settings, redis_url="redis://127.0.0.1:1/0"))
    told = await details(dataclasses.replace(resources, cache=gone))
    await gone.aclose()
    assert (told.status, told.parts["redis"], told.parts["database"]) == ("unavailable", "unavailable", "ok")
    assert told.workers is None
    assert told.versions.redis is None
    assert told.queue is not None
    assert told.versions.postgresql


async def test_a_worker_that_stops_is_forgotten(resources: Resources) -> None:
    async def seen() -> list[int]:
        return [one.jobs for one in await present(resources.cache) if one.jobs == 77]

    task = asyncio.create_task(keep_present(resources.cache, 77))
    async with asyncio.timeout(5):
        while not await seen():
            await asyncio.sleep(0.01)
    (key,) = [
        key async for key in resources.cache.scan_iter(f"{KEY}*") if '"jobs":77' in str(await resources.cache.get(key))
    ]
    assert 0 < await resources.cache.ttl(key) <= 45  # one that is killed is forgotten, too
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await seen() == []
