"""The words of Rich Text Format: how a file falls into them, and what those mean that stand for text."""

from __future__ import annotations

import re
from typing import NamedTuple

TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.S
)
HEADING_NAME = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop)\s*([1-9])$", re.I)

# Text that stands elsewhere than where it is written, and what is about the text.
SKIPPED = frozenset(
    (  # noqa: SIM905
        "colortbl pict objdata leveltext levelnumbers listpicture revtbl rsidtbl generator fldinst filetbl xmlnstbl "
        "sp xe tc txe rxe nonshppict nonesttables themedata datastore bkmkstart bkmkend pn pnseclvl upr private do "
        "template ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn passwordhash pgptbl mmathPr objclass objname panose "
        "falt atnid atndate atntime atnref atrfstart atrfend userprops docvar nesttableprops"
    ).split()
)
SINKS = {
    "fonttbl": "fonts", "stylesheet": "styles", "listtable": "lists", "listoverridetable": "lists",
    "info": "skip", "title": "title", "footnote": "note",
    "annotation": "remark", "atnauthor": "author", "listtext": "marker", "pntext": "marker", "shptxt": "box",
    "header": "header", "headerl": "header", "headerr": "header", "headerf": "header",
    "footer": "footer", "footerl": "footer", "footerr": "footer", "footerf": "footer",
}  # fmt: skip
KNOWN_STARS = frozenset("annotation atnauthor shpinst shppict ud listtable listoverridetable".split())  # noqa: SIM905
CHARACTERS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ",
    "nestcell": " ", "nestrow": "\n", "softline": "\n", "zwj": "\u200d", "zwnj": "\u200c", "ltrmark": "", "rtlmark": "",
}  # fmt: skip
SYMBOLS = {"~": " ", "_": "-", "\t": "\t", "{": "{", "}": "}", "\\": "\\"}
CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip


class Token(NamedTuple):
    """One of: a control word, a byte given in hexadecimal, a control symbol, a brace, plain bytes."""

    word: str = ""
    number: int | None = None
    byte: bytes = b""
    symbol: str = ""
    brace: bytes = b""
    text: bytes = b""


class Lists:
    """The numbers of list items, for files that do not write them out beside the items."""

    def __init__(self) -> None:
        self.numbered: dict[int, dict[int, bool]] = {}  # list id -> level -> whether it counts
        self.ids: dict[int, int] = {}  # what paragraphs say -> list id
        self.counts: dict[tuple[int, int], int] = {}
        self.levels: dict[int, bool] = {}
        self.last = 0

    def define(self, word: str, number: int, where: str) -> None:
        """Take in a control word of the list tables."""
        if where != "lists":
            return
        if word in {"list", "listoverride"}:
            self.levels = {}
        elif word == "levelnfc":
            self.levels[len(self.levels)] = number not in {23, 255}
        elif word == "listid":
            self.last = number
            if self.levels:
                self.numbered[number] = self.levels
        elif word == "ls":
            self.ids[number] = self.last

    def marker(self, which: int, depth: int) -> str:
        """Of the next item at this depth."""
        if not self.numbered.get(self.ids.get(which, 0), {}).get(depth):
            return "-"
        for deeper in [key for key in self.counts if key[0] == which and key[1] > depth]:
            del self.counts[deeper]
        self.counts[which, depth] = self.counts.get((which, depth), 0) + 1
        return f"{self.counts[which, depth]}."


def token_of(match: re.Match[bytes]) -> Token:
    word, number, byte, symbol, brace, text = match.groups()
    if word:
        return Token(word=word.decode(), number=int(number) if number else None)
    if byte:
        return Token(byte=bytes.fromhex(byte.decode()))
    return Token(symbol=symbol.decode("latin-1") if symbol else "", brace=brace or b"", text=text or b"")


def codec_of(codec: str) -> str | None:
    try:
        b"".decode("utf-8" if codec == "cp65001" else codec)
    except LookupError:
        return None
    return "utf-8" if codec == "cp65001" else codec
