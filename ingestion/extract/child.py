"""What the throw-away process does: one document in, one `Reading` or one reason out, and then it is gone."""

from __future__ import annotations

import os
import resource
import signal
import struct
import time
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec

from docvault.errors import DocumentError
from ingestion.chunk import chunk
from ingestion.extract import confine, landlock, language, programs
from ingestion.extract.build import Report, no_text
from ingestion.extract.document import Extracted, Options, Reading
from ingestion.extract.unpack import Limits, Send, Unpacked, unpack
from ingestion.filetypes import FAMILIES, Family
from ingestion.tokens import ApproximateTokens, ModelTokens, TokenCounter

Kind = Literal["light", "office"]
Extractor = Callable[[Path, str, Report, Options], Extracted]

EXTRACTORS: dict[Family, tuple[Kind, str]] = {
    "pdf": ("light", "ingestion.extract.pdf:extract"),
    "text": ("light", "ingestion.extract.text:extract_text"),
    "markdown": ("light", "ingestion.extract.text:extract_markdown"),
    "csv": ("light", "ingestion.extract.text:extract_csv"),
    "html": ("light", "ingestion.extract.web:extract"),
    "rst": ("light", "ingestion.extract.rst:extract"),
    "json": ("light", "ingestion.extract.data:extract"),
    "ndjson": ("light", "ingestion.extract.data:extract"),
    "xml": ("light", "ingestion.extract.xml_text:extract"),
    "epub": ("light", "ingestion.extract.epub:extract"),
    "rtf": ("light", "ingestion.extract.rtf:extract"),
    "odt": ("light", "ingestion.extract.odf:extract"),
    "ods": ("light", "ingestion.extract.odf:extract"),
    "odp": ("light", "ingestion.extract.odf:extract"),
    "xlsb": ("light", "ingestion.extract.sheets:extract"),
    "doc": ("light", "ingestion.extract.ole:extract"),
    "ppt": ("light", "ingestion.extract.ole:extract"),
    "xls": ("light", "ingestion.extract.ole:extract"),
    "msg": ("light", "ingestion.extract.ole:extract"),
    "ole": ("light", "ingestion.extract.ole:extract"),
    "email": ("light", "ingestion.extract.mail:extract"),
    "image": ("light", "ingestion.extract.image:extract"),
    "docx": ("office", "ingestion.extract.office:extract"),
    "pptx": ("office", "ingestion.extract.office:extract"),
    "xlsx": ("office", "ingestion.extract.office:extract"),
}
_PRELOADED: dict[Kind, tuple[str, ...]] = {
    "light": (
        "pypdfium2",
        "lxml.etree",
        "markdown_it",
        "email.policy",
        "charset_normalizer",
        "PIL.Image",
        "PIL.ImageOps",
    ),
    "office": (),
}

HEADER = struct.Struct(">cQ")
"""Before every message of a child: its kind and its length in bytes."""
PROGRESS, RESULT, FAILURE = b"P", b"R", b"E"
PAGES = struct.Struct(">QQ")
"""What a message of progress holds: pages that are done, and all."""
MARKS = 2
"""Word pieces a model puts around every text it embeds."""


class Setup(msgspec.Struct, frozen=True):
    """All that a zygote needs to know. `extractors` maps further content types to `module:function`."""

    kind: Kind
    folder: str
    parent: int
    tokenizer: str | None
    max_tokens: int
    chunk_tokens: int
    memory: int
    cpu_seconds: int
    output: int
    extractors: dict[str, str] = {}
    ocr: bool = True
    ocr_languages: str = "eng"
    unpacked_bytes: int = 2 * 1024**3
    ratio: int = 200
    seconds: float = 600.0
    without: tuple[str, ...] = ()
    """Walls to leave out, for the tests of those behind them: `processes`, `landlock`, `seccomp`."""


class Job(msgspec.Struct, frozen=True):
    id: int
    path: str
    filename: str
    content_type: str
    password: str | None = None
    unpack: Limits | None = None
    """For an archive: what may come out of it."""


class Failure(msgspec.Struct, frozen=True):
    """A `DocumentError` on its way; `where` are the lines of code that an unforeseen one came through, for the log."""

    detail: str
    code: str
    hint: str | None
    permanent: bool
    where: str = ""


def kind_of(content_type: str, extractors: dict[str, str]) -> Kind | None:
    """Which zygote reads this content type; None when there is none."""
    if content_type in extractors:
        return "light"
    family = FAMILIES.get(content_type)
    return EXTRACTORS[family][0] if family else None


class Workshop:
    """What is made ready once in the zygote, so that its children only fork: libraries, tokenizer, languages."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.counter: TokenCounter = ModelTokens(Path(setup.tokenizer)) if setup.tokenizer else ApproximateTokens()
        self.counter.starts("ready")
        language.preload()
        for name in _PRELOADED[setup.kind]:
            import_module(name)
        self.extractors: dict[str, Extractor] = {}
        for content_type, family in FAMILIES.items():
            kind, where = EXTRACTORS[family]
            if kind == setup.kind:
                self.extractors[content_type] = _load(where)
        if setup.kind == "office":
            import_module("ingestion.extract.office").preload()
        else:
            self.extractors |= {content_type: _load(where) for content_type, where in setup.extractors.items()}
        self.readable = [*landlock.system(), *programs.trees()]

    def read(self, job: Job, report: Reporter) -> Reading:
        """Extract, tell the language, cut into passages. Raises `DocumentError`."""
        extractor = self.extractors.get(job.content_type)
        if extractor is None:
            raise DocumentError(f"Files of the kind {job.content_type} cannot be read.", code="unsupported_type")
        setup = self.setup
        options = Options(job.password, setup.ocr, setup.ocr_languages, setup.unpacked_bytes, setup.ratio)
        extracted = extractor(Path(job.path), job.filename, report, options)
        if not any(page.text.strip() for page in extracted.pages):
            raise no_text()
        if sum(len(page.text) for page in extracted.pages) > self.setup.output:
            raise too_much_text()
        report.tick()
        extracted = msgspec.structs.replace(extracted, language=language.language_of(extracted.pages))
        ceiling = max(16, self.setup.max_tokens - MARKS)
        return Reading(extracted, chunk(extracted, job.filename, self.counter, self.setup.chunk_tokens, ceiling))

    def unpack(self, job: Job, send: Send) -> Unpacked:
        """Raises `DocumentError`."""
        assert job.unpack
        options = Options(job.password, ratio=self.setup.ratio)
        return unpack(Path(job.path), job.filename, job.content_type, job.unpack, options, send)


def _load(where: str) -> Extractor:
    module, _, function = where.partition(":")
    extractor: Extractor = getattr(import_module(module), function)
    return extractor


def run(workshop: Workshop, job: Job, pipe: int, zygote: int, handle: int | None = None) -> None:
    """The whole life of a child after its fork. Never returns. `handle` is a pidfd of the zygote."""
    code = 1
    try:
        setup = workshop.setup
        os.setsid()
        confine.die_with_parent(zygote, handle=handle)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, pipe)
        os.closerange(pipe + 1, 4096)
        confine.ALLOWED_PROGRAMS.update(str(found) for found in programs.found())
        folder = Path(setup.folder) / str(job.id)
        confine.shut_in(folder, [*workshop.readable, job.path], without=setup.without)
        confine.limit(setup.memory, setup.cpu_seconds, setup.output)
        _answer(workshop, job, pipe)
        code = 0
    finally:
        os._exit(code)  # No clean-up: what a hostile document left in memory is not run through destructors.


def _answer(workshop: Workshop, job: Job, pipe: int) -> None:
    try:
        report = Reporter(pipe)
        programs.begin(workshop.setup.seconds, report.tick)
        done = workshop.read(job, report) if job.unpack is None else workshop.unpack(job, partial(send, pipe))
        message = msgspec.msgpack.encode(done)
        if len(message) > workshop.setup.output:
            raise too_much_text()
        kind = RESULT
    except DocumentError as error:
        kind, message = FAILURE, _failure(error)
    except MemoryError:
        _give_room()
        kind, message = FAILURE, _failure(too_much_memory())
    except Exception as error:
        kind, message = FAILURE, _failure(_unforeseen(error), _where(error))
    send(pipe, kind, message)


def _give_room() -> None:
    """A message must be written even where nothing more could be had for reading."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _failure(error: DocumentError, where: str = "") -> bytes:
    return msgspec.msgpack.encode(Failure(error.detail, error.code, error.hint, error.permanent, where))


def _where(error: Exception) -> str:
    """The lines it passed, without its message, which may quote the document."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def _unforeseen(error: Exception) -> DocumentError:
    if isinstance(error, RecursionError):
        return DocumentError("The document is nested too deeply to be read.", code="corrupt")
    return DocumentError(f"The document could not be read ({type(error).__name__}).", code="crashed")


class Reporter:
    """Tells how many pages are done, ten times a second at most."""

    def __init__(self, pipe: int) -> None:
        self.pipe, self.done, self.pages, self.last = pipe, 0, 0, time.monotonic()

    def __call__(self, done: int, pages: int) -> None:
        self.done, self.pages = max(0, done), max(0, pages)
        self.tick()

    def tick(self) -> None:
        """Say that there is still progress, though no further page is done."""
        now = time.monotonic()
        if now - self.last >= 0.1:
            self.last = now
            send(self.pipe, PROGRESS, PAGES.pack(self.done, self.pages))


def send(pipe: int, kind: bytes, message: bytes) -> None:
    view = memoryview(HEADER.pack(kind, len(message)) + message)
    while view:
        view = view[os.write(pipe, view) :]


def too_much_memory() -> DocumentError:
    return DocumentError(
        "Reading the document took more memory than it may.",
        code="too_much_memory",
        hint="Split it into smaller files, or raise DOCVAULT_EXTRACT_MEMORY_BYTES.",
    )


def too_slow() -> DocumentError:
    return DocumentError(
        "Reading the document took longer than it may.",
        code="too_slow",
        hint="Split it into smaller files, or raise DOCVAULT_EXTRACT_SECONDS and DOCVAULT_EXTRACT_CPU_SECONDS.",
    )


def stalled() -> DocumentError:
    return DocumentError(
        "Reading the document stopped making progress.",
        code="too_slow",
        hint="The file may be damaged: save it again and retry. If it is only large, raise DOCVAULT_EXTRACT_SILENCE.",
    )


def too_much_text() -> DocumentError:
    return DocumentError(
        "The document holds more text than can be kept.",
        code="too_much_text",
        hint="Split it into smaller files, or raise DOCVAULT_EXTRACT_OUTPUT_BYTES.",
    )


def crashed(detail: Any = "Reading the document made the reader crash.", *, permanent: bool = True) -> DocumentError:
    return DocumentError(
        str(detail), code="crashed", hint="The file may be damaged. Save it again and retry.", permanent=permanent
    )
