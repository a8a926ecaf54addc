from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.extract.data import json_from_bytes
from ingestion.extract.document import Extracted
from tests.ingestion.extract.conftest import blocks_of

Sound = Callable[[Extracted], Extracted]
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def texts(value: object) -> list[str]:
    return [text for *_, text in blocks_of(json_from_bytes(json.dumps(value).encode()).pages[0])]


def test_values_carry_their_path() -> None:
    value = {"title": "Tides", "station": {"name": "Lindholm", "at": [55.1, 10.2]}, "a b": {"c": None, "d": True}}
    assert texts(value) == ["title: Tides\nstation.name: Lindholm\nstation.at: 55.1, 10.2", '["a b"].d: true']
    assert json_from_bytes(json.dumps(value).encode()).title == "Tides"


def test_objects_alike_are_a_table(sound: Sound) -> None:
    rows = [{"ship": "Aurora", "tons": 310}, {"ship": "Boreas", "tons": 120, "sold": False}]
    assert texts(rows) == ["ship | tons | sold\nAurora | 310\nBoreas | 120 | false"]
    assert texts({"ships": rows}) == ["ships", "ship | tons | sold\nAurora | 310\nBoreas | 120 | false"]


def test_records_stay_together() -> None:
    records = [{"id": 1, "tags": ["a", "b"], "of": {"x": 1}}, {"id": 2, "of": {"x": 2}}]
    assert texts(records) == ["id: 1\ntags: a, b\nof.x: 1", "id: 2\nof.x: 2"]
    assert texts({"all": records}) == [
        "all[0].id: 1\nall[0].tags: a, b\nall[0].of.x: 1",
        "all[1].id: 2\nall[1].of.x: 2",
    ]


def test_lines_of_json_are_records_and_bad_ones_are_counted() -> None:
    extracted = json_from_bytes(b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n{"a": 3,\n\n{"a": 4, "b": "z"}\n')
    assert extracted.pages[0].text == "a | b\n1 | x\n2 | y\n4 | z"
    assert extracted.warnings == ["Lines that are not JSON and were left out: 1."]


def test_what_is_not_json_is_text() -> None:
    extracted = json_from_bytes(b"{ not: json, at all }")
    assert extracted.pages[0].text == "{ not: json, at all }"
    assert extracted.warnings


def test_a_hundred_thousand_levels_do_not_matter(sound: Sound) -> None:
    for source in (b"[" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900):
        sound(json_from_bytes(source))


@settings(max_examples=200, deadline=None)
@given(values)
def test_any_value_is_sound_and_no_text_is_lost(sound: Sound, value: object) -> None:
    extracted = sound(json_from_bytes(json.dumps(value).encode()))
    assert extracted.warnings == []


def test_encodings() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32-be"):
        assert json_from_bytes('{"ö": "Grüße"}'.encode(encoding)).pages[0].text == "ö: Grüße"
