"""Word, PowerPoint and Excel files, taken apart by `unstructured`. Slides and sheets are pages."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import PageBuilder, Report, corrupt, empty, encrypted, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.packed import check_archive, check_xml
from ingestion.filetypes import DOCX, PPTX, XLSX, FileType, sniff_office

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
    kind = _checked(path, options)
    preload()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _READERS[kind](_ordinary(path, Path(folder) / "copy"), report)
    except DocumentError:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        # The libraries raise whatever their XML threw at them: KeyError, ValueError, lxml's errors and their own.
        raise corrupt("The Office file") from error


def _checked(path: Path, options: Options) -> FileType:
    """Which of the three it is, told from the whole archive; the upload saw only its beginning."""
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise empty()
    if head == _OLE:
        raise encrypted("The Office file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_archive(archive, options, "The Office file")
            check_xml(archive, "The Office file")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise corrupt("The Office file") from None
    kind = sniff_office([member.filename for member in members])
    if kind not in _READERS:
        raise DocumentError(
            "The file is an archive, but not a Word, PowerPoint or Excel file.",
            code="unsupported_type",
            hint="Unpack it and upload what is inside.",
        )
    return kind


_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
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
        if _MAIN_TYPES[main] in types and not _STRICT.search(links):
            return path
        with zipfile.ZipFile(copy, "w") as target:
            for member in archive.infolist():
                data = archive.read(member)
                if member.filename == "[Content_Types].xml":
                    data = _VARIANTS.sub(_MAIN_TYPES[main], data)
                if member.filename.endswith((".xml", ".rels")):
                    data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/", data)
                target.writestr(member.filename, data)
    return copy


# --- Word -------------------------------------------------------------------------------------------------------------


def _docx(path: Path, report: Report) -> Extracted:
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


def _pptx(path: Path, report: Report) -> Extracted:
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


def _xlsx(path: Path, report: Report) -> Extracted:
    """Sheets row by row with openpyxl, which keeps the order of rows that `unstructured` regroups by regions."""
    import openpyxl

    # Opened here: by name, the library refuses what does not end in .xlsx, and stored objects have no ending.
    book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True)
    pages: list[Page] = []
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    for number, sheet in enumerate(sheets, 1):
        sheet.reset_dimensions()  # Files lie about their size, and then rows are lost or invented.
        builder = PageBuilder()
        builder.add("heading", sheet.title, level=1)
        for table in _tables(sheet.iter_rows(values_only=True)):
            builder.add_table(table)
        pages.append(builder.page(number) if len(builder.blocks) > 1 else Page(number, "", []))
        report(number, len(sheets))
    return Extracted(pages, _core_title_of_book(book))


def _core_title_of_book(book: Any) -> str | None:
    return squeeze(book.properties.title or "") or None


def _tables(rows: Iterable[tuple[Any, ...]]) -> Iterable[list[list[str]]]:
    """Runs of rows between empty ones; cells that are empty in a whole run at its left are dropped."""
    run: list[list[str]] = []
    for row in rows:
        cells = [_cell(value) for value in row]
        if any(cells):
            run.append(cells)
        elif run:
            yield _without_margin(run)
            run = []
    if run:
        yield _without_margin(run)


def _without_margin(rows: list[list[str]]) -> list[list[str]]:
    margin = min(next(place for place, cell in enumerate(row) if cell) for row in rows)
    return [row[margin:] for row in rows]


def _cell(value: Any) -> str:
    """A value as a person would write it: no `.0` on whole numbers, no midnight on dates."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    return str(value).removesuffix(" 00:00:00").strip()


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


_READERS: dict[FileType, Callable[[Path, Report], Extracted]] = {DOCX: _docx, PPTX: _pptx, XLSX: _xlsx}
