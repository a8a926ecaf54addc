"""Requests to receivers that are slow, hostile, elsewhere, or behind TLS."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from docvault.settings import load_settings
from docvault.webhooks.send import READ, Outcome, Sender, retry_after
from tests.docvault.webhooks.receiver import Receiver, reply

NAME = "hooks.example.test"  # nobody's: the system cannot resolve it


def sender(*addresses: str, seconds: float = 5.0, private: bool = True, tls: ssl.SSLContext | None = None) -> Sender:
    """One that finds every name at these addresses."""

    async def look_up(host: str, port: int) -> list[str]:
        look_ups.append(host)
        return list(addresses)

    look_ups: list[str] = []
    made = Sender(load_settings({}, webhook_seconds=seconds, webhook_private=private), look_up, tls)
    made.look_ups = look_ups  # type: ignore[attr-defined]
    return made


async def post(made: Sender, url: str) -> Outcome:
    try:
        return await made.post(url, {"webhook-id": "1"}, b"{}")
    finally:
        await made.close()


async def test_it_connects_to_the_very_address_that_was_checked(receiver: Receiver) -> None:
    """One look-up, and no other: the name means nothing to the system, so nothing else can have resolved it."""
    made = sender("127.0.0.1")
    assert await post(made, f"http://{NAME}:{receiver.port}/a?b=c") == Outcome(204)
    (got,) = receiver.got
    assert (got.path, got.headers["host"], got.body) == ("/a?b=c", f"{NAME}:{receiver.port}", b"{}")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("DocVault/")
    assert made.look_ups == [NAME]  # type: ignore[attr-defined]


async def test_private_addresses_are_not_connected_to(receiver: Receiver) -> None:
    outcome = await post(sender("127.0.0.1", "::1", private=False), f"http://{NAME}:{receiver.port}/")
    assert outcome == Outcome(error=f"{NAME} leads into a private network, where webhooks may not go.")
    assert receiver.got == []


async def test_the_next_address_is_tried(receiver: Receiver) -> None:
    assert await post(sender("127.0.0.2", "127.0.0.1"), f"http://{NAME}:{receiver.port}/") == Outcome(204)


async def test_nobody_there() -> None:
    async with Receiver() as gone:
        url = gone.url
    outcome = await post(sender("127.0.0.1"), url)
    assert outcome.error is not None
    assert outcome.error.startswith("No connection: ")


async def test_a_name_that_nobody_has() -> None:
    made = Sender(load_settings({}, webhook_private=True))
    assert await post(made, "http://nobody.invalid/") == Outcome(error="The name nobody.invalid cannot be resolved.")


async def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answer = reply(302, location=receiver.url)
    outcome = await post(sender("127.0.0.1"), receiver.url)
    assert outcome == Outcome(302, "It answered 302. Redirects are not followed.")
    assert len(receiver.got) == 1


async def test_a_receiver_that_says_nothing(receiver: Receiver) -> None:
    receiver.hold.clear()
    outcome = await post(sender("127.0.0.1", seconds=0.2), receiver.url)
    assert outcome == Outcome(error="No answer within 0.2 seconds.")


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look the name up for itself."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert await post(sender("127.0.0.1"), receiver.url) == Outcome(204)


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    taken, gone = 0, asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * READ)
                await writer.drain()
                taken += READ
        except OSError:
            gone.set()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        assert await post(sender("127.0.0.1"), f"http://127.0.0.1:{port}/") == Outcome(200)
        async with asyncio.timeout(10):
            await gone.wait()
        assert taken < 32 * 1024 * 1024  # what the sockets' buffers hold
    finally:
        server.close()


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000])
async def test_answers_that_are_no_http(receiver: Receiver, answer: bytes) -> None:
    receiver.answer = answer
    outcome = await post(sender("127.0.0.1"), receiver.url)
    assert outcome.status is None
    assert outcome.error is not None
    assert outcome.error.startswith("The connection broke or the answer is no HTTP")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("0", 0), ("", 0), ("-5", 0), ("soon", 0), ("1" * 5000, 0), ("²", 0), (formatdate(0), 0)],
)
def test_retry_after(header: str, seconds: float) -> None:
    assert retry_after(header) == seconds


def test_retry_after_a_moment() -> None:
    assert 3500 < retry_after(formatdate(time.time() + 3600, usegmt=True)) <= 3600


async def test_retry_after_is_told(receiver: Receiver) -> None:
    receiver.answer = reply(503, retry_after="77")
    assert await post(sender("127.0.0.1"), receiver.url) == Outcome(503, "It answered 503.", 77.0)


# --- TLS ----------------------------------------------------------------------------------------------------------


def certified(folder: Path, name: x509.GeneralName) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for `name`, and a client's that trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a receiver")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    path = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


async def test_tls_is_for_the_name_though_the_connection_is_to_an_address(tmp_path: Path) -> None:
    server, client = certified(tmp_path, x509.DNSName(NAME))
    asked: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked.append(name)  # type: ignore[assignment]
    async with Receiver(server) as receiver:
        outcome = await post(sender("127.0.0.1", tls=client), f"https://{NAME}:{receiver.port}/")
        assert (outcome, asked) == (Outcome(204), [NAME])


async def test_a_certificate_for_the_address_is_not_one_for_the_name(tmp_path: Path) -> None:
    server, client = certified(tmp_path, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    async with Receiver(server) as receiver:
        outcome = await post(sender("127.0.0.1", tls=client), f"https://{NAME}:{receiver.port}/")
        assert "CERTIFICATE_VERIFY_FAILED" in (outcome.error or "")
        assert receiver.got == []
