import itertools
import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.citations import Cited, Citer, Source, last_statement

PAGE = "Report\n\nThe orchard gave 4,312 kilograms of quinces in 2019. Rain fell for ninety days. Nobody was hurt."
TEXT = PAGE[8:]
BOXES = [[10.0, 20.0, 110.0, 30.0], [10.0, 32.0, 60.0, 42.0]]


def source(
    number: int, text: str = TEXT, page_text: str = PAGE, start: int = 8, boxes: list[list[float]] = BOXES
) -> Source:
    return Source(number, UUID(int=number), f"{number}.pdf", 3, text, page_text, start, boxes)


OTHER = "Wages rose by 4 % after the strike of 1911."
SOURCES = [source(1), source(2, OTHER, OTHER, 0, [])]


def read(*pieces: str) -> tuple[str, list[Cited]]:
    citer = Citer(SOURCES)
    parts = [part for piece in pieces for part in citer.feed(piece)] + list(citer.end())
    return "".join(p for p in parts if isinstance(p, str)), [p for p in parts if not isinstance(p, str)]


def test_a_marker_is_answered_by_the_sentence_that_supports_it() -> None:
    text, cited = read("It gave 4,312 kilograms in 2019 [1]. Wages went up 4 % after the strike [2].")
    assert text == "It gave 4,312 kilograms in 2019 [1]. Wages went up 4 % after the strike [2]."
    assert [(c.marker, c.page, c.quote) for c in cited] == [
        (1, 3, "The orchard gave 4,312 kilograms of quinces in 2019."),
        (2, 3, OTHER),
    ]
    assert cited[0].document_id == UUID(int=1)


def test_the_models_own_words_are_looked_up_and_do_not_show() -> None:
    text, cited = read('It was wet [1: "rain fell  for\nninety days"].')
    assert text == "It was wet [1]."
    assert cited[0].quote == "Rain fell for ninety days"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ('It was wet [1: "rain fell for ninety-one days"].', "It was wet."),
        ("The moon is made of cheese [1].", "The moon is made of cheese."),
        ("It gave 4,312 kilograms of quinces [9].", "It gave 4,312 kilograms of quinces."),
        ("It gave 4,312 kilograms of quinces [1, 2].", "It gave 4,312 kilograms of quinces [1]."),
        ('Open [1: "rain fell', "Open"),
        ("Open [1", "Open"),
    ],
)
def test_what_cannot_be_verified_goes_with_its_marker(said: str, left: str) -> None:
    text, cited = read(said)
    assert text == left
    assert len(cited) == text.count("[1]")


@pytest.mark.parametrize(
    "text", ["a[i] = [x]", "see [Smith 2019]", "[12 apples", "[2019] is a year", "[1.5]", "[[", "no", " "]
)
def test_other_brackets_are_text(text: str) -> None:
    assert read(text) == (text, [])


def test_an_open_marker_does_not_hold_back_for_ever() -> None:
    text, cited = read('[1: "' + "word " * 400)
    assert cited == []
    assert text.count("word") == 400


MIXED = (
    'The orchard gave 4,312 kilograms of quinces [1] and [x] it rained [1: "Rain fell for ninety days"], '
    'not [2: "made up"]. Wages rose by 4 % [2; 1] [7] [1'
)


@given(st.lists(st.integers(0, len(MIXED)), max_size=40))
def test_however_the_stream_is_cut_the_answer_is_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(MIXED)]
    pieces = [MIXED[a:b] for a, b in itertools.pairwise(edges)]
    assert read(*pieces) == read(MIXED)
    assert read(MIXED)[0] == (
        "The orchard gave 4,312 kilograms of quinces [1] and [x] it rained [1], not. Wages rose by 4 % [2]"
    )


@given(st.text(alphabet='[]0123:,;" "abc“.', max_size=120))
def test_every_marker_that_is_shown_has_its_citation(text: str) -> None:
    citer, shown = Citer(SOURCES), ""
    for part in [*citer.feed(text), *citer.end()]:
        if isinstance(part, str):
            shown += part
        else:
            assert shown.endswith(f"[{part.marker}]")
            assert part.quote.casefold() in " ".join((PAGE + OTHER).split()).casefold()


@pytest.mark.parametrize("text", ["[1" + ",    " * 20 + "x", '[1:"' * 10_000, "[" + " " * 40_000, "[1;" * 10_000])
def test_no_text_of_a_model_holds_up_the_others(text: str) -> None:
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 2


def test_boxes_are_those_of_the_quoted_lines() -> None:
    lines = source(
        1,
        "one two\nthree four\nfive six",
        "one two\nthree four\nfive six",
        0,
        [[0, n, 9, n + 1] for n in (0.0, 1.0, 2.0)],
    )
    citer = Citer([lines])
    (_, cited, *_) = [*citer.feed('x [1: "two three"]'), *citer.end()][1:]
    assert isinstance(cited, Cited)
    assert [box[1] for box in cited.boxes] == [0.0, 1.0]


def test_boxes_of_joined_lines_are_told_by_their_width() -> None:
    text, cited = read('[1: "The orchard gave"][1: "Nobody was hurt"]')
    assert text == "[1][1]"
    assert [c.boxes for c in cited] == [[BOXES[0]], [BOXES[1]]]


def test_the_title_of_the_page_has_no_box_of_the_passage() -> None:
    assert read('[1: "Report"]')[1][0].boxes == []


def test_the_statement_is_the_last_sentence_or_two_when_it_is_short() -> None:
    assert last_statement("First one here. It gave many quinces [1] in 2019") == "It gave many quinces   in 2019"
    assert last_statement("The orchard gave quinces. Yes.") == "The orchard gave quinces. Yes."
    assert last_statement("") == ""
