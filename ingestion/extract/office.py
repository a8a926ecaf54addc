"""Word, PowerPoint and Excel files, taken apart by `unstructured`. Slides and sheets are pages."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract import sheet_parts, sheets, word_parts
from ingestion.extract.build import PageBuilder, Report, corrupt, empty, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.packed import check_archive, check_xml
from ingestion.filetypes import DOCX, PPTX, XLSB, XLSX, FileType, sniff_office

_OLE = b"\xd0\xcf\x11\xe0"


def preload() -> None:
    """Import `unstructured` once, and keep it from fetching its language model from the network.

    Its tokenizer downloads a spaCy model on first use. Sentence ends are all that is asked of it here, and spaCy's
    rule-based sentencizer needs no model.
    """
    import spacy
    import unstructured.nlp.tokenize as tokenize

    def blank_model(*_args: object, **_kwargs: object) -> Any:
        model = spacy.blank("en")
        model.add_pipe("sentencizer")
        return model

    tokenize._load_spacy_model = blank_model  # pyright: ignore[reportPrivateUsage]
    cached: Any = getattr(tokenize, "_get_nlp", None)
    if hasattr(cached, "cache_clear"):
        cached.cache_clear()
    for library in ("unstructured.partition.docx", "unstructured.partition.pptx", "openpyxl"):
        import_module(library)


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError`: `empty`, `encrypted`, `corrupt`, `unsupported_type`, `archive_bomb`."""
    if _is_container(path):
        from ingestion.extract import ole

        return ole.extract(path, filename, report, options)
    kind = _checked(path, options)
    if kind == XLSB:
        return sheets.extract(path, filename, report, options)
    if kind != XLSX:
        preload()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _READERS[kind](_ordinary(path, Path(folder) / "copy"), path, report)
    except DocumentError:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        # The libraries raise whatever their XML threw at them: KeyError, ValueError, lxml's errors and their own.
        raise corrupt("The Office file") from error


def _is_container(path: Path) -> bool:
    """Whether it is not an archive but what Office used before 2007, and what it puts locked files into today."""
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise empty()
    return head == _OLE


def _checked(path: Path, options: Options) -> FileType:
    """Which of the four it is, told from the whole archive; the upload saw only its beginning."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_archive(archive, options, "The Office file")
            check_xml(archive, "The Office file")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise corrupt("The Office file") from None
    kind = sniff_office([member.filename for member in members])
    if kind not in _READERS and kind != XLSB:
        raise DocumentError(
            "The file is an archive, but not a Word, PowerPoint or Excel file.",
            code="unsupported_type",
            hint="Unpack it and upload what is inside.",
        )
    return kind


_VARIANTS = re.compile(
    rb"application/vnd\.(?:openxmlformats-officedocument\.\w+\.(?:template|slideshow)|"
    rb"ms-(?:word|powerpoint|excel)\.(?:document|template|presentation|slideshow|sheet)\.macroEnabled\w*)\.main\+xml"
)
_MAIN_TYPES = {
    DOCX: b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    PPTX: b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    XLSX: b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}


def _ordinary(path: Path, copy: Path) -> Path:
    """The file itself, or a copy that the libraries accept.

    They refuse templates, slide shows and files with macros for their declared type alone, and do not know the names
    of the standard's strict form, though what is inside is the same.
    """
    with zipfile.ZipFile(path) as archive:
        types, links = archive.read("[Content_Types].xml"), archive.read("_rels/.rels")
        main = next(kind for kind in _MAIN_TYPES if kind == sniff_office(archive.namelist()))
        text = archive.read("word/document.xml") if "word/document.xml" in archive.namelist() else b""
        flat = word_parts.flattened(word_parts.transitional(text))
        if _MAIN_TYPES[main] in types and word_parts.transitional(links) == links and flat == text:
            return path
        with zipfile.ZipFile(copy, "w") as target:
            for member in archive.infolist():
                data = archive.read(member)
                if member.filename == "[Content_Types].xml":
                    data = _VARIANTS.sub(_MAIN_TYPES[main], data)
                if member.filename.endswith((".xml", ".rels")):
                    data = word_parts.transitional(data)
                if member.filename == "word/document.xml":
                    data = flat
                target.writestr(member.filename, data)
    return copy


# --- Word -------------------------------------------------------------------------------------------------------------


def _docx(path: Path, original: Path, report: Report) -> Extracted:
    import docx
    from unstructured.partition.docx import partition_docx

    document = docx.Document(str(path))
    builders: dict[int, PageBuilder] = {}
    number = 1
    for element in partition_docx(str(path), infer_table_structure=True):
        number = max(number, element.metadata.page_number or number)
        _add_element(builders.setdefault(number, PageBuilder()), element)
    for text in _text_boxes(document.element.body):
        builders.setdefault(number, PageBuilder()).add("paragraph", text)
    with zipfile.ZipFile(original) as archive:
        for text in word_parts.beside(archive):
            builders.setdefault(number, PageBuilder()).add("paragraph", text)
    pages = _pages(builders)
    return Extracted(pages, _core_title(document) or first_heading(pages))


def _text_boxes(body: Any) -> list[str]:
    """Words in drawn boxes, which `unstructured` passes over. The fallback for old readers says the same again."""
    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    fallback = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
    boxes: list[str] = []
    for box in body.iter(f"{word}txbxContent"):
        if any(ancestor.tag == fallback for ancestor in box.iterancestors()):
            continue
        lines = ("".join(run.text or "" for run in line.iter(f"{word}t")) for line in box.iter(f"{word}p"))
        boxes.append("\n".join(line for line in lines if line.strip()))
    return boxes


def _core_title(document: Any) -> str | None:
    """The title of the file's properties, unless it is what a program put there by itself."""
    try:
        title = squeeze(document.core_properties.title or "")
    except Exception:
        return None
    return title if title and title.lower() not in {"powerpoint presentation", "untitled", "title"} else None


# --- PowerPoint -------------------------------------------------------------------------------------------------------


def _pptx(path: Path, original: Path, report: Report) -> Extracted:
    import pptx
    from unstructured.partition.pptx import partition_pptx

    presentation = pptx.Presentation(str(path))
    titles = [
        squeeze(slide.shapes.title.text_frame.text if slide.shapes.title else "") for slide in presentation.slides
    ]
    builders = {number: PageBuilder() for number in range(1, len(titles) + 1)}
    for element in partition_pptx(str(path), infer_table_structure=True, include_slide_notes=True):
        number = element.metadata.page_number or 1
        builder = builders.setdefault(number, PageBuilder())
        title = titles[number - 1] if number <= len(titles) else ""
        _add_element(builder, element, is_heading=squeeze(element.text) == title)
    pages = _pages(builders)
    return Extracted(pages, _core_title(presentation) or first_heading(pages))


# --- Excel ------------------------------------------------------------------------------------------------------------


def _xlsx(path: Path, original: Path, report: Report) -> Extracted:
    """Sheets row by row with openpyxl, which keeps the order of rows that `unstructured` regroups by regions."""
    import openpyxl

    # Opened here: by name, the library refuses what does not end in .xlsx, and stored objects have no ending.
    book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True)
    pages: list[Page] = []
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    for number, sheet in enumerate(shown, 1):
        sheet.reset_dimensions()  # Files lie about their size, and then rows are lost or invented.
        with zipfile.ZipFile(original) as archive:
            notes = list(sheet_parts.beside(archive, _part_of(sheet)))
        pages.append(sheets.sheet_page(number, sheet.title, sheet.iter_rows(values_only=True), notes))
        report(number, len(shown))
    return Extracted(pages, squeeze(book.properties.title or "") or None)


def _part_of(sheet: Any) -> str:
    return str(getattr(sheet, "_worksheet_path", "")).lstrip("/")


# --- elements of unstructured -----------------------------------------------------------------------------------------


def _add_element(builder: PageBuilder, element: Any, is_heading: bool | None = None) -> None:
    category = element.category
    depth = element.metadata.category_depth or 0
    if category == "Table":
        builder.add_table(_html_rows(element.metadata.text_as_html or "") or [[element.text]])
    elif category == "PageBreak":
        return
    elif is_heading or (is_heading is None and category == "Title"):
        builder.add("heading", squeeze(element.text), level=min(depth + 1, 6))
    elif category == "ListItem":
        builder.add("list_item", "  " * depth + "- " + element.text)
    else:
        builder.add("paragraph", element.text)


def _html_rows(html: str) -> list[list[str]]:
    etree: Any = import_module("lxml.etree")
    root = etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8")) if html else None
    if root is None:
        return []
    return [["".join(cell.itertext()) for cell in row.iter("td", "th")] for row in root.iter("tr")]


def _pages(builders: dict[int, PageBuilder]) -> list[Page]:
    """Every number from 1 on, an empty page where nothing was written."""
    last = max(builders, default=0)
    return [
        builders[number].page(number) if number in builders else Page(number, "", []) for number in range(1, last + 1)
    ]


_READERS: dict[FileType, Callable[[Path, Path, Report], Extracted]] = {DOCX: _docx, PPTX: _pptx, XLSX: _xlsx}
