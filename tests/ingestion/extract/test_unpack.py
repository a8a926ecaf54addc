"""Archives: every member comes out as it went in, and nothing that an archive does hurts."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import io
import lzma
import random
import stat
import tarfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from docvault.errors import DocumentError
from ingestion.extract import child, winzip
from ingestion.extract.document import PLAIN
from ingestion.extract.packed import Budget
from ingestion.extract.reader import Reader
from ingestion.extract.unpack import DATA, END, MEMBER, Ending, Entry, Limits, Unpacked
from ingestion.extract.unpacking import LeftOut, Unpacking
from tests.ingestion.extract import bombs, locked_archives
from tests.ingestion.extract.locked_archives import AES_128, AES_256, LARGE, OLD, PASSWORD, TIDE

MiB = 1024 * 1024
ZIP = "application/zip"
ROOM = Limits(members=100, unpacked_bytes=64 * MiB, member_bytes=32 * MiB)
KINDS = {"gz": "application/gzip", "bz2": "application/x-bzip2", "xz": "application/x-xz"}
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


class Basket:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.files: list[tuple[str, bytes]] = []
        self.left_out: list[tuple[str, str]] = []
        self.largest = 0

    async def take(self, entry: Entry, pieces: AsyncIterator[bytes]) -> None:
        data = bytearray()
        try:
            async for piece in pieces:
                data += piece
                self.largest = max(self.largest, len(piece))
        except LeftOut as reason:
            self.left_out.append((entry.name, str(reason)))
        else:
            self.files.append((entry.name, bytes(data)))


async def unpacked(
    reader: Reader, path: Path, content_type: str = ZIP, limits: Limits = ROOM, password: str | None = None
) -> tuple[Basket, Unpacked]:
    basket = Basket()
    done = await reader.unpack(
        path, basket.take, filename=path.name, content_type=content_type, limits=limits, password=password
    )
    return basket, done


async def refusal(reader: Reader, path: Path, content_type: str = ZIP, **more: Any) -> str:
    with pytest.raises(DocumentError) as caught:
        await unpacked(reader, path, content_type, **more)
    return caught.value.code


def tarred(path: Path, files: dict[str, bytes], *more: tarfile.TarInfo, pack: str = "") -> Path:
    with tarfile.open(path, f"w:{pack}") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return path


FILES = {"a.txt": b"one", "folder/b.txt": random.Random(0).randbytes(1_500_000), "Übersicht.txt": b"three"}


async def test_every_member_comes_out_as_it_went_in(reader: Reader, tmp_path: Path) -> None:
    basket, done = await unpacked(reader, bombs.zipped(tmp_path / "x.zip", FILES))
    assert dict(basket.files) == FILES
    assert (done.given, done.left_out, done.broken) == (3, {}, False)
    assert basket.largest <= MiB


@pytest.mark.parametrize("pack", ["", "gz", "bz2", "xz"])
async def test_tar_in_its_packings(reader: Reader, tmp_path: Path, pack: str) -> None:
    path = tarred(tmp_path / f"x.tar.{pack}", FILES, pack=pack)
    basket, done = await unpacked(reader, path, KINDS.get(pack, "application/x-tar"))
    assert (dict(basket.files), done.given) == (FILES, 3)


@pytest.mark.parametrize("pack", KINDS)
async def test_a_file_packed_alone(reader: Reader, tmp_path: Path, pack: str) -> None:
    path = tmp_path / f"notes.txt.{pack}"
    path.write_bytes(PACKERS[pack](b"notes" * 100))
    basket, _ = await unpacked(reader, path, KINDS[pack])
    assert basket.files == [("notes.txt", b"notes" * 100)]


async def test_what_is_no_file_is_left_out_and_counted(reader: Reader, tmp_path: Path) -> None:
    path = bombs.zipped(tmp_path / "x.zip", {"a.txt": b"a", "empty.txt": b"", "d/": b"", "__MACOSX/._a.txt": b"x"})
    link = zipfile.ZipInfo("shadow")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/shadow")
    basket, done = await unpacked(reader, path)
    assert basket.files == [("a.txt", b"a")]
    assert done.left_out == {"empty": 1, "system": 1, "link": 1}


async def test_links_and_devices_in_a_tar(reader: Reader, tmp_path: Path) -> None:
    odd = [tarfile.TarInfo(name) for name in ("soft", "hard", "pipe", "null")]
    for info, kind in zip(odd, (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE), strict=True):
        info.type, info.linkname = kind, "/etc/shadow"
    basket, done = await unpacked(reader, tarred(tmp_path / "x.tar", {"a.txt": b"a"}, *odd), "application/x-tar")
    assert (basket.files, done.left_out) == ([("a.txt", b"a")], {"link": 2, "special": 2})


async def test_names_from_before_utf8(reader: Reader, tmp_path: Path) -> None:
    """Windows in Russia writes names in code page 866 and does not say so."""
    path, raw = tmp_path / "x.zip", "Договор.txt".encode("cp866")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x" * len(raw), b"text")
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    basket, _ = await unpacked(reader, path)
    assert basket.files == [("Договор.txt", b"text")]


@pytest.mark.parametrize(("data", "names"), [(AES_128, ["tide.txt", "large.txt"]), (AES_256, ["tide.txt"])])
async def test_locked_with_aes(reader: Reader, tmp_path: Path, data: bytes, names: list[str]) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    basket, _ = await unpacked(reader, path, password=PASSWORD)
    assert [name for name, _ in basket.files] == names
    assert dict(basket.files) == {name: {"tide.txt": TIDE, "large.txt": LARGE}[name] for name in names}
    assert await refusal(reader, path) == "encrypted"
    assert await refusal(reader, path, password="wrong") == "wrong_password"


async def test_locked_in_the_old_way(reader: Reader, tmp_path: Path) -> None:
    """Of 256 wrong passwords one passes its check, and then gives nonsense."""
    path = tmp_path / "x.zip"
    path.write_bytes(OLD)
    basket, _ = await unpacked(reader, path, password="secret")
    assert basket.files == [("tide.txt", TIDE)]
    assert await refusal(reader, path) == "encrypted"
    assert {await refusal(reader, path, password=f"wrong{n}") for n in range(3)} == {"wrong_password"}


def test_aes_goes_on_counting_from_piece_to_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winzip, "PIECE", 64)
    assert b"".join(_aes(AES_128, "large.txt")) == LARGE


def test_changed_bytes_under_aes_are_told(tmp_path: Path) -> None:
    data = bytearray(AES_128)
    data[data.index(b"large.txt") + 60] ^= 1
    with pytest.raises(DocumentError) as caught:
        list(_aes(bytes(data), "large.txt"))
    assert caught.value.code == "corrupt"


def _aes(data: bytes, name: str) -> list[bytes]:
    file = io.BytesIO(data)
    member = zipfile.ZipFile(file).getinfo(name)
    return list(winzip.pieces(file, member, locked_archives.PASSWORD, Budget(PLAIN, "The archive", MiB)))


async def test_one_damaged_member_does_not_cost_the_others(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.txt", "b.txt", "c.txt"):
            archive.writestr(name, name.encode() * 1000)
    path.write_bytes(path.read_bytes().replace(b"b.txtb.txt", b"b.txtB.txt", 1))
    basket, done = await unpacked(reader, path)
    assert [name for name, _ in basket.files] == ["a.txt", "c.txt"]
    assert ([name for name, _ in basket.left_out], done.given) == (["b.txt"], 3)


async def test_a_tar_that_breaks_off(reader: Reader, tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(2 * MiB)
    path = tarred(tmp_path / "x.tgz", {"a.txt": b"a", "b.bin": noise}, pack="gz")
    path.write_bytes(path.read_bytes()[:-MiB])
    basket, done = await unpacked(reader, path, "application/gzip")
    assert basket.files == [("a.txt", b"a")]
    assert ([name for name, _ in basket.left_out], done.broken) == (["b.bin"], True)


async def test_what_is_damaged_as_a_whole(reader: Reader, tmp_path: Path) -> None:
    path = bombs.zipped(tmp_path / "x.zip", FILES)
    path.write_bytes(path.read_bytes()[:-60])
    assert await refusal(reader, path) == "corrupt"
    path.write_bytes(b"\x1f\x8bnothing of the kind")
    assert await refusal(reader, path, "application/gzip") == "corrupt"


async def test_a_programs_own_file_is_no_archive(reader: Reader, tmp_path: Path) -> None:
    path = bombs.zipped(tmp_path / "x.vsdx", {"[Content_Types].xml": b"<x/>", "visio/document.xml": b"<x/>"})
    assert await refusal(reader, path) == "unsupported_type"


async def test_bombs(reader: Reader, tmp_path: Path) -> None:
    assert await refusal(reader, bombs.zeros(tmp_path / "a.zip", 65, "x.txt")) == "archive_bomb"  # too much
    assert await refusal(reader, bombs.zeros(tmp_path / "b.zip", 8, "x.txt")) == "archive_bomb"  # too dense
    assert await refusal(reader, bombs.quoted(tmp_path / "c.zip", 50)) == "archive_bomb"  # the same bytes twice
    packed = tmp_path / "d.gz"
    packed.write_bytes(gzip.compress(bytes(80 * MiB)))
    assert await refusal(reader, packed, "application/gzip") == "archive_bomb"


async def test_too_many_members(reader: Reader, tmp_path: Path) -> None:
    path = bombs.zipped(tmp_path / "x.zip", {f"{n}.txt": b"x" for n in range(4)})
    tight = Limits(members=3, unpacked_bytes=MiB, member_bytes=MiB)
    assert await refusal(reader, path, limits=tight) == "too_many_members"


async def test_a_member_larger_than_a_file_may_be_is_left_out(reader: Reader, tmp_path: Path) -> None:
    noise = random.Random(2).randbytes(MiB)
    path = bombs.zipped(tmp_path / "x.zip", {"large.bin": noise, "small.txt": b"small"})
    basket, _ = await unpacked(reader, path, limits=Limits(members=9, unpacked_bytes=4 * MiB, member_bytes=MiB - 1))
    assert (basket.files, basket.left_out) == (
        [("small.txt", b"small")], [("large.bin", "it is larger than a file may be")]
    )  # fmt: skip


async def test_an_error_of_the_keeper_ends_it(reader: Reader, tmp_path: Path) -> None:
    async def full(_entry: Entry, pieces: AsyncIterator[bytes]) -> None:
        await anext(pieces)
        raise OSError("the disk is full")

    path = bombs.zipped(tmp_path / "x.zip", FILES)
    with pytest.raises(OSError, match="full"):
        await reader.unpack(path, full, filename="x.zip", content_type=ZIP, limits=ROOM)
    assert len((await unpacked(reader, path))[0].files) == 3


async def test_members_that_are_not_read_are_passed_over(reader: Reader, tmp_path: Path) -> None:
    names: list[str] = []

    async def only_names(entry: Entry, _pieces: AsyncIterator[bytes]) -> None:
        names.append(entry.name)

    path = bombs.zipped(tmp_path / "x.zip", FILES)
    await reader.unpack(path, only_names, filename="x.zip", content_type=ZIP, limits=ROOM)
    assert names == list(FILES)


def spoken(*messages: tuple[bytes, bytes]) -> Any:
    """A child that says this, whatever it was meant to say."""
    said = iter(messages)

    async def message(most: int) -> tuple[bytes, bytes]:
        kind, content = next(said)
        assert len(content) <= most
        return kind, content

    return message


A = (MEMBER, msgspec.msgpack.encode(Entry("a.txt")))
ENDED = (END, msgspec.msgpack.encode(Ending()))
DONE = (child.RESULT, msgspec.msgpack.encode(Unpacked(1)))


async def test_the_time_that_keeping_takes_is_not_the_childs() -> None:
    async def slow(_entry: Entry, pieces: AsyncIterator[bytes]) -> None:
        async for _ in pieces:
            await asyncio.sleep(0.06)

    data = [(DATA, b"x")] * 4
    assert await Unpacking(spoken(A, *data, ENDED, DONE), ROOM, 0.1, slow).run() == DONE


async def test_a_child_that_says_nothing_is_given_up() -> None:
    async def silent(_most: int) -> tuple[bytes, bytes]:
        await asyncio.sleep(0.03)  # just enough, each time, not to be silent
        return DATA, b"x"

    messages, basket = spoken(A), Basket()
    calls = [messages]

    async def message(most: int) -> tuple[bytes, bytes]:
        return await (calls.pop() if calls else silent)(most)

    with pytest.raises(DocumentError) as caught:
        await Unpacking(message, ROOM, 0.1, basket.take).run()
    assert caught.value.code == "too_slow"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([(DATA, b"x")], "crashed"),
        ([ENDED], "crashed"),
        ([A, A], "crashed"),
        ([A, (DATA, b"x" * MiB)] + [(DATA, b"x" * MiB)] * 64, "archive_bomb"),
        ([A, ENDED] * 101, "too_many_members"),
    ],
)
async def test_a_child_that_was_taken_over_is_held_to_the_limits(messages: list[Any], code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        await Unpacking(spoken(*messages), ROOM, 5.0, Basket().take).run()
    assert caught.value.code == code
