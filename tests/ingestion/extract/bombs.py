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


# --- PDF --------------------------------------------------------------------------------------------------------------


def pdf(path: Path, objects: list[bytes]) -> Path:
    """Objects numbered from 1 on, the first of them the catalogue."""
    body, places = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"xref\n0 %d\n0000000000 65535 f \n%strailer <</Root 1 0 R /Size %d>>\nstartxref\n%d\n%%%%EOF" % (
        *(len(places) + 1, table, len(places) + 1),
        len(body),
    )
    path.write_bytes(body)
    return path


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d %s>>\nstream\n%s\nendstream" % (len(data), extra, data)


def _one_page(content: bytes, resources: bytes = b"", *more: bytes) -> list[bytes]:
    return [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <<%s>>>>" % resources,
        content,
        *more,
    ]


def deflated_twice(mebibytes: int, data: bytes = b" ") -> bytes:
    """Kilobytes that unpack to mebibytes that unpack to as many thousand."""
    inner = zlib.compressobj(9)
    pieces = [inner.compress(data * (MiB // len(data))) for _ in range(mebibytes)]
    return zlib.compress(b"".join(pieces) + inner.flush(), 9)


def pdf_stream(path: Path, mebibytes: int) -> Path:
    packed = deflated_twice(mebibytes, b"q Q ")
    return pdf(path, _one_page(stream(packed, b"/Filter [/FlateDecode /FlateDecode]")))


def pdf_loop(path: Path, pages: int) -> Path:
    """A tree of pages that has its own root among its leaves, and claims to have so many."""
    loop = b"<</Type /Pages /Kids [2 0 R 3 0 R] /Count %d /Parent 2 0 R>>" % pages
    return pdf(path, [b"<</Type /Catalog /Pages 2 0 R>>", loop, loop])


def pdf_pages(path: Path, pages: int) -> Path:
    """Empty pages, all of them the same object."""
    kids = b"3 0 R " * pages
    tree = b"<</Type /Pages /Kids [%s] /Count %d>>" % (kids, pages)
    return pdf(
        path,
        [b"<</Type /Catalog /Pages 2 0 R>>", tree, b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800]>>"],
    )


def pdf_forms(path: Path, levels: int, times: int = 10) -> Path:
    """Forms that each show the next one many times; the last shows a word, and the first."""
    forms = [
        stream(
            b"/F Do " * times,
            b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources <</XObject <</F %d 0 R>>>>" % (6 + level),
        )
        for level in range(levels - 1)
    ]
    font = b"/Font <</T <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>"
    last = stream(
        b"BT /T 12 Tf 50 50 Td (ha) Tj ET /F Do",
        b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources <<%s /XObject <</F 5 0 R>>>>" % font,
    )
    return pdf(path, _one_page(stream(b"/F Do"), b"/XObject <</F 5 0 R>>", *forms, last))


def pdf_picture(path: Path, side: int) -> Path:
    """A picture of so many pixels each way, packed into next to nothing."""
    packed = deflated_twice(max(1, side * side // 8 // MiB), b"\0")
    extra = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 1 /ColorSpace /DeviceGray "
    picture = stream(packed, extra % (side, side) + b"/Filter [/FlateDecode /FlateDecode]")
    return pdf(path, _one_page(stream(b"600 0 0 800 0 0 cm /I Do"), b"/XObject <</I 5 0 R>>", picture))


# --- text -------------------------------------------------------------------------------------------------------------


def filled(path: Path, start: bytes, again: bytes, size: int, end: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.write(start)
        block = again * max(1, MiB // len(again))
        for _ in range(max(1, size // len(block))):
            file.write(block)
        file.write(end)
    return path


def html_nested(path: Path, size: int) -> Path:
    return filled(path, b"<html><body>", b"<div>word ", size)


def html_unclosed(path: Path, size: int) -> Path:
    return filled(path, b"<html><body>", b"<b><i><p><a href=x><table><tr><td>word ", size)


def html_attribute(path: Path, size: int) -> Path:
    return filled(path, b"<html><body><p title='", b"a", size, b"'>word</p>")


def html_comment(path: Path, size: int) -> Path:
    return filled(path, b"<html><body>word <!--", b"<!-- -", size)


def json_nested(path: Path, size: int) -> Path:
    return filled(path, b"", b'{"a":[', size)


def one_line(path: Path, size: int) -> Path:
    return filled(path, b"", b"word", size)


def one_row(path: Path, columns: int) -> Path:
    return filled(path, b"a", b",b", columns * 2, b"\n1,2\n")


def quotes(path: Path, size: int) -> Path:
    """A cell that never ends."""
    return filled(path, b'a,b\n"', b'x,""\n', size)


def xml_nested(path: Path, size: int) -> Path:
    return filled(path, b"<?xml version='1.0'?>", b"<a>", size)


def markdown_brackets(path: Path, size: int) -> Path:
    return filled(path, b"", b"[a](" * 200 + b"\n", size)


def markdown_quotes(path: Path, size: int) -> Path:
    return filled(path, b"", b"> " * 500 + b"\n", size)


def mail_nested(path: Path, levels: int) -> Path:
    """A message in a message, and so on."""
    parts = [f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n' for level in range(levels)]
    path.write_text("From: a@b.c\nSubject: x\nMIME-Version: 1.0\n" + "".join(parts) + "\nword\n")
    return path
