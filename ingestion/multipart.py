"""A `multipart/form-data` body (RFC 7578), taken apart while it arrives: nothing is kept, nothing is read ahead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Self
from urllib.parse import unquote

import msgspec
from litestar.exceptions import InternalServerException
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from docvault.errors import ClientGone, InvalidInput, RequestError, TooLarge, UnsupportedType
from docvault.settings import MiB

Events = AsyncGenerator["MultipartSegment | bytes | None"]
"""For each part its head, then pieces of its body, then None."""

MAX_BOUNDARY = 200
"""Characters; RFC 2046 allows 70."""

MAX_NAME_BYTES = 255
"""Longest name most file systems take, so that every document can be saved under its own."""

MAX_EXTENSION = 16
"""A longer word behind the last dot of a name is no extension."""

INVISIBLE = frozenset(
    "\N{ZERO WIDTH SPACE}\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}\N{WORD JOINER}"
    "\N{ZERO WIDTH NO-BREAK SPACE}\N{SOFT HYPHEN}"
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # bidirectional embeddings, overrides and isolates
)
"""They make a name look like another (`gpj.exe` for `exe.jpg`). Joiners stay: Persian names and emoji need them."""

QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
EXTENDED_FILENAME = re.compile(r";\s*filename\*\s*=\s*([\w.-]+)'[^';]*'([^;\s]*)", re.IGNORECASE)
"""`filename*=UTF-8''na%C3%AFve.pdf` (RFC 8187)."""


class Limits(msgspec.Struct, frozen=True):
    """Most of everything in one request. A part without a filename is a field."""

    max_file_bytes: int
    max_request_bytes: int
    max_files: int
    max_fields: int = 1000
    max_field_bytes: int = MiB // 16


class Part:
    """One part: what its head says of it, and its bytes, to be iterated over once and before the next part.

    `filename` is as the sender gave it, path and all, or None for a field; `display_name` makes it presentable.
    `content_type` is the sender's claim, None without one.
    """

    def __init__(self, segment: MultipartSegment, events: Events, limits: Limits) -> None:
        self.name = _decoded(segment.name or "")
        self.filename = _filename(segment)
        self.content_type = segment.content_type or None
        self._limits = limits
        self._events = events
        self._ahead: bytes | None = None
        self._size = 0
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Raises `InvalidInput`, `TooLarge` or `ClientGone` where the body breaks off or goes too far."""
        if await self.is_over():
            raise StopAsyncIteration
        piece, self._ahead = self._ahead or b"", None
        return piece

    async def is_over(self) -> bool:
        """Whether no byte is left to read. Raises as reading does."""
        if self._ahead is None and not self._ended:
            event = await anext(self._events, b"")
            if event == b"":  # after an error; a body that stops by itself is one, too
                raise _cut_short()
            self._ended = not isinstance(event, bytes)
            self._ahead = event if isinstance(event, bytes) else None
            self._size += len(self._ahead or b"")
            self._check_size()
        return self._ahead is None

    async def text(self) -> str:
        """The whole part as UTF-8 text: a field, even where the sender gave it a filename."""
        self.filename = None
        data = b"".join([piece async for piece in self])
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise InvalidInput(f"The field `{self.name}` is not UTF-8 text.", code="malformed_upload") from None

    def _check_size(self) -> None:
        if self.filename is None and self._size > self._limits.max_field_bytes:
            raise TooLarge(
                f"The field `{self.name}` is larger than {human_bytes(self._limits.max_field_bytes)}.",
                code="field_too_large",
                hint="If it is a file, send it with a filename.",
            )
        if self.filename is not None and self._size > self._limits.max_file_bytes:
            raise TooLarge(
                f"“{display_name(self.filename)}” is larger than {human_bytes(self._limits.max_file_bytes)}, "
                "the most one file may have.",
                code="file_too_large",
                hint="Split it, or ask your administrator for more.",
            )


async def parts(
    stream: AsyncIterator[bytes], content_type: str, limits: Limits, content_length: int | None = None
) -> AsyncGenerator[Part]:
    """The parts of a request's body in their order; what is left of one is skipped when the next is asked for.

    `content_type` and `content_length` are the request's headers; a length over the limit is refused before a byte is
    read. Raises `UnsupportedType`, `InvalidInput` (`malformed_upload`), `TooLarge` (`request_too_large`,
    `file_too_large`, `field_too_large`, `too_many_files`, `too_many_fields`) and `ClientGone`; other errors of `stream`
    pass through. A browser's empty file field (no name, no bytes) is left out.
    """
    if (content_length or 0) > limits.max_request_bytes:
        raise _request_too_large(limits)
    parser = PushMultipartParser(_boundary(content_type), header_charset="latin-1", max_header_size=16 * 1024)
    events = _events(stream, parser, limits)
    files = fields = 0
    async for event in events:
        if not isinstance(event, MultipartSegment):
            continue  # of the part before: its reader had enough
        part = Part(event, events, limits)
        if part.filename == "" and await part.is_over():
            continue
        files, fields = files + (part.filename is not None), fields + (part.filename is None)
        _check_count(files, fields, limits)
        yield part
        async for _ in part:
            pass


def display_name(raw: str | None) -> str:
    """The name a file is kept under for people: without a path or anything invisible, in NFC, of 1 to 255 bytes.

    Never a name on any disk, so characters that some system forbids stay.
    """
    visible = (char for char in raw or "" if unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"})
    name = unicodedata.normalize("NFC", "".join(char for char in visible if char not in INVISIBLE))
    segments = [segment.strip() for segment in re.split(r"[/\\]", name)]
    name = next((segment for segment in reversed(segments) if segment), "")
    return _shortened(name) if name.strip(". ") else "untitled"


def human_bytes(count: int) -> str:
    """`2 GiB`, `1.5 MiB`, `512 bytes`."""
    size, unit = float(count), "byte" if count == 1 else "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f}".removesuffix(".0") + f" {unit}"


async def _events(stream: AsyncIterator[bytes], parser: PushMultipartParser, limits: Limits) -> Events:
    left = limits.max_request_bytes
    try:
        async for chunk in stream:
            if allowed := chunk[:left]:  # an empty one would tell the parser that the body is over
                for event in parser.parse(allowed):
                    yield event
            left -= len(chunk)
            if left < 0:
                raise _request_too_large(limits)
        parser.close()
    except MultipartError as error:
        raise _malformed(error) from error
    except InternalServerException as error:
        if "disconnect" not in error.detail:
            raise
        raise ClientGone("The client left before its upload was whole.") from error


def _boundary(content_type: str) -> str:
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        raise UnsupportedType(
            f"An upload is `multipart/form-data`, not `{kind}`." if kind else "The upload has no content type.",
            hint="Send the files as `file` parts of a form, as `curl -F file=@report.pdf` does.",
        )
    boundary = options.get("boundary", "")
    if not 0 < len(boundary) <= MAX_BOUNDARY or not boundary.isprintable() or not boundary.isascii():
        raise InvalidInput(
            "The upload's content type names no usable boundary between its parts.",
            code="malformed_upload",
            hint="Let your HTTP library set the `Content-Type` header itself.",
        )
    return boundary


def _check_count(files: int, fields: int, limits: Limits) -> None:
    if files > limits.max_files:
        raise TooLarge(
            f"The upload has more than {limits.max_files} files, the most one request may carry.",
            code="too_many_files",
            hint="Send the rest in further requests.",
        )
    if fields > limits.max_fields:
        raise TooLarge(f"The upload has more than {limits.max_fields} fields.", code="too_many_fields")


def _request_too_large(limits: Limits) -> RequestError:
    return TooLarge(
        f"The upload is larger than {human_bytes(limits.max_request_bytes)}, the most one request may carry.",
        code="request_too_large",
        hint="Send the files in several requests.",
    )


def _malformed(error: MultipartError) -> RequestError:
    if isinstance(error, ParserLimitReached):
        return InvalidInput("The head of one of the upload's parts is too long.", code="malformed_upload")
    if error.args and "Unexpected end" in str(error.args[0]):
        return _cut_short()
    return InvalidInput(
        f"The upload is not a well-formed form: {str(error.args[0] if error.args else error).lower()}.",
        code="malformed_upload",
        hint="Let your HTTP library build the request's body.",
    )


def _cut_short() -> RequestError:
    return InvalidInput("The upload ended before it was whole.", code="malformed_upload", hint="Send it again.")


def _filename(segment: MultipartSegment) -> str | None:
    extended = EXTENDED_FILENAME.search(QUOTED.sub('""', segment.header("Content-Disposition") or ""))
    if extended:
        try:
            return unquote(extended[2], encoding=extended[1], errors="replace")
        except (LookupError, ValueError):
            pass  # a character set nobody knows, or that has no replacement mark: the plain name will do
    return None if segment.filename is None else _decoded(segment.filename)


def _decoded(text: str) -> str:
    """Heads are read byte by byte as Latin-1, for not every sender writes UTF-8, and those who do not write cp1252."""
    raw = text.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or not 0 < len(extension) <= MAX_EXTENSION:
        stem, dot, extension = name, "", ""
    room = MAX_NAME_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip() + dot + extension
