from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pypdfium2.raw as raw
import pytest
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from docvault.errors import DocumentError
from ingestion.extract.document import Extracted, Options
from ingestion.extract.ocr import Recognizer
from ingestion.extract.pdf import extract
from ingestion.extract.pdf_pictures import is_garbled, is_photograph
from ingestion.extract.pdf_scans import pages_named
from tests.ingestion.extract.conftest import silent
from tests.ingestion.extract.pictures import LETTER, assert_boxes_hold_the_ink, need_tesseract, pdf_of, picture_of

Sound = Callable[[Extracted], Extracted]
TYPED = "This page has been typed and needs nobody to look at it."
PROSE = "The harbour of Lindholm was dredged in the spring of that year and has been open to large ships ever since."


@pytest.fixture
def tesseract() -> None:
    need_tesseract()


@pytest.fixture
def no_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def words(extracted: Extracted, number: int = 1) -> str:
    return " ".join(extracted.pages[number - 1].text.split())


@pytest.mark.usefixtures("tesseract")
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_scan_is_read_with_the_places_of_its_lines(rotate: int, tmp_path: Path, sound: Sound) -> None:
    """Whichever way the page is shown, the boxes lie on the words as shown."""
    path = pdf_of(tmp_path / "scan.pdf", picture_of(), rotate=rotate)
    extracted = sound(extract(path, "scan.pdf", silent))
    assert words(extracted) == " ".join(LETTER)
    document = pypdfium2.PdfDocument(path)
    assert_boxes_hold_the_ink(extracted.pages[0], document[0].render(scale=2).to_pil())
    document.close()
    assert extracted.warnings == []


@pytest.mark.usefixtures("tesseract")
def test_typed_and_scanned_pages_stand_in_one_document(tmp_path: Path, sound: Sound) -> None:
    path = pdf_of(tmp_path / "mixed.pdf", None, picture_of(), Image.new("L", (600, 400), 255))
    heard: list[tuple[int, int]] = []
    extracted = sound(extract(path, "mixed.pdf", lambda done, pages: heard.append((done, pages))))
    assert [words(extracted, number) for number in (1, 2, 3)] == [TYPED, " ".join(LETTER), ""]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    assert extracted.warnings == []


@pytest.mark.usefixtures("tesseract")
def test_a_stamp_does_not_make_a_scan_a_page_of_text(tmp_path: Path) -> None:
    path = pdf_of(tmp_path / "stamped.pdf", picture_of(), stamp="Case 4711, document 8, filed in Lindholm")
    text = words(extract(path, "stamped.pdf", silent))
    assert " ".join(LETTER) in text
    assert text.count("Case 4711") == 1


def page_with(path: Path, *pictures: Image.Image, pages: int = 1) -> Path:
    """Pages of prose with pictures a hand high between the paragraphs."""
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=1)
    for _ in range(pages):
        canvas.setFont("Helvetica", 9)
        canvas.drawString(60, 780, PROSE)
        for number, picture in enumerate(pictures):
            canvas.drawImage(ImageReader(picture), 60, 520 - 250 * number, 400, 220)
        canvas.drawString(60, 740, PROSE.replace("harbour", "quay"))
        canvas.drawString(60, 100, "Below the pictures the page goes on in type.")
        canvas.showPage()
    canvas.save()
    return path


def photograph() -> Image.Image:
    picture = Image.effect_noise((800, 440), 90)
    ImageDraw.Draw(picture).text((100, 100), "WORDS ON A WALL", font_size=60, fill=0)
    return picture


@pytest.mark.usefixtures("tesseract")
def test_a_picture_within_a_page_is_read_where_it_stands(tmp_path: Path, sound: Sound) -> None:
    path = page_with(tmp_path / "report.pdf", picture_of(size=(900, 495)))
    text = words(sound(extract(path, "report.pdf", silent)))
    places = [text.index(part) for part in (PROSE[:30], "The quay", LETTER[0], LETTER[-1], "Below the pictures")]
    assert places == sorted(places)


@pytest.mark.usefixtures("tesseract")
def test_a_background_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bool] = []
    whole = Recognizer.read

    def counted(self: Recognizer, *arguments: object, **options: object) -> object:
        read.append(True)
        return whole(self, *arguments, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Recognizer, "read", counted)
    extract(page_with(tmp_path / "slides.pdf", picture_of(size=(900, 495)), pages=3), "slides.pdf", silent)
    assert len(read) == 1


def test_photographs_are_told_from_drawings() -> None:
    assert is_photograph(photograph())
    assert not is_photograph(picture_of())


@pytest.mark.usefixtures("no_tesseract")
def test_text_that_lies_over_its_picture_is_used_as_it_is(tmp_path: Path) -> None:
    """As programs leave it that have read a scan before: invisible text where the words are."""
    canvas = Canvas(str(tmp_path / "read.pdf"), pagesize=(432, 240), invariant=1)
    canvas.drawImage(ImageReader(picture_of()), 0, 0, 432, 240)
    text = canvas.beginText(29, 200)
    text.setTextRenderMode(3)
    text.setFont("Helvetica", 14, 26)
    for line in LETTER:
        text.textLine(line.replace("Lindholm", "Lindhome"))
    canvas.drawText(text)
    canvas.save()
    extracted = extract(tmp_path / "read.pdf", "read.pdf", silent)
    assert words(extracted).startswith("Harbour Board of Lindhome")
    assert extracted.warnings == []


def test_letters_without_a_meaning_are_told() -> None:
    assert is_garbled("\ue010\ue011\ue012 \ufffd\ufffd and")
    assert is_garbled("\U000f0001" * 20)
    assert not is_garbled("𝑥 = 𝛼𝛽 and 😀 漢字 \uf0b7 one \uf0b7 two")
    assert not is_garbled("")


@pytest.mark.usefixtures("tesseract")
def test_a_broken_text_layer_is_replaced_by_what_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "garbled.pdf"
    pdf_of(path, picture_of())
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    written = raw.FPDFPageObj_NewTextObj(document.raw, b"Helvetica", 12.0)
    garbled = ("\ue001\ue002\ue003 " * 12 + "\x00").encode("utf-16-le")
    raw.FPDFText_SetText(written, (raw.FPDF_WCHAR * (len(garbled) // 2)).from_buffer_copy(garbled))
    raw.FPDFPageObj_Transform(written, 1, 0, 0, 1, 20, 8)
    raw.FPDFPage_InsertObject(page.raw, written)
    page.gen_content()
    document.save(tmp_path / "layer.pdf")
    document.close()
    text = words(extract(tmp_path / "layer.pdf", "layer.pdf", silent))
    assert " ".join(LETTER) in text
    assert "\ue001" not in text


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_a_scan_fails_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        extract(pdf_of(tmp_path / "scan.pdf", picture_of()), "scan.pdf", silent)
    assert caught.value.code == "program_missing"
    assert "apt install tesseract-ocr" in (caught.value.hint or "")


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_the_pages_not_read_are_named(tmp_path: Path) -> None:
    blank = Image.new("L", (600, 400), 255)
    path = pdf_of(tmp_path / "mixed.pdf", None, picture_of(), blank, picture_of(LETTER[:2]))
    extracted = extract(path, "mixed.pdf", silent)
    assert words(extracted) == TYPED
    (warning,) = extracted.warnings
    assert warning.startswith("Pages 2 and 4 are scanned and not read.")
    assert "apt install tesseract-ocr" in warning


@pytest.mark.usefixtures("tesseract")
def test_switched_off_pages_without_text_are_counted(tmp_path: Path) -> None:
    extracted = extract(pdf_of(tmp_path / "mixed.pdf", None, picture_of()), "mixed.pdf", silent, Options(ocr=False))
    assert words(extracted, 2) == ""
    assert extracted.warnings == ["1 page has no text layer."]
    with pytest.raises(DocumentError) as caught:
        extract(pdf_of(tmp_path / "scan.pdf", picture_of()), "scan.pdf", silent, Options(ocr=False))
    assert caught.value.code == "no_text"
    assert "DOCVAULT_OCR" in (caught.value.hint or "")


@pytest.mark.usefixtures("tesseract")
def test_a_drawing_without_words_has_no_text(tmp_path: Path) -> None:
    picture = Image.new("L", (600, 400), 255)
    ImageDraw.Draw(picture).ellipse((100, 50, 500, 350), outline=0, width=5)
    with pytest.raises(DocumentError) as caught:
        extract(pdf_of(tmp_path / "drawing.pdf", picture), "drawing.pdf", silent)
    assert caught.value.code == "no_text"
    extracted = extract(pdf_of(tmp_path / "mixed.pdf", None, picture), "mixed.pdf", silent)
    assert extracted.warnings == ["Page 2 is without a text layer, and no words were found in the picture."]


def test_a_page_tesseract_gives_up_on_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\n[ "$1" = --list-langs ] && printf "languages\\neng\\n" && exit 0\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    extracted = extract(pdf_of(tmp_path / "mixed.pdf", None, picture_of()), "mixed.pdf", silent)
    assert extracted.warnings == ["Page 2 is scanned; Tesseract took too long or gave up."]
    with pytest.raises(DocumentError) as caught:
        extract(pdf_of(tmp_path / "scan.pdf", picture_of()), "scan.pdf", silent)
    assert (caught.value.code, caught.value.permanent) == ("crashed", False)


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ([3], "Page 3 is"),
        ([3, 4], "Pages 3–4 are"),
        ([1, 5, 6, 7, 9], "Pages 1, 5–7 and 9 are"),
        (list(range(1, 60, 2)), "30 pages (1, 3, 5, 7, 9, 11, 13, 15, 17, 19 …) are"),
    ],
)
def test_pages_are_named_shortly(numbers: list[int], named: str) -> None:
    assert pages_named(numbers) == named
