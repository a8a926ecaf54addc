"""Where parts of a passage stand."""

from __future__ import annotations

from docvault.boxes import boxes_between

TWO = [[0.0, 0.0, 90.0, 10.0], [0.0, 12.0, 90.0, 22.0]]


def test_lines_are_told_by_their_breaks() -> None:
    text = "one two\n\nthree four"
    assert boxes_between(TWO, text, 0, 3) == [TWO[0]]
    assert boxes_between(TWO, text, 9, 14) == [TWO[1]]
    assert boxes_between(TWO, text, 4, 14) == TWO


def test_lines_that_were_joined_are_told_by_the_width_of_their_boxes() -> None:
    assert boxes_between(TWO, "one two three four", 0, 7) == [TWO[0]]
    assert boxes_between(TWO, "one two three four", 14, 18) == [TWO[1]]


def test_what_is_not_in_the_passage_has_no_place() -> None:
    assert boxes_between(TWO, "one two", -20, 0) == []
    assert boxes_between(TWO, "one two", 7, 9) == []
    assert boxes_between([], "one two", 0, 3) == []
