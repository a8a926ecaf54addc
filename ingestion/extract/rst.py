"""reStructuredText, by docutils: its tree of nodes, with inclusion of files and raw output switched off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingestion.extract.build import PageBuilder, Report, clean, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.text import decode, read_bytes, text_from_bytes

Node = Any

_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 6,
    "input_encoding": "unicode",
    "smart_quotes": False,
    "pep_references": False,
    "rfc_references": False,
    "line_length_limit": 1_000_000,
    "traceback": True,
}
_PARAGRAPHS = frozenset(
    (  # noqa: SIM905
        "paragraph term caption attribution rubric line_block classifier option_string description legend"
    ).split()
)
_SILENT = frozenset(
    (  # noqa: SIM905
        "comment substitution_definition target system_message pending raw problematic decoration meta"
    ).split()
)


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    return rst_from_bytes(read_bytes(path))


def rst_from_bytes(data: bytes) -> Extracted:
    """What docutils cannot make a tree of is read as plain text, with a warning."""
    from docutils.core import publish_doctree

    source = clean(decode(data))
    try:
        tree: Node = publish_doctree(source, settings_overrides=dict(_SETTINGS))
    except MemoryError:
        raise
    except (Exception, SystemExit):  # whatever a directive threw; RecursionError of deep nesting among them
        read = text_from_bytes(data)
        return Extracted(read.pages, read.title, warnings=["The reStructuredText was read as plain text."])
    page = _Writer().write(tree)
    if not page.text.strip():
        return text_from_bytes(data)
    return Extracted([page], squeeze(str(tree.get("title") or ""))[:300] or first_heading([page]))


class _Writer:
    def __init__(self) -> None:
        self.builder = PageBuilder()
        self.lists: list[str] = []
        self.marker = ""

    def write(self, tree: Node) -> Page:
        from docutils.nodes import Text

        for mark in list(tree.findall(_is_mark)):
            mark.children = [Text(f"[{mark.astext()}]")]
        # A title alone at the top has become the document's own; the sections below it stand one lower.
        self.base = 1 if any(child.tagname == "title" for child in tree.children) else 0
        self._children(tree, 1)
        return self.builder.page()

    def _children(self, node: Node, level: int) -> None:
        for child in node.children:
            self._node(child, level)

    def _node(self, node: Node, level: int) -> None:
        kind = str(getattr(node, "tagname", "#text"))
        if kind in {"title", "subtitle"}:
            topic = node.parent.tagname in {"topic", "sidebar", "admonition"}
            depth = level + (kind == "subtitle") if not topic else 6
            self.builder.add("heading", squeeze(node.astext()), level=max(1, min(9, depth)))
        elif kind == "section":
            self._children(node, level + 1 if self.base or node.parent.tagname == "section" else level)
        elif kind in {"literal_block", "doctest_block", "math_block"}:
            self.builder.add("code", node.astext())
        elif kind == "table":
            self._table(node)
        elif kind in {"bullet_list", "enumerated_list"}:
            self._list(node, level)
        elif kind == "field":
            name, body = node.children[0], node.children[-1]
            self._write(f"{squeeze(name.astext())}: {squeeze(body.astext())}")
        elif kind in {"footnote", "citation"}:
            label = node.children[0].astext() if node.children else "*"
            self._write(f"[{label}] " + squeeze(" ".join(child.astext() for child in node.children[1:])))
        elif kind == "image":
            self._write(squeeze(str(node.get("alt") or "")))
        elif kind in _PARAGRAPHS:
            self._write("\n".join(line.strip() for line in node.astext().split("\n")))
        elif kind not in _SILENT and kind != "#text":
            self._children(node, level)

    def _write(self, text: str) -> None:
        if self.lists and text.strip():
            self.builder.add("list_item", "  " * (len(self.lists) - 1) + self.marker + text)
            self.marker = "  "
        else:
            self.builder.add("paragraph", text)

    def _list(self, node: Node, level: int) -> None:
        self.lists.append(node.tagname)
        first = int(node.get("start", 1))
        for number, item in enumerate(node.children, first):
            self.marker = f"{number}. " if node.tagname == "enumerated_list" else "- "
            self._children(item, level)
        self.lists.pop()

    def _table(self, table: Node) -> None:
        for child in table.children:
            if child.tagname == "title":
                self.builder.add("paragraph", squeeze(child.astext()))
        rows: list[list[str]] = []
        for row in table.findall(_is_row):
            cells: list[str] = []
            for entry in row.children:
                cells += [squeeze(entry.astext()), *[""] * int(entry.get("morecols", 0))]
            rows.append(cells)
        self.builder.add_table(rows)


def _is_mark(node: Node) -> bool:
    return getattr(node, "tagname", "") in {"footnote_reference", "citation_reference"}


def _is_row(node: Node) -> bool:
    return bool(getattr(node, "tagname", "") == "row")
