"""OpenDocument: texts, sheets and slides, packed or flat. Sheets and slides are pages, as are a text's stored pages."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import Report, clean, corrupt, empty, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.odf_text import TextWriter, attribute, inline, local, name
from ingestion.extract.packed import check_archive
from ingestion.extract.sheets import sheet_page
from ingestion.extract.xml import safe_xml

Element = Any

MOST_REPEATS = 1000
"""A filled row or cell that says it stands there a million times is written this often at most."""


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError`: `empty`, `encrypted`, `wrong_password`, `corrupt`, `unsupported_type`."""
    parts = _parts(path, options)
    return _read(*parts, report)


def extract_flat(root: Element, report: Report) -> Extracted:
    """The same in one XML file (.fodt, .fods, .fodp), parsed already."""
    return _read(root, root, root, report)


def _parts(path: Path, options: Options) -> tuple[Element, Element | None, Element | None]:
    """The roots of content, styles and properties."""
    if not path.stat().st_size:
        raise empty()
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, options, "The OpenDocument file")
            read = _reader(archive, options)
            return safe_xml(read("content.xml")), _optional(read, "styles.xml"), _optional(read, "meta.xml")
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
        if isinstance(error, RecursionError):
            raise
        raise corrupt("The OpenDocument file") from error


def _reader(archive: zipfile.ZipFile, options: Options) -> Any:
    """A function from the name of a part to its bytes, which unlocks the parts that are locked."""
    if "META-INF/manifest.xml" not in archive.namelist():
        return archive.read
    manifest = safe_xml(archive.read("META-INF/manifest.xml"))
    if not any(local(element) == "encryption-data" for element in manifest.iter()):
        return archive.read
    from ingestion.extract.odf_lock import unlocked

    return unlocked(archive, manifest, options.password)


def _optional(read: Any, part: str) -> Element | None:
    try:
        return safe_xml(read(part))
    except (KeyError, DocumentError):
        return None


def _read(content: Element, styles: Element | None, meta: Element | None, report: Report) -> Extracted:
    body = next((child for child in content if name(child) == "office:body"), None)
    kind = next((child for child in body if isinstance(child.tag, str)), None) if body is not None else None
    if kind is None:
        raise corrupt("The OpenDocument file")
    match local(kind):
        case "text":
            pages = TextWriter([content, styles]).text(kind)
        case "spreadsheet":
            pages = list(_sheets(kind, _hidden_tables(content), report))
        case "presentation" | "drawing":
            pages = list(_slides(kind, [content, styles], report))
        case other:
            raise DocumentError(f"OpenDocument files of the kind {other} are not read.", code="unsupported_type")
    named = first_heading(pages) if local(kind) != "spreadsheet" else None
    return Extracted(pages, _title(meta) or named)


def _title(meta: Element | None) -> str | None:
    if meta is None:
        return None
    found = next((element.text for element in meta.iter() if name(element) == "dc:title"), None)
    return squeeze(clean(found or ""))[:300] or None


# --- slides -----------------------------------------------------------------------------------------------------------


def _slides(body: Element, sources: list[Element | None], report: Report) -> Iterator[Page]:
    slides = [child for child in body if name(child) == "draw:page"]
    for number, slide in enumerate(slides, 1):
        writer = TextWriter(sources)
        for shape in slide:
            writer.shape(shape)
        yield writer.builder.page(number)
        report(number, len(slides))


# --- sheets -----------------------------------------------------------------------------------------------------------


def _sheets(body: Element, hidden: set[str], report: Report) -> Iterator[Page]:
    tables = [child for child in body if name(child) == "table:table"]
    shown = [table for table in tables if attribute(table, "table:style-name") not in hidden] or tables
    for number, table in enumerate(shown, 1):
        notes: list[str] = []
        yield sheet_page(number, attribute(table, "table:name"), _rows(table, notes), notes)
        report(number, len(shown))


def _hidden_tables(content: Element) -> set[str]:
    """Names of styles that hide a sheet."""
    hidden: set[str] = set()
    for properties in content.iter():
        if name(properties) == "style:table-properties" and attribute(properties, "table:display") == "false":
            hidden.add(attribute(properties.getparent(), "style:name"))
    return hidden


def _rows(table: Element, notes: list[str]) -> Iterator[list[str]]:
    """Rows of text. Empty ones that stand for a million are one; remarks on cells go to `notes`."""
    for element in table:
        kind = name(element)
        if kind == "table:table-row":
            cells = list(_cells(element, notes))
            for _ in range(_times(element, "table:number-rows-repeated") if any(cells) else 1):
                yield cells
        elif kind in {"table:table-rows", "table:table-header-rows", "table:table-row-group"}:
            yield from _rows(element, notes)
        elif kind == "table:shapes":
            notes += [text for shape in element if (text := squeeze(_words(shape)))]


def _cells(row: Element, notes: list[str]) -> Iterator[str]:
    for cell in row:
        if name(cell) not in {"table:table-cell", "table:covered-table-cell"}:
            continue
        words = [inline(child, []) for child in cell if local(child) in {"p", "h"}]
        text = squeeze(" ".join(words))
        notes += [_remark(child) for child in cell if name(child) == "office:annotation"]
        notes += [words for child in cell if name(child).startswith("draw:") and (words := squeeze(_words(child)))]
        yield from [text] * (_times(cell, "table:number-columns-repeated") if text else _gap(cell))


def _gap(cell: Element) -> int:
    """Empty cells count for the columns after them, but nobody's table begins beyond the first thousand."""
    return _times(cell, "table:number-columns-repeated")


def _times(element: Element, which: str) -> int:
    value = attribute(element, which)
    return max(1, min(MOST_REPEATS, int(value))) if value.isdecimal() else 1


def _words(shape: Element) -> str:
    return " ".join(inline(child, []) for child in shape.iter() if name(child) in {"text:p", "text:h"})


def _remark(annotation: Element) -> str:
    author = next((child.text or "" for child in annotation if name(child) == "dc:creator"), "")
    words = squeeze(" ".join(inline(child, []) for child in annotation.iter() if name(child) == "text:p"))
    return f"Comment ({squeeze(author)}): {words}" if author else f"Comment: {words}"
