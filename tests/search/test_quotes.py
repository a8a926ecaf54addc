import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.quotes import locate, shown

PAGE = "The so-called “exam-\nple” of  1994\nshowed that the therapist’s work\xa0was well-known. 日本語の文章です。"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("example", "exam- ple"),
        ('"example" of 1994 showed', "exam- ple” of 1994 showed"),
        ("THE THERAPIST'S WORK WAS", "the therapist’s work was"),
        ("wellknown", "well-known"),
        ("well-known", "well-known"),
        ("so‑called", "so-called"),
        ("文章", "文章"),
        ("1994", "1994"),
    ],
)
def test_found_though_written_otherwise(quote: str, found: str) -> None:
    place = locate(PAGE, quote)
    assert place
    assert shown(PAGE, *place) == found


@pytest.mark.parametrize("quote", ["", "“”", "e", "the rapist", "herapist", "199", "of 1995", "showed that that"])
def test_not_found_when_a_word_differs(quote: str) -> None:
    assert locate(PAGE, quote) is None


def test_of_several_places_the_one_in_the_passage() -> None:
    page = "cats sleep. dogs bark. cats sleep."
    assert locate(page, "cats sleep", near=15) == (23, 33)
    assert locate(page, "cats sleep", near=0) == (0, 10)
    assert locate(page, "dogs bark", near=30) == (12, 21)


@given(st.text(alphabet="abc dé\n'“Ωß数", min_size=1, max_size=80), st.data())
def test_any_whole_words_of_a_page_are_found_on_it(page: str, data: st.DataObject) -> None:
    words = [(n, w) for n, w in enumerate(page.split()) if sum(c.isalnum() for c in w) >= 2 and w.isalnum()]
    if words:
        _, word = data.draw(st.sampled_from(words))
        assert locate(page, word)
