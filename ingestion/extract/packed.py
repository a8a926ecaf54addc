"""Archives from a stranger, the Office, OpenDocument and EPUB files among them: how much may come out of them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from docvault.errors import DocumentError
from ingestion.extract.build import corrupt, encrypted, wrong_password
from ingestion.extract.document import Options
from ingestion.extract.xml import PROLOG_BYTES, refuse_entities

MEMBERS = 50_000
"""Most members of one archive. The largest Office files have some thousand."""
ALWAYS = 1024 * 1024
"""Bytes that may be unpacked whatever the ratio: an almost empty sheet packs a thousandfold."""
PIECE = 256 * 1024

_LOCAL = struct.Struct("<4s22xHH")
_XML_NAMES = (".xml", ".rels", ".vml", ".xhtml", ".opf", ".ncx", ".rdf")


def check_archive(
    archive: zipfile.ZipFile, options: Options, what: str = "The archive", *, whole: bool = False
) -> None:
    """Refuse an archive that unpacks to too much, before anything is unpacked.

    What counts are the figures of its directory: Python's `zipfile` gives out no byte more than they say. Other
    programs read the members as they are: for those, `whole` unpacks everything once and counts for real.
    Raises `DocumentError` (`archive_bomb`).
    """
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise bomb(what, f"holds more than {MEMBERS:,} files")
    size = _length(archive)
    Budget(options, what, size).take(sum(member.file_size for member in members))
    if _overlap(members, size):
        raise bomb(what, "lists the same bytes more than once")
    if whole:
        budget = Budget(options, what, size)
        for member in members:
            for length in _real_sizes(archive, member, what):
                budget.take(length)


def check_xml(archive: zipfile.ZipFile, what: str = "The file") -> None:
    """Refuse an archive in which a part that is XML declares an entity: not every library leaves those alone.

    Raises `DocumentError` (`corrupt`).
    """
    for member in archive.infolist():
        if member.filename.lower().endswith(_XML_NAMES) and not member.flag_bits & 1:
            refuse_entities(_head(archive, member), what)


class Budget:
    """What may still be unpacked of one upload, archives within archives included: hand it on.

    `packed` is the size of the upload in bytes, for the ratio. Raises `DocumentError` (`archive_bomb`) from `take`.
    """

    def __init__(self, options: Options, what: str, packed: int) -> None:
        self.left = options.unpacked_bytes
        self.by_ratio = max(ALWAYS, options.ratio * packed)
        self.options, self.what = options, what

    def take(self, size: int) -> None:
        self.left -= size
        self.by_ratio -= size
        if self.left < 0:
            raise bomb(self.what, f"unpacks to more than {_said(self.options.unpacked_bytes)}")
        if self.by_ratio < 0:
            raise bomb(self.what, f"unpacks to more than {self.options.ratio} times its size")


def pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    """A member's bytes, counted as they come. Raises `DocumentError`: `archive_bomb`, `encrypted`,
    `wrong_password`, `corrupt`."""
    if member.flag_bits & 1 and not archive.pwd:
        raise encrypted(budget.what)
    try:
        with archive.open(member) as source:
            while piece := source.read(PIECE):
                budget.take(len(piece))
                yield piece
    except DocumentError:
        raise
    except RuntimeError:  # how `zipfile` says that the password is a wrong one
        raise wrong_password(budget.what) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError):
        raise corrupt(budget.what) from None


def bomb(what: str, does: str) -> DocumentError:
    return DocumentError(
        f"{what} {does}.",
        code="archive_bomb",
        hint="If it is meant to be so large, unpack it and upload what is inside, or raise "
        "DOCVAULT_EXTRACT_UNPACKED_BYTES or DOCVAULT_EXTRACT_RATIO.",
    )


def _said(size: int) -> str:
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def _length(archive: zipfile.ZipFile) -> int:
    file = _file(archive)
    return file.seek(0, 2)


def _file(archive: zipfile.ZipFile) -> IO[bytes]:
    if archive.fp is None:
        raise ValueError("The archive is closed.")
    return archive.fp


def _overlap(members: list[zipfile.ZipInfo], size: int) -> bool:
    """Whether members share bytes, as in archives that quote one small member ten thousand times."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end or member.header_offset + member.compress_size > size:
            return True
        end = member.header_offset + _LOCAL.size + len(member.orig_filename) + member.compress_size
    return False


def _real_sizes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, what: str) -> Iterator[int]:
    """How many bytes a member unpacks to, piece by piece, whatever the directory says of its length."""
    if member.flag_bits & 1 or member.compress_type == zipfile.ZIP_STORED:
        yield member.compress_size
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        yield from _inflated_sizes(archive, member, what)
    else:
        yield member.file_size  # bzip2 and LZMA, which the formats that other programs read do not allow


def _inflated_sizes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, what: str) -> Iterator[int]:
    file = _file(archive)
    file.seek(member.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise corrupt(what)
    _, name, extra = _LOCAL.unpack(header)
    file.seek(name + extra, 1)
    inflate, left = zlib.decompressobj(-15), member.compress_size
    try:
        while left > 0 and not inflate.eof and (packed := file.read(min(PIECE, left))):
            left -= len(packed)
            while packed:
                yield len(inflate.decompress(packed, PIECE))
                packed = inflate.unconsumed_tail
    except zlib.error:
        raise corrupt(what) from None


def _head(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The beginning of a member; nothing of one that cannot be read, which its reader will say."""
    try:
        with archive.open(member) as source:
            return source.read(PROLOG_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError):
        return b""
