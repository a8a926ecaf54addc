from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as raw
import pytest
from reportlab.pdfgen.canvas import Canvas

from docvault.errors import DocumentError
from ingestion.extract.document import Extracted
from ingestion.extract.pdf import extract
from tests.ingestion.extract.conftest import silent

Sound = Callable[[Extracted], Extracted]
PROSE = "A form of the Harbour Board of Lindholm, to be filled in by whoever brings a ship."


def form_of(path: Path, write: Callable[[Canvas], None]) -> Path:
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=1)
    canvas.drawString(60, 800, PROSE)
    write(canvas)
    canvas.save()
    return path


def field(form: Any, kind: str, name: str, x: int, y: int, **options: Any) -> None:
    getattr(form, kind)(name=name, x=x, y=y, borderWidth=0, **options)


def filled(canvas: Canvas) -> None:
    form = canvas.acroForm
    canvas.drawString(60, 700, "Name:")
    field(form, "textfield", "text1", 100, 694, width=200, height=20, value="Ada Lindqvist")
    canvas.drawString(60, 660, "Ship's master:")
    field(form, "textfield", "text2", 150, 654, width=200, height=20, value="")
    canvas.drawString(90, 620, "Carries grain")
    field(form, "checkbox", "check1", 65, 615, size=18, checked=True)
    canvas.drawString(90, 590, "Carries powder")
    field(form, "checkbox", "check2", 65, 585, size=18, checked=False)
    canvas.drawString(60, 550, "Flag:")
    options = ["Sweden", "Denmark", "Norway"]
    field(form, "choice", "flag", 100, 544, width=120, height=20, value="Denmark", options=options)
    field(form, "textfield", "homePort", 60, 480, width=200, height=20, value="Gothenburg")
    field(form, "textfield", "text9", 60, 440, width=200, height=20, value="12.5 feet", tooltip="Draught when laden")
    field(form, "textfield", "secret", 60, 400, width=200, height=20, value="hush", fieldFlags="password")


def test_values_stand_behind_their_labels(tmp_path: Path, sound: Sound) -> None:
    extracted = sound(extract(form_of(tmp_path / "form.pdf", filled), "form.pdf", silent))
    lines = [extracted.pages[0].text[line.start : line.end] for line in extracted.pages[0].lines]
    assert lines == [
        PROSE,
        "Name: Ada Lindqvist",
        "Ship's master:",
        "☒ Carries grain",
        "☐ Carries powder",
        "Flag: Denmark",
        "Home port: Gothenburg",
        "Draught when laden: 12.5 feet",
    ]
    assert extracted.warnings == []


def test_values_have_their_place(tmp_path: Path) -> None:
    page = extract(form_of(tmp_path / "form.pdf", filled), "form.pdf", silent).pages[0]
    boxes = {page.text[line.start : line.end]: line.box for line in page.lines}
    left, top, right, bottom = boxes["Home port: Gothenburg"]
    assert (left, right) == (pytest.approx(60, abs=2), pytest.approx(260, abs=2))
    assert (top, bottom) == (pytest.approx(842 - 500, abs=2), pytest.approx(842 - 480, abs=2))
    assert boxes["Name: Ada Lindqvist"][2] == pytest.approx(300, abs=2)


def test_the_chosen_radio_button_is_said(tmp_path: Path) -> None:
    def buttons(canvas: Canvas) -> None:
        for number, value in enumerate(("sail", "steam")):
            place: dict[str, Any] = {"x": 60, "y": 600 - 60 * number, "selected": value == "steam"}
            canvas.acroForm.radio(name="propulsion", value=value, tooltip="Propulsion", **place)

    text = extract(form_of(tmp_path / "form.pdf", buttons), "form.pdf", silent).pages[0].text
    assert "Propulsion: steam" in text
    assert "sail" not in text


def annotated(path: Path, *notes: tuple[int, str, str, bool]) -> Path:
    """Notes by kind, text, author and whether they are hidden."""
    source = form_of(path.with_suffix(".plain"), lambda canvas: None)
    document = pypdfium2.PdfDocument(source)
    page = document[0]
    for number, (kind, text, author, hidden) in enumerate(notes):
        note = raw.FPDFPage_CreateAnnot(page.raw, kind)
        rect = raw.FS_RECTF(left=60, bottom=600 - 40 * number, right=160, top=620 - 40 * number)
        raw.FPDFAnnot_SetRect(note, rect)
        for key, value in ((b"Contents", text), (b"T", author)):
            wide = (value + "\x00").encode("utf-16-le")
            raw.FPDFAnnot_SetStringValue(note, key, (raw.FPDF_WCHAR * (len(wide) // 2)).from_buffer_copy(wide))
        raw.FPDFAnnot_SetFlags(note, raw.FPDF_ANNOT_FLAG_HIDDEN if hidden else 0)
        raw.FPDFPage_CloseAnnot(note)
    document.save(path)
    document.close()
    return path


def test_comments_stand_at_the_end_of_their_page(tmp_path: Path, sound: Sound) -> None:
    path = annotated(
        tmp_path / "notes.pdf",
        (raw.FPDF_ANNOT_TEXT, "Is this still so?\nAsk the pilot.", "Ada", False),
        (raw.FPDF_ANNOT_HIGHLIGHT, "Important", "", False),
        (raw.FPDF_ANNOT_TEXT, "Nobody sees this", "Eve", True),
        (raw.FPDF_ANNOT_FREETEXT, "Paid on the third of May", "Ada", False),
        (raw.FPDF_ANNOT_TEXT, "", "Ada", False),
    )
    page = sound(extract(path, "notes.pdf", silent)).pages[0]
    assert page.text.split("\n\n") == [
        PROSE,
        "Comment by Ada: Is this still so? Ask the pilot.",
        "Comment: Important",
        "Paid on the third of May",
    ]
    assert page.lines[1].box == (60, 842 - 620, 160, 842 - 600)


def xfa(path: Path, text: str) -> Path:
    """A form that only Adobe Reader builds, as its makers leave it for everyone else."""
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=1, pageCompression=0)
    canvas.drawString(60, 800, text)
    canvas.acroForm.textfield(name="x", x=60, y=600, value="")
    canvas.save()
    data = path.read_bytes()
    data = data.replace(b"/Fields [", b"/XFA (template) /Fields [", 1)
    path.write_bytes(data.replace(b"/Type /Catalog", b"/NeedsRendering true /Type /Catalog", 1))
    return path


def test_forms_that_only_adobe_reader_builds_say_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        extract(xfa(tmp_path / "xfa.pdf", "Please wait... You need Adobe Reader 8."), "xfa.pdf", silent)
    assert caught.value.code == "no_text"
    assert "XFA" in caught.value.detail
    extracted = extract(xfa(tmp_path / "both.pdf", PROSE), "both.pdf", silent)
    assert extracted.pages[0].text == PROSE
    assert extracted.warnings == ["This is an Adobe XFA form; only what its fixed pages show was read."]
