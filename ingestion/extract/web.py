"""HTML, read with lxml: what a reader sees, as headings, paragraphs, lists and tables."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from ingestion.extract.build import PageBuilder, Report, clean, corrupt, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.text import decode, read_bytes

Element = Any
"""An `lxml` element; the library has no types of its own."""

_DROPPED = frozenset(
    "script style noscript template svg math iframe object embed canvas audio video head".split()  # noqa: SIM905
)
_BLOCKS = frozenset(
    (  # noqa: SIM905
        "html body div p section article main header footer nav aside address blockquote figure figcaption form "
        "fieldset legend details summary dl dt dd ul ol hr center tr td th tbody thead tfoot caption option select "
        "h1 h2 h3 h4 h5 h6 li pre table"
    ).split()
)
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    return html_from_bytes(read_bytes(path))


def html_from_bytes(data: bytes) -> Extracted:
    """Raises `DocumentError` (`corrupt`) where no element can be made out of the bytes."""
    root = _parse(data)
    page = _Writer().write(root)
    title = squeeze(clean(root.findtext(".//title") or ""))[:300]
    return Extracted([page], title or first_heading([page]))


def html_page(data: bytes) -> Page:
    """A piece of HTML inside another format."""
    return _Writer().write(_parse(data)) if data.strip() else Page(1, "", [])


def _parse(data: bytes) -> Element:
    etree: Any = import_module("lxml.etree")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    source = clean(_decode_html(data)).encode()
    try:
        root = etree.fromstring(source, parser)
    except etree.LxmlError:
        root = None
    if root is None:
        raise corrupt("The HTML file")
    return root


def _decode_html(data: bytes) -> str:
    """A declared charset counts where it fits the bytes and no byte order mark says otherwise."""
    declared = _CHARSET.search(data[:4096])
    name = declared.group(1).decode("ascii", "replace").lower() if declared else ""
    if (
        name
        and not name.startswith(("utf-16", "utf-32", "utf-8"))
        and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    ):
        try:
            return data.decode("cp1252" if name in {"iso-8859-1", "latin1", "us-ascii"} else name)
        except (UnicodeDecodeError, LookupError):
            pass
    return decode(data)


class _Writer:
    """Walks the tree without recursion (hostile nesting is thousands deep); text gathers until a block ends it."""

    def __init__(self) -> None:
        self.builder = PageBuilder()
        self.inline: list[str] = []
        self.lists: list[int | None] = []
        self.marker = ""
        self.heading = 0
        self.items = 0
        self.pre = 0

    def write(self, root: Element) -> Page:
        walk = import_module("lxml.etree").iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start" and self._skips(element, tag):
                walk.skip_subtree()
                continue
            if event == "start":
                self._start(element, tag)
                self._text(element.text)
            else:
                if not self._skips(element, tag):
                    self._end(tag)
                self._text(element.tail if element is not root else None)
        self._flush()
        return self.builder.page()

    def _skips(self, element: Element, tag: str) -> bool:
        """Subtrees without words of their own here: dropped ones, hidden ones, and tables, which are written whole."""
        if (
            tag in _DROPPED
            or not tag
            or element.get("hidden") is not None
            or _HIDDEN.search(element.get("style") or "")
        ):
            return True
        if tag == "table" and _is_grid(element):
            if element.get("data-docvault-written") is None:
                element.set("data-docvault-written", "1")
                self._flush()
                self.builder.add_table(_rows(element))
            return True
        return False

    def _start(self, element: Element, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in {"ul", "ol"}:
            self.lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self.items += 1
            number = self.lists[-1] if self.lists else None
            self.marker = "- " if number is None else f"{number}. "
            if number is not None:
                self.lists[-1] = number + 1
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self.heading = int(tag[1])
        elif tag == "pre":
            self.pre += 1
        elif tag == "br":
            self.inline.append("\n")
        elif tag == "img" and element.get("alt"):
            self.inline.append(str(element.get("alt")))

    def _end(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        elif tag == "li":
            self.items = max(0, self.items - 1)
            self.marker = ""
        elif self.heading and tag == f"h{self.heading}":
            self.heading = 0
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)

    def _text(self, text: str | None) -> None:
        if text:
            self.inline.append(text if self.pre else _BLANKS.sub(" ", text))

    def _flush(self) -> None:
        text = "".join(self.inline)
        self.inline.clear()
        if not text.strip():
            return
        if self.pre:
            self.builder.add("code", text)
            return
        text = "\n".join(line for line in map(squeeze, text.split("\n")) if line)
        if self.heading:
            self.builder.add("heading", squeeze(text), level=self.heading)
        elif self.items:
            self.builder.add("list_item", "  " * max(0, len(self.lists) - 1) + (self.marker or "  ") + text)
            self.marker = "  "
        else:
            self.builder.add("paragraph", text)


def _is_grid(table: Element) -> bool:
    """A table of data: nothing nested, more than one column. Others only lay a page out and are read as it flows."""
    if table.find(".//table") is not None or table.find(".//h1") is not None or table.find(".//h2") is not None:
        return False
    return any(len(_cells(row)) > 1 for row in table.iter("tr"))


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row if cell.tag in {"td", "th"}]


def _rows(table: Element) -> list[list[str]]:
    return [[_cell_text(cell) for cell in _cells(row)] for row in table.iter("tr")]


def _cell_text(cell: Element) -> str:
    pieces: list[Any] = []
    for element in cell.iter():
        dropped = element.tag in _DROPPED
        if element.text and not dropped:
            pieces.append(element.text)
        if element is not cell:
            pieces.append(" " if element.tag in _BLOCKS or element.tag == "br" else "")
            pieces.append(element.tail or "")
    return "".join(pieces)
