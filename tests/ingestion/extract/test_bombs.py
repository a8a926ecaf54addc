"""Files made to hurt: each ends in time, ready or with a reason that says why, and the next one is read as ever."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from docvault.settings import load_settings
from ingestion.extract.reader import Reader
from ingestion.filetypes import CSV, DOCX, EMAIL, HTML, MARKDOWN, PDF, TEXT, XLSX, FileType
from tests.ingestion.extract import bombs
from tests.ingestion.extract.bombs import MiB
from tests.ingestion.extract.conftest import MAX_TOKENS, TOKENIZER

SECONDS = 15.0
STATED = {"ready", "archive_bomb", "corrupt", "no_text", "too_slow", "too_much_memory", "too_much_text"}


@pytest.fixture(scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reader]:
    settings = load_settings(
        {},
        home=tmp_path_factory.mktemp("strict"),
        extract_memory_bytes=512 * MiB,
        extract_cpu_seconds=8,
        extract_seconds=SECONDS,
        extract_silence=2.0,
        extract_output_bytes=32 * MiB,
    )
    reader = Reader(settings, TOKENIZER, MAX_TOKENS)
    yield reader
    await reader.close()


async def ending(reader: Reader, path: Path, content_type: str) -> str:
    try:
        await reader.read(path, filename=path.name, content_type=content_type)
    except DocumentError as error:
        return error.code if error.detail.endswith(".") else error.detail
    return "ready"


CASES: dict[str, tuple[FileType, Callable[[Path], Path]]] = {
    "PDF, a stream that grows": (PDF, lambda path: bombs.pdf_stream(path, 300)),
    "PDF, pages in a circle": (PDF, lambda path: bombs.pdf_loop(path, 100_000)),
    "PDF, many pages": (PDF, lambda path: bombs.pdf_pages(path, 5_000)),
    "PDF, forms within forms": (PDF, lambda path: bombs.pdf_forms(path, 10)),
    "PDF, a huge picture": (PDF, lambda path: bombs.pdf_picture(path, 15_000)),
    "HTML, nested": (HTML, lambda path: bombs.html_nested(path, 10 * MiB)),
    "HTML, never closed": (HTML, lambda path: bombs.html_unclosed(path, 10 * MiB)),
    "HTML, an endless attribute": (HTML, lambda path: bombs.html_attribute(path, 10 * MiB)),
    "HTML, an endless comment": (HTML, lambda path: bombs.html_comment(path, 10 * MiB)),
    "JSON, nested": (TEXT, lambda path: bombs.json_nested(path, MiB)),
    "text, one line": (TEXT, lambda path: bombs.one_line(path, 4 * MiB)),
    "CSV, one row": (CSV, lambda path: bombs.one_row(path, 100_000)),
    "CSV, an endless cell": (CSV, lambda path: bombs.quotes(path, 2 * MiB)),
    "Markdown, brackets": (MARKDOWN, lambda path: bombs.markdown_brackets(path, MiB)),
    "Markdown, quotes": (MARKDOWN, lambda path: bombs.markdown_quotes(path, MiB)),
    "mail, nested": (EMAIL, lambda path: bombs.mail_nested(path, 2000)),
}


@pytest.mark.parametrize("name", CASES)
async def test_it_ends_with_a_stated_reason(strict: Reader, tmp_path: Path, corpus: Path, name: str) -> None:
    kind, make = CASES[name]
    path = make(tmp_path / "bomb")
    started = time.monotonic()
    assert await ending(strict, path, kind.content_type) in STATED
    assert time.monotonic() - started < SECONDS + 5
    assert await ending(strict, corpus / "report.pdf", PDF.content_type) == "ready"


async def test_office_files_that_grow_or_fetch_are_refused(strict: Reader, tmp_path: Path, corpus: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    word, sheet = corpus / "handbook.docx", corpus / "dues.xlsx"
    cases = {
        bombs.zeros(tmp_path / "a.docx", 300): (DOCX, "archive_bomb"),
        bombs.quoted(tmp_path / "b.docx", 50): (DOCX, "archive_bomb"),
        bombs.within(word, tmp_path / "c.docx", {"word/document.xml": bombs.laughs("document")}): (DOCX, "corrupt"),
        bombs.within(sheet, tmp_path / "d.xlsx", {"xl/worksheets/sheet1.xml": bombs.laughs("worksheet")}): (
            XLSX,
            "corrupt",
        ),
        bombs.within(word, tmp_path / "e.docx", {"word/document.xml": bombs.fetching(secret.as_uri())}): (
            DOCX,
            "corrupt",
        ),
        word: (DOCX, "ready"),
    }
    for path, (kind, code) in cases.items():
        assert await ending(strict, path, kind.content_type) == code, path.name
