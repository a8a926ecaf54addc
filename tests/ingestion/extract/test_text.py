from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.extract.document import Extracted
from ingestion.extract.text import (
    csv_from_bytes,
    decode,
    delimiter_of,
    extract_csv,
    extract_markdown,
    extract_text,
    markdown_from_bytes,
    text_from_bytes,
)
from tests.ingestion.extract.conftest import blocks_of, silent

Sound = Callable[[Extracted], Extracted]


@pytest.mark.parametrize("name", ["log.txt", "log-utf16.txt", "log-latin1.txt"])
def test_the_same_text_in_every_encoding(corpus: Path, sound: Sound, name: str) -> None:
    extracted = sound(extract_text(corpus / name, name, silent))
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 1, "The keeper's log"),
        ("paragraph", 0, "On the third night the lamp went out: Öl was short."),
        ("paragraph", 0, "He rowed to the mainland for more."),
    ]
    assert extracted.title == "The keeper's log"


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-32", "cp1251", "shift_jis"])
def test_other_alphabets(encoding: str) -> None:
    words = {
        "cp1251": "Гавань углубили весной, и корабли снова заходят сюда. ",
        "shift_jis": "港は春に浚渫された。船が入る。",
    }
    text = words.get(encoding, "Grüße an Łódź und 東京 ") * 30
    assert decode(text.encode(encoding)) == text


def test_one_bad_byte_does_not_change_the_encoding() -> None:
    assert decode("Grüße ".encode() * 50 + b"\xff end") == "Grüße " * 50 + "\ufffd end"


def test_what_databases_refuse_is_taken_out(sound: Sound) -> None:
    page = sound(text_from_bytes(b"one\x00two\x07\r\nthree")).pages[0]
    assert page.text == "onetwo\nthree"


def test_markdown_is_shown_as_its_reader_sees_it(corpus: Path, sound: Sound) -> None:
    extracted = sound(extract_markdown(corpus / "guide.md", "guide.md", silent))
    assert extracted.title == "Guide to the quays"
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 1, "Quays"),
        ("paragraph", 0, "There are three quays."),
        ("heading", 2, "Fees"),
        ("table", 0, "Quay | Fee\nNorth | 4\nSouth | 3"),
        ("list_item", 0, "- Pay at the office (https://harbour.example/pay)"),
        ("list_item", 0, "- Keep the receipt"),
        ("code", 0, "fee = tons * 4"),
    ]


def test_nested_and_numbered_lists_keep_their_marks(sound: Sound) -> None:
    page = sound(markdown_from_bytes(b"3. three\n4. four\n   - inner\n")).pages[0]
    assert page.text == "3. three\n4. four\n  - inner"


@pytest.mark.parametrize("name", ["ships.csv", "ships-utf16.csv"])
def test_ragged_csv_with_quoted_delimiters(corpus: Path, sound: Sound, name: str) -> None:
    page = sound(extract_csv(corpus / name, name, silent)).pages[0]
    rows = [
        "name | tons | remark",
        "Aurora | 310 | built 1871; rebuilt 1880",
        "Boreas | 120",
        "Ceres | 95 | sold | twice",
    ]
    assert page.text.split("\n") == rows
    assert page.text[: page.blocks[0].header_end] == rows[0]


def test_a_caption_above_the_header_belongs_to_it(sound: Sound) -> None:
    page = sound(csv_from_bytes(b"Ships,,\nname,tons,year\nAurora,310,1871\n")).pages[0]
    assert page.text[: page.blocks[0].header_end] == "Ships\nname | tons | year"


@pytest.mark.parametrize(
    ("sample", "delimiter"), [("a,b\n1,2", ","), ("a;b\n1,5;2", ";"), ("a\tb\n1\t2", "\t"), ("a", ",")]
)
def test_delimiters(sample: str, delimiter: str) -> None:
    assert delimiter_of(sample) == delimiter


def test_a_cell_of_a_million_characters(sound: Sound) -> None:
    assert len(sound(csv_from_bytes(b"a,b\n" + b"x" * 1_000_000 + b",2")).pages[0].text) > 1_000_000
