from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract import programs
from ingestion.extract.ocr import Recognizer, Scan, Word, segments_of, slope_of, words_of
from tests.ingestion.extract.pictures import LETTER, need_tesseract, picture_of


def given(program: Path) -> Callable[[programs.Program], Path]:
    def find(_: programs.Program) -> Path:
        return program

    return find


def line_of(*words: tuple[str, float], top: float = 100.0, number: str = "1", fall: float = 0.0) -> list[Word]:
    """Words of twenty pixels a letter with their confidence, a blank between; `fall` pixels a pixel."""
    line: list[Word] = []
    left = 50.0
    for text, confidence in words:
        right = left + 20 * len(text)
        y = top + fall * (left + right) / 2
        line.append(Word(left, y, right, y + 36, confidence, text, ("1", "1", number)))
        left = right + 15
    return line


def test_words_are_taken_from_the_table() -> None:
    table = (
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
        "4\t1\t1\t1\t2\t0\t10\t20\t100\t30\t-1\t\n"
        '5\t1\t1\t1\t2\t1\t10\t20\t40\t30\t96.5\t"Ship\n'
        "5\t1\t1\t1\t2\t2\t60\t20\t50\t30\t95\t \n"
        "broken\n"
    )
    assert list(words_of(table)) == [Word(10, 20, 50, 50, 96.5, '"Ship', ("1", "1", "2"))]


def test_a_wide_gap_parts_cells() -> None:
    words = line_of(("Harbour", 95), ("dues", 95))
    far = words[-1]._replace(left=600, right=700, text="12,410")
    (label, number) = segments_of([*words, far], 0.5)
    assert (label.text, number.text) == ("Harbour dues", "12,410")
    assert (label.left, label.right, number.left) == (25, 25 + 70 + 7.5 + 40, 300)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((("Grain", 96), ("and", 45), ("timber", 96)), ["Grain and timber"]),
        ((("Grain", 96), ("timber", 96), ("xq", 12)), ["Grain timber"]),
        ((("wW", 40), ("iil", 35)), []),
        ((("|", 60), ("Grain", 96), ("——", 50)), ["Grain"]),
        ((("«", 20), ("Grain", 96)), ["• Grain"]),
        ((("har-", 96),), ["har\x02"]),
    ],
    ids=["unsure among sure", "guess", "only guesses", "rules", "bullet", "divided"],
)
def test_rubbish_is_left_out(words: tuple[tuple[str, float], ...], text: list[str]) -> None:
    assert [segment.text for segment in segments_of(line_of(*words), 1.0)] == text


def test_sizes_that_waver_become_one() -> None:
    words = [
        word._replace(bottom=word.bottom + waver)
        for number, waver in enumerate((0, 2, -2, 1, -1))
        for word in line_of(("shipped", 95), ("grain", 95), top=100 + 60 * number, number=str(number))
    ]
    heading = [word._replace(bottom=word.bottom + 40) for word in line_of(("Harbour", 95), top=20, number="9")]
    sizes = [segment.size for segment in segments_of([*heading, *words], 1.0)]
    assert len(set(sizes[1:])) == 1
    assert sizes[0] > 1.5 * sizes[1]


def test_lines_that_fall_are_laid_straight() -> None:
    lines = [line_of(*[("shun", 95)] * 8, top=100 + 60 * number, number=str(number), fall=0.03) for number in range(6)]
    assert slope_of([word for line in lines for word in line]) == pytest.approx(0.03, abs=0.001)
    assert slope_of(lines[0]) == 0.0


@pytest.mark.parametrize(
    ("turn", "box"),
    [(0, (10, 20, 40, 30)), (90, (20, 60, 30, 90)), (180, (60, 170, 90, 180)), (270, (170, 10, 180, 40))],
)
def test_boxes_are_turned_back(turn: int, box: tuple[float, ...]) -> None:
    """The turned picture is 100 wide and 200 high, and a word stands near its top left corner."""
    (segment,) = segments_of([Word(10, 20, 40, 30, 95, "Ship", ("1", "1", "1"))], 1.0)
    ((row,),) = [block.rows for block in Scan([segment], turn, 100, 200, 95.0).blocks(1, 2)]
    left, top, right, bottom = box
    run = row[0]
    assert (run.left, run.top, run.right, run.bottom) == (left + 1, top + 2, right + 1, bottom + 2)


def test_a_missing_language_is_said_and_the_others_are_used() -> None:
    need_tesseract()
    recognizer = Recognizer("eng+xyz_abc")
    assert recognizer.languages == "eng"
    (warning,) = recognizer.warnings
    assert "xyz_abc" in warning
    assert "apt install tesseract-ocr-xyz-abc" in warning
    assert Recognizer("eng").warnings == []


def test_without_tesseract_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DocumentError) as caught:
        Recognizer("eng")
    assert caught.value.code == "program_missing"
    assert programs.TESSERACT.debian in (caught.value.hint or "")


def test_without_a_language_the_error_names_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho List of available languages\necho osd\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(programs, "find", given(program))
    with pytest.raises(DocumentError) as caught:
        Recognizer("deu")
    assert caught.value.code == "program_missing"
    assert "tesseract-ocr-deu" in (caught.value.hint or "")


def test_a_tesseract_that_fails_is_worth_another_try(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\n[ "$1" = --list-langs ] && printf "languages\\neng\\n" && exit 0\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setattr(programs, "find", given(program))
    with pytest.raises(DocumentError) as caught:
        Recognizer("eng").read(picture_of(), 150)
    assert (caught.value.code, caught.value.permanent) == ("crashed", False)


def test_a_picture_is_read() -> None:
    need_tesseract()
    scan = Recognizer("eng").read(picture_of(), 150)
    assert [segment.text for segment in scan.segments] == list(LETTER)
    assert scan.turn == 0
    assert scan.confidence > 85
    assert (scan.width, scan.height) == (900 * 72 / 150, 500 * 72 / 150)
