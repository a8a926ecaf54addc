"""Rich Text Format (specification 1.9.1): text, headings, lists, tables, notes, remarks and boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingestion.extract.build import PageBuilder, Report, clean, corrupt, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.extract.rtf_words import (
    CHARACTERS,
    CHARSETS,
    HEADING_NAME,
    KNOWN_STARS,
    SINKS,
    SKIPPED,
    SYMBOLS,
    TOKEN,
    Lists,
    Token,
    codec_of,
    token_of,
)
from ingestion.extract.text import read_bytes


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError`: `empty`, `corrupt`."""
    return rtf_from_bytes(read_bytes(path))


def rtf_from_bytes(data: bytes) -> Extracted:
    start = data.find(b"{\\rtf")
    if start < 0:
        raise corrupt("The RTF file")
    reader = _Reader(data)
    reader.run(start)
    page = reader.builder.page()
    return Extracted([page], reader.title or first_heading([page]))


@dataclass
class _Sink:
    """Where text goes: the document itself, or a piece that is kept apart until its group ends."""

    kind: str
    parts: list[str] = field(default_factory=list[str])

    def take(self) -> str:
        text = clean("".join(self.parts))
        self.parts.clear()
        return text


@dataclass
class _State:
    """What a group inherits and forgets again at its end."""

    sink: _Sink
    skip: bool = False
    fresh: bool = False  # nothing of the group was read yet
    star: bool = False
    hidden: bool = False
    markup: bool = False  # only there for those who turn the file back into HTML
    font: int = -1
    fallback: int = 1  # characters after a `\\u` that say it again for old readers
    style: int = 0
    outline: int = -1
    list: int = 0
    in_table: bool = False


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.builder = PageBuilder()
        self.title: str | None = None
        self.codepage = "cp1252"
        self.default_font = -1
        self.fonts: dict[int, str] = {}
        self.levels: dict[int, int] = {}
        self.main = _Sink("main")
        self.state = _State(self.main)
        self.stack: list[_State] = []
        self.pending = bytearray()  # bytes of the current font's encoding, perhaps half a character
        self.leave_out = 0
        self.marker: str | None = None
        self.depth = 0
        self.row: list[str] = []
        self.rows: list[list[str]] = []
        self.aside: list[str] = []
        self.footers: list[str] = []
        self.lists = Lists()
        self.notes = 0
        self.author = ""
        self.defined = 0

    def run(self, start: int) -> None:
        place = start
        while match := TOKEN.match(self.data, place):
            place = match.end()
            token = token_of(match)
            if token.word == "bin" and token.number and token.number > 0:
                place += token.number
            elif token.brace:
                self._flush_bytes()
                self._open() if token.brace == b"{" else self._close()
                if token.brace == b"}" and not self.stack:
                    break
            elif token.word == "bin":
                continue
            else:
                self._obey(token)
        while self.stack:  # A file cut off in the middle still says what it holds.
            self._flush_bytes()
            self._close()
        self._paragraph()
        self._end_table()
        for footer in self.footers:
            self.builder.add("paragraph", footer)

    # --- groups -------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.stack.append(self.state)
        self.state = replace(self.state, star=False, fresh=True)

    def _close(self) -> None:
        if not self.stack:
            return
        ended, self.state = self.state, self.stack.pop()
        self.leave_out = 0
        if ended.sink is not self.state.sink:
            self._finish(ended)

    def _finish(self, ended: _State) -> None:
        """What was kept apart finds its place."""
        text = ended.sink.take()
        words = "\n".join(line.strip() for line in text.split("\n") if line.strip())
        match ended.sink.kind:
            case "title":
                self.title = squeeze(words)[:300] or None
            case "marker":
                self.marker = squeeze(words)
            case "note" if words:
                self.notes += 1
                self.state.sink.parts.append(f"[{self.notes}]")
                self.aside.append(f"[{self.notes}] {squeeze(words)}")
            case "author":
                self.author = squeeze(words)
            case "remark" if words:
                self.aside.append(f"Comment ({self.author}): {words}" if self.author else f"Comment: {words}")
                self.author = ""
            case "box" if words:
                self.aside.append(words)
            case "header" if _says_something(words) and words not in self.footers:
                if self.builder.blocks:
                    self.footers.append(words)
                else:
                    self.builder.add("paragraph", words)
                    self.footers.append("")  # nothing to add at the end
            case "footer" if _says_something(words) and words not in self.footers:
                self.footers.append(words)
            case _:
                pass

    def _destination(self, word: str) -> bool:
        """Whether the word says what its group is for."""
        state = self.state
        if word in SKIPPED:
            state.skip = True
        elif word == "ud":
            state.skip = False
        elif word in SINKS and not (word == "title" and state.sink.kind != "skip"):
            if word in {"note", "footnote"} and state.sink.kind == "note":
                return True
            state.sink, state.skip = _Sink(SINKS[word]), state.skip and word != "shptxt"
            state.hidden = False
        elif word == "shpinst":
            return True
        elif state.star and word not in KNOWN_STARS:
            state.skip = True
        else:
            return False
        return True

    # --- tokens -------------------------------------------------------------------------------------------------------

    def _obey(self, token: Token) -> None:
        state = self.state
        fresh, state.fresh = state.fresh, False
        if token.symbol == "*":
            state.star = fresh
            return
        if token.word:
            self._word(token.word, token.number)
            return
        if state.skip:
            return
        if token.byte or token.text:
            self._bytes(token.byte or token.text)
        elif token.symbol in SYMBOLS:
            self._text(SYMBOLS[token.symbol])
        elif token.symbol in {"\r", "\n"}:
            self._word("par", None)

    def _word(self, word: str, number: int | None) -> None:
        if self._destination(word) or (self.state.skip and word != "ud"):
            self.state.star = False
            return
        self.state.star = False
        if word == "u" and number is not None:
            self._unicode(number)
        elif word in CHARACTERS:
            self._text(CHARACTERS[word])
        else:
            self._flush_bytes()
            self._control(word, number)

    def _control(self, word: str, number: int | None) -> None:
        state, on = self.state, number != 0
        match word:
            case "par" | "sect" | "page" | "column":
                self._end_paragraph()
            case "cell":
                self._end_cell()
            case "row":
                self._end_row()
            case "pard":
                state.style, state.outline, state.list, state.in_table = 0, -1, 0, False
            case "plain":
                state.font, state.hidden = self.default_font, False
            case "s":
                state.style = self.defined = number or 0
            case "outlinelevel":
                state.outline = number if number is not None else -1
                if state.sink.kind == "styles" and 0 <= state.outline < 9:
                    self.levels[self.defined] = state.outline + 1
            case "intbl":
                state.in_table = on
            case "ilvl":
                self.depth = max(0, min(8, number or 0))
            case "v" | "deleted":
                state.hidden = on
            case "htmlrtf":
                state.markup = on
            case "ls":
                state.list = number or 0
                self.lists.define("ls", state.list, state.sink.kind)
            case "uc":
                state.fallback = max(0, min(16, number if number is not None else 1))
            case _:
                self.lists.define(word, number or 0, state.sink.kind)
                self._encoding(word, number)

    def _encoding(self, word: str, number: int | None) -> None:
        match word:
            case "f":
                self.state.font = number if number is not None else -1
            case "deff":
                self.default_font = number if number is not None else -1
            case "fcharset" if number in CHARSETS and self.state.sink.kind == "fonts" and number:
                self.fonts[self.state.font] = CHARSETS[number]
            case "ansicpg" if number:
                self.codepage = codec_of(f"cp{number}") or self.codepage
            case "mac":
                self.codepage = "mac_roman"
            case "pc":
                self.codepage = "cp437"
            case "pca":
                self.codepage = "cp850"
            case _:
                pass

    # --- text ---------------------------------------------------------------------------------------------------------

    def _bytes(self, data: bytes) -> None:
        if self.leave_out:
            left, self.leave_out = self.leave_out, max(0, self.leave_out - len(data))
            data = data[left:]
        self.pending += data

    def _flush_bytes(self) -> None:
        if self.pending:
            codec = self.fonts.get(self.state.font, self.codepage)
            data, self.pending = bytes(self.pending), bytearray()
            self._put(data.decode(codec, errors="replace"))

    def _text(self, text: str) -> None:
        if self.leave_out:
            self.leave_out -= 1
            return
        self._flush_bytes()
        self._put(text)

    def _unicode(self, number: int) -> None:
        self._flush_bytes()
        code = number + 0x10000 if number < 0 else number
        if 0xF020 <= code <= 0xF0FF:  # characters of symbol fonts, which have no meaning in Unicode
            code = 0x2022 if code == 0xF0B7 else code - 0xF000
        if 0 < code < 0x110000:
            self._put(chr(code))
        self.leave_out = self.state.fallback

    def _put(self, text: str) -> None:
        state = self.state
        if state.sink.kind == "styles":
            self._style_name(text)
        elif not (state.hidden or state.markup or state.skip or state.sink.kind in {"fonts", "lists", "skip"}):
            state.sink.parts.append(text)

    def _style_name(self, text: str) -> None:
        named = text.split(";")[0].strip()
        match = HEADING_NAME.match(named)
        if match:
            self.levels[self.defined] = int(match.group(1))
        elif named in {"Title", "Titel"}:
            self.levels[self.defined] = 1

    # --- paragraphs and tables ----------------------------------------------------------------------------------------

    def _end_paragraph(self) -> None:
        if self.state.sink is not self.main:
            self.state.sink.parts.append("\n")
        elif self.state.in_table:
            self.main.parts.append("\n")
        else:
            self._end_table()
            self._paragraph()

    def _end_cell(self) -> None:
        if self.state.sink is self.main:
            marker, self.marker = self.marker, None
            self.row.append(f"{marker or ''} {self.main.take()}" if marker and marker.isalnum() else self.main.take())
        else:
            self.state.sink.parts.append(" ")

    def _end_row(self) -> None:
        if self.state.sink is self.main:
            if self.row:
                self.rows.append(self.row)
            self.row = []
        else:
            self.state.sink.parts.append("\n")

    def _end_table(self) -> None:
        rows, self.rows = self.rows + ([self.row] if self.row else []), []
        self.row = []
        if rows and all(len(row) == 1 for row in rows):
            for (cell,) in rows:
                self.builder.add("paragraph", cell.strip())
        elif rows:
            self.builder.add_table(rows)
        if rows:
            self._write_aside()

    def _paragraph(self) -> None:
        text = self.main.take().strip(" \t")
        marker, self.marker = self.marker, None
        level = self._level()
        if marker is None and self.state.list and text.strip() and not level:
            marker = self.lists.marker(self.state.list, self.depth)
        if not text.strip():
            pass
        elif level:
            numbered = f"{marker} {text}" if marker and re.search(r"\w", marker) else text
            self.builder.add("heading", squeeze(numbered), level=level)
        elif marker is not None:
            label = marker if re.search(r"\d|[A-Za-z]", marker) else "-"
            self.builder.add("list_item", f"{'  ' * self.depth}{label} {text}")
        else:
            self.builder.add("paragraph", text)
        self.depth = 0
        self._write_aside()

    def _write_aside(self) -> None:
        aside, self.aside = self.aside, []
        for words in aside:
            self.builder.add("paragraph", words)

    def _level(self) -> int:
        if 0 <= self.state.outline < 9:
            return self.state.outline + 1
        return self.levels.get(self.state.style, 0) if self.state.outline < 0 else 0


def _says_something(words: str) -> bool:
    """More than a page number."""
    return bool(re.search(r"[^\W\d_]{2,}", words))
