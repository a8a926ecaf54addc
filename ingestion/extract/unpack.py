"""Archives, in the throw-away process: their members one by one, handed over the pipe and never written down.

Every member is a `MEMBER` frame with its `Entry`, its bytes in `DATA` frames, and an `END` frame, which says why when
it is not whole. So memory stays flat, and nothing that a stranger named ever is a file on this machine.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, cast

import msgspec

from docvault.errors import DocumentError
from ingestion.extract import packed, winzip
from ingestion.extract.build import corrupt, encrypted, wrong_password
from ingestion.extract.document import Options
from ingestion.extract.names import decoded, is_junk, unicode_path
from ingestion.extract.packed import PIECE, Budget

MEMBER, DATA, END = b"M", b"D", b"X"
WHAT = "The archive"
PACKAGES = ("[Content_Types].xml", "META-INF/MANIFEST.MF", "AndroidManifest.xml")
"""What files have in them that are made like archives, but are a program's own: nobody wants their parts."""
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
SPOILT = "it is damaged, or packed in a way that is not known"
UTF8, LOCKED = 0x800, 1  # bits of a ZIP member's flags

Reason = Literal["link", "system", "empty", "special"]
Send = Callable[[bytes, bytes], None]


class Limits(msgspec.Struct, frozen=True):
    """What may come out of one archive: files, bytes in all, bytes of one file."""

    members: int
    unpacked_bytes: int
    member_bytes: int


class Entry(msgspec.Struct, frozen=True):
    """A member, as the archive calls it, and how many there are in all where a directory says so."""

    name: str
    of: int = 0


class Ending(msgspec.Struct, frozen=True):
    """`left_out` is why the member is not whole and must not be kept."""

    left_out: str | None = None


class Unpacked(msgspec.Struct, frozen=True):
    """How many files were given, and how many were left out without a word, by reason.

    `broken` when the archive ends too early: what came before was given.
    """

    given: int = 0
    left_out: dict[Reason, int] = {}
    broken: bool = False


class _Member(msgspec.Struct, frozen=True):
    entry: Entry
    pieces: Callable[[], Iterator[bytes]]


class _Tally:
    """Counts what is given and what is left out."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.given = limits, 0
        self.left_out: dict[Reason, int] = {}

    def skip(self, reason: Reason) -> None:
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def count(self) -> None:
        self.given += 1
        if self.given > self.limits.members:
            raise too_many(self.limits.members)


def unpack(path: Path, filename: str, content_type: str, limits: Limits, options: Options, send: Send) -> Unpacked:
    """Send every member. Raises `DocumentError` for an archive that must not, or cannot, be unpacked at all."""
    tally = _Tally(limits)
    options = msgspec.structs.replace(options, unpacked_bytes=limits.unpacked_bytes)
    zipped = content_type == "application/zip"
    members = _zip(path, options, tally) if zipped else _tar(path, filename, content_type, options, tally)
    whole, broken = 0, False
    try:
        for member in members:
            whole += _give(member, limits, send)
    except DAMAGED:
        broken = True
    if (tally.given or broken) and not whole:
        raise corrupt(WHAT)
    return Unpacked(tally.given, tally.left_out, broken)


def _give(member: _Member, limits: Limits, send: Send) -> bool:
    """Whether it was whole."""
    send(MEMBER, msgspec.msgpack.encode(member.entry))
    left, left_out = limits.member_bytes, None
    try:
        for piece in member.pieces():
            left -= len(piece)
            if left < 0:
                left_out = "it is larger than a file may be"
                break
            if piece:
                send(DATA, piece)
    except DocumentError as error:
        if error.code != "corrupt":
            raise
        left_out = SPOILT
    except DAMAGED:
        send(END, msgspec.msgpack.encode(Ending(SPOILT)))
        raise
    send(END, msgspec.msgpack.encode(Ending(left_out)))
    return left_out is None


# --- ZIP ------------------------------------------------------------------------------------------------------------


def _zip(path: Path, options: Options, tally: _Tally) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        if any(name in archive.NameToInfo for name in PACKAGES):
            raise DocumentError(
                "This file is made like an archive, but is a program's own.",
                code="unsupported_type",
                hint="If it is a document, give it the suffix it should have and upload it again.",
            )
        packed.check_archive(archive, options, WHAT)
        found = [(member, name) for member, name in _named(archive.infolist()) if _wanted(member, name, tally)]
        if any(member.flag_bits & LOCKED for member, _ in found) and not options.password:
            raise encrypted(WHAT)
        budget, opens = Budget(options, WHAT, path.stat().st_size), _Key(options.password or "")
        for member, name in found:
            yield _Member(Entry(name, len(found)), _opening(archive, member, opens, budget))


class _Key:
    """A password, and whether it has opened a member yet: the old way of locking shows a wrong one by its ruins."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.fits = False


def _opening(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, key: _Key, budget: Budget
) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        if not member.flag_bits & LOCKED:
            yield from packed.pieces(archive, member, budget)
        elif member.compress_type == winzip.AES:
            yield from _aes(archive, member, key.password, budget)
        else:
            yield from _old(archive, member, key, budget)

    return pieces


def _aes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, password: str, budget: Budget) -> Iterator[bytes]:
    try:
        yield from winzip.pieces(cast(IO[bytes], archive.fp), member, password, budget)
    except NotImplementedError:
        raise corrupt(WHAT) from None


def _old(archive: zipfile.ZipFile, member: zipfile.ZipInfo, key: _Key, budget: Budget) -> Iterator[bytes]:
    archive.setpassword(key.password.encode())
    try:
        yield from packed.pieces(archive, member, budget)
    except DocumentError as error:
        if error.code == "archive_bomb" or (error.code == "corrupt" and key.fits):
            raise
        raise wrong_password(WHAT) from None
    key.fits = True


def _named(members: list[zipfile.ZipInfo]) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """Each with its name in the right letters."""
    raw = {id(member): _raw(member) for member in members if not member.flag_bits & UTF8}
    known = dict(zip(raw, decoded(list(raw.values())), strict=True))
    for member in members:
        name = known.get(id(member), member.orig_filename)
        yield member, unicode_path(member.extra, raw.get(id(member), b"")) or name


def _raw(member: zipfile.ZipInfo) -> bytes:
    """`zipfile` has read it as code page 437, in which every byte is a sign."""
    return member.orig_filename.encode("cp437", "replace")


def _wanted(member: zipfile.ZipInfo, name: str, tally: _Tally) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == 3 else 0
    if name.endswith(("/", "\\")) or kind == stat.S_IFDIR:
        return False
    if kind == stat.S_IFLNK:
        tally.skip("link")
    elif kind not in (0, stat.S_IFREG):
        tally.skip("special")
    elif is_junk(name):
        tally.skip("system")
    elif not member.file_size:
        tally.skip("empty")
    else:
        tally.count()
        return True
    return False


# --- tar, and single packed files -----------------------------------------------------------------------------------

_OPENERS: dict[str, Callable[[Path], Any]] = {
    "application/gzip": gzip.open,
    "application/x-bzip2": bz2.open,
    "application/x-xz": lzma.open,
}
_SUFFIXES = ("gz", "bz2", "xz")


class _Counted(io.RawIOBase):
    """What comes out of a packed stream, counted: that of members that are passed over, too."""

    def __init__(self, source: IO[bytes], budget: Budget) -> None:
        self._source, self._budget = source, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._source.read(len(buffer))
        self._budget.take(len(data))
        buffer[: len(data)] = data
        return len(data)


def _tar(path: Path, filename: str, content_type: str, options: Options, tally: _Tally) -> Iterator[_Member]:
    with _unpacked_stream(path, content_type, options) as stream:
        if not _is_tar(stream.peek(tarfile.BLOCKSIZE)[: tarfile.BLOCKSIZE]):
            yield from _single(filename, stream, tally)
            return
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=1) as archive:
            for member in archive:
                if _wanted_of_tar(member, tally):
                    yield _Member(Entry(_tar_name(member.name)), _reading(archive.extractfile(member)))


@contextmanager
def _unpacked_stream(path: Path, content_type: str, options: Options) -> Generator[io.BufferedReader[_Counted]]:
    opened = _OPENERS.get(content_type, _plain)(path)
    counted = _Counted(opened, Budget(options, WHAT, path.stat().st_size))
    with opened, io.BufferedReader(counted, PIECE) as stream:
        yield stream


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _single(filename: str, stream: IO[bytes], tally: _Tally) -> Iterator[_Member]:
    """A file that was packed alone (`report.txt.gz`): its name is the archive's, less the suffix."""
    stem, _, suffix = filename.rpartition(".")
    tally.count()
    yield _Member(Entry(stem if stem and suffix.lower() in _SUFFIXES else filename), _reading(stream))


def _wanted_of_tar(member: tarfile.TarInfo, tally: _Tally) -> bool:
    if member.isdir():
        return False
    if member.issym() or member.islnk():
        tally.skip("link")
    elif not member.isreg() or member.issparse():
        tally.skip("special")
    elif is_junk(member.name):
        tally.skip("system")
    elif not member.size:
        tally.skip("empty")
    else:
        tally.count()
        return True
    return False


def _tar_name(name: str) -> str:
    return decoded([name.encode("utf-8", "surrogateescape")])[0]


def _reading(source: IO[bytes] | None) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        while source and (piece := source.read(PIECE)):
            yield piece

    return pieces


def too_many(most: int) -> DocumentError:
    return DocumentError(
        f"The archive holds more than {most:,} files, those of archives in it counted too.",
        code="too_many_members",
        hint="Split it into smaller archives, or raise DOCVAULT_MAX_ARCHIVE_MEMBERS.",
    )
