from __future__ import annotations

from collections.abc import Callable

import pytest

from docvault.errors import DocumentError
from ingestion.extract.document import Extracted
from ingestion.extract.xml_text import xml_from_bytes
from tests.ingestion.extract.conftest import blocks_of

Sound = Callable[[Extracted], Extracted]


def texts(source: str) -> list[str]:
    return [text for *_, text in blocks_of(xml_from_bytes(source.encode()).pages[0])]


def test_names_of_elements_are_kept_as_light_structure() -> None:
    source = (
        "<fleet><ship id='7'><name>Aurora</name><tons>310</tons></ship><ship><name>Boreas</name>"
        "<built><date>1871</date></built></ship></fleet>"
    )
    assert texts(source) == ["ship id=7\nname: Aurora\ntons: 310", "name: Boreas", "built date: 1871"]


def test_running_text_is_one_paragraph(sound: Sound) -> None:
    source = (
        "<article xmlns='http://docbook.org/ns/docbook'><info><title>Tides</title></info><section><title>June</title>"
        "<para>High water at <emphasis>four</emphasis>,<br/>low at ten.</para></section></article>"
    )
    extracted = sound(xml_from_bytes(source.encode()))
    assert extracted.title == "Tides"
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 2, "Tides"), ("heading", 2, "June"), ("paragraph", 0, "High water at four, low at ten."),
    ]  # fmt: skip


def test_feeds(sound: Sound) -> None:
    source = (
        "<rss><channel><title>Harbour news</title><description>All of it</description><item><title>Fog</title>"
        "<pubDate>Monday</pubDate><description>&lt;p&gt;Thick &lt;b&gt;fog&lt;/b&gt;.&lt;/p&gt;</description>"
        "<link>http://harbour.example/fog</link></item></channel></rss>"
    )
    extracted = sound(xml_from_bytes(source.encode()))
    assert extracted.title == "Harbour news"
    assert [text for *_, text in blocks_of(extracted.pages[0])] == [
        "Harbour news", "All of it", "Fog", "Monday", "Thick fog.", "http://harbour.example/fog",
    ]  # fmt: skip


def test_workbooks_of_2003_have_sheets() -> None:
    source = (
        '<s:Workbook xmlns:s="urn:schemas-microsoft-com:office:spreadsheet">'
        '<s:Worksheet s:Name="Dues"><s:Row><s:Cell>Ship</s:Cell><s:Cell s:Index="3">Due</s:Cell></s:Row>'
        "<s:Row><s:Cell>Aurora</s:Cell></s:Row></s:Worksheet></s:Workbook>"
    )
    assert texts(source) == ["Dues", "Ship |  | Due\nAurora"]


def test_broken_xml_is_read_without_its_tags() -> None:
    extracted = xml_from_bytes(b"<?xml version='1.0'?><a><b>One & two</b>")
    assert extracted.pages[0].text == "One & two"
    assert extracted.warnings


def test_entities_are_refused() -> None:
    with pytest.raises(DocumentError) as caught:
        xml_from_bytes(b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>")
    assert caught.value.code == "corrupt"


def test_encodings() -> None:
    source = "<?xml version='1.0' encoding='utf-16'?><a>Grüße</a>"
    assert "Grüße" in xml_from_bytes(source.encode("utf-16")).pages[0].text
    assert (
        "Привет"
        in xml_from_bytes("<?xml version='1.0' encoding='koi8-r'?><a>Привет</a>".encode("koi8-r")).pages[0].text
    )
