"""Texts over which a model hangs: `docvault embed` in a process of its own, doubled in its model alone."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from docvault.ai import embedding_client, hanging
from docvault.ai.embedding_client import BROKE_OFF, RemoteEmbedder, open_embedding_client
from docvault.ai.hanging import Watch, time_for
from docvault.errors import ModelError
from docvault.settings import Settings
from tests.docvault.ai.dying_embedder import Restarted, dying_embedder
from tests.docvault.ai.hanging_embedder import HANGS, LOCKS, SECONDS, SLOW, SPINS

KEY = "a key that is only good for tests, and long enough"
MODULE = "tests.docvault.ai.hanging_embedder"


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Restarted]:
    async with dying_embedder(str(tmp_path / "s"), KEY, MODULE) as process:
        yield process


@pytest.fixture
async def remote(process: Restarted, local: Settings, tmp_path: Path) -> AsyncIterator[RemoteEmbedder]:
    asked = msgspec.structs.replace(local, embedder=str(tmp_path / "s"), secret_key=KEY)
    opened = await open_embedding_client(asked)
    await opened.embed(["it is there"])
    yield opened
    await opened.close()


@pytest.mark.parametrize("word", [HANGS, SPINS])
async def test_a_text_over_which_the_model_hangs_is_told_and_no_other_is_blamed(
    process: Restarted, remote: RemoteEmbedder, word: str
) -> None:
    """The neighbour of another length is in another batch; what comes meanwhile waits for the next embedder."""
    hung = asyncio.create_task(remote.embed([word]))
    neighbours = [asyncio.create_task(remote.embed(["a neighbour " * 20, f"number {n}"])) for n in range(3)]
    with pytest.raises(ModelError, match="did not finish with these texts in 1 seconds") as caught:
        await hung
    assert caught.value.code == BROKE_OFF
    assert [len(found) for found in await asyncio.gather(*neighbours)] == [2] * 3
    assert len(await remote.embed(["the next"])) == 1
    async with asyncio.timeout(30):
        while process.ends != 1:
            await asyncio.sleep(0.02)


async def test_one_that_holds_the_interpreter_ends_too_and_the_second_time_the_text_is_blamed(
    process: Restarted, remote: RemoteEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_client, "SILENT", 1.0)
    with pytest.raises(ModelError, match="broke off over these texts") as caught:
        await remote.embed([LOCKS])
    assert caught.value.code == BROKE_OFF
    assert process.ends >= 1  # the second may be about to
    assert len(await remote.embed(["the next"])) == 1
    assert process.ends == 2


async def test_one_that_was_frozen_for_longer_goes_on_and_blames_nobody(
    process: Restarted, remote: RemoteEmbedder
) -> None:
    asking = asyncio.create_task(remote.embed([SLOW]))
    async with asyncio.timeout(10):
        while not (remote._connection and remote._connection._begun):
            await asyncio.sleep(0.005)
    assert process.process
    process.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(2 * SECONDS)  # of its life, and not of ours
    process.process.send_signal(signal.SIGCONT)
    assert len(await asking) == 1
    assert process.ends == 0


async def test_waiting_for_a_thread_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hanging, "TICK", 0.02)
    lost: list[ThreadPoolExecutor] = []
    watch, threads, gate = Watch(0.5, lost.append), ThreadPoolExecutor(1), threading.Event()
    calls = [watch.call(threads, 0, gate.wait, 0.3) for _ in range(4)]
    assert await asyncio.gather(*calls) == [False] * 4
    assert not lost
    hangs, waits = watch.call(threads, 0, gate.wait), watch.call(threads, 0, gate.wait)
    with pytest.raises(ModelError, match="did not finish"):
        await hangs
    assert lost == [threads]
    threads.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(ModelError, match="was closed"):
        await waits
    gate.set()


def test_a_longer_text_has_more_time() -> None:
    assert (time_for(120, 20), time_for(120, 512), time_for(120, 8192)) == (120, 120, 1920)
