"""Names in the ZIP that unpack on every system, inside the folder they are unpacked in, and each once."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

OWN = ("documents.json", "conversations.json", "account.json")
"""What the export itself puts at the top."""
TRASH = "Trash"
MAX_PART = 240
"""Bytes of one name: file systems take 255, and a number may have to fit."""

# What Windows refuses in names, and what would make a path of a name.
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")


class Names:
    """Gives each document a path of its own: capitals and ways to write an accent make no difference.

    No folder has the name of a file: where there are both, the second to come is renamed.
    """

    def __init__(self) -> None:
        self._taken = {_folded(name) for name in OWN}
        self._next: dict[str, int] = {}
        self._folders: dict[str, PurePosixPath] = {}

    def path(self, folder: str, filename: str, *, trashed: bool = False) -> str:
        parts = [safe(part) for part in folder.split("/") if part]
        return str(self._free(self._folder([TRASH, *parts] if trashed else parts), safe(filename)))

    def _folder(self, parts: list[str]) -> PurePosixPath:
        place, wanted = PurePosixPath(), ""
        for part in parts:
            wanted = f"{wanted}/{_folded(part)}"
            if wanted not in self._folders:
                self._folders[wanted] = self._free(place, part)
            place = self._folders[wanted]
        return place

    def _free(self, place: PurePosixPath, name: str) -> PurePosixPath:
        path = wanted = place / name
        folded = _folded(str(wanted))
        number = self._next.get(folded, 2)
        while _folded(str(path)) in self._taken:
            path = place / f"{wanted.stem} ({number}){wanted.suffix}"
            number += 1
        if path != wanted:
            self._next[folded] = number
        self._taken.add(_folded(str(path)))
        return path


def safe(part: str) -> str:
    """One name out of `part`: never empty, `.`, `..`, a path, or a device of Windows."""
    name = _REFUSED.sub("_", "".join(letter if letter.isprintable() else "_" for letter in part))
    name = _cut(name.strip()).rstrip(". ")
    if not name:
        return "_"
    return f"_{name}" if _DEVICES.match(name) else name


def _cut(name: str) -> str:
    """At most `MAX_PART` bytes of UTF-8, the ending kept."""
    if len(name.encode()) <= MAX_PART:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 16:
        stem, dot, ending = name, "", ""
    room = MAX_PART - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()
