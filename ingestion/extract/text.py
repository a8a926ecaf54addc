"""Plain text, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.extract.build import PageBuilder, Report, clean, empty, first_heading, squeeze
from ingestion.extract.document import PLAIN, Block, Extracted, Options, Page
from ingestion.filetypes import unicode_encoding

if TYPE_CHECKING:
    from markdown_it.token import Token

_PARAGRAPH = re.compile(r"\S.*?(?=\n[^\S\n]*\n|\Z)", re.S)
_DELIMITERS = ",;\t|"
_HIRAGANA = re.compile("[\u3041-\u3096]")
_LATIN = {
    **dict.fromkeys(("cs", "pl", "hu", "sk", "hr", "sl", "ro", "sq"), "cp1250"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
    "tr": "cp1254",
}
"""Languages in Latin letters that Windows-1252 does not have."""


def extract_text(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Plain text: paragraphs are what blank lines part. One short line, then a blank one, at the top is the title."""
    return text_from_bytes(read_bytes(path))


def extract_markdown(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    return markdown_from_bytes(read_bytes(path))


def extract_csv(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    return csv_from_bytes(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises `DocumentError` (`empty`)."""
    data = path.read_bytes()
    if not data:
        raise empty()
    return data


def decode(data: bytes) -> str:
    """Bytes as text. Never raises: what fits no encoding is shown by replacement marks.

    Order: byte order mark or the zeros of UTF-16/32, UTF-8, then by the share of bytes above 127: text in Latin letters
    has few, and its language tells the encoding; other scripts are mostly made of them and have it guessed.
    """
    encoding = unicode_encoding(data[:8192])
    if encoding:
        return data.decode(encoding, errors="replace")
    if b"\x1b$" in data[:8192] and (japanese := _decoded(data, "iso2022_jp")) is not None:
        return japanese
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A file cut off or damaged in one place is still UTF-8.
        if error.start > 0 and _mostly_utf8(data):
            return data.decode("utf-8", errors="replace")
    sample = data[:65536]
    high = sum(byte > 127 for byte in sample)
    guessed = _guess(sample) if high > len(sample) * 0.15 else None
    return data.decode(guessed or _latin(sample), errors="replace")


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _latin(sample: bytes) -> str:
    """The encoding of Latin letters that the text's language is written in; most words show it in plain ASCII."""
    from ingestion.extract.document import Page
    from ingestion.extract.language import language_of

    language = language_of([Page(1, sample.decode("cp1252", errors="replace"), [])])
    encoding = _LATIN.get(language, "cp1252")
    if encoding != "cp1250" or any(0x80 <= byte < 0xA0 for byte in sample):
        return encoding
    # The two differ in few letters, most of which Windows has where the standard has none. The Polish `ą` is not.
    return "cp1250" if language == "pl" and sample.count(b"\xb9") > sample.count(b"\xb1") else "iso8859_2"


def _mostly_utf8(data: bytes) -> bool:
    text = data[:65536].decode("utf-8", errors="replace")
    wide = sum(character > "\x7f" for character in text)
    return text.count("\ufffd") * 20 < wide


def _guess(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    for encoding in ("euc_jp", "shift_jis"):
        # Kana are in no other language; as Chinese or Korean, the bytes would be rare characters without any.
        text = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace")
        if text.count("\ufffd") <= 1 and len(_HIRAGANA.findall(text)) * 5 > len(text):
            return encoding
    best = from_bytes(sample).best()
    return best.encoding if best else None


def text_from_bytes(data: bytes) -> Extracted:
    text = clean(decode(data)).rstrip()
    blocks = [Block("paragraph", match.start(), _trimmed_end(text, match)) for match in _PARAGRAPH.finditer(text)]
    title = None
    if len(blocks) > 1 and blocks[0].end - blocks[0].start <= 200 and "\n" not in text[blocks[0].start : blocks[0].end]:
        blocks[0] = Block("heading", blocks[0].start, blocks[0].end, 1)
        title = squeeze(text[blocks[0].start : blocks[0].end])
    return Extracted([Page(1, text, blocks)], title)


def _trimmed_end(text: str, match: re.Match[str]) -> int:
    return match.start() + len(match.group().rstrip())


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown_from_bytes(data: bytes) -> Extracted:
    """Markdown as its reader sees it: marks are gone, list items begin with `- ` or their number."""
    from markdown_it import MarkdownIt

    source = clean(decode(data))
    source, meta_title = _front_matter(source)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(source)
    page = _MarkdownWriter().write(tokens)
    return Extracted([page], meta_title or first_heading([page]))


def _front_matter(source: str) -> tuple[str, str | None]:
    """A YAML head between `---` lines is about the text, not part of it; its title is kept."""
    match = re.match(r"---\n(.*?\n)---\s*\n", source, re.S)
    if not match:
        return source, None
    title = re.search(r"^title:\s*(.+)$", match.group(1), re.M)
    return source[match.end() :], title.group(1).strip(" \"'") if title else None


class _MarkdownWriter:
    def __init__(self) -> None:
        self.builder = PageBuilder()
        self.lists: list[int | None] = []  # the next number of each open list, None for bullets
        self.marker = ""
        self.rows: list[list[str]] = []
        self.in_table = False
        self.heading = 0

    def write(self, tokens: list[Token]) -> Page:
        for token in tokens:
            handler = getattr(self, f"_{token.type}", None)
            if handler:
                handler(token)
        return self.builder.page()

    def _inline(self, token: Token) -> None:
        text = _inline_text(token)
        if self.rows and self.in_table:
            self.rows[-1].append(text)
        elif self.heading:
            self.builder.add("heading", squeeze(text), level=self.heading)
        elif self.lists:
            indent = "  " * (len(self.lists) - 1)
            self.builder.add("list_item", indent + self.marker + text)
            self.marker = "  "
        else:
            self.builder.add("paragraph", text)

    def _heading_open(self, token: Token) -> None:
        self.heading = int(token.tag[1])

    def _heading_close(self, token: Token) -> None:
        self.heading = 0

    def _bullet_list_open(self, token: Token) -> None:
        self.lists.append(None)

    def _ordered_list_open(self, token: Token) -> None:
        self.lists.append(int(token.attrs.get("start", 1)))

    def _bullet_list_close(self, token: Token) -> None:
        self.lists.pop()

    _ordered_list_close = _bullet_list_close

    def _list_item_open(self, token: Token) -> None:
        number = self.lists[-1]
        self.marker = "- " if number is None else f"{number}. "
        self.lists[-1] = None if number is None else number + 1

    def _table_open(self, token: Token) -> None:
        self.rows, self.in_table = [], True

    def _tr_open(self, token: Token) -> None:
        self.rows.append([])

    def _table_close(self, token: Token) -> None:
        self.builder.add_table(self.rows)
        self.rows, self.in_table = [], False

    def _fence(self, token: Token) -> None:
        self.builder.add("code", token.content)

    _code_block = _fence

    def _html_block(self, token: Token) -> None:
        from ingestion.extract.web import html_page

        self.builder.add_page(html_page(token.content.encode()))


def _inline_text(token: Token) -> str:
    """The words of a line; a link to the web keeps its address in brackets."""
    parts: list[str] = []
    links: list[str] = []
    for child in token.children or []:
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type == "image":
            parts.append(child.content)
        elif child.type == "link_open":
            links.append(str(child.attrs.get("href", "")))
            parts.append("")
        elif child.type == "link_close":
            address = links.pop()
            shown = "".join(parts)
            parts.append(f" ({address})" if address.startswith("http") and not shown.endswith(address) else "")
    return "".join(parts)


# --- CSV --------------------------------------------------------------------------------------------------------------


def csv_from_bytes(data: bytes) -> Extracted:
    """CSV with any of `, ; tab |` between cells. Rows may differ in length; the first row names the columns."""
    text = clean(decode(data)).strip("\n")
    csv.field_size_limit(max(len(text), 131072))
    builder = PageBuilder()
    builder.add_table(csv.reader(io.StringIO(text), delimiter=delimiter_of(text)))
    return Extracted([builder.page()])


def delimiter_of(text: str) -> str:
    """The delimiter that cuts the most of the first 50 rows into the same number of cells, and into the most cells."""
    sample = text[:65536]
    return max(_DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> float:
    try:
        widths = Counter(len(row) for row in islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 50) if row)
    except csv.Error:
        return 0.0
    widths.pop(1, None)
    if not widths:
        return 0.0
    width, rows = widths.most_common(1)[0]
    return rows + width / 1000
