import asyncio
import threading

import argon2
import pytest

from docvault.errors import Unavailable
from docvault.security import passwords
from docvault.security.passwords import HashingThreads, hash_password, is_outdated, verify_password


class Counting:
    """Stands in for the hasher and writes down what it was asked to check."""

    def __init__(self, hasher: argon2.PasswordHasher) -> None:
        self.hasher = hasher
        self.checked: list[str] = []

    def verify(self, stored: str, password: str) -> bool:
        self.checked.append(stored)
        return self.hasher.verify(stored, password)


async def test_a_password_matches_its_own_hash_alone():
    stored = await hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert await verify_password(stored, "correct horse")
    assert not await verify_password(stored, "correct horsf")
    assert stored != await hash_password("correct horse")


async def test_an_unknown_person_costs_the_same_work(monkeypatch: pytest.MonkeyPatch):
    stored = await hash_password("correct horse")
    counting = Counting(passwords.HASHER)
    monkeypatch.setattr(passwords, "HASHER", counting)
    assert not await verify_password(stored, "wrong")
    assert not await verify_password(None, "wrong")
    assert len(counting.checked) == 2
    known, unknown = (argon2.extract_parameters(each) for each in counting.checked)
    assert known == unknown


async def test_accents_are_one_password_however_they_are_typed():
    assert await verify_password(await hash_password("cafe\u0301 cre\u0300me"), "café crème")


async def test_a_hash_that_is_none_matches_nothing():
    assert not await verify_password("not a hash", "correct horse")


async def test_hashes_with_other_parameters_are_outdated():
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("correct horse")
    assert is_outdated(weaker)
    assert await verify_password(weaker, "correct horse")
    assert not is_outdated(await hash_password("correct horse"))


async def test_few_are_hashed_at_once_and_the_loop_stays_free():
    threads, gate, running, most = HashingThreads(), threading.Event(), [], []
    started = threading.Semaphore(0)

    def slow(text: str) -> str:
        running.append(text)
        most.append(len(running))
        started.release()
        gate.wait(10)
        running.remove(text)
        return text

    tasks = [asyncio.create_task(threads.run(slow, str(n))) for n in range(6)]
    for _ in range(passwords.AT_ONCE):
        await asyncio.to_thread(started.acquire)
    gate.set()
    assert await asyncio.gather(*tasks) == [str(n) for n in range(6)]
    assert max(most) == passwords.AT_ONCE


async def test_when_too_many_wait_the_next_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords, "MAX_WAITING", 1)
    threads, gate = HashingThreads(), threading.Event()
    first = asyncio.create_task(threads.run(lambda text: gate.wait(10), ""))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await threads.run(str, "")
    assert refused.value.code == "busy"
    assert int(refused.value.headers["Retry-After"]) > 0
    gate.set()
    await first
    assert await threads.run(str, "again") == "again"
