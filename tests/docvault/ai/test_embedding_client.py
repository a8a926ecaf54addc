"""`docvault embed` and who asks it: the two over real sockets, and what happens when either goes away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from docvault.ai import embedding_client, embedding_server, wire
from docvault.ai.embedding_client import AWAY, BROKE_OFF, RemoteEmbedder, open_embedding_client
from docvault.ai.embedding_server import serving
from docvault.ai.embeddings import Embedder, Vectors, open_embedder, prepare_embedder
from docvault.ai.wire import Ask, Drop, Proof, frame, parse_address, proof, read_frame, wire_key
from docvault.errors import ConfigurationError, ModelError
from docvault.local.home import any_port
from docvault.server.alive import embedder_is_alive
from docvault.settings import Settings
from tests.docvault.ai.conftest import TEXTS
from tests.docvault.ai.dying_embedder import DEADLY, SLOW, dying_embedder

KEY = "a key that is only good for tests, and long enough"


class Slow:
    """Says how long each text is, once `gate` is open; keeps count of what it was asked."""

    model_id, dimensions, max_tokens = "all-MiniLM-L6-v2-int8", 384, 256

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_work = self.most = self.cancelled = 0
        self.fails: Exception | None = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            await self.gate.wait()
            if self.fails:
                raise self.fails
            return np.array([[len(text)] * 384 for text in texts], dtype=np.float32)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_work -= 1

    async def embed_query(self, text: str) -> Vectors:
        return np.full(384, len(text), dtype=np.float32)

    async def check(self) -> None: ...

    async def close(self) -> None: ...


@pytest.fixture
def asked(local: Settings, tmp_path: Path) -> Settings:
    """Of a client in a home where the model is ready."""
    return msgspec.structs.replace(local, embedder=str(tmp_path / "s"), secret_key=KEY)


@contextlib.asynccontextmanager
async def client(settings: Settings) -> AsyncIterator[RemoteEmbedder]:
    opened = await open_embedding_client(settings)
    try:
        yield opened
    finally:
        await opened.close()


def served(embedder: Embedder, settings: Settings, key: str = KEY) -> contextlib.AbstractAsyncContextManager[None]:
    return serving(embedder, parse_address(settings.embedder), wire_key(key))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_it_answers_what_the_embedder_does(asked: Settings, embedder: Embedder):
    async with served(embedder, asked), client(asked) as remote:
        assert (remote.model_id, remote.dimensions, remote.max_tokens) == ("all-MiniLM-L6-v2-int8", 384, 256)
        await remote.check()
        passages = await remote.embed([*TEXTS, "a\ud800b", "w" * 3_000_000])
        assert passages.shape == (len(TEXTS) + 2, 384)
        assert passages.dtype == np.float32
        expected = await embedder.embed([*TEXTS, "a?b", "w" * 3_000_000])
        assert np.sum(passages * expected, axis=1).min() > 0.98
        assert np.array_equal(await remote.embed_query(TEXTS[0]), await embedder.embed_query(TEXTS[0]))
        assert (await remote.embed([])).shape == (0, 384)


async def test_over_tcp_too(asked: Settings, embedder: Embedder):
    over_tcp = msgspec.structs.replace(asked, embedder=f"127.0.0.1:{any_port()}")
    assert not embedder_is_alive(over_tcp)
    async with served(embedder, over_tcp), client(over_tcp) as remote:
        assert (await remote.embed(["one", "two"])).shape == (2, 384)
        assert await asyncio.to_thread(embedder_is_alive, over_tcp)


async def test_many_requests_share_one_connection_and_come_back_in_their_places(asked: Settings):
    slow = Slow()
    async with served(slow, asked), client(asked) as remote:
        texts = [["x" * (n + m) for m in range(150)] for n in range(20)]
        found = await asyncio.gather(*map(remote.embed, texts))
        for vectors, own in zip(found, texts, strict=True):
            assert vectors[:, 0].tolist() == [len(text) for text in own]
    assert slow.most <= embedding_client.PASSAGES_AT_ONCE


async def test_a_question_is_answered_while_all_passages_wait(asked: Settings):
    slow = Slow()
    slow.gate.clear()
    async with served(slow, asked), client(asked) as remote:
        bulk = asyncio.create_task(remote.embed(["passage"] * 5000))
        await until(lambda: slow.at_work == embedding_client.PASSAGES_AT_ONCE)
        assert (await remote.embed_query("what"))[0] == 4
        assert not bulk.done()
        bulk.cancel()
        await until(lambda: slow.at_work == 0)  # nobody computes what nobody waits for
        assert slow.cancelled == embedding_client.PASSAGES_AT_ONCE


async def test_the_socket_is_for_its_user_alone(asked: Settings, embedder: Embedder):
    path = Path(asked.embedder)
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left_over:  # of an embedder that was killed
        left_over.bind(str(path))
    async with served(embedder, asked):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(ConfigurationError, match="another embedder listens there"):
            async with served(embedder, asked):
                pass
        assert await asyncio.to_thread(embedder_is_alive, asked)
    assert not path.exists()


async def test_who_does_not_know_the_key_is_not_served(
    asked: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(embedding_client, "QUESTION_PATIENCE", 0.5)
    async with served(embedder, asked, "another key, of more than 32 characters"), client(asked) as remote:
        with pytest.raises(ModelError, match="is DOCVAULT_SECRET_KEY the same on both sides") as caught:
            await remote.embed_query("anybody?")
        assert caught.value.code == AWAY


async def test_who_does_not_know_the_key_gets_no_text(asked: Settings, monkeypatch: pytest.MonkeyPatch):
    """A stranger that listens at the address, and welcomes everybody."""
    monkeypatch.setattr(embedding_client, "QUESTION_PATIENCE", 0.5)
    heard: list[object] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(wire.Hello(wire.VERSION, b"n" * 32)))
        heard.append((await read_frame(reader))[0])
        writer.write(frame(wire.Welcome(b"m" * 32, Slow.model_id, 384, 256)))
        with contextlib.suppress(wire.BrokenConnectionError):
            heard.append((await read_frame(reader))[0])
        writer.close()

    async with await asyncio.start_unix_server(stranger, asked.embedder), client(asked) as remote:
        with pytest.raises(ModelError, match="cannot prove"):
            await remote.embed_query("my secret")
    assert {type(word) for word in heard} == {Proof}


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff" * 8,
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        frame(Ask(1, "question", ["no proof yet"])),
        frame(Proof(b"n", b"m")),
        frame(Proof(b"n" * 32, proof(wire_key("other"), "client", b"", b""))),
        b"",
    ],
)
async def test_whatever_a_stranger_sends_it_is_cut_off(asked: Settings, embedder: Embedder, sent: bytes):
    async with served(embedder, asked):
        reader, writer = await asyncio.open_unix_connection(asked.embedder)
        await read_frame(reader)
        writer.write(sent)
        if not sent:
            writer.write_eof()
        async with asyncio.timeout(3):
            assert await reader.read() == b""
        writer.close()
        async with client(asked) as remote:
            await remote.embed_query("others are served")


async def test_a_client_that_asks_without_end_is_cut_off(asked: Settings):
    slow = Slow()
    slow.gate.clear()
    async with served(slow, asked):
        connection, _ = await embedding_client._connect(parse_address(asked.embedder), wire_key(KEY))
        listening = asyncio.create_task(connection.listen())
        asking = [asyncio.create_task(connection.ask("passages", ["x"])) for _ in range(embedding_server.MAX_ASKED + 1)]
        with pytest.raises(wire.BrokenConnectionError):
            await listening
        connection.close()
        await asyncio.gather(*asking, return_exceptions=True)
        await until(lambda: slow.at_work == 0)


async def test_an_error_of_the_model_reaches_who_asked(asked: Settings):
    slow = Slow()
    async with served(slow, asked), client(asked) as remote:
        slow.fails = ModelError("no memory", code="model_failed", hint="buy some")
        with pytest.raises(ModelError, match="no memory") as caught:
            await remote.embed(["one"])
        assert (caught.value.code, caught.value.hint) == ("model_failed", "buy some")
        slow.fails = ZeroDivisionError("by nothing")
        with pytest.raises(ModelError, match="its log says why"):
            await remote.embed(["one"])
        slow.fails = None
        assert (await remote.embed(["one"]))[0, 0] == 3


async def test_it_may_start_before_the_embedder_does(asked: Settings, embedder: Embedder):
    async with client(asked) as remote:
        early = asyncio.create_task(remote.embed(["one", "two"]))
        question = asyncio.create_task(remote.embed_query("and I?"))
        await asyncio.sleep(0.1)
        async with served(embedder, asked):
            assert (await early).shape == (2, 384)
            assert (await question).shape == (384,)


async def test_a_restart_under_way_is_not_noticed(asked: Settings):
    slow = Slow()
    slow.gate.clear()
    async with client(asked) as remote:
        async with served(slow, asked):
            asking = asyncio.create_task(remote.embed(["one"] * 300))
            await until(lambda: slow.at_work == 5)
        slow.gate.set()
        async with served(slow, asked):
            assert (await asking)[:, 0].tolist() == [3] * 300


async def test_what_ends_the_embedder_twice_is_not_sent_again(asked: Settings):
    """The third embedder is left alone by it."""
    slow, asking = Slow(), None
    slow.gate.clear()
    async with client(asked) as remote:
        for _ in range(2):
            async with served(slow, asked):
                asking = asking or asyncio.create_task(remote.embed(["one"]))
                await until(lambda: slow.at_work == 1)
        assert asking
        with pytest.raises(ModelError, match="is away"):
            await asking


async def test_one_that_ends_over_passages_blames_those_and_no_others(asked: Settings):
    async with dying_embedder(asked.embedder, KEY) as embedder, client(asked) as remote:
        await remote.embed(["it is there"])
        with pytest.raises(ModelError, match="broke off") as caught:
            await remote.embed([DEADLY])
        assert (caught.value.code, embedder.ends) == (BROKE_OFF, 1)  # it was not sent a second time
        assert (await remote.embed_query("and I?")).shape == (384,)
        assert (await remote.embed(["the next"])).shape == (1, 384)
        assert embedder.ends == 1


async def test_nobody_runs_beside_what_is_asked_alone(asked: Settings):
    async with dying_embedder(asked.embedder, KEY) as embedder, client(asked) as suspect, client(asked) as neighbour:
        suspect.alone = True
        await asyncio.gather(suspect.embed(["there"]), neighbour.embed(["there"]))
        around = [asyncio.create_task(neighbour.embed([f"neighbour {number}"])) for number in range(3)]
        with pytest.raises(ModelError) as caught:
            await suspect.embed([DEADLY])
        around += [asyncio.create_task(neighbour.embed([f"neighbour {number}"])) for number in range(3)]
        assert caught.value.code == BROKE_OFF
        assert [len(found) for found in await asyncio.gather(*around)] == [1] * 6
        assert embedder.ends == 1


async def test_one_that_freezes_blames_nobody_even_if_it_is_killed_then(
    asked: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(embedding_client, "SILENT", 3.5)  # a sign of life comes every three
    async with dying_embedder(asked.embedder, KEY) as embedder, client(asked) as remote:
        await remote.embed(["it is there"])
        asking = asyncio.create_task(remote.embed([SLOW]))
        await until(lambda: bool(remote._connection and remote._connection._begun))
        assert embedder.process
        embedder.process.send_signal(signal.SIGSTOP)
        lost = remote._connection
        await until(lambda: remote._connection is not lost)
        embedder.process.kill()
        await until(lambda: bool(remote._connection and remote._connection._begun))  # it was asked again
        assert not asking.done()
        asking.cancel()


async def test_a_connection_that_breaks_blames_nobody_where_the_embedder_lives_on(asked: Settings):
    slow = Slow()
    slow.gate.clear()
    async with served(slow, asked), client(asked) as remote:
        asking = asyncio.create_task(remote.embed(["one"]))
        await until(lambda: bool(remote._connection and remote._connection._begun))
        assert remote._connection
        remote._connection._reader.feed_eof()
        slow.gate.set()
        assert (await asking)[0, 0] == 3


async def test_one_that_stays_away_is_said(asked: Settings, monkeypatch: pytest.MonkeyPatch):
    for name in ("CHECK_PATIENCE", "QUESTION_PATIENCE", "PASSAGES_PATIENCE"):
        monkeypatch.setattr(embedding_client, name, 0.1)
    async with client(asked) as remote:
        for asking in (remote.check(), remote.embed_query("what"), remote.embed(["one"])):
            with pytest.raises(ModelError, match=f"The embedder at {asked.embedder} is away") as caught:
                await asking
            assert caught.value.code == AWAY
            assert "docvault embed" in (caught.value.hint or "")


async def test_one_that_freezes_is_given_up(asked: Settings, monkeypatch: pytest.MonkeyPatch):
    """Its sockets stay open and it says nothing, as after SIGSTOP."""
    monkeypatch.setattr(embedding_client, "SILENT", 0.2)
    monkeypatch.setattr(embedding_client, "PASSAGES_PATIENCE", 0.1)
    slow = Slow()
    slow.gate.clear()
    async with served(slow, asked), client(asked) as remote:
        with pytest.raises(ModelError, match="is away"):
            await asyncio.wait_for(remote.embed(["one"]), 5)


async def test_one_that_lives_but_never_answers_is_given_up(asked: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedding_client, "PASSAGES_SECONDS", 0.2)
    asked = msgspec.structs.replace(asked, embedding_seconds=0.2)
    slow = Slow()
    slow.gate.clear()
    async with served(slow, asked), client(asked) as remote:
        with pytest.raises(ModelError, match="took too long"):
            await remote.embed(["one"])
        await until(lambda: slow.at_work == 0)


async def test_vectors_of_another_model_are_not_taken(asked: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedding_client, "QUESTION_PATIENCE", 0.3)
    other = Slow()
    other.model_id = "another"  # type: ignore[misc]
    async with served(other, asked), client(asked) as remote:
        with pytest.raises(ModelError, match="it serves another, and all-MiniLM-L6-v2-int8 was asked for"):
            await remote.embed_query("what")


async def test_without_the_model_in_the_home_the_embedder_says_what_it_is(asked: Settings, tmp_path: Path):
    elsewhere = msgspec.structs.replace(asked, home=tmp_path / "elsewhere")
    await prepare_embedder(elsewhere)  # is the embedder's to do
    opening = asyncio.create_task(open_embedder(elsewhere))
    await asyncio.sleep(0.05)
    async with served(Slow(), asked):
        remote = await opening
        assert (remote.model_id, remote.dimensions) == (Slow.model_id, 384)
        await remote.close()


async def test_without_either_it_cannot_be_opened(asked: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedding_client, "OPEN_PATIENCE", 0.1)
    elsewhere = msgspec.structs.replace(asked, home=tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="No embedder answers") as caught:
        await open_embedder(elsewhere)
    assert "docvault embed" in (caught.value.hint or "")
    with pytest.raises(ConfigurationError, match="DOCVAULT_SECRET_KEY"):
        await open_embedder(msgspec.structs.replace(elsewhere, secret_key=""))


async def test_dropping_what_was_answered_is_no_fault(asked: Settings, embedder: Embedder):
    async with served(embedder, asked):
        connection, _ = await embedding_client._connect(parse_address(asked.embedder), wire_key(KEY))
        listening = asyncio.create_task(connection.listen())
        assert (await connection.ask("question", ["one", "two"])).shape == (2, 384)
        connection._writer.write(frame(Drop(0)) + frame(Drop(77)))
        assert (await connection.ask("passages", ["three"])).shape == (1, 384)
        connection.close()
        with pytest.raises(wire.BrokenConnectionError):
            await listening


@pytest.mark.parametrize("text", ["nowhere", "host:", ":7700", "host:0", "host:70000", "host:http"])
def test_an_address_that_is_none_is_refused(text: str):
    with pytest.raises(ConfigurationError, match="neither the path of a socket nor host:port"):
        parse_address(text)


def test_addresses():
    assert str(parse_address("/run/s")) == "/run/s"
    assert str(parse_address("[::1]:7700")) == "[::1]:7700"
    assert parse_address("embedder:7700").host == "embedder"


ASKS = """
import asyncio, sys
from docvault.ai.embeddings import open_embedder
from docvault.settings import load_settings
async def main():
    embedder = await open_embedder(load_settings())
    assert (await embedder.embed(["a passage"])).shape == (1, 384)
    assert (await embedder.embed_query("a question")).shape == (384,)
    await embedder.close()
asyncio.run(main())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def start_embedder(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "docvault.server.cli", "embed"]
    with log.open("wb") as out:
        return subprocess.Popen(command, env=environment, stdout=out, stderr=out)


async def test_the_command_serves_and_its_clients_carry_no_model(asked: Settings, tmp_path: Path):
    environment = os.environ | {
        "DOCVAULT_HOME": str(asked.home), "DOCVAULT_EMBEDDER": asked.embedder, "DOCVAULT_SECRET_KEY": KEY,
    }  # fmt: skip
    process = start_embedder(environment, tmp_path / "log")
    try:
        asks = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ASKS, env=environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(asks.communicate(), 60)
        assert asks.returncode == 0, (tmp_path / "log").read_text()
        assert not set(said.decode().split()) & {"onnxruntime", "tokenizers", "torch", "transformers"}
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0
        assert "embedder.stopped" in (tmp_path / "log").read_text()
        assert not Path(asked.embedder).exists()
    finally:
        process.kill()
        process.wait()
