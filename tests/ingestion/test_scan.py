"""Scanning by a real clamd, and by some that are not."""

from __future__ import annotations

import asyncio
import io
import tempfile
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest
from reportlab.pdfgen import canvas

from docvault.errors import ConfigurationError, DocumentError
from docvault.settings import Settings, load_settings
from ingestion.scan import ask, host_and_port, passes_what_it_does_not_read, scan
from tests.ingestion.clamd import EICAR, STREAM_MAX, WORD, Clamd


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    # Its own short folder: a Unix socket's path has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder, Clamd(Path(folder), "AlertExceedsMax yes") as running:
        yield running


@pytest.fixture
def unix(clamd: Clamd) -> Settings:
    return load_settings({}, clamav=clamd.socket, clamav_seconds=30.0)


def changed(settings: Settings, **values: object) -> Settings:
    return msgspec.structs.replace(settings, **values)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def refused(settings: Settings, *parts: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as error:
        await scan(settings, pieces(*parts))
    return error.value


def zipped(content: bytes, name: str = "inner.com") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def pdf_with_attachment(content: bytes) -> bytes:
    """A page, and an embedded file behind it (ISO 32000-1, 7.11.4), uncompressed as some writers leave it."""
    made = io.BytesIO()
    page = canvas.Canvas(made)
    page.drawString(72, 720, "The invoice is attached.")
    page.save()
    stream = b"\n90 0 obj\n<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        len(content),
        content,
    )
    return made.getvalue().replace(b"\nxref", stream + b"\nxref", 1)


def mail_with_attachment(content: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "The invoice"
    mail.set_content("It is attached.")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename="invoice.com")
    return mail.as_bytes()


# --- what clamd says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"x", b"harmless " * 100_000, zipped(b"harmless"), bytes(STREAM_MAX)])
async def test_clean_files_pass(unix: Settings, clamd: Clamd, content: bytes) -> None:
    await scan(unix, pieces(content))
    await scan(changed(unix, clamav=f"127.0.0.1:{clamd.port}"), pieces(content))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (EICAR, "Own.Eicar"),
        (zipped(EICAR), "Own.Eicar"),
        (zipped(zipped(EICAR), "inner.zip"), "Own.Eicar"),
        (mail_with_attachment(EICAR), "Own.Eicar"),
        (pdf_with_attachment(WORD), "Own.Word"),
        (b"harmless, but for " + WORD, "Own.Word"),
    ],
    ids=["eicar", "zipped", "zipped twice", "mail", "pdf", "own"],
)
async def test_infected_files_are_refused_for_good(unix: Settings, clamd: Clamd, content: bytes, name: str) -> None:
    for settings in (unix, changed(unix, clamav=f"127.0.0.1:{clamd.port}")):
        error = await refused(settings, content)
        assert (error.code, error.permanent) == ("infected", True)
        assert error.detail == f"ClamAV found {name}.UNOFFICIAL in this file."


async def test_found_across_the_pieces_it_comes_in(unix: Settings) -> None:
    error = await refused(unix, *(bytes([byte]) for byte in EICAR))
    assert error.code == "infected"


async def test_larger_than_clamd_takes(unix: Settings, clamd: Clamd) -> None:
    """clamd hangs up in the middle of the file: what it said before that must not be lost, over and over."""
    for size in (STREAM_MAX + 1, 5 * STREAM_MAX):
        for address in (clamd.socket, f"127.0.0.1:{clamd.port}"):
            for _ in range(10):
                error = await refused(changed(unix, clamav=address), *[b"0" * 65536] * (size // 65536), b"0")
                assert (error.code, error.permanent) == ("scan_too_large", True)
                assert "StreamMaxLength" in error.detail


async def test_what_clamd_does_not_read_to_its_end_is_refused(unix: Settings) -> None:
    assert not await passes_what_it_does_not_read(unix)


async def test_a_clamd_that_passes_what_it_does_not_read_is_found_out(unix: Settings) -> None:
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder, Clamd(Path(folder), "AlertExceedsMax no") as lax:
        assert await passes_what_it_does_not_read(changed(unix, clamav=lax.socket))


async def test_many_at_once(unix: Settings) -> None:
    answers = await asyncio.gather(
        *(scan(unix, pieces(EICAR if n % 2 else b"harmless")) for n in range(20)), return_exceptions=True
    )
    assert [isinstance(answer, DocumentError) for answer in answers] == [bool(n % 2) for n in range(20)]


async def test_questions(clamd: Clamd) -> None:
    assert await ask(clamd.socket, "PING") == "PONG"
    assert (await ask(f"127.0.0.1:{clamd.port}", "VERSION")).startswith("ClamAV ")


async def test_what_reading_the_file_raises_goes_through(unix: Settings) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"the beginning"
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError):
        await scan(unix, broken())


async def test_without_a_setting_nothing_is_even_read() -> None:
    async def untouched() -> AsyncIterator[bytes]:
        raise AssertionError
        yield b""

    await scan(load_settings({}), untouched())


# --- a clamd that is frozen, away, or something else ---------------------------------------------------------------


@pytest.mark.parametrize("size", [10, STREAM_MAX])
async def test_frozen_in_the_middle(unix: Settings, clamd: Clamd, size: int) -> None:
    async def freezing() -> AsyncIterator[bytes]:
        yield b"0" * (size // 2)
        clamd.freeze()
        yield b"0" * (size // 2)

    try:
        with pytest.raises(DocumentError) as error:
            await scan(changed(unix, clamav_seconds=0.3), freezing())
    finally:
        clamd.thaw()
    assert (error.value.code, error.value.permanent) == ("not_scanned", False)
    assert "longer than 0.3 seconds" in error.value.detail
    await scan(unix, pieces(b"harmless"))  # and it works again


@pytest.mark.parametrize("size", [10, STREAM_MAX])
async def test_killed_in_the_middle(unix: Settings, clamd: Clamd, size: int) -> None:
    async def killing() -> AsyncIterator[bytes]:
        yield b"0" * (size // 2)
        clamd.stop()
        yield b"0" * (size // 2)

    try:
        with pytest.raises(DocumentError) as error:
            await scan(unix, killing())
    finally:
        clamd.start()
    assert (error.value.code, error.value.permanent) == ("not_scanned", False)


@pytest.mark.parametrize("address", ["/nowhere/clamd.ctl", "127.0.0.1:1", "[::1]:1"])
async def test_nobody_there(unix: Settings, address: str) -> None:
    error = await refused(changed(unix, clamav=address), b"x")
    assert (error.code, error.permanent) == ("not_scanned", False)
    assert "ClamAV does not answer" in error.detail


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def impostor(answer: bytes) -> AsyncIterator[str]:
    """Something that takes a whole stream, answers this and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0")
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            await reader.readexactly(size)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"stream: OK",  # cut off
        b"stream: OK\n\0"[:-1],
        b"stream: ok\0",
        b"stream: OK and more\0",
        b"streams: OK\0",
        b"OK\0",
        b" FOUND\0",
        b"stream:  FOUND\0",
        b"stream: Can't allocate memory ERROR\0",
        b"Command read timed out\0",
        b"UNKNOWN COMMAND\0",
        b"\xff\xfe\0",
        b"x" * 100_000 + b"\0",
    ],
)
async def test_every_other_answer_means_not_scanned(unix: Settings, answer: bytes) -> None:
    async with impostor(answer) as address:
        error = await refused(changed(unix, clamav=address), b"x")
    assert (error.code, error.permanent) == ("not_scanned", False)


async def test_a_heuristic_that_says_beyond_the_limits(unix: Settings) -> None:
    async with impostor(b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0") as address:
        error = await refused(changed(unix, clamav=address), b"x")
    assert (error.code, error.permanent) == ("scan_too_large", True)
    assert "(MaxFileSize)" in error.detail


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("clamav", ("clamav", 3310)),
        ("clamav:3311", ("clamav", 3311)),
        ("[::1]", ("::1", 3310)),
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_addresses(address: str, found: tuple[str, int]) -> None:
    assert host_and_port(address) == found


@pytest.mark.parametrize("address", ["a:b", ":3310", "::1", "tcp://clamav:3310", "a b"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ConfigurationError, match="DOCVAULT_CLAMAV"):
        host_and_port(address)
