"""EPUB 2 and 3: the parts of the spine in their order, each a page, read as HTML."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docvault.errors import DocumentError
from ingestion.extract.build import Report, clean, corrupt, empty, first_heading, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.packed import check_archive
from ingestion.extract.web import html_page
from ingestion.extract.xml import safe_xml

WHAT = "The EPUB"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_FONT_LOCKS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError`: `empty`, `corrupt`, `encrypted` where the text is under digital rights management."""
    if not path.stat().st_size:
        raise empty()
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, options, WHAT)
            return _Book(archive).read(report)
    except (zipfile.BadZipFile, KeyError, OSError, NotImplementedError, EOFError) as error:
        raise corrupt(WHAT) from error
    except RuntimeError as error:
        if isinstance(error, RecursionError):
            raise
        raise corrupt(WHAT) from error


class _Book:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = set(archive.namelist())
        self.place = self._package()
        self.folder = self.place.rpartition("/")[0]
        self.package = safe_xml(archive.read(self.place), WHAT)

    def read(self, report: Report) -> Extracted:
        parts, missing = self._spine()
        self._refuse_locked(parts)
        pages: list[Page] = []
        for number, part in enumerate(parts, 1):
            page = html_page(_without_declaration(self.archive.read(part)))
            pages.append(Page(number, page.text, page.blocks))
            report(number, len(parts))
        warnings = [f"Parts that the book lists but does not hold: {missing}."] if missing else []
        return Extracted(pages, self._title() or first_heading(pages), warnings=warnings)

    def _package(self) -> str:
        """Where the book's own list of contents is."""
        if "META-INF/container.xml" in self.names:
            container = safe_xml(self.archive.read("META-INF/container.xml"), WHAT)
            for element in _all(container, "rootfile"):
                place = str(element.get("full-path") or "")
                if place in self.names:
                    return place
        found = sorted(name for name in self.names if name.lower().endswith(".opf"))
        if not found:
            raise corrupt(WHAT)
        return found[0]

    def _spine(self) -> tuple[list[str], int]:
        """The parts in reading order, and how many of them are missing."""
        items = {str(item.get("id")): item for item in _all(self.package, "item")}
        order = [items[key] for reference in _all(self.package, "itemref") if (key := reference.get("idref")) in items]
        if not order:
            order = [item for item in items.values() if item.get("media-type") in _PAGES]
        places = [self._resolved(str(item.get("href") or "")) for item in order]
        found = [place for place in dict.fromkeys(places) if place in self.names]
        return found, len(set(places) - set(found))

    def _resolved(self, address: str) -> str:
        parts: list[str] = self.folder.split("/") if self.folder else []
        for step in unquote(address.partition("#")[0]).split("/"):
            if step == "..":
                parts = parts[:-1]
            elif step not in {"", "."}:
                parts.append(step)
        return "/".join(parts)

    def _refuse_locked(self, parts: list[str]) -> None:
        """Fonts may be scrambled in a book that anybody may read; its text may not."""
        if "META-INF/encryption.xml" not in self.names:
            return
        listing = safe_xml(self.archive.read("META-INF/encryption.xml"), WHAT)
        locked: set[str] = set()
        for data in _all(listing, "EncryptedData"):
            method = next((str(found.get("Algorithm")) for found in _all(data, "EncryptionMethod")), "")
            if method not in _FONT_LOCKS:
                locked |= {unquote(str(found.get("URI"))) for found in _all(data, "CipherReference")}
        if locked.intersection(parts):
            raise DocumentError(
                "The book is under digital rights management, which only its seller's own programs can open.",
                code="encrypted",
                hint="Upload a copy without it, if you may make one.",
            )

    def _title(self) -> str | None:
        for element in _all(self.package, "title"):
            if words := squeeze(clean("".join(element.itertext()))):
                return words[:300]
        return None


def _all(root: Any, name: str) -> list[Any]:
    return [
        element for element in root.iter() if isinstance(element.tag, str) and element.tag.endswith(f"}}{name}")
    ] or list(root.iter(name))


def _without_declaration(data: bytes) -> bytes:
    """The HTML parser takes an XML declaration for text in front of the page."""
    if data.lstrip()[:5] == b"<?xml" and b"encoding" not in data[:200]:
        return data[data.index(b"?>") + 2 :] if b"?>" in data[:400] else data
    return data
