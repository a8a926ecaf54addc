"""A folder into a real vault: all of it once, whatever is interrupted, refused or away in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rich.console import Console

from docvault.errors import DocVaultError
from docvault.local import large, sending
from docvault.local.connect import Away, Connection, Remote
from docvault.local.folder import Item, walk
from docvault.local.following import follow, reconcile
from docvault.local.import_folder import Wanted, duration, import_folder
from docvault.local.sending import Outcome, Pending, Sender
from docvault.resources import Resources
from docvault.settings import Settings
from tests.people import People, Person


@pytest.fixture
async def person(people: People) -> Person:
    return await people.new()


@pytest.fixture
async def remote(person: Person, address: str) -> Remote:
    made = await person.http.post("/api/keys", json={"name": "import", "scopes": ["documents:read", "documents:write"]})
    return Remote(address, made.json()["key"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve files that nobody has, in three folders."""
    root = tmp_path / "Papers"
    for number in range(12):
        path = root / ("", "sea", "sea/deep")[number % 3] / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The keeper counts {number} ships. {uuid4()}")
    return root


async def run(settings: Settings, remote: Remote, folder: Path, **wanted: Any) -> tuple[bool, str]:
    said = StringIO()
    done = await import_folder(settings, Wanted(folder, **wanted), remote, Console(file=said, width=200))
    return done, " ".join(said.getvalue().split())


async def documents(person: Person) -> list[dict[str, Any]]:
    return (await person.http.get("/api/documents", params={"limit": 500})).json()["items"]


def sender(person: Person, folder: Path, outcome: Outcome, pauses: Sequence[float] = (), **more: Any) -> Sender:
    def seen(_files: int, _bytes: int) -> None: ...

    return Sender(Connection(person.http, pauses=pauses), folder, [], more.get("retry", False), seen, outcome)


def items(folder: Path) -> list[Item]:
    return [each for each in walk(folder, "in") if isinstance(each, Item)]


async def test_a_folder_is_read_and_the_second_time_nothing_is_sent(
    settings: Settings, remote: Remote, folder: Path, person: Person, worker: object
) -> None:
    (folder / ".DS_Store").touch()
    (folder / "tune.mp3").write_bytes(b"ID3\x04\x00" + bytes(100))
    done, said = await run(settings, remote, folder, tags=["log"])
    assert done
    assert "ready 12 left out 1" in said
    assert "tune.mp3" in said
    there = await documents(person)
    assert {each["status"] for each in there} == {"ready"}
    assert {each["folder"] for each in there} == {"Papers", "Papers/sea", "Papers/sea/deep"}
    assert {tuple(each["tags"]) for each in there} == {("log",)}

    done, said = await run(settings, remote, folder)
    assert done
    assert "ready 0 already there 12" in said
    assert {each["id"] for each in await documents(person)} == {each["id"] for each in there}


async def test_what_fails_is_named_with_its_remedy(
    settings: Settings, remote: Remote, folder: Path, corpus: Path, worker: object
) -> None:
    (folder / "locked.pdf").write_bytes((corpus / "encrypted.pdf").read_bytes())
    done, said = await run(settings, remote, folder)
    assert not done
    assert "ready 12 failed 1" in said
    assert "(encrypted)" in said
    assert said.index("(encrypted)") < said.index("locked.pdf")

    done, said = await run(settings, remote, folder)
    assert not done, "it is still not in the vault"
    assert "already there 12 failed 1" in said
    done, said = await run(settings, remote, folder, retry=True)
    assert "failed 1" in said


async def test_one_folder_of_the_vault_may_be_named(
    settings: Settings, remote: Remote, folder: Path, person: Person
) -> None:
    await run(settings, remote, folder, into="/archive/2024/", wait=False)
    places = {each["folder"] for each in await documents(person)}
    assert places == {"archive/2024", "archive/2024/sea", "archive/2024/sea/deep"}


async def test_stopped_anywhere_it_goes_on(
    settings: Settings, remote: Remote, folder: Path, person: Person, worker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each request the import is cancelled, as Ctrl-C does, and begun again."""
    monkeypatch.setattr(sending, "FILES", 1)
    request, stopped = Sender._request, 0

    async def once(self: Sender, batch: Sequence[Item]) -> Any:
        await request(self, batch)
        raise asyncio.CancelledError

    for sent in range(1, 13):
        with monkeypatch.context() as patched:
            patched.setattr(Sender, "_request", once)
            with pytest.raises(asyncio.CancelledError):
                await run(settings, remote, folder)
        stopped += 1
        assert len(await documents(person)) == sent
    done, _ = await run(settings, remote, folder)
    assert done and stopped == 12
    there = await documents(person)
    assert [each["status"] for each in there] == ["ready"] * 12
    assert {each["revision"] for each in there} == {1}


async def test_the_same_bytes_twice_are_one_document(person: Person, folder: Path) -> None:
    (folder / "copy.txt").write_bytes((folder / "0.txt").read_bytes())
    outcome = Outcome()
    await sender(person, folder, outcome).send(items(folder))
    assert (len(outcome.pending), outcome.there, outcome.failed) == (12, 1, [])


async def test_one_that_is_refused_keeps_no_other_back(person: Person, folder: Path) -> None:
    (folder / "sea" / "large.txt").write_bytes(b"word " * 500_000)  # more than the tests' vault takes
    outcome = Outcome()
    await sender(person, folder, outcome).send(items(folder))
    assert len(outcome.pending) == 12
    (failed,) = outcome.failed
    assert (failed.name, failed.code) == ("sea/large.txt", "file_too_large")


async def test_a_file_that_goes_away_meanwhile_is_left(
    person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = items(folder)
    (folder / "0.txt").unlink()
    look = sending._look

    async def then_gone(asked: Sequence[Item]) -> Any:
        prints = await look(asked)
        (folder / "3.txt").unlink()
        return prints

    monkeypatch.setattr(sending, "_look", then_gone)
    outcome = Outcome()
    await sender(person, folder, outcome).send(found)
    assert len(outcome.pending) == 10
    assert {each.name for each in outcome.left} == {"0.txt", "3.txt"}


class Flaky(httpx.AsyncBaseTransport):
    """Loses every other request: before it is sent, after it was answered, or by a 503."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner, self.count = inner, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        match self.count % 6:
            case 1:
                raise httpx.ConnectError("away")
            case 3:
                await (await self.inner.handle_async_request(request)).aread()
                raise httpx.ReadError("lost")
            case 5:
                return httpx.Response(503, json={"detail": "Too busy.", "code": "unavailable"}, request=request)
            case _:
                return await self.inner.handle_async_request(request)


async def test_a_server_that_comes_and_goes_loses_nothing(person: Person, folder: Path) -> None:
    outcome, seen = Outcome(), list[tuple[int, int]]()
    found = items(folder)
    async with httpx.AsyncClient(
        base_url=person.http.base_url, headers=person.http.headers, transport=Flaky(httpx.AsyncHTTPTransport())
    ) as client:
        connection = Connection(client, pauses=(0.0,) * 4)
        await Sender(connection, folder, [], False, lambda *done: seen.append(done), outcome).send(found)
    assert len(outcome.pending) + outcome.there + outcome.ready == 12
    there = await documents(person)
    assert len(there) == 12
    assert {each["revision"] for each in there} == {1}
    assert sum(files for files, _ in seen) == 12
    assert sum(size for _, size in seen) == sum(item.size for item in found), "what was sent twice counts once"


async def test_a_large_file_goes_in_pieces_and_loses_none(
    person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other request is lost, some of them after they were taken."""
    monkeypatch.setattr(sending, "LARGE", 1_000_000)
    monkeypatch.setattr(large, "PIECE", 300_000)
    path = folder / "sea" / "large.txt"
    path.write_bytes(b"The keeper counts ships. " * 60_000)
    outcome, seen = Outcome(), list[tuple[int, int]]()
    async with httpx.AsyncClient(
        base_url=person.http.base_url, headers=person.http.headers, transport=Flaky(httpx.AsyncHTTPTransport())
    ) as client:
        connection = Connection(client, pauses=(0.0,) * 9)
        found = items(folder)
        await Sender(connection, folder, ["a", "b"], False, lambda *done: seen.append(done), outcome).send(found)
    assert not outcome.failed
    assert sum(size for _, size in seen) == sum(item.size for item in found)
    (sent,) = [each for each in await documents(person) if each["filename"] == "large.txt"]
    assert (sent["size_bytes"], sent["folder"], sent["tags"]) == (1_500_000, "in/sea", ["a", "b"])
    content = await person.http.get(f"/api/documents/{sent['id']}/content")
    assert content.content == path.read_bytes()


async def test_a_server_that_stays_away_is_said(person: Person, folder: Path) -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as client:
        with pytest.raises(Away) as error:
            await Connection(client, pauses=(0.0, 0.0)).request("GET", "/api/ingestion")
    assert "does not answer" in error.value.detail


async def test_a_session_that_ended_is_renewed(person: Person, people: People) -> None:
    client = people.stranger(Authorization="Bearer gone")

    async def renew() -> bool:
        client.headers["Authorization"] = f"Bearer {person.token}"
        return True

    assert (await Connection(client, renew).get("/api/ingestion"))["queued"] == 0
    with pytest.raises(DocVaultError, match=r"."):
        await Connection(people.stranger(), None).get("/api/ingestion")


async def test_following_learns_what_happened_while_it_was_not_listening(
    person: Person, resources: Resources, worker: object
) -> None:
    """Read before the stream is opened, deleted, and read while it is open: each is heard of once."""
    ready, gone, later = await person.upload(*((f"{n}.txt", f"{n} {uuid4()}".encode()) for n in range(3)))
    await person.settled(ready["id"])
    await person.http.delete(f"/api/documents/{gone['id']}")
    outcome = Outcome(pending={each["id"]: Pending(each["sha256"], each["filename"]) for each in (ready, gone, later)})
    heard: list[str] = []
    async with asyncio.timeout(30):
        await follow(Connection(person.http), outcome, lambda name, _: heard.append(name))
    assert (outcome.ready, [each.name for each in outcome.failed]) == (2, ["1.txt"])
    assert heard[:2] == ["hello", "totals"]


async def test_known_are_ones_own_and_what_is_served_or_comes(people: People, person: Person, worker: object) -> None:
    other = await people.new()
    (document,) = await person.upload(("a.txt", str(uuid4()).encode()))
    ask = {"sha256": [document["sha256"], "0" * 64]}
    (known,) = (await person.http.post("/api/documents/known", json=ask)).json()["items"]
    assert (known["id"], known["filename"], known["error"]) == (document["id"], "a.txt", None)
    assert (await other.http.post("/api/documents/known", json=ask)).json()["items"] == []
    for wrong in (["x"], ["A" * 64], ["0" * 64] * 1001):
        assert (await person.http.post("/api/documents/known", json={"sha256": wrong})).status_code == 400


async def test_reconciling_asks_for_many_at_once(person: Person) -> None:
    found = await person.upload(*((f"{n}.txt", f"{n} {uuid4()}".encode()) for n in range(5)))
    outcome = Outcome(pending={each["id"]: Pending(each["sha256"], each["filename"]) for each in found})
    asked: list[str] = []

    class Counting(Connection):
        async def request(self, method: str, path: str, *arguments: Any, **more: Any) -> httpx.Response:
            asked.append(path)
            return await super().request(method, path, *arguments, **more)

    await reconcile(Counting(person.http), outcome)
    assert asked == ["/api/documents/known"]
    assert outcome.pending.keys() == {each["id"] for each in found}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "1 s"), (59.0, "59 s"), (90.0, "2 min"), (3700.0, "1 h 2 min"), (None, "an unknown time")],
)
def test_durations_are_said_in_words(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said
