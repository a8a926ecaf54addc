"""What lies beside and around the text of a Word file: notes, comments, insertions and controls."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import squeeze
from ingestion.extract.xml import safe_xml

Element = Any

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WRAPPERS = frozenset({"ins", "moveTo", "smartTag", "customXml", "sdt", "sdtContent"})
"""Elements around text that the libraries pass over with all that is in them."""
_GONE = frozenset({"del", "moveFrom", "sdtPr", "sdtEndPr", "customXmlPr", "smartTagPr"})
_REFERENCES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}
_INTERESTING = re.compile(rb"<w:(?:ins|moveTo|smartTag|customXml|sdt|footnoteReference|endnoteReference)\b")


_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")


def transitional(part: bytes) -> bytes:
    """A part of an Office file with the names of the standard's common form in place of those of its strict one."""
    return _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/", part)


def flattened(document: bytes) -> bytes:
    """The main part with what was inserted as ordinary text, without what was deleted, and with `[1]` for each note."""
    if not _INTERESTING.search(document):
        return document
    etree: Any = import_module("lxml.etree")
    root = safe_xml(document, "The Office file")
    for number, (reference, _) in enumerate(_note_references(root), 1):
        mark = etree.Element(f"{WORD}t")
        mark.text = f"[{number}]"
        reference.getparent().replace(reference, mark)
    for element in [found for found in root.iter() if _local(found) in _WRAPPERS | _GONE]:
        parent = element.getparent()
        # Marks in the properties of paragraphs and rows say that these were inserted; they hold nothing.
        if parent is None or _local(parent) in {"rPr", "trPr"}:
            continue
        if _local(element) in _WRAPPERS:
            place = parent.index(element)
            parent[place : place + 1] = list(element)
        else:
            parent.remove(element)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return data


def beside(archive: zipfile.ZipFile) -> Iterator[str]:
    """Footnotes and endnotes in the order of their marks, then comments with who made them."""
    names = set(archive.namelist())
    if "word/document.xml" not in names:
        return
    notes = {part: _by_id(archive, f"word/{part}.xml", names) for part in ("footnotes", "endnotes")}
    root = safe_xml(transitional(archive.read("word/document.xml")), "The Office file")
    for number, (_, (part, key)) in enumerate(_note_references(root), 1):
        if words := _words(notes[part].get(key)):
            yield f"[{number}] {words}"
    for comment in _by_id(archive, "word/comments.xml", names).values():
        author = squeeze(comment.get(f"{WORD}author") or "")
        if words := _words(comment):
            yield f"Comment ({author}): {words}" if author else f"Comment: {words}"


def _note_references(root: Element) -> list[tuple[Element, tuple[str, str]]]:
    """Marks of notes, and which note each is; those that only old readers see are left out."""
    marks = root.iter(*(f"{WORD}{name}" for name in _REFERENCES))
    return [
        (mark, (_REFERENCES[_local(mark)], mark.get(f"{WORD}id") or ""))
        for mark in marks
        if not any(ancestor.tag == _FALLBACK for ancestor in mark.iterancestors())
    ]


def _by_id(archive: zipfile.ZipFile, part: str, names: set[str]) -> dict[str, Element]:
    if part not in names:
        return {}
    try:
        root = safe_xml(transitional(archive.read(part)), "The Office file")
    except DocumentError:
        return {}
    return {child.get(f"{WORD}id") or "": child for child in root}


def _words(note: Element | None) -> str:
    if note is None:
        return ""
    lines = ("".join(run.text or "" for run in line.iter(f"{WORD}t")) for line in note.iter(f"{WORD}p"))
    return squeeze(" ".join(lines))


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) and element.tag.startswith(WORD) else ""
