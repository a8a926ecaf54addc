from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from ingestion.extract.document import Extracted
from ingestion.extract.mail import extract, mail_from_bytes
from tests.ingestion.extract.conftest import blocks_of, silent

Sound = Callable[[Extracted], Extracted]


def test_head_body_and_attachments(corpus: Path, sound: Sound) -> None:
    extracted = sound(extract(corpus / "damage.eml", "damage.eml", silent))
    assert extracted.title == "Damage to the northern mole"
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 1, "Damage to the northern mole"),
        (
            "paragraph",
            0,
            "From: Ada Pilot <ada@harbour.example>\nTo: board@harbour.example\nDate: Mon, 04 Apr 1887 09:30:00 +0000",
        ),
        ("paragraph", 0, "The gale of Saturday moved nine stones of the northern mole."),
        ("paragraph", 0, "See the list."),
        ("heading", 2, "Attachment: stones.csv"),
        ("table", 0, "stone | moved\n1 | 2 m\n2 | 5 m"),
        ("heading", 2, "Attachment: photo.raw"),
    ]


def message(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name] = value
    return mail


def test_html_alone_is_read_as_html(sound: Sound) -> None:
    mail = message(Subject="Hello")
    mail.set_content("<h1>News</h1><p>The <b>crane</b> works.</p>", subtype="html")
    assert "The crane works." in sound(mail_from_bytes(mail.as_bytes())).pages[0].text


def test_a_pdf_that_cannot_be_read_does_not_take_the_mail_with_it(corpus: Path, sound: Sound) -> None:
    mail = message(Subject="Two files")
    mail.set_content("Both attached.")
    for name in ("truncated.pdf", "report.pdf"):
        mail.add_attachment((corpus / name).read_bytes(), maintype="application", subtype="pdf", filename=name)
    extracted = sound(mail_from_bytes(mail.as_bytes()))
    assert "The dredger Otter raised 41,200 tons." in extracted.pages[0].text
    assert extracted.warnings == [
        "The attachment truncated.pdf was not read: The PDF is damaged or incomplete and cannot be opened."
    ]


def test_mail_inside_mail_is_followed_to_a_depth(sound: Sound) -> None:
    mail = message(Subject="Innermost")
    mail.set_content("At last.")
    for number in range(8):
        outer = message(Subject=f"Level {number}")
        outer.set_content("See below.")
        outer.add_attachment(mail)
        mail = outer
    text = sound(mail_from_bytes(mail.as_bytes())).pages[0].text
    assert "Level 4" in text
    assert "At last." not in text


def test_mail_in_utf_16_and_with_broken_headers(sound: Sound) -> None:
    source = "Subject: =?utf-8?q?bro=ZZken?=\nFrom: <<>>@\nDate: yesterday\n\nStill here.\n"
    for encoding in ("utf-8", "utf-16"):
        assert "Still here." in sound(mail_from_bytes(source.encode(encoding))).pages[0].text


def test_a_wrong_charset_is_not_believed(sound: Sound) -> None:
    source = b"Subject: x\nContent-Type: text/plain; charset=nonsense-8\n\nGr\xc3\xbc\xc3\x9fe\n"
    assert "Grüße" in sound(mail_from_bytes(source)).pages[0].text
