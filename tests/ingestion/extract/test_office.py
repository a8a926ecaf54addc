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
    [(b"", "empty"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "corrupt"), (b"PK\x03\x04 and then nothing", "corrupt")],
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


def rewritten(source: Path, target: Path, changes: dict[str, tuple[bytes, bytes]], more: dict[str, bytes]) -> Path:
    """A copy with text replaced in some of its parts, and further parts."""
    with zipfile.ZipFile(source) as plain, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as other:
        for member in plain.infolist():
            data = plain.read(member)
            for old, new in (changes[name] for name in changes if name == member.filename):
                assert old in data
                data = data.replace(old, new, 1)
            other.writestr(member.filename, data)
        for name, data in more.items():
            other.writestr(name, data)
    return target


WORD = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


async def test_notes_comments_insertions_and_controls_of_word(reader: Reader, corpus: Path, tmp_path: Path) -> None:
    run = b"<w:r><w:t>%s</w:t></w:r>"
    added = (
        b"<w:body><w:p>" + run % b"Start" + b'<w:ins w:id="1">' + run % b" put in" + b'</w:ins><w:del w:id="2"><w:r>'
        b'<w:delText> taken out</w:delText></w:r></w:del><w:r><w:footnoteReference w:id="5"/></w:r></w:p>'
        b"<w:sdt><w:sdtPr/><w:sdtContent><w:p>" + run % b"Inside a control" + b"</w:p></w:sdtContent></w:sdt>"
    )
    note = b"<w:%ss " + WORD + b'><w:%s w:id="5" w:author="Ada"><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:%s></w:%ss>'
    path = rewritten(
        corpus / "handbook.docx",
        tmp_path / "notes.docx",
        {"word/document.xml": (b"<w:body>", added)},
        {
            "word/footnotes.xml": note % (b"footnote", b"footnote", b"Of 1887.", b"footnote", b"footnote"),
            "word/comments.xml": note % (b"comment", b"comment", b"Really?", b"comment", b"comment"),
        },
    )
    (page,) = (await read(reader, path)).pages
    blocks = [text for *_, text in blocks_of(page)]
    assert blocks[:2] == ["Start put in[1]", "Inside a control"]
    assert blocks[-2:] == ["[1] Of 1887.", "Comment (Ada): Really?"]
    assert "taken out" not in page.text
    assert [page.text.count(words) for words in ("Of 1887.", "Really?", "Inside a control")] == [1, 1, 1]


async def test_comments_and_boxes_of_excel(reader: Reader, corpus: Path, tmp_path: Path) -> None:
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    path = rewritten(
        corpus / "dues.xlsx",
        tmp_path / "dues.xlsx",
        {},
        {
            "xl/worksheets/_rels/sheet1.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            b'relationships"><Relationship Id="a" Type="'
            + kind
            + b'comments" Target="../comments1.xml"/><Relationship '
            b'Id="b" Type="' + kind + b'drawing" Target="/xl/drawings/drawing1.xml"/></Relationships>',
            "xl/comments1.xml": b"<comments " + main + b"><authors><author>Ada</author></authors><commentList><comment "
            b'ref="A1" authorId="0"><text><r><t>Ada:</t></r><r><t> sold?</t></r></text></comment></commentList>'
            b"</comments>",
            "xl/drawings/drawing1.xml": b'<x:wsDr xmlns:x="http://x" xmlns:a="http://a"><x:txBody><a:p><a:r>'
            b"<a:t>In a box</a:t></a:r></a:p></x:txBody></x:wsDr>",
        },
    )
    first, _ = (await read(reader, path, XLSX.content_type)).pages
    assert [text for *_, text in blocks_of(first)][-2:] == ["Comment (Ada): sold?", "In a box"]
