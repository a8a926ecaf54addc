"""The text of OpenDocument files: paragraphs, headings, lists, tables, boxes, notes and remarks in reading order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from ingestion.extract.build import PageBuilder, clean, squeeze
from ingestion.extract.document import Page

Element = Any
"""An `lxml` element; the library has no types of its own."""

_PREFIXES = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0": "presentation",
    "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0": "fo",
    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0": "svg",
    "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0": "manifest",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_NAMESPACES = {prefix: namespace for namespace, prefix in _PREFIXES.items()}
_BLANKS = re.compile(r"[ \t\r\n]+")
_SILENT = frozenset(
    (  # noqa: SIM905
        "text:tracked-changes text:ruby-text text:sequence-decls text:variable-decls text:user-field-decls "
        "text:hidden-text text:alphabetical-index-mark dc:creator dc:date svg:desc office:forms "
        "office:event-listeners office:scripts"
    ).split()
)
MOST_BLANKS = 100


@cache
def _named(tag: str) -> str:
    namespace, _, last = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    return f"{_PREFIXES.get(namespace, '')}:{last}"


def name(element: Element) -> str:
    """`prefix:name` with the standard's own prefixes; ":" for comments."""
    return _named(element.tag) if isinstance(element.tag, str) else ":"


def local(element: Element) -> str:
    return name(element).partition(":")[2]


def attribute(element: Element, which: str) -> str:
    prefix, _, last = which.partition(":")
    return str(element.get(f"{{{_NAMESPACES[prefix]}}}{last}") or "")


def inline(element: Element, aside: list[Element]) -> str:
    """The words of a paragraph. Notes, remarks and drawn boxes in it are put `aside`, to be written after it."""
    parts: list[str] = []
    _gather(element, parts, aside)
    return clean("".join(parts))


def _gather(element: Element, parts: list[str], aside: list[Element]) -> None:
    parts.append(_BLANKS.sub(" ", element.text or ""))
    for child in element:
        kind = name(child)
        if kind == "text:s":
            count = attribute(child, "text:c")
            parts.append(" " * (min(MOST_BLANKS, int(count)) if count.isdecimal() else 1))
        elif kind == "text:tab":
            parts.append("\t")
        elif kind == "text:line-break":
            parts.append("\n")
        elif kind == "text:note":
            parts.append(f"[{_citation(child)}]")
            aside.append(child)
        elif kind == "office:annotation" or kind.startswith("draw:") or kind == "text:soft-page-break":
            aside.append(child)
        elif kind not in _SILENT and kind != ":":
            _gather(child, parts, aside)
        parts.append(_BLANKS.sub(" ", child.tail or ""))


def _citation(note: Element) -> str:
    return squeeze(next((child.text or "" for child in note if name(child) == "text:note-citation"), "")) or "*"


class TextWriter:
    """Writes elements that hold text. `sources` are the roots in which styles are defined."""

    def __init__(self, sources: Iterable[Element | None]) -> None:
        self.styles = Styles(sources)
        self.builder = PageBuilder()
        self.pages: list[Page] = []
        self.paged = False
        self.lists: list[str] = []  # the style of each open list
        self.counts: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.marker = ""

    def text(self, body: Element) -> list[Page]:
        """A whole text. Pages are told apart where the program that wrote it noted down where they ended."""
        self.paged = any(name(element) == "text:soft-page-break" for element in body.iter())
        for words in self.styles.repeated("header"):
            self.builder.add("paragraph", words)
        self.blocks(body)
        for words in self.styles.repeated("footer"):
            self.builder.add("paragraph", words)
        return [*self.pages, self.builder.page(len(self.pages) + 1)]

    def blocks(self, parent: Element) -> None:
        for element in parent:
            self.block(element)

    def block(self, element: Element) -> None:
        kind = name(element)
        if kind in {"text:p", "text:h"}:
            self._paragraph(element, kind == "text:h")
        elif kind == "text:list":
            self._list(element)
        elif kind == "table:table":
            self._table(element)
        elif kind == "text:soft-page-break":
            self._turn()
        elif kind == "office:annotation":
            self._remark(element)
        elif kind.startswith("draw:"):
            self.shape(element)
        elif kind not in _SILENT and kind != ":":
            self.blocks(element)  # sections, indexes and whatever else only holds blocks

    # --- paragraphs ---------------------------------------------------------------------------------------------------

    def _paragraph(self, element: Element, heading: bool) -> None:
        style = attribute(element, "text:style-name")
        if self.paged and self.styles.breaks_before(style):
            self._turn()
        aside: list[Element] = []
        text = inline(element, aside).strip(" \t")
        level = self._level(element) if heading else self.styles.title_level(style)
        if level:
            self.builder.add("heading", squeeze(text), level=level)
            self.marker = "  " if self.lists else ""
        elif self.lists:
            self.builder.add("list_item", "  " * (len(self.lists) - 1) + self.marker + text if text.strip() else "")
            self.marker = "  " if text.strip() else self.marker
        else:
            self.builder.add("paragraph", text)
        self._aside(aside)

    def _level(self, heading: Element) -> int:
        level = attribute(heading, "text:outline-level")
        return max(1, min(9, int(level))) if level.isdecimal() else 1

    def _aside(self, elements: list[Element]) -> None:
        lists, self.lists = self.lists, []
        for element in elements:
            if name(element) == "text:note":
                body = [part for part in element if name(part) == "text:note-body"]
                words = " ".join(inline(line, []) for part in body for line in part.iter() if local(line) in {"p", "h"})
                self.builder.add("paragraph", f"[{_citation(element)}] {squeeze(words)}")
            else:
                self.block(element)
        self.lists = lists

    def _remark(self, annotation: Element) -> None:
        author = squeeze(next((child.text or "" for child in annotation if name(child) == "dc:creator"), ""))
        lines = [inline(line, []) for line in annotation.iter() if name(line) == "text:p"]
        words = "\n".join(line for line in lines if line.strip())
        if words:
            self.builder.add("paragraph", f"Comment ({author}): {words}" if author else f"Comment: {words}")

    def _turn(self) -> None:
        """A new page. One that would be empty is kept, so that the numbers are those on paper."""
        if self.paged:
            self.pages.append(self.builder.page(len(self.pages) + 1))
            self.builder = PageBuilder()

    # --- lists --------------------------------------------------------------------------------------------------------

    def _list(self, element: Element) -> None:
        style = attribute(element, "text:style-name") or (self.lists[-1] if self.lists else "")
        self.lists.append(style)
        depth = len(self.lists)
        goes_on = attribute(element, "text:continue-numbering") == "true" or attribute(element, "text:continue-list")
        if not goes_on:
            self.counts[style, depth] = self.styles.first_number(style, depth) - 1
        outer = self.marker
        for item in element:
            kind = name(item)
            if kind == "text:list-item":
                start = attribute(item, "text:start-value")
                self.counts[style, depth] = int(start) if start.isdecimal() else self.counts[style, depth] + 1
                self.marker = f"{self.counts[style, depth]}. " if self.styles.is_numbered(style, depth) else "- "
                self._item(item, style, depth)
            elif kind == "text:list-header":
                self.marker = ""
                lists, self.lists = self.lists, []
                self.blocks(item)
                self.lists = lists
        self.lists.pop()
        self.marker = outer

    def _item(self, item: Element, style: str, depth: int) -> None:
        """An item that only holds a deeper list is there for the indent, and is not counted."""
        if all(name(child) == "text:list" for child in item if name(child) != ":"):
            self.counts[style, depth] -= 1
        self.blocks(item)

    # --- tables and shapes --------------------------------------------------------------------------------------------

    def _table(self, table: Element) -> None:
        rows = [row for row in table.iter() if name(row) == "table:table-row" and _table_of(row) is table]
        cells = [[cell for cell in row if local(cell) in {"table-cell", "covered-table-cell"}] for row in rows]
        if all(len(row) == 1 for row in cells) or any(_holds_table(cell) for row in cells for cell in row):
            for row in cells:  # It only lays the page out.
                for cell in row:
                    self.blocks(cell)
            return
        aside: list[Element] = []
        self.builder.add_table([[_cell_words(cell, aside) for cell in row] for row in cells])
        self._aside(aside)

    def shape(self, shape: Element) -> None:
        """Whatever is drawn: frames with text, tables and objects, shapes with words in them, groups of these."""
        kind = name(shape)
        if kind in _SILENT or kind == ":":
            return
        if kind == "draw:frame" and attribute(shape, "presentation:class") in {"title", "subtitle"}:
            self._title_frame(shape)
            return
        if attribute(shape, "presentation:class") in {"date-time", "footer", "header", "page-number", "page"}:
            return
        lists, self.lists = self.lists, []
        marker, self.marker = self.marker, ""
        self.blocks(shape)
        self.lists, self.marker = lists, marker

    def _title_frame(self, frame: Element) -> None:
        words = squeeze(" ".join(inline(line, []) for line in frame.iter() if name(line) in {"text:p", "text:h"}))
        if attribute(frame, "presentation:class") == "title":
            self.builder.add("heading", words, level=1)
        else:
            self.builder.add("paragraph", words)


def _table_of(row: Element) -> Element:
    parent = row.getparent()
    while parent is not None and name(parent) != "table:table":
        parent = parent.getparent()
    return parent


def _holds_table(cell: Element) -> bool:
    return any(name(element) in {"table:table", "text:h"} for element in cell.iter())


def _cell_words(cell: Element, aside: list[Element]) -> str:
    return " ".join(inline(line, aside) for line in cell.iter() if name(line) in {"text:p", "text:h"} and _own(line))


def _own(line: Element) -> bool:
    """Not in a note, remark or box inside another paragraph, which are written on their own."""
    parent = line.getparent()
    while parent is not None and name(parent) != "table:table-cell":
        if name(parent) in {"text:p", "text:h"}:
            return False
        parent = parent.getparent()
    return True


class Styles:
    """What the styles of a file say about its paragraphs and lists."""

    def __init__(self, sources: Iterable[Element | None]) -> None:
        self._styles: dict[str, Element] = {}
        self._lists: dict[str, dict[int, Element]] = {}
        self._masters: list[Element] = []
        for source in sources:
            for element in source.iter() if source is not None else ():
                kind = name(element)
                if kind == "style:style" and attribute(element, "style:family") == "paragraph":
                    self._styles[attribute(element, "style:name")] = element
                elif kind == "text:list-style":
                    levels = {int(attribute(level, "text:level") or 1): level for level in element if local(level)}
                    self._lists[attribute(element, "style:name")] = levels
                elif kind == "style:master-page":
                    self._masters.append(element)

    def title_level(self, style: str) -> int:
        """1 for paragraphs in the style for titles, else 0."""
        for _ in range(10):
            if style in {"Title", "Titel"}:
                return 1
            found = self._styles.get(style)
            style = attribute(found, "style:parent-style-name") if found is not None else ""
            if not style:
                break
        return 0

    def breaks_before(self, style: str) -> bool:
        found = self._styles.get(style)
        return found is not None and any(attribute(child, "fo:break-before") == "page" for child in found)

    def is_numbered(self, style: str, level: int) -> bool:
        found = self._lists.get(style, {}).get(level)
        return (
            found is not None
            and name(found) == "text:list-level-style-number"
            and bool(attribute(found, "style:num-format"))
        )

    def first_number(self, style: str, level: int) -> int:
        found = self._lists.get(style, {}).get(level)
        start = attribute(found, "text:start-value") if found is not None else ""
        return int(start) if start.isdecimal() else 1

    def repeated(self, what: str) -> list[str]:
        """The distinct texts of all headers or footers; page numbers alone say nothing."""
        texts: list[str] = []
        for master in self._masters:
            for part in master:
                if local(part) in {what, f"{what}-left", f"{what}-first"}:
                    lines = (inline(line, []) for line in part.iter() if local(line) in {"p", "h"})
                    text = "\n".join(line.strip() for line in lines if line.strip())
                    if re.search(r"[^\W\d_]", text) and text not in texts:
                        texts.append(text)
        return texts
