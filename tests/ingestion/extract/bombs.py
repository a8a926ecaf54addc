"""Files made to hurt, small on disk or made as they are needed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

MiB = 1024 * 1024


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def within(source: Path, path: Path, changes: dict[str, bytes]) -> Path:
    """A sound archive with members replaced or added."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return zipped(path, members | changes)


def zeros(path: Path, mebibytes: int, name: str = "word/document.xml") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        for _ in range(mebibytes):
            member.write(bytes(MiB))
    return path


def liar(path: Path, mebibytes: int, said: int = 1000) -> Path:
    """An archive whose directory and headers say that its member is `said` bytes long."""
    zeros(path, mebibytes)
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", said)
    data[22:26] = struct.pack("<I", said)
    path.write_bytes(data)
    return path


def quoted(path: Path, times: int) -> Path:
    """One packed member that the directory lists again and again."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = body.compress(bytes(MiB)) + body.flush()
    sizes = struct.pack("<III", zlib.crc32(bytes(MiB)), len(packed), MiB)
    file = io.BytesIO()
    file.write(
        struct.pack("<4sHHHHH", b"PK\x03\x04", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", 1, 0) + b"a" + packed
    )
    start = file.tell()
    for number in range(times):
        name = f"{number:05}".encode()
        file.write(struct.pack("<4sHHHHHH", b"PK\x01\x02", 20, 20, 0, 8, 0, 0) + sizes)
        file.write(struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name)
    length = file.tell() - start
    file.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, times, times, length, start, 0))
    path.write_bytes(file.getvalue())
    return path


def crowd(path: Path, members: int) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(members):
            archive.writestr(str(number), b"")
    return path


# --- XML --------------------------------------------------------------------------------------------------------------


def laughs(root: str = "r") -> bytes:
    """Ten entities, each ten times the one before: ten thousand million words."""
    lines = ["<!ENTITY a0 'ha '>"] + [f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 11)]
    return f"<?xml version='1.0'?><!DOCTYPE {root} [{''.join(lines)}]><{root}>&a10;</{root}>".encode()


def laughs_in_attribute() -> bytes:
    return laughs().replace(b"<r>&a10;</r>", b"<r x='&a10;'/>")


def quadratic(size: int = 100_000) -> bytes:
    return f"<!DOCTYPE r [<!ENTITY a '{'a' * size}'>]><r>{'&a;' * size}</r>".encode()


def fetching(address: str) -> bytes:
    """An entity whose words stand in another place, a file or an address."""
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{address}">]><r>&x;</r>'.encode()


def outer_subset(address: str) -> bytes:
    """A document type that stands elsewhere, and a name that would be declared there."""
    return f'<?xml version="1.0"?><!DOCTYPE r SYSTEM "{address}"><r>before &x; after</r>'.encode()


def outer_parameter(address: str) -> bytes:
    return f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{address}"> %p;]><r>x</r>'.encode()
