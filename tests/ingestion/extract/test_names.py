"""Names of an archive's members: in the right letters, and harmless."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docvault.library.schemas import folder_path
from ingestion.extract.names import UNICODE_PATH, decoded, is_junk, numbered, placed, unicode_path


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("utf-8", ["Übersicht.pdf", "会議の資料.pdf"]),
        ("cp437", ["Übersicht Größe.pdf", "résumé.doc", "Müller.txt"]),
        ("cp850", ["Übersicht.pdf", "Straße Nr 5.txt", "São Paulo.pdf", "Øre.txt"]),
        ("cp1252", ["Übersicht.pdf", "Straße.txt", "déjà vu.txt", "Ñandú.pdf"]),
        ("cp866", ["Договор аренды.pdf", "Отчёт за 2019.doc", "ПРИКАЗ.txt"]),
        ("cp1251", ["Договор аренды.pdf", "Отчёт.doc"]),
        ("cp932", ["会議の資料.pdf", "議事録.doc", "カタログ.pdf"]),
        ("gb18030", ["合同文件.pdf", "项目报告2019.docx"]),
        ("big5", ["會議紀錄.pdf", "報告.doc"]),
        ("euc_kr", ["회의록.pdf", "보고서.hwp"]),
    ],
)
def test_names_that_do_not_say_what_they_are_written_in(page: str, names: list[str]) -> None:
    assert decoded([name.encode(page) for name in ["plain.txt", *names]]) == ["plain.txt", *names]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/./b//c.txt", "a/b/c.txt"),
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/x.txt", "abs/x.txt"),
        ("C:\\Users\\a\\b.doc", "Users/a/b.doc"),
        ("\\\\?\\C:\\x.txt", "x.txt"),
        ("CON.txt", "_CON.txt"),
        ("aux/lpt1.pdf", "_aux/_lpt1.pdf"),
        ("console.txt", "console.txt"),
        ("x\u202etxt.exe", "x_txt.exe"),
        ("a\x00b\n.txt", "a_b_.txt"),
        ("name .txt. ", "name .txt"),
        (".gitignore", ".gitignore"),
        ("..", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_where_a_member_goes(name: str, path: str) -> None:
    assert placed(name).path == path


@given(st.text(st.characters(), max_size=60) | st.text("./\\ C:con\x00ä", max_size=2000))
def test_whatever_a_member_is_called_its_place_is_one(name: str) -> None:
    place = placed(name)
    assert folder_path(place.folder) == place.folder
    assert place.filename
    assert place.filename.isprintable()
    assert not {"/", "\\"} & set(place.filename)
    assert len(place.filename.encode()) <= 255
    assert place.filename == place.filename.strip()


def test_long_names_keep_their_suffix() -> None:
    name = placed("ä" * 300 + ".pdf").filename
    assert (name[-4:], len(name.encode())) == (".pdf", 254)
    second = numbered(name, 2)
    assert second.endswith(" (2).pdf")
    assert len(second.encode()) <= 255


@pytest.mark.parametrize(("name", "second"), [("a.pdf", "a (2).pdf"), ("Makefile", "Makefile (2)"), (".x", ".x (2)")])
def test_the_second_of_a_name(name: str, second: str) -> None:
    assert numbered(name, 2) == second


@pytest.mark.parametrize(
    ("name", "junk"),
    [
        ("__MACOSX/report.pdf", True), ("a/.DS_Store", True), ("a\\Thumbs.db", True), ("a/._report.pdf", True),
        ("a/report.pdf", False), (".env", False), ("macosx/report.pdf", False),
    ],
)  # fmt: skip
def test_what_systems_put_there(name: str, junk: bool) -> None:
    assert is_junk(name) == junk


def test_a_unicode_path_counts_while_it_is_of_this_name() -> None:
    raw, name = b"_bersicht.pdf", "Übersicht.pdf"
    field = struct.pack("<BI", 1, zlib.crc32(raw)) + name.encode()
    extra = struct.pack("<HH", 0x5455, 1) + b"x" + struct.pack("<HH", UNICODE_PATH, len(field)) + field
    assert unicode_path(extra, raw) == name
    assert unicode_path(extra, b"renamed.pdf") is None
    assert unicode_path(extra[:7], raw) is None
