import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.sentences import LONGEST, sentences, stems


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        (
            "Dr. Smith paid 3.5 million, i.e. much. It was J. Doe.",
            ["Dr. Smith paid 3.5 million, i.e. much.", "It was J. Doe."],
        ),
        ("東京は首都です。大阪は「大きい。」と言う。", ["東京は首都です。", "大阪は「大きい。」", "と言う。"]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("Title\n\nText here.", ["Title", "Text here."]),
        ("a | b\nc | d\n", ["a | b", "c | d"]),
        ("lines that\nwrap around.", ["lines that\nwrap around."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_text_without_any_mark_is_cut_at_pauses() -> None:
    parts = split("ประเทศไทยมีประชากร " * 100)
    assert len(parts) > 3
    assert all(len(part) <= LONGEST for part in parts)


@given(st.text(alphabet="ab .!?。\n|\"'A1。", max_size=1500))
def test_together_they_hold_every_letter_in_order(text: str) -> None:
    spans = sentences(text)
    assert all(start < end <= start + LONGEST for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert "".join("".join(text[s:e].split()) for s, e in spans) == "".join(text.split())


def test_stems_forget_endings_and_accents() -> None:
    assert stems("Résumés")[0] == stems("resume")[0]
    assert stems("advancing")[0] == stems("advanced")[0]
    assert stems("4,312 kg in 2019") == ["4,312", "kg", "in", "2019"]
    assert stems("数据库") == ["数据", "据库"]
