from __future__ import annotations

import struct
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from ingestion.extract.attachments import MAX_ATTACHMENTS
from ingestion.extract.document import Extracted
from ingestion.extract.mail import extract, mail_from_bytes
from ingestion.extract.reader import Reader
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


def test_attachments_of_every_kind_are_read(corpus: Path, sound: Sound) -> None:
    mail = message(Subject="Many files")
    mail.set_content("All attached.")
    for name in ("dues.xls", "handbook.odt", "tales.epub", "dues.xlsx", "locked.xlsx"):
        mail.add_attachment((corpus / name).read_bytes(), maintype="application", subtype="octet-stream", filename=name)
    extracted = sound(mail_from_bytes(mail.as_bytes()))
    text = extracted.pages[0].text
    assert all(words in text for words in ("Aurora | 310 | 62.5", "A yellow flag asks for a pilot.", "A horn"))
    headings = [words for kind, _, words in blocks_of(extracted.pages[0]) if kind == "heading"]
    assert headings[:3] == ["Many files", "Attachment: dues.xls", "Dues"]
    assert (
        extracted.warnings[-1] == "The attachment locked.xlsx was not read: The Office file is locked with a password."
    )


def test_only_so_many_attachments_are_read(sound: Sound) -> None:
    mail = message(Subject="A flood")
    mail.set_content("Look.")
    for number in range(MAX_ATTACHMENTS + 5):
        mail.add_attachment(f"text {number}", filename=f"{number}.txt")
    extracted = sound(mail_from_bytes(mail.as_bytes()))
    assert extracted.pages[0].text.count("\n\ntext ") == MAX_ATTACHMENTS
    assert extracted.warnings == ["5 more attachments were not read."]


def test_pictures_in_a_letters_look_are_only_named(sound: Sound) -> None:
    mail = message(Subject="Logo")
    mail.set_content("<p>Hello <img src='cid:logo'></p>", subtype="html")
    mail.add_related(b"\x89PNG\r\n\x1a\n" + bytes(40), maintype="image", subtype="png", cid="<logo>", filename="l.png")
    extracted = sound(mail_from_bytes(mail.as_bytes()))
    assert extracted.pages[0].text.endswith("Attachment: l.png")
    assert not extracted.warnings


def test_winmail_is_unpacked(sound: Sound) -> None:
    def part(what: int, value: bytes) -> bytes:
        return b"\x02" + struct.pack("<II", what, len(value)) + value + b"\0\0"

    data = b"\x78\x9f\x3e\x22\x01\x00" + part(0x00069002, bytes(14)) + part(0x00018010, b"stones.csv\0")
    mail = message(Subject="From Outlook")
    mail.set_content("See below.")
    mail.add_attachment(
        data + part(0x0006800F, b"stone,moved\n1,2 m\n"),
        maintype="application",
        subtype="ms-tnef",
        filename="winmail.dat",
    )
    blocks = blocks_of(sound(mail_from_bytes(mail.as_bytes())).pages[0])
    assert blocks[-2:] == [("heading", 2, "Attachment: stones.csv"), ("table", 0, "stone | moved\n1 | 2 m")]


def test_messages_of_a_mailbox_are_pages(tmp_path: Path, sound: Sound) -> None:
    path = tmp_path / "box.mbox"
    letter = "From ada@harbour.example Mon Apr  4 09:30:00 1887\nSubject: %s\nFrom: ada\n\nFrom here on it is text.\n\n"
    path.write_text("".join(letter % name for name in ("One", "Two", "Three")))
    pages = sound(extract(path, "box.mbox", silent)).pages
    assert [blocks_of(page)[0] for page in pages] == [("heading", 1, name) for name in ("One", "Two", "Three")]


def test_a_message_that_is_only_a_file(corpus: Path, sound: Sound) -> None:
    mail = message(Subject="Scan")
    mail.set_content((corpus / "report.pdf").read_bytes(), maintype="application", subtype="pdf")
    assert "The dredger Otter" in sound(mail_from_bytes(mail.as_bytes())).pages[0].text


async def test_office_attachments_are_read_inside_the_walls(reader: Reader, corpus: Path, tmp_path: Path) -> None:
    mail = message(Subject="The handbook")
    mail.set_content("Attached.")
    data = (corpus / "handbook.docx").read_bytes()
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename="handbook.docx")
    path = tmp_path / "letter"
    path.write_bytes(mail.as_bytes())
    extracted = (await reader.read(path, filename="letter.eml", content_type="message/rfc822")).extracted
    assert ("heading", 4, "Flags") in blocks_of(extracted.pages[0])
