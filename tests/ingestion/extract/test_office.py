from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract import office
from ingestion.extract.document import Extracted, Options
from ingestion.extract.reader import Reader
from ingestion.filetypes import DOCX, PPTX, XLSX
from tests.ingestion.extract.conftest import blocks_of, silent


async def read(reader: Reader, path: Path, content_type: str = DOCX.content_type) -> Extracted:
    return (await reader.read(path, filename=path.name, content_type=content_type)).extracted


async def test_word(reader: Reader, corpus: Path) -> None:
    extracted = await read(reader, corpus / "handbook.docx")
    assert extracted.title == "Handbook of the Pilots"
    blocks = blocks_of(extracted.pages[0])
    assert [block for block in blocks if block[0] == "heading"] == [
        ("heading", 1, "Handbook of the Pilots"),
        ("heading", 1, "Signals"),
        ("heading", 2, "Flags"),
    ]
    assert ("list_item", 0, "- A yellow flag asks for a pilot.") in blocks
    assert blocks[-1] == ("table", 0, "Flag | Meaning\nYellow | Pilot wanted\nBlue | Pilot aboard")


async def test_slides_are_pages(reader: Reader, corpus: Path) -> None:
    extracted = await read(reader, corpus / "crane.pptx", PPTX.content_type)
    first, second = extracted.pages
    assert blocks_of(first) == [("heading", 1, "The new crane"), ("paragraph", 0, "A talk for the board")]
    assert blocks_of(second) == [
        ("heading", 1, "What it lifts"),
        ("table", 0, "Goods | Tons\nTimber | 12\nGranite | 30"),
    ]


async def test_sheets_are_pages(reader: Reader, corpus: Path) -> None:
    first, second = (await read(reader, corpus / "dues.xlsx", XLSX.content_type)).pages
    assert blocks_of(first) == [
        ("heading", 1, "Dues"),
        ("table", 0, "Ship | Tons | Due\nAurora | 310 | 62.5\nBoreas | 120 | 24"),
    ]
    assert blocks_of(second) == [("heading", 1, "Notes"), ("paragraph", 0, "Dues are reckoned by the ton.")]


async def test_the_whole_archive_decides_what_it_is(reader: Reader, corpus: Path) -> None:
    assert len((await read(reader, corpus / "crane.pptx", DOCX.content_type)).pages) == 2


def archive(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, "not XML at all")
    return path


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted"), (b"PK\x03\x04 and then nothing", "corrupt")],
)
async def test_what_is_no_archive_says_why(reader: Reader, tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "file.docx"
    path.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        await read(reader, path)
    assert caught.value.code == code


@pytest.mark.parametrize(("member", "code"), [("word/document.xml", "corrupt"), ("notes.txt", "unsupported_type")])
async def test_archives_that_are_no_office_files(reader: Reader, tmp_path: Path, member: str, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        await read(reader, archive(tmp_path / "file.docx", member))
    assert caught.value.code == code


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(corpus: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        office.extract(corpus / "handbook.docx", "handbook.docx", silent, Options(unpacked_bytes=10_000))
    assert caught.value.code == "archive_bomb"


async def test_files_with_macros_and_the_strict_form_are_read_like_others(
    reader: Reader, corpus: Path, tmp_path: Path
) -> None:
    changes = {
        b"vnd.openxmlformats-officedocument.wordprocessingml.document.main": b"vnd.ms-word.document.macroEnabled.main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/": b"http://purl.oclc.org/ooxml/officeDocument/",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/": b"http://purl.oclc.org/ooxml/wordprocessingml/",
    }
    path = tmp_path / "handbook.docm"
    with zipfile.ZipFile(corpus / "handbook.docx") as plain, zipfile.ZipFile(path, "w") as other:
        for member in plain.infolist():
            data = plain.read(member)
            for old, new in changes.items():
                data = data.replace(old, new)
            other.writestr(member.filename, data)
    expected = await read(reader, corpus / "handbook.docx")
    assert (await read(reader, path)).pages == expected.pages
