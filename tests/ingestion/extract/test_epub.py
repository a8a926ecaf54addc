from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract import epub
from ingestion.extract.document import Extracted
from tests.ingestion.extract.conftest import blocks_of, silent

LOCK = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
    '<enc:EncryptedData><enc:EncryptionMethod Algorithm="%s"/><enc:CipherData><enc:CipherReference URI="%s"/>'
    "</enc:CipherData></enc:EncryptedData></encryption>"
)
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def test_chapters_are_pages_in_the_order_of_the_spine(corpus: Path, sound: Callable[[Extracted], Extracted]) -> None:
    extracted = sound(epub.extract(corpus / "tales.epub", "tales.epub", silent))
    assert extracted.title == "The Keeper’s Tales"
    first, second = extracted.pages
    assert blocks_of(first) == [("heading", 1, "The lamp"), ("paragraph", 0, "It went out at four.")]
    assert blocks_of(second) == [("heading", 1, "The fog"), ("list_item", 0, "- A bell"), ("list_item", 0, "- A horn")]
    assert extracted.warnings == ["Parts that the book lists but does not hold: 1."]


@pytest.mark.parametrize(
    ("method", "part", "locked"),
    [(AES, "book/text/z-first.xhtml", True), (AES, "book/font.otf", False),
     ("http://www.idpf.org/2008/embedding", "book/text/z-first.xhtml", False)],
)  # fmt: skip
def test_books_under_digital_rights_management_say_so(
    corpus: Path, tmp_path: Path, method: str, part: str, locked: bool
) -> None:
    path = tmp_path / "x.epub"
    path.write_bytes((corpus / "tales.epub").read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("META-INF/encryption.xml", LOCK % (method, part))
    if not locked:
        assert len(epub.extract(path, "x.epub", silent).pages) == 2
        return
    with pytest.raises(DocumentError) as caught:
        epub.extract(path, "x.epub", silent)
    assert caught.value.code == "encrypted"


def test_an_archive_without_a_book_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
    with pytest.raises(DocumentError) as caught:
        epub.extract(path, "x.epub", silent)
    assert caught.value.code == "corrupt"
