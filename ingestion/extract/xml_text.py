"""XML of any kind: feeds, DocBook and flat OpenDocument by their meaning, everything else by its shape."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import PageBuilder, Report, clean, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.extract.text import decode, read_bytes, text_from_bytes
from ingestion.extract.web import html_from_bytes, html_page
from ingestion.extract.xml import safe_xml

Element = Any

_PARAGRAPHS = frozenset("p para simpara li item-text title".split())  # noqa: SIM905
_TITLES = frozenset({"title", "head"})
_BREAKS = frozenset({"br", "lb", "break"})
_NO_WORDS = frozenset({"script", "style", "binary-data", "base64"})
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]{400,}\Z")
DEEPEST_HEADING = 6


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError` (`corrupt`) for XML that declares entities; what is not well formed is read as text."""
    return xml_from_bytes(read_bytes(path), report)


def xml_from_bytes(data: bytes, report: Report = lambda done, pages: None) -> Extracted:
    try:
        root = safe_xml(data)
    except DocumentError as error:
        if "entities" in error.detail:
            raise
        return _as_text(data)
    kind = _local(root)
    if kind == "html":
        return html_from_bytes(data)
    if kind == "document" and "opendocument" in root.tag:
        from ingestion.extract.odf import extract_flat

        return extract_flat(root, report)
    if kind == "Workbook" and "office:spreadsheet" in root.tag:
        return _workbook(root)
    builder = PageBuilder()
    if kind in {"rss", "RDF", "feed"} and (entries := _entries(root)):
        return _feed(root, entries, builder)
    _walk(root, builder)
    page = builder.page()
    return Extracted([page], _title(root) or first_heading([page]))


def _as_text(data: bytes) -> Extracted:
    """Broken XML, without its tags."""
    page = html_page(_DECLARATION.sub("", decode(data)).encode())
    read = Extracted([page], first_heading([page])) if page.text.strip() else text_from_bytes(data)
    return Extracted(
        read.pages, read.title, warnings=["The XML is not well formed; its words were read without their order."]
    )


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _words(element: Element) -> str:
    """All words in it; an element that only breaks the line parts them."""
    parts: list[str] = []
    for event, inner in import_module("lxml.etree").iterwalk(element, events=("start", "end")):
        if event == "start":
            parts.append(inner.text or "" if _local(inner) else "")
        else:
            parts.append(" " if _local(inner) in _BREAKS else "")
            parts.append(inner.tail or "" if inner is not element else "")
    return squeeze(clean("".join(parts)))


def _child(element: Element, *names: str) -> Element | None:
    return next((child for name in names for child in element if _local(child) == name), None)


def _title(root: Element) -> str | None:
    """A title of the whole: the root's own, or the one of the head or info right below it."""
    for place in (
        root,
        *(child for child in root if _local(child) in {"info", "head", "header", "metadata", "channel"}),
    ):
        found = _child(place, "title")
        if found is not None and (words := _words(found)):
            return words[:300]
    return None


# --- by shape ---------------------------------------------------------------------------------------------------------


def _walk(root: Element, builder: PageBuilder) -> None:
    """Elements without children are lines of `name: text`; with children, they are sections of their own.

    Without recursion. Running text with marked words in it is one paragraph.
    """
    stack: list[tuple[Element, int]] = [(root, 0)]
    lines: list[str] = []
    while stack:
        element, depth = stack.pop()
        name = _local(element)
        if not name or name in _NO_WORDS:
            continue
        children = [child for child in element if _local(child)]
        mixed = _is_mixed(element, children)
        if children and not mixed:
            lines = _put(builder, lines)
            lines += _attributes(element, name)
            stack += [(child, depth + 1) for child in reversed(children)]
            continue
        words = _words(element)
        if _BASE64.match(words):
            continue
        if name in _TITLES and words:
            lines = _put(builder, lines)
            builder.add("heading", words, level=max(1, min(DEEPEST_HEADING, depth)))
        elif mixed or name in _PARAGRAPHS:
            lines = _put(builder, lines)
            item = name == "li" and words
            builder.add("list_item" if item else "paragraph", f"- {words}" if item else words)
        else:
            lines += _attributes(element, name)
            if words:
                lines.append(f"{_full_name(element)}: {words}")
            if element.getnext() is None:
                lines = _put(builder, lines)
    _put(builder, lines)


def _full_name(element: Element) -> str:
    """Its name, after those of the elements that are only there to hold it."""
    names = [_local(element)]
    holder = element.getparent()
    while holder is not None and len(holder) == 1 and holder.getparent() is not None and len(names) < 4:
        names.append(_local(holder))
        holder = holder.getparent()
    return " ".join(reversed(names))


def _put(builder: PageBuilder, lines: list[str]) -> list[str]:
    builder.add("paragraph", "\n".join(lines))
    return []


def _is_mixed(element: Element, children: list[Element]) -> bool:
    """Text beside elements: they are words in a sentence."""
    if not children:
        return False
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in children)


def _attributes(element: Element, name: str) -> list[str]:
    """Values of attributes are often all that an element says."""
    found = {key.rpartition("}")[2]: squeeze(clean(str(value))) for key, value in element.attrib.items()}
    kept = [f"{key}={value}" for key, value in found.items() if value and key != "schemaLocation" and len(value) < 300]
    return [f"{name} {', '.join(kept)}"] if kept else []


# --- feeds ------------------------------------------------------------------------------------------------------------


def _entries(root: Element) -> list[Element]:
    return [element for element in root.iter() if _local(element) in {"item", "entry"} and len(element)]


def _feed(root: Element, entries: list[Element], builder: PageBuilder) -> Extracted:
    channel = _child(root, "channel")
    title = _title(root if channel is None else channel)
    if title:
        builder.add("heading", title, level=1)
    described = _child(root if channel is None else channel, "description", "subtitle")
    if described is not None:
        builder.add("paragraph", _words(described))
    for entry in entries:
        name = _child(entry, "title")
        builder.add("heading", _words(name) if name is not None else "", level=2)
        about = [
            _child(entry, *names) for names in (("author", "creator"), ("pubDate", "updated", "published", "date"))
        ]
        builder.add("paragraph", "\n".join(_words(found) for found in about if found is not None))
        text = _child(entry, "encoded", "content", "description", "summary")
        if text is not None:
            builder.add_page(
                html_page((text.text or "").encode() if not len(text) else _words(text).encode()), deeper=2
            )
        link = _child(entry, "link")
        if link is not None:
            builder.add("paragraph", str(link.get("href") or _words(link)))
    return Extracted([builder.page()], title)


# --- workbooks of 2003 ------------------------------------------------------------------------------------------------


def _workbook(root: Element) -> Extracted:
    from ingestion.extract.sheets import sheet_page

    sheets = [sheet for sheet in root if _local(sheet) == "Worksheet"]
    pages = [sheet_page(number, _own_name(sheet), _workbook_rows(sheet)) for number, sheet in enumerate(sheets, 1)]
    return Extracted(pages)


def _own_name(sheet: Element) -> str:
    return next((str(value) for key, value in sheet.attrib.items() if key.endswith("}Name")), "")


def _workbook_rows(sheet: Element) -> list[list[str]]:
    rows: list[list[str]] = []
    for row in sheet.iter():
        if _local(row) == "Row":
            cells: list[str] = []
            for cell in row:
                if _local(cell) == "Cell":
                    index = next((str(value) for key, value in cell.attrib.items() if key.endswith("}Index")), "")
                    if index.isdecimal() and len(cells) < int(index) - 1 < 1000:
                        cells += [""] * (int(index) - 1 - len(cells))
                    cells.append(_words(cell))
            rows.append(cells)
    return rows
