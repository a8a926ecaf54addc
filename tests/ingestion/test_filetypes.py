import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.extract.child import EXTRACTORS
from ingestion.filetypes import HEAD_BYTES, SUPPORTED, refusal, sniff, sniff_office

CORPUS = Path(__file__).parents[1] / "corpus"


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("report.pdf", "pdf"),
        ("encrypted.pdf", "pdf"),
        ("handbook.docx", "docx"),
        ("crane.pptx", "pptx"),
        ("dues.xlsx", "xlsx"),
        ("page.html", "html"),
        ("guide.md", "markdown"),
        ("log.txt", "text"),
        ("log-utf16.txt", "text"),
        ("log-latin1.txt", "text"),
        ("ships.csv", "csv"),
        ("ships-utf16.csv", "csv"),
        ("damage.eml", "email"),
        ("handbook.doc", "doc"),
        ("dues.xls", "xls"),
        ("handbook.odt", "odt"),
        ("dues.ods", "ods"),
        ("crane.odp", "odp"),
        ("tales.epub", "epub"),
    ],
)
def test_files_are_told_by_their_bytes(name: str, family: str) -> None:
    head = (CORPUS / name).read_bytes()[:HEAD_BYTES]
    assert sniff(head, name).family == family
    if family not in {"markdown", "csv", "doc"}:  # the names in that container come after its first 8 KiB
        assert sniff(head, "without-a-suffix").family == family


def test_content_wins_over_the_name() -> None:
    assert sniff((CORPUS / "pixel.pdf").read_bytes(), "report.pdf") == ("image/png", "image")
    assert sniff(b"%PDF-1.4\n", "notes.txt").family == "pdf"
    assert sniff(b"<!DOCTYPE html><p>x", "table.csv").family == "html"
    assert sniff(b"\xff\xd8\xff\xe0 cut off", "photo.jpg") == ("image/jpeg", "image")


def test_letters_a_picture_begins_with_may_begin_a_text() -> None:
    assert sniff(b"BM is the sign of bitmaps.", "note.txt").family == "text"
    assert sniff(b"BM\x8a\x00\x00\x00\x00\x00\x00\x00", "photo").family == "image"


def test_the_name_decides_between_formats_that_look_alike() -> None:
    head = b"a,b\n1,2\n"
    assert [sniff(head, f"x.{suffix}").family for suffix in ("txt", "csv", "md")] == ["text", "csv", "markdown"]


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"", "application/x-empty"),
        (b"\x00\x01\x02\x03" * 20, "application/octet-stream"),
        (b"\x1f\x8b\x08rest", "application/gzip"),
        (b"PK\x03\x04" + b"\x00" * 22 + b"\x05\x00\x00\x00a.txt", "application/zip"),
    ],
)
def test_what_cannot_be_read_has_no_family_and_a_reason(head: bytes, content_type: str) -> None:
    kind = sniff(head, "file.bin")
    assert kind == (content_type, None)
    assert refusal(kind).endswith(".")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be", "cp1252"])
def test_text_in_any_encoding_is_text(encoding: str) -> None:
    head = ("Grüße aus Lindholm. " * 400).encode(encoding)[:HEAD_BYTES]
    assert sniff(head, "letter").family == "text"


def test_a_character_cut_off_at_the_end_of_the_head_is_no_binary() -> None:
    assert sniff("ü".encode() * 10 + b"\xc3", "x.txt").family == "text"


def test_a_sentence_with_a_colon_is_no_mail() -> None:
    assert sniff(b"Subject: what we know\n\nNothing yet.", "note.txt").family == "text"
    assert sniff(b"Subject: what we know\n\nNothing yet.", "note.eml").family == "email"


def test_an_office_file_is_told_by_its_members() -> None:
    assert sniff_office(["[Content_Types].xml", "word/document.xml"]).family == "docx"
    assert sniff_office(["a.txt"]).family is None


def test_every_content_type_has_one_reader() -> None:
    assert len({kind.content_type for kind in SUPPORTED}) == len(SUPPORTED)
    families = [kind.family for kind in SUPPORTED if not kind.content_type.startswith("image/")]
    assert len(set(families)) == len(families)
    assert {kind.family for kind in SUPPORTED} == set(EXTRACTORS)


@pytest.mark.parametrize(
    ("head", "name", "family"),
    [
        (b"{\\rtf1 hello}", "letter.doc", "rtf"),
        (b"<?xml version='1.0'?><a/>", "x", "xml"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "x", "xml"),
        (b"<note><to>you</to></note>", "note.xml", "xml"),
        (b'{"a": 1}', "x", "json"),
        (b'[{"a": 1}, {"a": 2}]', "x", "json"),
        (b'{"a": 1}\n{"a": 2}\n', "x", "ndjson"),
        (b'{\n  "a": 1\n}', "x", "json"),
        (b"[1, 2]", "x.json", "json"),
        (b"[1] A list of sources", "x", "text"),
        (b"{ brace yourself }", "x", "text"),
        (b"Title\n=====\n", "x.rst", "rst"),
        (b"a\tb\n1\t2\n", "x.tsv", "csv"),
        (b"a\tb\n1\t2\n", "x.xls", "csv"),
        (b"<html><table>", "x.xls", "html"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00" + bytes(50), "x.xls", "xls"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "x", "ole"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "x.msg", "msg"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "x.pptx", "pptx"),
        (b"def main():\n    pass\n", "x.py", "text"),
    ],
)
def test_formats_that_begin_with_words(head: bytes, name: str, family: str) -> None:
    assert sniff(head, name).family == family


def test_a_locked_office_file_is_what_its_name_says() -> None:
    head = (CORPUS / "locked.xlsx").read_bytes()[:HEAD_BYTES]
    assert [sniff(head, name).family for name in ("a.xlsx", "a.docx", "a")] == ["xlsx", "docx", "ole"]


def test_an_archive_that_begins_with_a_pdf_is_no_pdf() -> None:
    """Files are often put into archives as they are."""
    packed, joined, pdf = io.BytesIO(), io.BytesIO(), b"%PDF-1.7 and so on"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.pdf", pdf)
    with tarfile.open(fileobj=joined, mode="w") as archive:
        member = tarfile.TarInfo("a.pdf")
        member.size = len(pdf)
        archive.addfile(member, io.BytesIO(pdf))
    assert sniff(packed.getvalue(), "box") == ("application/zip", None)
    assert sniff(joined.getvalue(), "box") == ("application/x-tar", None)
    assert sniff(b"\n" * 600 + pdf, "late").family == "pdf"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(["x", "x.xls", "x.json", "x.xml", "x.docx", "x.eml"]))
def test_nothing_makes_it_raise(head: bytes, name: str) -> None:
    for start in (b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"{", b"<", b"[{"):
        sniff(start + head, name)
