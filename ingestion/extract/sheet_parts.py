"""What lies beside the cells of an Excel sheet: comments on them and text in drawn boxes."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import squeeze
from ingestion.extract.xml import safe_xml

WHAT = "The Office file"


def beside(archive: zipfile.ZipFile, sheet: str) -> Iterator[str]:
    """`sheet` is the name of the sheet's part, as `xl/worksheets/sheet1.xml`."""
    folder, _, name = sheet.rpartition("/")
    links = _root(archive, f"{folder}/_rels/{name}.rels")
    for link in links if links is not None else ():
        kind = str(link.get("Type") or "").rpartition("/")[2]
        target = str(link.get("Target") or "")
        place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        if kind == "comments":
            yield from _comments(_root(archive, place))
        elif kind == "drawing":
            yield from _boxes(_root(archive, place))


def _comments(root: Any) -> Iterator[str]:
    if root is None:
        return
    authors = [squeeze("".join(author.itertext())) for author in _all(root, "author")]
    for comment in _all(root, "comment"):
        words = squeeze("".join(text.text or "" for text in _all(comment, "t")))
        number = str(comment.get("authorId") or "")
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        words = words.removeprefix(f"{author}:").strip() if author else words
        if words:
            yield f"Comment ({author}): {words}" if author else f"Comment: {words}"


def _boxes(root: Any) -> Iterator[str]:
    for box in _all(root, "txBody") if root is not None else ():
        lines = ("".join(text.text or "" for text in _all(line, "t")) for line in _all(box, "p"))
        if words := "\n".join(line for line in lines if line.strip()):
            yield words


def _root(archive: zipfile.ZipFile, part: str) -> Any:
    try:
        return safe_xml(archive.read(part), WHAT)
    except (KeyError, DocumentError):
        return None


def _all(root: Any, name: str) -> list[Any]:
    return [found for found in root.iter() if isinstance(found.tag, str) and found.tag.endswith(f"}}{name}")]
