from __future__ import annotations

import asyncio
import tracemalloc
import unicodedata
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.exceptions import InternalServerException

from docvault.errors import ClientGone, InvalidInput, RequestError, TooLarge, UnsupportedType
from docvault.settings import MiB
from docvault.storage.files import FileStore
from ingestion.multipart import Limits, display_name, human_bytes, parts

BOUNDARY = "----b0undary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
LIMITS = Limits(max_file_bytes=1000, max_request_bytes=5000, max_files=3, max_fields=4, max_field_bytes=100)


class Sent(NamedTuple):
    name: str
    data: bytes
    filename: str | None = None
    content_type: str | None = None


def head_of(disposition: bytes, content_type: str | None = None) -> bytes:
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    return b"Content-Disposition: form-data; " + disposition + b"\r\n" + typed.encode() + b"\r\n"


def body_of(sent: Sequence[Sent]) -> bytes:
    body = b""
    for part in sent:
        disposition = f'name="{part.name}"' + ("" if part.filename is None else f'; filename="{part.filename}"')
        body += f"--{BOUNDARY}\r\n".encode() + head_of(disposition.encode(), part.content_type) + part.data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def stream_of(body: bytes, cuts: Sequence[int] = ()) -> AsyncIterator[bytes]:
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in pairwise(edges):
        yield body[start:end]
    yield b""  # as Litestar does


async def receive(
    body: bytes, cuts: Sequence[int] = (), limits: Limits = LIMITS, content_type: str = CONTENT_TYPE
) -> list[Sent]:
    received: list[Sent] = []
    async for part in parts(stream_of(body, cuts), content_type, limits):
        data = b"".join([piece async for piece in part])
        received.append(Sent(part.name, data, part.filename, part.content_type))
    return received


async def refused(body: bytes, kind: type[RequestError], code: str, **how: object) -> RequestError:
    with pytest.raises(kind) as caught:
        await receive(body, **how)  # pyright: ignore[reportArgumentType]
    assert caught.value.code == code
    assert caught.value.detail[0].isupper() or caught.value.detail[0] in "“"
    assert caught.value.detail.endswith(".")
    return caught.value


TRICKY = st.sampled_from([b"\r\n", b"\r", b"\n", b"--", BOUNDARY.encode(), f"\r\n--{BOUNDARY[:-1]}".encode(), b"\0"])
DATA = st.lists(st.one_of(TRICKY, st.binary(max_size=20)), max_size=8).map(b"".join)
SAFE_DATA = DATA.filter(lambda data: f"--{BOUNDARY}".encode() not in b"\r\n" + data)
NAME = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"%\\'), min_size=1, max_size=12)
PART = st.builds(Sent, NAME, SAFE_DATA, st.none() | NAME, st.sampled_from([None, "text/plain", "application/pdf"]))


class TestParts:
    @given(sent=st.lists(PART, max_size=5), cuts=st.lists(st.integers(min_value=0), max_size=30))
    @settings(deadline=None)
    async def test_any_chunking_gives_the_same_parts(self, sent: list[Sent], cuts: list[int]) -> None:
        limits = Limits(max_file_bytes=10_000, max_request_bytes=100_000, max_files=10)
        assert await receive(body_of(sent), cuts, limits) == sent

    async def test_byte_by_byte(self) -> None:
        sent = [Sent("folder", b"2026"), Sent("file", b"\r\n--" * 50, "a.txt", "text/plain"), Sent("tags", b"x")]
        body = body_of(sent)
        assert await receive(body, range(len(body))) == sent

    async def test_what_is_not_read_is_skipped(self) -> None:
        body = body_of([Sent("file", b"a" * 900, "1"), Sent("file", b"b" * 900, "2"), Sent("folder", b"end")])
        seen: list[str] = []
        async for part in parts(stream_of(body, range(0, 2000, 100)), CONTENT_TYPE, LIMITS):
            seen.append(part.filename or await part.text())
            if part.filename == "1":
                await anext(part)
        assert seen == ["1", "2", "end"]

    async def test_an_empty_file_is_one_but_an_empty_field_of_a_form_is_not(self) -> None:
        body = body_of([Sent("file", b"", ""), Sent("file", b"", "empty.txt"), Sent("file", b"x", "")])
        assert await receive(body) == [Sent("file", b"", "empty.txt"), Sent("file", b"x", "")]

    async def test_no_parts_at_all(self) -> None:
        assert await receive(body_of([])) == []

    async def test_bytes_around_the_form_are_ignored(self) -> None:
        sent = [Sent("file", b"x", "a")]
        assert await receive(b"preamble\r\n" + body_of(sent) + b"epilogue", [3, 9, 12]) == sent

    async def test_a_quoted_boundary(self) -> None:
        body = body_of([Sent("file", b"x", "a")])
        assert len(await receive(body, content_type=f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"')) == 1

    @pytest.mark.parametrize(
        ("disposition", "filename"),
        [
            (b'name="file"; filename="report.pdf"', "report.pdf"),
            (b"name=file; filename=report.pdf", "report.pdf"),
            ('name="file"; filename="Übersicht – 日本.pdf"'.encode(), "Übersicht – 日本.pdf"),
            (b'name="file"; filename="\xdcbersicht.pdf"', "Übersicht.pdf"),  # Latin-1
            (b'name="file"; filename="x.pdf"; filename*=UTF-8\'\'na%C3%AFve%20plan.pdf', "naïve plan.pdf"),
            (b'name="file"; filename*=utf-8\'fr\'%e2%82%ac.pdf; filename="e.pdf"', "€.pdf"),
            (b"name=\"file\"; filename*=iso-8859-1''%A3.pdf", "£.pdf"),
            (b'name="file"; filename*=no-such\'\'%A3.pdf; filename="plain.pdf"', "plain.pdf"),
            (b'name="file"; filename="a; filename*=UTF-8\'\'b"', "a; filename*=UTF-8''b"),
            (b'name="file"; filename="say \\"hi\\".txt"', 'say "hi".txt'),
            (b'name="file"; filename="say %22hi%22.txt"', 'say "hi".txt'),
            (b'name="file"; filename="100%25.txt"', "100%25.txt"),
            (b'name="file"; filename="../../etc/passwd"', "../../etc/passwd"),
        ],
    )
    async def test_file_names(self, disposition: bytes, filename: str) -> None:
        body = f"--{BOUNDARY}\r\n".encode() + head_of(disposition) + f"x\r\n--{BOUNDARY}--\r\n".encode()
        assert await receive(body) == [Sent("file", b"x", filename)]

    @pytest.mark.parametrize("filename", ["C:\\Users\\eva\\report.pdf", "\\\\server\\share\\report.pdf"])
    async def test_windows_paths(self, filename: str) -> None:
        received = await receive(body_of([Sent("file", b"x", filename)]))
        assert display_name(received[0].filename) == "report.pdf"

    async def test_a_character_set_that_cannot_decode_it(self) -> None:
        head = b'form-data; name="file"; filename="a.txt"; filename*=punycode\'\'a-%ff'
        body = b"--B\r\nContent-Disposition: " + head + b"\r\n\r\nx\r\n--B--\r\n"

        async def stream() -> AsyncIterator[bytes]:
            yield body

        found = [part.filename async for part in parts(stream(), "multipart/form-data; boundary=B", LIMITS)]
        assert found == ["a.txt"]

    async def test_text_of_a_field(self) -> None:
        good, bad = body_of([Sent("folder", "Verträge".encode())]), body_of([Sent("folder", b"\xff\xfe")])
        assert await (await anext(parts(stream_of(good), CONTENT_TYPE, LIMITS))).text() == "Verträge"
        part = await anext(parts(stream_of(bad), CONTENT_TYPE, LIMITS))
        with pytest.raises(InvalidInput, match="The field `folder` is not UTF-8 text") as caught:
            await part.text()
        assert caught.value.code == "malformed_upload"


class TestLimits:
    @pytest.mark.parametrize("cuts", [(), range(0, 3000, 7)])
    async def test_bytes_of_a_file(self, cuts: Sequence[int]) -> None:
        assert len((await receive(body_of([Sent("file", b"x" * 1000, "a")]), cuts))[0].data) == 1000
        error = await refused(body_of([Sent("file", b"x" * 1001, "d/a.pdf")]), TooLarge, "file_too_large", cuts=cuts)
        assert error.detail == "“a.pdf” is larger than 1000 bytes, the most one file may have."

    async def test_also_of_one_that_nobody_reads(self) -> None:
        with pytest.raises(TooLarge):
            async for _ in parts(stream_of(body_of([Sent("file", b"x" * 1001, "a")])), CONTENT_TYPE, LIMITS):
                pass

    @pytest.mark.parametrize("cuts", [(), range(0, 9000, 7)])
    async def test_bytes_of_a_request(self, cuts: Sequence[int]) -> None:
        sent = [Sent("file", b"x" * 900, "a"), Sent("file", b"x" * 900, "b"), Sent("file", b"x" * 900, "c")]
        body = body_of(sent)
        exactly = Limits(max_file_bytes=1000, max_request_bytes=len(body), max_files=3)
        assert await receive(body, cuts, exactly) == sent
        error = await refused(body + b"x", TooLarge, "request_too_large", cuts=cuts, limits=exactly)
        assert error.detail == "The upload is larger than 2.9 KiB, the most one request may carry."

    async def test_an_announced_length_is_refused_unread(self) -> None:
        async def untouched() -> AsyncIterator[bytes]:
            raise AssertionError("read")
            yield b""

        with pytest.raises(TooLarge) as caught:
            await anext(parts(untouched(), CONTENT_TYPE, LIMITS, content_length=5001))
        assert caught.value.code == "request_too_large"

    async def test_number_of_files(self) -> None:
        three = [Sent("file", b"x", f"{number}.txt") for number in range(3)]
        assert await receive(body_of(three)) == three
        error = await refused(body_of([*three, Sent("file", b"x", "4.txt")]), TooLarge, "too_many_files")
        assert "more than 3 files" in error.detail

    async def test_number_of_fields(self) -> None:
        four = [Sent("tags", b"x")] * 4
        assert await receive(body_of(four)) == four
        await refused(body_of([*four, Sent("tags", b"x")]), TooLarge, "too_many_fields")

    async def test_bytes_of_a_field(self) -> None:
        assert await receive(body_of([Sent("tags", b"x" * 100)]))
        error = await refused(body_of([Sent("tags", b"x" * 101)]), TooLarge, "field_too_large")
        assert error.detail == "The field `tags` is larger than 100 bytes."

    async def test_bytes_of_a_head(self) -> None:
        wide = Limits(max_file_bytes=1000, max_request_bytes=100_000, max_files=3)
        body = body_of([Sent("file", b"x", "a" * 20_000)])
        await refused(body, InvalidInput, "malformed_upload", limits=wide)
        await refused(body, InvalidInput, "malformed_upload", limits=wide, cuts=range(0, 21_000, 1000))


class TestBrokenBodies:
    async def test_every_cut_off_body_is_refused(self) -> None:
        body = body_of([Sent("folder", b"2026"), Sent("file", b"some bytes", "a.txt", "text/plain")])
        whole = len(body) - 2  # the last line break may be missing
        for end in range(whole):
            await refused(body[:end], InvalidInput, "malformed_upload", cuts=[end // 2])
        assert len(await receive(body[:whole])) == 2

    async def test_a_part_cut_off_stays_cut_off(self) -> None:
        stream = stream_of(body_of([Sent("file", b"some bytes", "a.txt")])[:-30])
        part = await anext(parts(stream, CONTENT_TYPE, LIMITS))
        for _ in range(2):
            with pytest.raises(InvalidInput, match="ended before it was whole"):
                assert not [piece async for piece in part]

    @pytest.mark.parametrize(
        "body",
        [
            b"no boundary anywhere",
            f"--{BOUNDARY}\nContent-Disposition: form-data; name=a\n\nx\n--{BOUNDARY}--".encode(),
            f"--{BOUNDARY}\r\nno colon\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
            f"--{BOUNDARY}\r\n\r\nno disposition\r\n--{BOUNDARY}--\r\n".encode(),
            f"--{BOUNDARY}\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
            f"--{BOUNDARY}junk\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
            f"--{BOUNDARY}\r\n".encode()
            + head_of(b"name=a").replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n")
            + f"x\r\n--{BOUNDARY}--\r\n".encode(),
        ],
    )
    async def test_malformed(self, body: bytes) -> None:
        await refused(body, InvalidInput, "malformed_upload")
        await refused(body, InvalidInput, "malformed_upload", cuts=range(len(body)))

    @pytest.mark.parametrize(
        "content_type",
        ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 201,
         "multipart/form-data; boundary=\"a\nb\""],
    )  # fmt: skip
    async def test_no_usable_boundary(self, content_type: str) -> None:
        await refused(b"", InvalidInput, "malformed_upload", content_type=content_type)

    @pytest.mark.parametrize("content_type", ["", "application/json", "application/x-www-form-urlencoded"])
    async def test_not_a_form(self, content_type: str) -> None:
        await refused(b"{}", UnsupportedType, "unsupported_type", content_type=content_type)

    @given(body=st.binary(max_size=300), cuts=st.lists(st.integers(min_value=0), max_size=5))
    @settings(deadline=None)
    async def test_noise_is_refused_and_never_crashes(self, body: bytes, cuts: list[int]) -> None:
        with pytest.raises(InvalidInput):
            await receive(f"--{BOUNDARY}\r\n".encode() + body, cuts)


class TestLeaving:
    @pytest.mark.parametrize(
        ("raised", "seen"),
        [
            (InternalServerException("client disconnected prematurely"), ClientGone),
            (InternalServerException("stream consumed"), InternalServerException),
            (ConnectionResetError("gone"), ConnectionResetError),
        ],
    )
    async def test_nothing_is_kept_when_the_stream_breaks(
        self, tmp_path: Path, raised: Exception, seen: type[Exception]
    ) -> None:
        async def stream() -> AsyncIterator[bytes]:
            yield body_of([Sent("file", b"x" * 3 * MiB, "a.bin")])[: 2 * MiB]
            raise raised

        store = await FileStore.open(tmp_path)
        limits = Limits(max_file_bytes=10 * MiB, max_request_bytes=10 * MiB, max_files=1)
        part = await anext(parts(stream(), CONTENT_TYPE, limits))
        with pytest.raises(seen):
            await store.put("owner/object", part)
        assert files_under(tmp_path) == []
        await store.close()

    async def test_nothing_is_read_ahead(self) -> None:
        """A slow store slows the sender down: at most one chunk is taken before it is asked for."""
        taken = 0
        body = body_of([Sent("file", b"x" * MiB, "a.bin")])

        async def stream() -> AsyncIterator[bytes]:
            nonlocal taken
            for start in range(0, len(body), 1000):
                taken += 1
                yield body[start : start + 1000]

        limits = Limits(max_file_bytes=MiB, max_request_bytes=2 * MiB, max_files=1)
        part = await anext(parts(stream(), CONTENT_TYPE, limits))
        for read in range(1, 500):
            await anext(part)
            assert taken <= read + 1
            await asyncio.sleep(0)

    async def test_memory_stays_flat(self) -> None:
        chunk = bytes(64 * 1024)

        async def stream() -> AsyncIterator[bytes]:
            yield f"--{BOUNDARY}\r\n".encode() + head_of(b'name="file"; filename="a"')
            for _ in range(2048):
                yield chunk
            yield f"\r\n--{BOUNDARY}--\r\n".encode()

        size = 0
        tracemalloc.start()
        try:
            async for part in parts(stream(), CONTENT_TYPE, Limits(1 << 40, 1 << 40, 1)):
                async for piece in part:
                    size += len(piece)
            assert size == 128 * MiB
            assert tracemalloc.get_traced_memory()[1] < MiB
        finally:
            tracemalloc.stop()


class TestDisplayName:
    @pytest.mark.parametrize(
        ("raw", "shown"),
        [
            (None, "untitled"),
            ("", "untitled"),
            ("   ", "untitled"),
            ("..", "untitled"),
            ("../..", "untitled"),
            ("/", "untitled"),
            ("\u202e", "untitled"),
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\y.pdf", "y.pdf"),
            ("\\\\server\\share\\z.docx", "z.docx"),
            ("a/b\\c.txt", "c.txt"),
            ("folder/", "folder"),
            (".bashrc", ".bashrc"),
            (" spaced name .txt ", "spaced name .txt"),
            ("line\r\nbreak\t.txt", "linebreak.txt"),
            ("nul\0.pdf", "nul.pdf"),
            ("exe\u202egpj.exe", "exegpj.exe"),
            ("\u2067zero\u200b\ufeff.pdf", "zero.pdf"),
            ("می\u200cخواهم.pdf", "می\u200cخواهم.pdf"),
            ("Zu\u0308rich.pdf", "Zürich.pdf"),
            ("lone\ud800.pdf", "lone.pdf"),
            ("Q3: results?.pdf", "Q3: results?.pdf"),
            ("<b>.html", "<b>.html"),
        ],
    )
    def test_examples(self, raw: str | None, shown: str) -> None:
        assert display_name(raw) == shown

    def test_a_long_name_keeps_its_extension(self) -> None:
        assert display_name("a" * 300 + ".pdf") == "a" * 251 + ".pdf"
        assert display_name("ü" * 300 + ".pdf") == "ü" * 125 + ".pdf"
        assert display_name("日" * 100 + ".docx") == "日" * 83 + ".docx"
        assert display_name("a" * 300) == "a" * 255
        assert display_name("a." + "b" * 300) == "a." + "b" * 253
        assert display_name("a" * 255) == "a" * 255

    @given(st.text() | st.text(st.sampled_from("a. /\\ü\u0301\u202e\u1100\u1161\u11a8日👩\u200d\0"), max_size=400))
    def test_always_presentable(self, raw: str) -> None:
        name = display_name(raw)
        assert 1 <= len(name.encode()) <= 255
        assert name == name.strip() == unicodedata.normalize("NFC", name)
        assert not set("/\\") & set(name)
        assert not {unicodedata.category(char) for char in name} & {"Cc", "Cs", "Zl", "Zp"}
        assert name not in {".", ".."}
        assert display_name(name) == name


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1 KiB"), (1536, "1.5 KiB"), (2 << 30, "2 GiB"),
     (5 << 40, "5 TiB"), (5 << 50, "5120 TiB")],
)  # fmt: skip
def test_human_bytes(count: int, text: str) -> None:
    assert human_bytes(count) == text
