"""The worker: waits for the bell, reads documents, sweeps. Any number may run, on any number of machines."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from arq.worker import Worker, func
from redis.exceptions import RedisError

from docvault import queue
from docvault.ai.embeddings import prepare_embedder, tokenizer_path
from docvault.ai.hung import end_if_hung, hung_of, stay_awake, until_either
from docvault.ending import close, end, end_within
from docvault.logging import get_logger
from docvault.presence import keep_present
from docvault.resources import Resources, open_resources
from docvault.server.alive import keep_alive
from docvault.server.migrate import check_migrated
from docvault.settings import Settings
from docvault.webhooks.deliver import keep_delivering
from ingestion.extract.reader import Reader
from ingestion.jobs import INGEST, Desk, ingest_document
from ingestion.reconciling import keep_reconciling
from ingestion.sweeper import keep_sweeping

POLL = 0.05  # seconds between two looks at the bell
PATIENCE = 2.0  # seconds until Redis is tried again
STOP_SECONDS = 60.0  # after `stop_grace`: no more than this, whatever does not answer
log = get_logger(__name__)


async def work(settings: Settings) -> None:
    """Until SIGINT or SIGTERM: documents being read then are handed back for the next worker.

    Ends the process, with `os.EX_SOFTWARE`, when it embeds itself and the model hangs.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await prepare_embedder(settings, log.info)
    async with open_resources(settings) as resources:
        await resources.database.check_role()
        await check_migrated(resources.database)
        reader = Reader(settings, tokenizer_path(settings), resources.embedder.max_tokens)
        awake = asyncio.create_task(stay_awake(resources.embedder))
        try:
            async with working(resources, Desk(resources, reader)):
                log.info("worker.ready", jobs=settings.worker_jobs)
                await until_either(stop, hung_of(resources.embedder))
                await end([awake])
                end_within(settings.stop_grace + STOP_SECONDS)
        finally:
            await close("reader", reader.close)
    end_if_hung(resources.embedder)
    log.info("worker.stopped")


@asynccontextmanager
async def working(resources: Resources, desk: Desk) -> AsyncGenerator[None]:
    """A worker while the block runs; its documents are handed back at the end."""
    settings = resources.settings
    duties = (
        desk.run(),
        listen(settings, desk),
        keep_sweeping(resources),
        keep_reconciling(resources),
        keep_delivering(resources),
        keep_alive(settings),
        keep_present(resources.cache, settings.worker_jobs),
    )
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield
    finally:
        await end(tasks)
        await desk.close(settings.stop_grace)


async def listen(settings: Settings, desk: Desk) -> None:
    """Run arq's worker until cancelled. It stops when Redis goes: then it is made anew until Redis is back."""
    while True:
        worker = arq_worker(settings, desk)
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            log.warning("worker.redis_unavailable", error=str(error))
        finally:
            with suppress(RedisError, OSError, asyncio.CancelledError):
                # It waits for the jobs it cancelled, and passes that on: a cancellation of ours is told apart below.
                await worker.close()
        if (task := asyncio.current_task()) and task.cancelling():
            raise asyncio.CancelledError
        await asyncio.sleep(PATIENCE)


def arq_worker(settings: Settings, desk: Desk) -> Worker:
    """A doorbell: what is done, tried again or given up is decided by the document's row and never by arq."""
    return Worker(
        functions=[func(ingest_document, name=INGEST, keep_result=0, timeout=10)],
        redis_settings=queue.redis_settings(settings),
        queue_name=queue.QUEUE,
        ctx={"desk": desk},
        poll_delay=POLL,
        handle_signals=False,
        job_serializer=queue.encode,
        job_deserializer=queue.decode,
        health_check_interval=3600,
    )
