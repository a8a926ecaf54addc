from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from docvault.errors import DocumentError
from ingestion.extract import image
from ingestion.extract.document import Extracted, Options
from ingestion.extract.image import extract
from tests.ingestion.extract.conftest import silent
from tests.ingestion.extract.pictures import LETTER, assert_boxes_hold_the_ink, need_tesseract, picture_of, saved

Sound = Callable[[Extracted], Extracted]


@pytest.fixture(autouse=True, scope="module")
def tesseract() -> None:
    need_tesseract()


def words(extracted: Extracted, number: int = 0) -> str:
    return " ".join(extracted.pages[number].text.split())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"])
def test_every_format_is_read(kind: str, tmp_path: Path, sound: Sound) -> None:
    path = tmp_path / "letter"
    path.write_bytes(saved(picture_of(), kind, dpi=(150, 150)))
    extracted = sound(extract(path, "letter", silent))
    assert words(extracted) == " ".join(LETTER)
    assert_boxes_hold_the_ink(extracted.pages[0], picture_of())


def test_words_know_their_places(tmp_path: Path) -> None:
    """Each of its runs is where its line is, says the words that stand there, and together they are all."""
    path = tmp_path / "letter.png"
    path.write_bytes(saved(picture_of(), "PNG", dpi=(150, 150)))
    page = extract(path, "letter.png", silent).pages[0]
    said = [page.text[place.start : place.end] for place in page.places]
    assert " ".join(said).split() == page.text.split()
    for place in page.places:
        (line,) = [line for line in page.lines if line.start <= place.start < line.end]
        assert line.box[0] <= place.box[0] < place.box[2] <= line.box[2]
        assert (line.box[1], line.box[3]) == (place.box[1], place.box[3])


def test_a_page_is_as_large_as_the_scanner_says(tmp_path: Path) -> None:
    path = tmp_path / "letter.png"
    path.write_bytes(saved(picture_of(), "PNG", dpi=(150, 150)))
    page = extract(path, "letter.png", silent).pages[0]
    assert page.width == pytest.approx(900 * 72 / 150, rel=0.001)
    path.write_bytes(saved(picture_of(size=(1700, 2200)), "PNG"))
    page = extract(path, "letter.png", silent).pages[0]
    assert page.height == pytest.approx(11.7 * 72, rel=0.001)


def test_the_camera_may_have_been_held_sideways(tmp_path: Path) -> None:
    """The file's points lie on their side, and a tag says how to show them."""
    upright = picture_of()
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photo.jpg"
    path.write_bytes(saved(upright.rotate(90, expand=True), "JPEG", exif=exif, dpi=(150, 150)))
    extracted = extract(path, "photo.jpg", silent)
    assert words(extracted) == " ".join(LETTER)
    assert_boxes_hold_the_ink(extracted.pages[0], upright)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_may_lie_on_its_side(degrees: int, tmp_path: Path) -> None:
    """Nothing but the letters says so. Boxes are on the picture as it is shown."""
    lying = picture_of(LETTER * 3, size=(900, 950)).rotate(degrees, expand=True)
    path = tmp_path / "scan.png"
    path.write_bytes(saved(lying, "PNG", dpi=(150, 150)))
    extracted = extract(path, "scan.png", silent)
    assert words(extracted) == " ".join(LETTER * 3)
    assert_boxes_hold_the_ink(extracted.pages[0], lying)


def test_a_page_may_not_have_been_laid_straight(tmp_path: Path) -> None:
    picture = picture_of(LETTER * 2, size=(1000, 700)).rotate(2, fillcolor=255, resample=Image.Resampling.BICUBIC)
    path = tmp_path / "scan.png"
    path.write_bytes(saved(picture, "PNG", dpi=(150, 150)))
    extracted = extract(path, "scan.png", silent)
    assert words(extracted) == " ".join(LETTER * 2)
    assert_boxes_hold_the_ink(extracted.pages[0], picture)


def test_every_frame_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    path = tmp_path / "book.tif"
    first, second = picture_of(LETTER[:2]), picture_of(LETTER[2:])
    path.write_bytes(saved(first, "TIFF", save_all=True, append_images=[second], dpi=(150, 150)))
    heard: list[tuple[int, int]] = []
    extracted = extract(path, "book.tif", lambda done, pages: heard.append((done, pages)))
    assert [words(extracted, number) for number in (0, 1)] == [" ".join(LETTER[:2]), " ".join(LETTER[2:])]
    assert heard == [(1, 2), (2, 2)]


def test_what_is_transparent_is_paper(tmp_path: Path) -> None:
    ink = picture_of().point(lambda value: 255 - value)
    picture = Image.new("LA", ink.size, (0, 0))
    picture.putalpha(ink)
    path = tmp_path / "letter.png"
    path.write_bytes(saved(picture, "PNG", dpi=(150, 150)))
    assert words(extract(path, "letter.png", silent)) == " ".join(LETTER)


def test_sixteen_bits_are_read(tmp_path: Path) -> None:
    picture = picture_of().convert("I;16").point(lambda value: value * 200)
    path = tmp_path / "letter.png"
    path.write_bytes(saved(picture, "PNG", dpi=(150, 150)))
    assert words(extract(path, "letter.png", silent)) == " ".join(LETTER)


def bomb(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that says it is large."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(1000))) + part(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (saved(Image.new("L", (300, 300), 255), "PNG"), "no_text"),
        (bomb(60_000, 60_000), "too_much_memory"),
        (saved(picture_of(), "PNG")[:900], "corrupt"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "corrupt"),
        (b"II*\x00" + b"\xff" * 200, "corrupt"),
        (b"BM" + b"\x07" * 100, "corrupt"),
    ],
    ids=["empty", "blank", "bomb", "cut off", "no picture", "broken tiff", "broken bmp"],
)
def test_what_cannot_be_read_says_why(data: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        extract(path, "picture", silent)
    assert (caught.value.code, caught.value.permanent) == (code, True)
    assert caught.value.hint


def test_large_pictures_are_made_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "MAX_PIXELS", 900 * 500)
    large = picture_of().resize((1800, 1000))
    for kind in ("PNG", "JPEG"):
        path = tmp_path / kind
        path.write_bytes(saved(large, kind, dpi=(300, 300)))
        extracted = extract(path, "letter", silent)
        assert words(extracted) == " ".join(LETTER)
        assert_boxes_hold_the_ink(extracted.pages[0], large, loose=6)


def test_switched_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "letter.png"
    path.write_bytes(saved(picture_of(), "PNG"))
    with pytest.raises(DocumentError) as caught:
        extract(path, "letter.png", silent, Options(ocr=False))
    assert caught.value.code == "no_text"
    assert "DOCVAULT_OCR" in (caught.value.hint or "")
