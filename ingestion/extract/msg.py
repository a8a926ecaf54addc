"""Outlook messages (.msg; [MS-OXMSG]): head, body and attachments, messages inside messages included."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingestion.extract.attachments import Attachments
from ingestion.extract.build import PageBuilder, Report, clean, corrupt, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.text import decode, read_bytes
from ingestion.extract.web import html_page

WHAT = "The Outlook message"
_PROPERTIES = "__properties_version1.0"
_UNICODE, _NARROW, _BINARY, _STORAGE = "001F", "001E", "0102", "000D"

# Property identifiers of [MS-OXPROPS].
_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_SMTP, _SENDER_ADDRESS, _TO, _CC = 0x0C1A, 0x5D01, 0x0C1F, 0x0E04, 0x0E03
_SENT, _DELIVERED, _CODEPAGE, _INTERNET_CODEPAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_DATA, _LONG_NAME, _SHORT_NAME, _DISPLAY_NAME, _CONTENT_ID = 0x3701, 0x3707, 0x3704, 0x3001, 0x3712
_EMAIL, _SMTP, _KIND = 0x3003, 0x39FE, 0x0C15

LZFU = 0x75465A4C
MAX_BODY = 64 * 1024 * 1024
"""Most bytes a packed body may unpack to."""
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError`: `empty`, `corrupt`."""
    return msg_from_bytes(read_bytes(path), Attachments(options))


def msg_from_bytes(data: bytes, attachments: Attachments) -> Extracted:
    import olefile

    try:
        container: Any = olefile.OleFileIO(io.BytesIO(data))
        message = _Message(container, ())
        written = message.write(attachments)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # what the library makes of broken tables
        raise corrupt(WHAT) from error
    return written


class _Message:
    """One message: the streams in a folder of the container."""

    def __init__(self, container: Any, folder: tuple[str, ...]) -> None:
        self.container, self.folder = container, folder
        # A message inside another has a shorter head before its fixed properties ([MS-OXMSG] 2.4.1).
        self.fixed = _Fixed(self._stream(_PROPERTIES), 24 if folder else 32)
        codepage = self.fixed.number(_CODEPAGE) or self.fixed.number(_INTERNET_CODEPAGE)
        self.codepage = f"cp{codepage}" if codepage and codepage != 65001 else "utf-8"

    def write(self, attachments: Attachments) -> Extracted:
        builder = PageBuilder()
        subject = squeeze(self.text(_SUBJECT))[:2000]
        builder.add("heading", subject or "(no subject)", level=1)
        builder.add("paragraph", "\n".join(self._head()))
        self._add_body(builder)
        for folder in self._folders("__attach_version1.0_"):
            self._add_attachment(builder, folder, attachments)
        return Extracted([builder.page()], subject or None, warnings=attachments.said())

    def _head(self) -> list[str]:
        name, address = self.text(_SENDER), self.text(_SENDER_SMTP) or self.text(_SENDER_ADDRESS)
        sender = f"{name} <{address}>" if "@" in address and address != name else name or address
        sent = self.fixed.moment(_SENT) or self.fixed.moment(_DELIVERED)
        people = self._recipients()
        fields = {
            "From": sender,
            "To": people[1] or self.text(_TO),
            "Cc": people[2] or self.text(_CC),
            "Date": f"{sent:%a, %d %b %Y %H:%M:%S +0000}" if sent else "",
        }
        return [f"{key}: {squeeze(value)[:2000]}" for key, value in fields.items() if value.strip()]

    def _recipients(self) -> dict[int, str]:
        """By their kind: 1 are those it is to, 2 get a copy."""
        found: dict[int, list[str]] = {1: [], 2: [], 3: []}
        for folder in self._folders("__recip_version1.0_"):
            inner = _Message(self.container, folder)
            fixed = _Fixed(inner._stream(_PROPERTIES), 8)
            name, address = inner.text(_DISPLAY_NAME).strip("'"), inner.text(_SMTP) or inner.text(_EMAIL)
            person = f"{name} <{address}>" if "@" in address and address != name else name or address
            found.setdefault(fixed.number(_KIND) or 1, []).append(person)
        return {kind: ", ".join(filter(None, people)) for kind, people in found.items()}

    def _add_body(self, builder: PageBuilder) -> None:
        """The plain text where there is one, else the HTML, else the packed RTF."""
        plain = clean(self.text(_BODY))
        html = self._value(_HTML, _BINARY) or self.text(_HTML).encode()
        packed = self._value(_RTF, _BINARY)
        if plain.strip():
            for paragraph in plain.split("\n\n"):
                builder.add("paragraph", paragraph)
        elif html.strip():
            builder.add_page(html_page(html), deeper=1)
        elif packed:
            builder.add_page(_rtf_page(packed), deeper=1)

    def _add_attachment(self, builder: PageBuilder, folder: tuple[str, ...], attachments: Attachments) -> None:
        part = _Message(self.container, folder)
        part.codepage = self.codepage
        names = (part.text(which) for which in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME))
        name = next((name for name in names if name.strip()), "(unnamed)")
        inside = (*folder, f"__substg1.0_{_DATA:04X}{_STORAGE}")
        if self.container.exists([*inside, _PROPERTIES]):
            message = _Message(self.container, inside)
            attachments.add_message(builder, name, lambda: message.write(attachments))
        else:
            data = part._value(_DATA, _BINARY)
            attachments.add(builder, name, data, inline=bool(part.text(_CONTENT_ID)))

    # --- streams ------------------------------------------------------------------------------------------------------

    def text(self, which: int) -> str:
        if wide := self._value(which, _UNICODE):
            return clean(wide.decode("utf-16-le", "replace"))
        narrow = self._value(which, _NARROW)
        try:
            return clean(narrow.decode(self.codepage))
        except (UnicodeDecodeError, LookupError):
            return clean(decode(narrow))

    def _value(self, which: int, kind: str) -> bytes:
        return self._stream(f"__substg1.0_{which:04X}{kind}")

    def _stream(self, name: str) -> bytes:
        place = [*self.folder, name]
        if not self.container.exists(place) or self.container.get_type(place) != 2:
            return b""
        data: bytes = self.container.openstream(place).read()
        return data

    def _folders(self, prefix: str) -> list[tuple[str, ...]]:
        depth = len(self.folder)
        entries = self.container.listdir(streams=False, storages=True)
        here = (tuple(entry) for entry in entries if len(entry) == depth + 1 and tuple(entry[:depth]) == self.folder)
        return sorted(entry for entry in here if entry[-1].startswith(prefix))


class _Fixed:
    """Numbers and moments, which stand together in one stream, 16 bytes each ([MS-OXMSG] 2.4.2)."""

    def __init__(self, data: bytes, head: int) -> None:
        entries = (data[start : start + 16] for start in range(head, len(data) - 15, 16))
        self.values = {int.from_bytes(entry[2:4], "little"): entry[8:16] for entry in entries}

    def number(self, which: int) -> int:
        return int.from_bytes(self.values.get(which, b"")[:4], "little")

    def moment(self, which: int) -> datetime | None:
        """Tenths of microseconds since 1601."""
        ticks = int.from_bytes(self.values.get(which, b""), "little")
        try:
            return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None


def _rtf_page(packed: bytes) -> Page:
    from ingestion.extract.rtf import rtf_from_bytes

    return rtf_from_bytes(unpacked_rtf(packed)).pages[0]


def unpacked_rtf(data: bytes) -> bytes:
    """[MS-OXRTFCP] 2.2: runs of bytes quoted from the last 4096, which begin with words that every RTF file has."""
    size, kind = int.from_bytes(data[4:8], "little"), int.from_bytes(data[8:12], "little")
    if kind != LZFU:
        return data[16 : 16 + size]
    window = bytearray(_DICTIONARY) + bytearray(4096 - len(_DICTIONARY))
    place, write = 16, len(_DICTIONARY)
    out = bytearray()
    while place < len(data) and len(out) < min(size, MAX_BODY):
        flags, place = data[place], place + 1
        for bit in range(8):
            if not flags >> bit & 1:
                run = data[place : place + 1]
                place += 1
            else:
                reference = int.from_bytes(data[place : place + 2], "big")
                place += 2
                start, length = reference >> 4, (reference & 15) + 2
                if start == write:
                    return bytes(out)
                run = _quoted(window, start, length, write)
            for byte in run:
                window[write] = byte
                write = (write + 1) % 4096
            out += run
    return bytes(out[:size])


def _quoted(window: bytearray, start: int, length: int, write: int) -> bytes:
    """A run that may reach into what it writes itself."""
    out = bytearray()
    for step in range(length):
        place = (start + step) % 4096
        ahead = (place - write) % 4096
        out.append(out[ahead] if ahead < step else window[place])
    return bytes(out)
