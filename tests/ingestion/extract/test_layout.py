from __future__ import annotations

import pytest

from ingestion.extract.layout import cells_of, is_bullet, rough_blocks
from ingestion.extract.pdf_words import Segment


def run(
    left: float, top: float, text: str, *, size: float = 10.0, bold: bool = False, width: float | None = None
) -> Segment:
    right = left + (width if width is not None else len(text) * size * 0.5)
    return Segment((left, top, right, top + size * 1.2), text, size, bold, True)


def texts(runs: list[Segment]) -> list[list[str]]:
    return [[" ".join(part.text for part in row) for row in block.rows] for block in rough_blocks(runs, 600)]


def test_a_footnote_mark_belongs_to_its_line() -> None:
    raised = Segment((152, 98, 156, 105), "1", 6, False, True)
    assert texts([run(50, 100, "Income of the harbour", width=100), raised]) == [["Income of the harbour 1"]]


def test_a_bullet_begins_a_paragraph() -> None:
    lines = [run(50, 100, "• the first of the points"), run(50, 112, "• the second of the points")]
    assert [len(block) for block in texts(lines)] == [1, 1]
    assert is_bullet("(a) word")
    assert not is_bullet("A word")


def test_labels_and_numbers_are_a_table_even_where_labels_are_long() -> None:
    lines: list[Segment] = []
    for number in range(8):
        lines += [
            run(50, 100 + number * 14, f"A rather long label of row {number}"),
            run(400, 100 + number * 14, f"{number},000"),
        ]
    (block,) = rough_blocks(lines, 600)
    assert block.table
    assert cells_of(block.rows[2]) == ["A rather long label of row 2", "2,000"]


def test_signs_and_brackets_go_to_their_number() -> None:
    row = [
        run(50, 100, "Loss"),
        run(300, 100, "$"),
        run(320, 100, "(410"),
        run(345, 100, ")"),
        run(400, 100, "12"),
        run(420, 100, "%"),
    ]
    assert cells_of(row) == ["Loss", "$ (410)", "12%"]


def test_rows_of_headings_above_the_numbers_are_the_header() -> None:
    lines = [run(300, 100, "Year ended"), run(400, 100, "Year ended"), run(300, 112, "1886"), run(400, 112, "1887")]
    for number in range(3):
        top = 126 + number * 12
        lines += [run(50, top, "Label"), run(300, top, "1,000"), run(400, top, "2,000")]
    (block,) = rough_blocks(lines, 600)
    assert (block.table, block.header) == (True, 2)


@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_two_columns_whether_or_not_their_lines_are_level(offset: float) -> None:
    lines = [run(50, 60, "A title that goes right across the page and both of its columns", size=16)]
    for number in range(10):
        lines.append(run(50, 100 + number * 12, f"left line {number} of running text", width=220))
        lines.append(run(300, 100 + offset + number * 12, f"right line {number} of running text", width=220))
    read = [line for block in texts(lines) for line in block]
    assert read[0].startswith("A title")
    assert [line.split()[0] for line in read[1:]] == ["left"] * 10 + ["right"] * 10
