"""Names of an archive's members: told from their bytes, and made into a folder and a filename that harm nobody.

Pure. What a reader's process says of a name is as little to be trusted as the archive: the worker calls `placed`.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Sequence
from typing import NamedTuple

UNICODE_PATH = 0x7075
"""Extra field in which Info-ZIP keeps a name in UTF-8 (APPNOTE.TXT, section 4.6.9)."""
CODE_PAGES = ("cp932", "gb18030", "big5", "euc_kr", "cp866", "cp1251", "cp850", "cp437", "cp1252")
"""What programs of various countries wrote names in before UTF-8."""
LONGEST_NAME = 255  # bytes, as in `ingestion.multipart.display_name`
LONGEST_FOLDER = 512  # characters, as in `docvault.library.schemas`
DEEPEST = 32  # folders within folders

_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".localized", "icon\r"})
_JUNK_FOLDERS = frozenset({"__macosx", ".spotlight-v100", ".trashes", ".fseventsd", "$recycle.bin"})
_DRIVE = re.compile(r"^(?:[A-Za-z]:|[\\/]{2}[?.][\\/])+")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.I)


class Place(NamedTuple):
    folder: str
    filename: str

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.filename}" if self.folder else self.filename


def is_junk(name: str) -> bool:
    """What systems put into folders for themselves: nobody packed it on purpose."""
    *folders, last = name.replace("\\", "/").rstrip("/").split("/")
    hidden = any(folder.lower() in _JUNK_FOLDERS for folder in folders)
    return hidden or last.lower() in _JUNK_NAMES or last.startswith("._")


def placed(name: str) -> Place:
    """Where in the vault a member goes. Nothing in `name` can climb out, hide, or be no name at all."""
    parts = [_part(part) for part in _DRIVE.sub("", name).replace("\\", "/").split("/")]
    *folders, last = [part for part in parts if part] or ["unnamed"]
    kept: list[str] = []
    for folder in folders[:DEEPEST]:
        if len("/".join([*kept, folder])) > LONGEST_FOLDER:
            break
        kept.append(folder)
    return Place("/".join(kept), last)


def numbered(filename: str, number: int) -> str:
    """`report.pdf` as `report (2).pdf`: for the second file of one name."""
    stem, dot, suffix = filename.rpartition(".")
    if not stem:
        stem, dot, suffix = filename, "", ""
    return f"{_cut(stem, f' ({number}){dot}{suffix}')} ({number}){dot}{suffix}"


def _part(raw: str) -> str:
    """One step of a path, or nothing where it is none (`.`, `..`)."""
    visible = "".join(char if char.isprintable() else "_" for char in unicodedata.normalize("NFC", raw))
    name = visible.strip().rstrip(". ")
    if not name.strip("._ "):
        return ""
    if _DEVICE.match(name):
        name = f"_{name}"
    stem, dot, suffix = name.rpartition(".")
    return f"{_cut(stem, dot + suffix)}{dot}{suffix}" if stem and len(suffix) <= 16 else _cut(name, "")


def _cut(stem: str, rest: str) -> str:
    """As much of `stem` as leaves `rest` its room."""
    return stem.encode("utf-8", "replace")[: LONGEST_NAME - len(rest.encode())].decode("utf-8", "ignore")


def decoded(raw: Sequence[bytes]) -> list[str]:
    """Names that do not say what they are written in. All of an archive are looked at together: one tells too little.

    UTF-8 where they are that without exception (many programs write it and do not say so), else the code page that
    makes most sense of them, else code page 437, which the ZIP format prescribes (APPNOTE.TXT, appendix D).
    """
    try:
        return [name.decode("utf-8") for name in raw]
    except UnicodeDecodeError:
        page = _code_page(b"\n".join(name for name in raw if not name.isascii())[:65536])
        return [name.decode(page, "replace") for name in raw]


def _code_page(sample: bytes) -> str:
    """By how much of what comes out is letters of one script, as names of files are."""
    scores = {page: score for page in CODE_PAGES if (score := _sense(sample, page)) is not None}
    return max(scores, key=lambda page: scores[page]) if scores else "cp437"


def _sense(sample: bytes, page: str) -> float | None:
    """None where the bytes are no text in that code page."""
    try:
        text = sample.decode(page)
    except UnicodeDecodeError:
        return None
    around = zip([" ", *text], text, [*text[1:], " "], strict=False)
    scores = [_likely(char, before, after, page) for before, char, after in around if not char.isascii()]
    return sum(scores) / len(scores) if scores else None


def _likely(char: str, before: str, after: str, page: str) -> float:
    """How likely it is that somebody has this sign between the other two in the name of a file."""
    if not char.isalpha():
        return -1.0
    script = unicodedata.name(char, "").split(" ")[0]
    if script != "LATIN" and any(other.isascii() and other.isalpha() for other in (before, after)):
        return -0.5  # two scripts in one word; or half of this sign is the letter beside it
    if script in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL"):
        return 1.01 if script == "HANGUL" else 0.5 if page == "euc_kr" else 1.0
    if char.isupper() and before.islower():
        return -0.8  # what looks like mixed case was another code page
    return {"CYRILLIC": 0.9, "LATIN": 0.7}.get(script, -0.3)


def unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in UTF-8 that an extra field of a ZIP member has, if it is still that of the name `raw`."""
    place = 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, place)
        field = extra[place + 4 : place + 4 + size]
        if kind == UNICODE_PATH and len(field) > 5 and field[0] == 1:
            (checksum,) = struct.unpack_from("<I", field, 1)
            if checksum == zlib.crc32(raw):
                return field[5:].decode("utf-8", "replace")
        place += 4 + size
    return None
