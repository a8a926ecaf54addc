from pathlib import Path

import pytest

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
    ],
)
def test_files_are_told_by_their_bytes(name: str, family: str) -> None:
    head = (CORPUS / name).read_bytes()[:HEAD_BYTES]
    assert sniff(head, name).family == family
    if family not in {"markdown", "csv"}:
        assert sniff(head, "without-a-suffix").family == family


def test_content_wins_over_the_name() -> None:
    assert sniff((CORPUS / "pixel.pdf").read_bytes(), "report.pdf") == ("image/png", None)
    assert sniff(b"%PDF-1.4\n", "notes.txt").family == "pdf"
    assert sniff(b"<!DOCTYPE html><p>x", "table.csv").family == "html"


def test_the_name_decides_between_formats_that_look_alike() -> None:
    head = b"a,b\n1,2\n"
    assert [sniff(head, f"x.{suffix}").family for suffix in ("txt", "csv", "md")] == ["text", "csv", "markdown"]


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"", "application/x-empty"),
        (b"\x00\x01\x02\x03" * 20, "application/octet-stream"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100, "application/x-ole-storage"),
        (b"\x1f\x8b\x08rest", "application/gzip"),
        (b"{\\rtf1 hello}", "application/rtf"),
        (b"<?xml version='1.0'?><a/>", "application/xml"),
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


def test_every_family_has_one_content_type() -> None:
    assert len({kind.family for kind in SUPPORTED}) == len({kind.content_type for kind in SUPPORTED}) == len(SUPPORTED)
