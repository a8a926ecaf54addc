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


@pytest.mark.parametrize(
    ("encodings", "text"),
    [
        ("utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be", "Plain words, and Grüße. " * 5),
        ("shift_jis euc_jp iso2022_jp", "港湾の浚渫は春に行われた。船は深い水に入ることができる。" * 3),
        ("gb18030", "港口在春天疏浚了，从那时起就对深水船舶开放。" * 3),
        ("big5", "港口在春天疏浚了，從那時起就對深水船舶開放。" * 3),
        ("euc_kr", "항구는 봄에 준설되었고 그 이후로 깊은 배에 개방되었습니다. " * 3),
        ("koi8-r cp1251 cp866 iso8859-5", "Гавань была углублена весной и с тех пор открыта для судов. " * 3),
        (
            "cp1250 iso8859-2",
            "Přístav byl na jaře prohlouben a od té doby je otevřen. Poplatky se platí u správce. " * 3,
        ),
        ("cp1250 iso8859-2", "Port został pogłębiony wiosną i od tego czasu jest otwarty dla statków. " * 3),
        ("cp1250", "A kikötőt tavasszal mélyítették ki, és azóta nyitva áll a hajók előtt. „Díjat” kell fizetni. " * 3),
        ("cp1252", "Der Hafen wurde im Frühjahr ausgebaggert – für große Schiffe „geöffnet“. " * 3),
        ("cp1252", "Le port a été dragué au printemps et depuis lors il est ouvert aux navires. " * 3),
        ("cp1252", "O porto foi dragado na primavera e então está aberto. As taxas são pagas à administração. " * 3),
        ("cp1253 iso8859-7", "Το λιμάνι βυθοκορήθηκε την άνοιξη και έκτοτε είναι ανοιχτό. " * 3),
        ("cp1254", "Liman ilkbaharda tarandı ve o zamandan beri açık. Ücretler liman yönetimine ödenir. " * 3),
        ("cp1255", "הנמל הועמק באביב ומאז הוא פתוח לאוניות גדולות. " * 3),
        ("cp1256", "تم تجريف الميناء في الربيع ومنذ ذلك الحين وهو مفتوح للسفن. " * 3),
        ("cp1257", "Uostas buvo pagilintas ir nuo to laiko yra atviras. Už įplaukimą reikia mokėti mokestį. " * 3),
        ("cp874", "ท่าเรือถูกขุดลอกในฤดูใบไม้ผลิและเปิดให้เรือเข้าตั้งแต่นั้นมา " * 3),
    ],
)
def test_the_encodings_that_people_have(encodings: str, text: str) -> None:
    for encoding in encodings.split():
        assert decode(text.encode(encoding)) == text
