"""No name leads out of the folder that the ZIP is unpacked in, and none hides another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docvault.export.names import MAX_PART, Names, safe


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\Windows\\win.ini", "C__Windows_win.ini"),
        ("a\nb\x00c\u202egpj.exe", "a_b_c_gpj.exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("console.txt", "console.txt"),
        ("what?.txt ", "what_.txt"),
        ("ends. . .", "ends"),
        (".gitignore", ".gitignore"),
        ("日本語 ümlaut.md", "日本語 ümlaut.md"),
    ],
)
def test_names_are_made_safe(part: str, name: str) -> None:
    assert safe(part) == name


def test_long_names_keep_their_ending() -> None:
    name = safe("é" * 200 + ".docx")
    assert name.endswith("é.docx")
    assert MAX_PART - 1 <= len(name.encode()) <= MAX_PART
    assert len(safe("x" * 300).encode()) == MAX_PART


def test_doubles_are_renamed_and_ours_are_kept_free() -> None:
    names = Names()
    given = [
        ("a", "x.txt"),
        ("a", "X.txt"),
        ("a", "x.txt"),
        ("a", "x (2).txt"),
        ("", "documents.json"),
        ("a/../b", "y"),
    ]
    assert [names.path(folder, name) for folder, name in given] == [
        "a/x.txt",
        "a/X (2).txt",
        "a/x (3).txt",
        "a/x (2) (2).txt",
        "documents (2).json",
        "a/_/b/y",
    ]
    assert names.path("Trash", "z") == "Trash/z"
    assert names.path("", "z", trashed=True) == "Trash/z (2)"


def test_no_file_stands_where_a_folder_is() -> None:
    names = Names()
    given = [
        ("", "notes.txt"),
        ("notes.txt", "a"),
        ("NOTES.txt/b", "a"),
        ("c", "d"),
        ("", "C"),
        ("documents.json", "x"),
    ]
    assert [names.path(folder, name) for folder, name in given] == [
        "notes.txt",
        "notes (2).txt/a",
        "notes (2).txt/b/a",
        "c/d",
        "C (2)",
        "documents (2).json/x",
    ]


def test_many_doubles_take_no_longer_each() -> None:
    names = Names()
    made = {names.path("", "same.txt") for _ in range(20_000)}  # quadratic, this would take minutes
    assert len(made) == 20_000


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_leads_out(folder: str, filename: str) -> None:
    path = Names().path(folder, filename)
    assert not path.startswith("/")
    assert "\\" not in path and ":" not in path and "\0" not in path
    assert all(part not in ("", ".", "..") for part in path.split("/"))
