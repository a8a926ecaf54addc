"""What is attached to a message: each file read by the reader of its kind, under a heading with its name."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from docvault.errors import DocumentError
from ingestion.extract.build import PageBuilder, clean, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.filetypes import HEAD_BYTES, FileType, refusal, sniff

MAX_NESTED = 4
"""How deep a message inside a message inside a message is followed."""
MAX_ATTACHMENTS = 200
"""Most attachments that are read of one file, those of messages inside it included."""
TNEF = b"\x78\x9f\x3e\x22"
"""The first bytes of `winmail.dat`, in which Outlook packs what it attaches."""


class Attachments:
    """What may still be read for one upload, and what the owner is to be told of the rest."""

    def __init__(self, options: Options = PLAIN) -> None:
        self.options = options
        self.warnings: list[str] = []
        self.depth = 0
        self.left = MAX_ATTACHMENTS
        self.beyond = 0

    def add(
        self, builder: PageBuilder, name: str, data: bytes, *, kind: FileType | None = None, inline: bool = False
    ) -> None:
        """Write an attachment to the page. One that cannot be read is named, and said in a warning.

        `kind` is told from the data where it is not given. Pictures shown `inline` are parts of a letter's look, and
        are only named.
        """
        name = squeeze(clean(name))[:200]
        if data.startswith(TNEF):
            for inner, content in tnef(data):
                self.add(builder, inner, content)
            return
        found = kind or sniff(data[:HEAD_BYTES], name)
        if inline and found.content_type.startswith("image/"):
            builder.add("heading", f"Attachment: {name}", level=2)
        else:
            self.add_read(builder, name, lambda: self._read(found, name, data))

    def add_message(self, builder: PageBuilder, name: str, read: Callable[[], Extracted]) -> None:
        """The same for a message that stands in the same file as the one it is attached to."""
        self.add_read(builder, squeeze(clean(name))[:200], lambda: self._deeper(read))

    def add_read(self, builder: PageBuilder, name: str, read: Callable[[], Extracted]) -> None:
        builder.add("heading", f"Attachment: {name}", level=2)
        if not self.left:
            self.beyond += 1
            return
        self.left -= 1
        try:
            extracted = read()
        except DocumentError as error:
            if error.code not in {"no_text", "empty"}:
                self.warnings.append(f"The attachment {name} was not read: {error.detail}")
            return
        except MemoryError:
            raise
        except Exception:  # One odd attachment must not take the message with it.
            self.warnings.append(f"The attachment {name} was not read: it is damaged.")
            return
        self.warnings += [f"{name}: {warning}" for warning in extracted.warnings]
        for page in extracted.pages:
            builder.add_page(page, deeper=2)

    def said(self) -> list[str]:
        """Warnings, once everything has been added."""
        more = [f"{self.beyond} more attachments were not read."] if self.beyond and not self.depth else []
        return self.warnings + more

    def _read(self, kind: FileType, name: str, data: bytes) -> Extracted:
        if kind.family == "email":
            from ingestion.extract.mail import mail_from_bytes

            return self._deeper(lambda: mail_from_bytes(data, self))
        if kind.family == "msg":
            from ingestion.extract.msg import msg_from_bytes

            return self._deeper(lambda: msg_from_bytes(data, self))
        return read_by_kind(kind, name, data, self.options)

    def _deeper(self, read: Callable[[], Extracted]) -> Extracted:
        if self.depth >= MAX_NESTED:
            raise DocumentError("it lies too deep in other messages.", code="unsupported_type")
        self.depth += 1
        warnings, self.warnings = self.warnings, []
        try:
            return read()
        finally:
            self.depth -= 1
            self.warnings = warnings


def read_by_kind(kind: FileType, name: str, data: bytes, options: Options) -> Extracted:
    """Through the reader that an upload of this kind would meet, libraries loaded when needed."""
    from ingestion.extract.child import EXTRACTORS

    if kind.family is None:
        raise DocumentError(refusal(kind), code="unsupported_type" if data else "empty")
    module, _, function = EXTRACTORS[kind.family][1].partition(":")
    extractor = getattr(import_module(module), function)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "attachment"
        path.write_bytes(data)
        extracted: Extracted = extractor(path, name, _silent, options)
    return extracted


def _silent(_done: int, _pages: int) -> None: ...


def tnef(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files in a `winmail.dat` ([MS-OXTNEF] 2.1.3)."""
    name, place = "", 6
    while place + 9 <= len(data):
        what = int.from_bytes(data[place + 1 : place + 5], "little")
        size = int.from_bytes(data[place + 5 : place + 9], "little")
        value = data[place + 9 : place + 9 + size]
        place += 9 + size + 2
        if what == 0x00069002:  # attAttachRenddata: the next attachment begins
            name = ""
        elif what == 0x00018010:  # attAttachTitle
            name = value.rstrip(b"\0").decode("cp1252", "replace")
        elif what == 0x0006800F:  # attAttachData
            yield name or "(unnamed)", value
        elif what == 0x0002800C and value.strip(b"\0 "):  # attBody
            yield "message.txt", value.rstrip(b"\0")
