"""Words found as a reader sees them, at their place in the very text."""

from __future__ import annotations

import unicodedata

import pytest

from docvault.library.find import count, fold, pattern, places


def found(text: str, words: str) -> list[str]:
    wanted = pattern(words)
    assert wanted
    spans = list(places(text, wanted))
    assert len(spans) == count(text, wanted)
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The Harbour, the harbour.", "HARBOUR", ["Harbour", "harbour"]),
        ("In the\n  old harbour", "the old  harbour", ["the\n  old harbour"]),
        ("Über die Brücke über die Elbe", "uber die", ["Über die", "über die"]),
        ("uber alles", "Über", ["uber"]),
        ("Straße, STRASSE", "strasse", ["Straße", "STRASSE"]),
        ("eﬃcient oﬀice", "efficient", ["eﬃcient"]),
        ("cafe\u0301 noir", "café", ["cafe\u0301"]),
        ("cafe\u0301", "cafe", ["cafe\u0301"]),
        ("Donau\u00addampf\u00adschiff", "donaudampfschiff", ["Donau\u00addampf\u00adschiff"]),
        ("İstanbul", "istanbul", ["İstanbul"]),
        ("(a+b)* is literal. a+b", "a+b", ["a+b", "a+b"]),
        ("aaa", "aa", ["aa"]),
        ("née Müller\u00a0& Söhne", "muller & sohne", ["Müller\u00a0& Söhne"]),
        ("Москва и москвичи", "МОСКВ", ["Москв", "москв"]),
        ("one", "two", []),
        ("", "two", []),
    ],
)
def test_what_is_found(text: str, words: str, expected: list[str]) -> None:
    assert found(text, words) == expected


@pytest.mark.parametrize("words", ["", "  ", "\n", "\u00ad"])
def test_nothing_is_not_looked_for(words: str) -> None:
    assert pattern(words) is None


def test_a_composed_text_and_its_parts_are_found_alike() -> None:
    text = "Ångström, señor, naïve, Zoë; crème brûlée"
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        written = unicodedata.normalize(form, text)
        assert fold(written) == "angstrom, senor, naive, zoe; creme brulee"
        assert [fold(hit) for hit in found(written, "creme brulee")] == ["creme brulee"]
