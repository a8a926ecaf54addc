"""PDF, read with PDFium: text, reading order, headings, tables and the place of every line; scans through Tesseract.

Pages are opened one at a time and closed again, so that memory grows with the text kept and not with the pages.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as raw

from docvault.errors import DocumentError
from ingestion.extract.build import Report, clean, corrupt, empty, encrypted, no_text, squeeze, wrong_password
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.extract.drafts import LETTERS, NO_PAGE, DraftPage, Headings, PageWriter, first_page_title
from ingestion.extract.layout import RoughBlock, inserted, rough_blocks
from ingestion.extract.pdf_forms import extras_of
from ingestion.extract.pdf_pictures import pictures_of
from ingestion.extract.pdf_scans import Scans, pages_named
from ingestion.extract.pdf_words import Segment, SegmentReader, Transform, transform_of

MAX_PAGE_CHARACTERS = 2_000_000
"""Longest text of one page; a page that says more was made to hurt."""

_PROGRAM_TITLE = re.compile(
    r"^(?:untitled|document\d*|microsoft \w+ - .*|.*\.(?:docx?|pdf|xlsx?|pptx?|indd|qxd|tex|dvi|ps|rtf|html?))$", re.I
)
_XFA_NOTICE = re.compile(r"please wait|adobe reader|adobe acrobat", re.I)


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError`: `empty`, `encrypted`, `wrong_password`, `corrupt`, `no_text`, `too_much_text`,
    `program_missing`.
    """
    if not path.stat().st_size:
        raise empty()
    return _extract(str(path), report, options)


def pdf_from_bytes(data: bytes, options: Options = PLAIN) -> Extracted:
    if not data:
        raise empty()
    return _extract(data, lambda done, pages: None, options)


def _extract(source: str | bytes, report: Report, options: Options) -> Extracted:
    document = _open(source, options.password)
    try:
        return _Reader(document, options).read(report)
    finally:
        document.close()


def _open(source: str | bytes, password: str | None) -> Any:
    """A password is tried only where the file does not open without one: those for changes alone lock nobody out."""
    try:
        return pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if not _is_locked(error):
            raise corrupt("The PDF") from None
    if not password:
        raise encrypted("The PDF")
    try:
        return pypdfium2.PdfDocument(source, password=password)
    except pypdfium2.PdfiumError as error:
        raise (wrong_password if _is_locked(error) else corrupt)("The PDF") from None


def _is_locked(error: pypdfium2.PdfiumError) -> bool:
    return getattr(error, "err_code", None) in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}


def _title(document: Any) -> str | None:
    """The title of the file's properties, unless a program put a file's name there."""
    try:
        title = squeeze(clean(document.get_metadata_value("Title")))[:300]
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return None
    return title if LETTERS.search(title) and not _PROGRAM_TITLE.match(title) else None


class _Reader:
    """One document, page by page. What was not read is remembered, to be told at the end."""

    def __init__(self, document: Any, options: Options) -> None:
        self.document, self.options = document, options
        self.form_type = document.get_formtype()
        self.form = _form_of(document) if self.form_type != raw.FORMTYPE_NONE else None
        self.drafts: list[DraftPage] = []
        self.damaged: list[int] = []
        self.scans = Scans(options)

    def read(self, report: Report) -> Extracted:
        count = len(self.document)
        if not count:
            raise corrupt("The PDF")
        for number in range(1, count + 1):
            draft = self._page(number)
            if draft is None:
                self.damaged.append(number)
            self.drafts.append(draft or NO_PAGE)
            report(number, count)
        return self._finished()

    def _page(self, number: int) -> DraftPage | None:
        """None where PDFium cannot open the page."""
        try:
            page = self.document[number - 1]
        except (pypdfium2.PdfiumError, KeyError, IndexError):
            return None
        try:
            return self._draft(page, number)
        except pypdfium2.PdfiumError:
            return None
        finally:
            page.close()

    def _draft(self, page: Any, number: int) -> DraftPage:
        width, height = page.get_size()
        place = transform_of(page.raw)
        segments = _segments(page, number, place)
        pictures = pictures_of(page, segments, place, width, height) if self.options.ocr else []
        extras = extras_of(page, self.form, segments, place)
        scanned = [(picture, self.scans.read(page, picture, segments, number)) for picture in pictures]
        if any(picture.replaces and blocks for picture, blocks in scanned):
            segments = []
        blocks = rough_blocks(segments + extras.fields, width)
        for picture, found in scanned:
            blocks = inserted(blocks, found, picture.box)
        blocks += [RoughBlock([[comment]], False) for comment in extras.comments]
        return PageWriter(width, height).write(blocks)

    def _finished(self) -> Extracted:
        silent = sum(not draft.text.strip() for draft in self.drafts)
        if silent == len(self.drafts):
            raise self.scans.problem or _wordless(self.options.ocr)
        levels = Headings(self.drafts)
        pages = [levels.page(number, draft) for number, draft in enumerate(self.drafts, 1)]
        warnings = self._warnings(silent)
        return Extracted(pages, _title(self.document) or first_page_title(pages, levels), warnings=warnings)

    def _warnings(self, silent: int) -> list[str]:
        warnings: list[str] = []
        if self.damaged:
            warnings.append(f"{pages_named(self.damaged)} damaged and could not be read.")
        if silent > len(self.damaged) and not self.options.ocr:
            count = silent - len(self.damaged)
            warnings.append("1 page has no text layer." if count == 1 else f"{count} pages have no text layer.")
        if self.form_type == raw.FORMTYPE_XFA_FULL:
            self._refuse_notice()
            warnings.append("This is an Adobe XFA form; only what its fixed pages show was read.")
        return warnings + self.scans.warnings()

    def _refuse_notice(self) -> None:
        """Forms that only Adobe Reader builds carry one page that says so, and no content."""
        if len(self.drafts) == 1 and _XFA_NOTICE.search(self.drafts[0].text):
            raise no_text(
                "This PDF is an Adobe XFA form: its content is put together by Adobe Reader only.",
                hint="Open it in Adobe Reader, print it to a PDF, and upload that.",
            )


def _form_of(document: Any) -> Any:
    """The form environment that knows the fields; None for a form too broken to have one."""
    try:
        document.init_forms()
    except pypdfium2.PdfiumError:
        return None
    return document.formenv


def _segments(page: Any, number: int, place: Transform) -> list[Segment]:
    textpage = page.get_textpage()
    try:
        if textpage.count_chars() > MAX_PAGE_CHARACTERS:
            raise DocumentError(f"Page {number} holds more text than can be read.", code="too_much_text")
        return SegmentReader(textpage.raw, place).read()
    finally:
        textpage.close()


def _wordless(read: bool) -> DocumentError:
    if read:
        return no_text(
            "No page of this PDF has a text layer, and no words were found in its pictures.",
            hint="If it is a scan, scan it again at 300 dots per inch, straight and well lit.",
        )
    return no_text(
        "No page of this PDF has a text layer; it looks like a scan.",
        hint="Reading text from images is switched off (DOCVAULT_OCR). Run it through OCR and upload the result.",
    )
