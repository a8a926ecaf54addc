"""XML from a stranger: nothing outside it is fetched, and nothing inside it grows."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from xml.parsers import expat

from docvault.errors import DocumentError
from ingestion.extract.build import corrupt

PROLOG_BYTES = 1024 * 1024
"""Where the first element must have begun. Looking further would let a comment without an end cost time."""

Element = Any
"""An `lxml` element; the library has no types of its own."""


class _Begun(Exception):
    """The first element: no declaration can follow it."""


class _Declares(Exception):
    """An entity is declared: a name for other text, for a file or for an address."""


def safe_xml(data: bytes, what: str = "The XML file") -> Element:
    """The root element of a whole document.

    Entity declarations are refused, so there is nothing to multiply and nothing to fetch; a document type without them
    is passed over, and what it would have named stays a reference (an `etree.Entity` node, as `&nbsp;` in XHTML). At
    most 256 levels and 10 MB in one text, as libxml2 has it. Raises `DocumentError` (`corrupt`).
    """
    etree: Any = import_module("lxml.etree")
    refuse_entities(data[:PROLOG_BYTES], what)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError):
        raise corrupt(what) from None
    # Encodings that only lxml knows got past the first look.
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise declares_entities(what)
    return root


def refuse_entities(head: bytes, what: str = "The XML file") -> None:
    """Look at the first `PROLOG_BYTES` of a document. Raises `DocumentError` where they declare an entity.

    Bytes that are no XML pass: whoever reads them says so.
    """
    parser = expat.ParserCreate()
    parser.StartElementHandler = _begun
    parser.EntityDeclHandler = _declares
    try:
        parser.Parse(head, False)
    except _Begun:
        return
    except _Declares:
        raise declares_entities(what) from None
    except expat.ExpatError:
        # In two-byte encodings every other byte is NUL.
        if b"<!ENTITY" in head.replace(b"\0", b""):
            raise declares_entities(what) from None
        return
    if len(head) >= PROLOG_BYTES:
        raise corrupt(what)


def declares_entities(what: str) -> DocumentError:
    return DocumentError(
        f"{what} declares entities, which could make it grow without end or fetch other files.",
        code="corrupt",
        hint="Save it again without a document type (DTD), and upload the new copy.",
    )


def _begun(_name: str, _attributes: dict[str, str]) -> None:
    raise _Begun


def _declares(*_declaration: object) -> None:
    raise _Declares
