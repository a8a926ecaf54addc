from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract import odf
from ingestion.extract.document import Extracted, Options
from ingestion.extract.xml_text import xml_from_bytes
from tests.ingestion.extract.conftest import blocks_of, silent

Sound = Callable[[Extracted], Extracted]
NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"),
        ("presentation", "presentation"), ("fo", "xsl-fo-compatible"),
    )
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


def read(body: str, styles: str = "") -> Extracted:
    """One file that holds everything."""
    document = (
        f"<office:document {NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body>{body}</office:body></office:document>"
    )
    return xml_from_bytes(document.encode())


def test_text_by_another_program(corpus: Path, sound: Sound) -> None:
    extracted = sound(odf.extract(corpus / "handbook.odt", "handbook.odt", silent))
    assert extracted.title == "Handbook of the Pilots"
    blocks = blocks_of(extracted.pages[0])
    assert [block for block in blocks if block[0] == "heading"] == [
        ("heading", 1, "Handbook of the Pilots"),
        ("heading", 1, "Signals"),
        ("heading", 2, "Flags"),
    ]
    assert ("list_item", 0, "- A yellow flag asks for a pilot.") in blocks
    assert blocks[-1] == ("table", 0, "Flag | Meaning\nYellow | Pilot wanted\nBlue | Pilot aboard")


def test_slides_and_sheets_are_pages(corpus: Path, sound: Sound) -> None:
    first, second = sound(odf.extract(corpus / "crane.odp", "crane.odp", silent)).pages
    assert blocks_of(first) == [("heading", 1, "The new crane"), ("paragraph", 0, "A talk for the board")]
    assert blocks_of(second)[-1] == ("table", 0, "Goods | Tons\nTimber | 12\nGranite | 30")
    first, second = sound(odf.extract(corpus / "dues.ods", "dues.ods", silent)).pages
    assert blocks_of(first)[-1] == ("table", 0, "Ship | Tons | Due\nAurora | 310 | 62.5\nBoreas | 120 | 24")
    assert blocks_of(second) == [("heading", 1, "Notes"), ("paragraph", 0, "Dues are reckoned by the ton.")]


def test_notes_comments_and_boxes_follow_their_paragraph(sound: Sound) -> None:
    extracted = sound(
        read(
            "<office:text><text:tracked-changes><text:p>Taken out</text:p></text:tracked-changes>"
            "<text:p>The lamp<text:note><text:note-citation>1</text:note-citation><text:note-body>"
            "<text:p>Of 1871.</text:p>"
            '</text:note-body></text:note> burns<text:s text:c="2"/>on.<office:annotation><dc:creator>Ada</dc:creator>'
            "<dc:date>1887</dc:date><text:p>Does it?</text:p></office:annotation><draw:frame><draw:text-box>"
            "<text:p>Eleven miles</text:p></draw:text-box></draw:frame></text:p></office:text>"
        )
    )
    assert blocks_of(extracted.pages[0]) == [
        ("paragraph", 0, "The lamp[1] burns  on."),
        ("paragraph", 0, "[1] Of 1871."),
        ("paragraph", 0, "Comment (Ada): Does it?"),
        ("paragraph", 0, "Eleven miles"),
    ]


def test_lists_are_numbered_as_they_are_shown(sound: Sound) -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1"/>'
        '<text:list-level-style-bullet text:level="2"/></text:list-style>'
    )
    item = "<text:list-item><text:p>%s</text:p></text:list-item>"
    extracted = sound(
        read(
            f'<office:text><text:list text:style-name="L">{item % "one"}<text:list-item><text:p>two</text:p>'
            f"<text:list>{item % 'deep'}</text:list></text:list-item></text:list><text:p>between</text:p>"
            f'<text:list text:style-name="L" text:continue-numbering="true">{item % "three"}</text:list>'
            f'<text:list text:style-name="L">{item % "anew"}</text:list></office:text>',
            styles,
        )
    )
    assert [text for kind, _, text in blocks_of(extracted.pages[0]) if kind == "list_item"] == [
        "1. one", "2. two", "  - deep", "3. three", "1. anew",
    ]  # fmt: skip


def test_pages_that_were_noted_down_are_kept(sound: Sound) -> None:
    body = "<text:p>One</text:p><text:p>Two <text:soft-page-break/>goes on</text:p><text:p>Three</text:p>"
    extracted = sound(read(f"<office:text>{body}</office:text>"))
    assert [page.text for page in extracted.pages] == ["One\n\nTwo goes on", "Three"]


def test_rows_that_stand_for_a_million_are_not_written_out(sound: Sound) -> None:
    body = (
        '<office:spreadsheet><table:table table:name="Tides"><table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row><table:table-row '
        'table:number-rows-repeated="2000000"><table:table-cell><text:p>four</text:p></table:table-cell>'
        "</table:table-row></table:table></office:spreadsheet>"
    )
    (page,) = sound(read(body)).pages
    assert page.text.count("four") == odf.MOST_REPEATS


def test_speakers_notes_are_read_and_page_numbers_are_not(sound: Sound) -> None:
    body = (
        '<office:presentation><draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Cranes</text:p>'
        "</draw:text-box></draw:frame><draw:g><draw:custom-shape><text:p>Twelve tons</text:p></draw:custom-shape>"
        "</draw:g>"
        '<presentation:notes><draw:frame presentation:class="notes"><draw:text-box><text:p>Mention the cost.</text:p>'
        '</draw:text-box></draw:frame><draw:frame presentation:class="page-number"><draw:text-box><text:p>7</text:p>'
        "</draw:text-box></draw:frame></presentation:notes></draw:page></office:presentation>"
    )
    (page,) = sound(read(body)).pages
    assert [text for *_, text in blocks_of(page)] == ["Cranes", "Twelve tons", "Mention the cost."]


@pytest.mark.parametrize(("password", "code"), [(None, "encrypted"), ("pier", "wrong_password")])
def test_a_locked_text_says_what_it_needs(corpus: Path, password: str | None, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        odf.extract(corpus / "locked.odt", "locked.odt", silent, Options(password))
    assert caught.value.code == code


def test_a_locked_text_opens_with_its_password(corpus: Path) -> None:
    extracted = odf.extract(corpus / "locked.odt", "locked.odt", silent, Options("mole"))
    assert "A yellow flag asks for a pilot." in extracted.pages[0].text


def test_hostile_files_say_why(corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.odt"
    for content, code in (
        (b"not XML", "corrupt"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "corrupt"),
        (b"<a/>", "corrupt"),
        (b"<p>" * 100_000, "corrupt"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("content.xml", content)
        with pytest.raises(DocumentError) as caught:
            odf.extract(path, "x.odt", silent)
        assert caught.value.code == code
    path.write_bytes((corpus / "handbook.odt").read_bytes()[:3000])
    with pytest.raises(DocumentError):
        odf.extract(path, "x.odt", silent)
