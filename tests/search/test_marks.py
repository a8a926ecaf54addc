"""Marks: the words that the ranking counts, where they stand."""

from __future__ import annotations

import re

import pytest

from search.marks import MOST, merged
from search.retrieve import Query, retrieve
from tests.search.conftest import NewShelf


@pytest.mark.parametrize(
    ("question", "language", "passage", "marked"),
    [
        ("How many quince trees?", "en", "Quinces, a tree; QUINCE. Not acquainted.", ["Quinces", "tree", "QUINCE"]),
        ("running costs", "en", "It costs what it cost: runs, category.", ["costs", "cost", "runs"]),
        ("Wie hoch sind die Häuser?", "de", "Das Haus ist hoch, Häuser auch.", ["Haus", "hoch", "Häuser"]),
        ("Zurich", "en", "In Zürich and in Zu\u0308rich.", ["Zürich", "Zu\u0308rich"]),
        ("Größe", "de", "Die GRÖSSE und Große.", ["GRÖSSE", "Große"]),
        ("4.312 kilograms", "en", "It gave 4.312 kilograms of 5.312.", ["4.312", "kilograms"]),
        ("well-known", "en", "A well-known, known thing.", ["well-known", "known"]),
        ("mail to anna@example.org", "en", "Write: anna@example.org (mail).", ["anna@example.org", "mail"]),
        ("数据库", "zh", "这个数据库很快, ABC数据。", ["数据库", "数据"]),
        ("finance_plan", "en", "A \ufb01nance_plan: re\ufb01ned \ufb01re.", ["\ufb01nance", "plan"]),
        ("が", "ja", "それが", []),
        ("हिन्दी भाषा", "hi", "यह हिन्दी भाषा है।", ["हिन्दी", "भाषा"]),
        ("the of and", "en", "the of and", []),
        ("الكتاب", "ar", "هذا كتاب جديد", ["كتاب"]),
    ],
)  # fmt: skip
async def test_the_words_that_answer_are_marked(
    new_shelf: NewShelf, question: str, language: str, passage: str, marked: list[str]
) -> None:
    shelf = await new_shelf()
    await shelf.put("a.txt", passage, language=language)
    hits = await retrieve(shelf.resources, shelf.owner_id, Query(question, 5))
    assert [[passage[start:end] for start, end in hit.marks] for hit in hits] == [marked]


async def test_meaning_alone_marks_nothing(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    await shelf.put("a.txt", "Quinces and pears.")
    (hit,) = await retrieve(shelf.resources, shelf.owner_id, Query("quinces", 5, "semantic"))
    assert hit.marks == ()


async def test_no_word_that_the_ranking_counts_is_missed(new_shelf: NewShelf) -> None:
    """A text asked for itself: the beginnings that are looked at leave none of its stems out."""
    passage = (
        "Skies were dyed while the women's committees hastily organised universities; happiness, generalizations "
        "and 3.14 or 2,718 flies (well-being) flew to Łódź, naïve cafés and Straßen."
    )
    shelf = await new_shelf()
    await shelf.put("a.txt", passage)
    (hit,) = await retrieve(shelf.resources, shelf.owner_id, Query(passage, 5))
    left = "".join(" " if any(s <= n < e for s, e in hit.marks) else c for n, c in enumerate(passage))
    assert set(re.findall(r"\w+", left)) == {"were", "while", "the", "s", "and", "or", "to"}


def test_marks_are_in_order_and_touch_no_character_twice() -> None:
    assert merged([(5, 7), (0, 2), (1, 4), (7, 8)]) == [(0, 4), (5, 7), (7, 8)]
    assert len(merged([(n, n + 1) for n in range(0, 1000, 2)])) == MOST
