from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingestion.extract.document import Extracted
from ingestion.extract.web import extract, html_from_bytes
from tests.ingestion.extract.conftest import blocks_of, silent

Sound = Callable[[Extracted], Extracted]


def test_what_a_reader_sees(corpus: Path, sound: Sound) -> None:
    extracted = sound(extract(corpus / "page.html", "page.html", silent))
    assert extracted.title == "Tides"
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 1, "Tide tables"),
        ("paragraph", 0, "High water at four."),
        ("heading", 2, "June"),
        ("table", 0, "Day | Hour\n1 | 04:10\n2 | 04:55"),
        ("list_item", 0, "1. Read the day"),
        ("list_item", 0, "2. Read the hour"),
    ]


def test_text_after_and_between_elements_is_kept(sound: Sound) -> None:
    page = sound(html_from_bytes(b"<div>a<p>b</p>c<script>no</script>d<table><tr><td>1<td>2</table>e</div>f")).pages[0]
    assert page.text.split("\n\n") == ["a", "b", "cd", "1 | 2", "e", "f"]


def test_tables_that_only_lay_out_are_read_as_they_flow(sound: Sound) -> None:
    page = sound(html_from_bytes(b"<table><tr><td><h1>Title</h1></td><td><p>Text</p></td></tr></table>")).pages[0]
    assert blocks_of(page) == [("heading", 1, "Title"), ("paragraph", 0, "Text")]


def test_a_declared_charset_counts(sound: Sound) -> None:
    html = "<meta charset='windows-1251'><p>Гавань</p>".encode("cp1251")
    assert sound(html_from_bytes(html)).pages[0].text == "Гавань"


def test_depth_without_end(sound: Sound) -> None:
    page = sound(html_from_bytes(b"<div>" * 20_000 + b"deep" + b"</div>" * 20_000)).pages[0]
    assert page.text in {"deep", ""}


def test_code_keeps_its_lines(sound: Sound) -> None:
    assert blocks_of(sound(html_from_bytes(b"<pre>a\n  b</pre>")).pages[0]) == [("code", 0, "a\n  b")]
