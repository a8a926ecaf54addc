from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docvault.errors import DocumentError
from ingestion.extract.document import Extracted
from ingestion.extract.rtf import rtf_from_bytes
from tests.ingestion.extract.conftest import blocks_of

Sound = Callable[[Extracted], Extracted]
HEAD = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}{\f2\fcharset128 Gothic;}}"
    rb"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}{\*\cs9 Strong;}}"
    rb"{\info{\title The \'d6l lamp}{\author Nobody}}"
)


def read(body: bytes) -> list[tuple[str, int, str]]:
    return blocks_of(rtf_from_bytes(HEAD + body + b"}").pages[0])


def test_headings_lists_tables_and_notes(sound: Sound) -> None:
    body = (
        rb"\pard\s1 Works\par\pard\s2 Dredging\par\pard Sand{\footnote\pard{\chftn} Wet.} was \b raised\b0 .\par"
        rb"{\listtext\'b7\tab}\pard\ls1 First\par{\listtext 2.\tab}\pard\ls1 Second\par"
        rb"\trowd\pard\intbl Quay\cell Fee\cell\row\trowd\pard\intbl North\par side\cell 4\cell\row\pard After.\par"
    )
    extracted = sound(rtf_from_bytes(HEAD + body + b"}"))
    assert extracted.title == "The Öl lamp"
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 1, "Works"),
        ("heading", 2, "Dredging"),
        ("paragraph", 0, "Sand[1] was raised."),
        ("paragraph", 0, "[1] Wet."),
        ("list_item", 0, "- First"),
        ("list_item", 0, "2. Second"),
        ("table", 0, "Quay | Fee\nNorth side | 4"),
        ("paragraph", 0, "After."),
    ]


def test_every_encoding_a_font_may_have() -> None:
    assert read(rb"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2}") == [("paragraph", 0, "Привет")]
    assert read(rb"{\f2 \'93\'fa\'96\'7b}") == [("paragraph", 0, "日本")]
    assert read(rb"\uc1\u26085?\u26412?\u-10179?\u-8704?!") == [("paragraph", 0, "日本😀!")]
    assert read(rb"{\uc2\u252\'c3\'bc}\u8364?") == [("paragraph", 0, "ü€")]


def test_what_nobody_sees_is_not_read() -> None:
    body = (
        rb"Seen{\v hidden}{\*\unknown stuff}{\pict 89504e47}{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}"
        rb"{\deleted gone}\bin5 }}}}} too"
    )
    assert read(body) == [("paragraph", 0, "Seenlink too")]


def test_headers_and_comments_have_their_place() -> None:
    body = rb"{\header Harbour Board}Text{\*\atnauthor Ada}{\*\annotation\pard Why?}.\par{\footer Page 1}"
    assert read(body) == [
        ("paragraph", 0, "Harbour Board"), ("paragraph", 0, "Text."), ("paragraph", 0, "Comment (Ada): Why?"),
        ("paragraph", 0, "Page 1"),
    ]  # fmt: skip


def test_what_is_no_rtf_says_so() -> None:
    with pytest.raises(DocumentError) as caught:
        rtf_from_bytes(b"plain text")
    assert caught.value.code == "corrupt"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([
    b"{", b"}", rb"\par ", rb"\cell ", rb"\row ", rb"\intbl", b"words ", rb"\'e4", rb"\u8364 ?", rb"{\footnote ",
    rb"\*", rb"\s1 ", rb"\pard", rb"{\header ", rb"\bin3 ", rb"\upr", rb"{\*\shpinst{\shptxt ",
    b"\n", rb"\ls1 ", b"\xff",
]), max_size=60))  # fmt: skip
def test_any_soup_of_words_is_sound(sound: Sound, soup: list[bytes]) -> None:
    sound(rtf_from_bytes(HEAD + b"".join(soup)))


def test_deep_nesting_takes_no_time() -> None:
    started = time.monotonic()
    rtf_from_bytes(b"{\\rtf1 " + b"{" * 300_000 + b"deep")
    assert time.monotonic() - started < 20
