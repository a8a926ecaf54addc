"""Photographs and scans of pages: PNG, JPEG, TIFF, GIF, BMP and WEBP, read with Tesseract. Every frame is a page.

Pillow opens them, with the formats it may try named and the number of points looked at before any is unpacked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import Report, corrupt, empty, no_text
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.extract.drafts import DraftPage, Headings, PageWriter, first_page_title
from ingestion.extract.ocr import MAX_PIXELS, Recognizer

FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP")
MAX_SAMPLES = 400_000_000
"""Most values (points times colours) one frame may unpack to: a poster at 300 dots per inch in colour fits."""
MAX_FRAMES = 2_000
"""Most frames that are read; a film has more, a scanned book less."""

_A4_INCHES = 11.7
_STATED_DPI = (100.0, 2400.0)
"""What a scanner states. Less is a screen's or a camera's default and says nothing about paper."""
_SMALL = 1500
"""Longest side in points below which letters are enlarged before they are read."""
_ORIENTATION = 0x0112


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """Raises `DocumentError`: `empty`, `corrupt`, `no_text`, `too_much_memory`, `program_missing`, `too_slow`."""
    if not path.stat().st_size:
        raise empty()
    if not options.ocr:
        raise no_text(
            "This is a picture, and reading text from pictures is switched off.",
            hint="Switch it on (DOCVAULT_OCR) and retry, or upload its text.",
        )
    recognizer = Recognizer(options.ocr_languages)
    with _opened(path) as picture:
        drafts = _frames(picture, recognizer, report)
    if not any(draft.text.strip() for draft in drafts):
        raise no_text(
            "No words were found in this picture.",
            hint="If it shows a page, scan it at 300 dots per inch, straight and well lit.",
        )
    levels = Headings(drafts)
    pages = [levels.page(number, draft) for number, draft in enumerate(drafts, 1)]
    return Extracted(pages, first_page_title(pages, levels), warnings=recognizer.warnings)


def _opened(path: Path) -> Any:
    from PIL import Image, UnidentifiedImageError

    # Pillow's own limit only warns below twice its height; ours is looked at in `_checked`.
    Image.MAX_IMAGE_PIXELS = None
    try:
        return Image.open(path, formats=FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise corrupt("The picture") from None


def _frames(picture: Any, recognizer: Recognizer, report: Report) -> list[DraftPage]:
    """A damaged frame ends a file that has others before it."""
    drafts: list[DraftPage] = []
    count = _count(picture)
    for number in range(count):
        try:
            picture.seek(number)
            grey, dpi = _prepared(picture)
        except DocumentError:
            raise
        except MemoryError:
            raise
        except Exception as error:
            # Pillow's readers raise whatever a broken file led them to: OSError, ValueError, struct.error, KeyError.
            if not drafts:
                raise corrupt("The picture") from error
            break
        scan = recognizer.read(*_enlarged(grey, dpi))
        drafts.append(PageWriter(grey.width * 72 / dpi, grey.height * 72 / dpi).write(scan.blocks()))
        report(number + 1, count)
    return drafts


def _count(picture: Any) -> int:
    """Pages of a TIFF or a moving picture's frames, of which only the first one counts: the others repeat it."""
    if picture.format != "TIFF":
        return 1
    try:
        return min(picture.n_frames, MAX_FRAMES)
    except Exception as error:
        raise corrupt("The picture") from error


def _prepared(picture: Any) -> tuple[Any, float]:
    """The frame in grey as a person sees it: turned as the camera was held, on white where it is transparent."""
    from PIL import Image, ImageOps

    if picture.width * picture.height * len(picture.getbands()) > MAX_SAMPLES:
        raise DocumentError(
            f"The picture is too large to be read: {picture.width} × {picture.height} points.",
            code="too_much_memory",
            hint="Save it with fewer points, or in parts, and upload that.",
        )
    dpi = _dpi(picture)
    fewer = (MAX_PIXELS / (picture.width * picture.height)) ** 0.5
    if picture.format == "JPEG" and fewer < 1:
        picture.draft("L", (int(picture.width * fewer), int(picture.height * fewer)))
    wide = picture.width
    grey = _on_white(picture)
    if grey.width * grey.height > MAX_PIXELS:
        grey.thumbnail((int(grey.width * fewer), int(grey.height * fewer)), Image.Resampling.BOX)
    dpi *= grey.width / wide
    if picture.getexif().get(_ORIENTATION, 1) != 1:
        grey.getexif()[_ORIENTATION] = picture.getexif()[_ORIENTATION]
        ImageOps.exif_transpose(grey, in_place=True)
    return grey, dpi


def _on_white(picture: Any) -> Any:
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture)
    if picture.has_transparency_data:
        seen = picture.convert("LA")
        paper = Image.new("L", seen.size, 255)
        paper.paste(seen.getchannel("L"), mask=seen.getchannel("A"))
        return paper
    return picture.convert("L").copy()


def _eight_bits(picture: Any) -> Any:
    """Sixteen bits and more, with the lightest shade as white."""
    lightest = max(picture.getextrema()[1], 1)

    def share(value: Any) -> Any:
        return value * (255 / lightest)

    return picture.point(share).convert("L")


def _dpi(picture: Any) -> float:
    """Points an inch as the file states them, where it is a scanner's; else as if it showed a page of A4."""
    stated = picture.info.get("dpi", (0.0, 0.0))
    try:
        across = float(stated[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        across = 0.0
    if _STATED_DPI[0] <= across <= _STATED_DPI[1]:
        return across
    return max(72.0, max(picture.size) / _A4_INCHES)


def _enlarged(grey: Any, dpi: float) -> tuple[Any, float]:
    """Letters of a screen are a dozen points high; Tesseract wants twice that."""
    from PIL import Image

    longest = max(grey.size)
    if longest >= _SMALL:
        return grey, dpi
    larger = (grey.width * 2, grey.height * 2)
    return grey.resize(larger, Image.Resampling.BICUBIC), dpi * 2
