"""Pictures of text, and PDFs of such pictures, made for the tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingestion.extract import programs
from ingestion.extract.document import Page

DPI = 150
LETTER = (
    "Harbour Board of Lindholm",
    "The northern mole was repaired in the spring",
    "of 1887 and the light on it was raised by",
    "eleven feet. Grain and timber made up most",
    "of what the ships carried in that year.",
)


def need_tesseract() -> None:
    assert programs.find(programs.TESSERACT), (
        f"These tests need Tesseract. {programs.how_to_install(programs.TESSERACT)}"
    )


def picture_of(lines: Sequence[str] = LETTER, *, size: tuple[int, int] = (900, 500), pixels: int = 34) -> Image.Image:
    """Dark lines on white, the first one at 60, 50."""
    picture = Image.new("L", size, 255)
    font: Any = ImageFont.load_default(size=pixels)
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((60, 50 + number * pixels * 1.6), line, font=font, fill=0)
    return picture


def pdf_of(path: Path, *pages: Image.Image | None, stamp: str = "", rotate: int = 0) -> Path:
    """Each picture fills a page at 150 dots per inch; None is a page of text. `stamp` is text at the page's foot."""
    canvas = Canvas(str(path), invariant=1)
    for picture in pages:
        if picture is None:
            canvas.setPageSize((400, 300))
            canvas.drawString(40, 200, "This page has been typed and needs nobody to look at it.")
        else:
            width, height = picture.width * 72 / DPI, picture.height * 72 / DPI
            canvas.setPageSize((width, height))
            canvas.drawImage(ImageReader(picture), 0, 0, width, height)
            if stamp:
                canvas.drawString(20, 8, stamp)
        canvas.showPage()
    canvas.save()
    return turned(path, rotate) if rotate else path


def turned(path: Path, degrees: int) -> Path:
    """The same pages, shown turned clockwise."""
    document = pypdfium2.PdfDocument(path.read_bytes())
    for page in document:
        page.set_rotation(degrees)
    document.save(path)
    document.close()
    return path


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def assert_boxes_hold_the_ink(page: Page, picture: Image.Image, loose: float = 3.0) -> None:
    """Every box holds something dark, and nothing dark lies outside of the boxes."""
    assert page.width and page.height
    scale = picture.width / page.width
    assert abs(picture.height / page.height - scale) < 0.02 * scale
    left_over: Any = picture.convert("L")
    for line in page.lines:
        left, top, right, bottom = (edge * scale for edge in line.box)
        box = (round(left - loose), round(top - loose), round(right + loose), round(bottom + loose))
        assert left_over.crop(box).getextrema()[0] < 128, page.text[line.start : line.end]
        left_over.paste(255, box)
    assert left_over.getextrema()[0] >= 128
