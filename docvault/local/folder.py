"""What is in a folder that is to be imported: which files, where they go, and what each one is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ingestion.filetypes import ARCHIVES, EMPTY, FAMILIES, HEAD_BYTES, refusal, sniff

JUNK = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "__macosx", "$recycle.bin", "system volume information"}
"""Names (in small letters) of what systems put between people's files."""
JUNK_STARTS = (".", "~$")  # hidden, and the locks of open Office files
JUNK_ENDS = ("~", ".tmp", ".part", ".crdownload")
READ = 1024 * 1024


class Item(NamedTuple):
    """A file on this machine. `folder` is the vault's, `name` as it will be called there."""

    path: Path
    folder: str
    name: str
    size: int


class Left(NamedTuple):
    """A file that is not sent, and why."""

    name: str
    why: str


class Print(NamedTuple):
    """`refused` says why DocVault cannot read this kind of file; None when it can."""

    sha256: str
    refused: str | None


def is_junk(name: str) -> bool:
    small = name.lower()
    return small in JUNK or small.startswith(JUNK_STARTS) or small.endswith(JUNK_ENDS)


def walk(root: Path, into: str) -> Iterator[Item | Left]:
    """Every file below `root`, folder by folder in the order of names. Hidden and junk files are passed by in silence.

    A link to a folder is never followed, one to a file only when that lies below `root` too.
    """
    real = root.resolve()
    refused: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not is_junk(name))
        inside = Path(folder).relative_to(root)
        place = "/".join(part for part in (into, *inside.parts) if part)
        for name in sorted(name for name in files if not is_junk(name)):
            yield _entry(Path(folder) / name, real, _sayable(place), inside)
    for error in refused:
        yield Left(_sayable(str(error.filename)), f"cannot be opened: {error.strerror}")


def _entry(path: Path, root: Path, folder: str, inside: Path) -> Item | Left:
    called = _sayable(str(inside / path.name))
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            return Left(called, "links to a place outside the folder")
        if not path.is_file():
            return Left(called, "is no file")
        return Item(path, folder, _sayable(path.name), path.stat().st_size)
    except OSError as error:
        return Left(called, f"cannot be opened: {error.strerror}")


def _sayable(name: str) -> str:
    """File systems keep bytes that are no text; requests and terminals cannot."""
    return name.encode("utf-8", "replace").decode()


def fingerprint(path: Path) -> Print:
    """Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        digest = hashlib.sha256(head)
        while piece := file.read(READ):
            digest.update(piece)
    kind = sniff(head, path.name)
    readable = kind.content_type in FAMILIES or kind.content_type in ARCHIVES
    refused = None if readable else refusal(kind)
    if kind.content_type == EMPTY.content_type:
        refused = "The file is empty."
    return Print(digest.hexdigest(), refused)


def batches(items: Iterable[Item], most: int, most_bytes: int) -> Iterator[list[Item]]:
    """Requests: files of one folder together, at most `most` and `most_bytes`; a larger file goes alone."""
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and (item.folder != batch[0].folder or len(batch) == most or size + item.size > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch
