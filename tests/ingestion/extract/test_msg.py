from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract import ole
from ingestion.extract.attachments import Attachments
from ingestion.extract.document import Extracted
from ingestion.extract.msg import msg_from_bytes, unpacked_rtf
from ingestion.filetypes import HEAD_BYTES, sniff
from tests.ingestion.extract.conftest import blocks_of, silent
from tests.ingestion.extract.containers import attached, container, message

Sound = Callable[[Extracted], Extracted]
SUBJECT, BODY, SENDER, ADDRESS, TO, SENT = 0x0037, 0x1000, 0x0C1A, 0x5D01, 0x0E04, 0x0039


def letter(**more: object) -> bytes:
    sent = int((datetime(1987, 4, 4, 9, 30, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    texts = {SUBJECT: "Damage to the mole", BODY: "Nine stones moved.\r\n\r\nSee the list.", SENDER: "Ada Pilot"}
    texts |= {ADDRESS: "ada@harbour.example", TO: "The Bøard"}
    return container(message(texts, numbers={SENT: sent}, **more))


def test_head_body_and_attachments(tmp_path: Path, sound: Sound) -> None:
    inner = message({SUBJECT: "Re: stones", BODY: "Ten, I say."}, inside=True)
    parts = [attached("stones.csv", b"stone,moved\n1,2 m\n"), attached("older letter", inner)]
    path = tmp_path / "letter"
    path.write_bytes(letter(attachments=[*parts, attached("photo.raw", b"\x00\x01\x02")]))
    extracted = sound(ole.extract(path, "letter.msg", silent))
    assert extracted.title == "Damage to the mole"
    head = "From: Ada Pilot <ada@harbour.example>\nTo: The Bøard\nDate: Sat, 04 Apr 1987 09:30:00 +0000"
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 1, "Damage to the mole"),
        ("paragraph", 0, head),
        ("paragraph", 0, "Nine stones moved."),
        ("paragraph", 0, "See the list."),
        ("heading", 2, "Attachment: stones.csv"),
        ("table", 0, "stone | moved\n1 | 2 m"),
        ("heading", 2, "Attachment: older letter"),
        ("heading", 3, "Re: stones"),
        ("paragraph", 0, "Ten, I say."),
        ("heading", 2, "Attachment: photo.raw"),
    ]
    assert extracted.warnings == ["The attachment photo.raw was not read: This kind of file is not known."]


def test_messages_are_told_from_their_first_bytes() -> None:
    head = letter()[:HEAD_BYTES]
    assert sniff(head, "letter.msg").family == "msg"
    assert sniff(head, "letter.doc").family in {"msg", "doc"}


def test_a_damaged_message_says_so() -> None:
    with pytest.raises(DocumentError) as caught:
        msg_from_bytes(letter()[:700], Attachments())
    assert caught.value.code == "corrupt"


def test_packed_rtf_is_the_example_of_its_specification() -> None:
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
