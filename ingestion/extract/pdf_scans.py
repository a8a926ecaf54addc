"""The pictures of a PDF's pages, read with Tesseract; and what is to be said of those that were not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.document import Options
from ingestion.extract.layout import RoughBlock, Run
from ingestion.extract.ocr import Recognizer
from ingestion.extract.pdf_pictures import Picture, drawn, is_photograph

NOISE = 50.0
"""Mean confidence below which what was read from a picture within a page is not kept."""


class Scans:
    """Tesseract is looked for when the first picture wants it. Without it `problem` says so, and pages are noted."""

    def __init__(self, options: Options) -> None:
        self.languages = options.ocr_languages
        self.problem: DocumentError | None = None
        self.recognizer: Recognizer | None = None
        self.seen: set[bytes] = set()
        self.unread: list[int] = []
        self.given_up: list[int] = []
        self.wordless: list[int] = []

    def read(self, page: Any, picture: Picture, runs: Sequence[Run], number: int) -> list[RoughBlock]:
        """Blocks of what stands on a picture and not in the text layer. `number` is the page's, from 1."""
        if picture.digest in self.seen or not (self._ready() or picture.whole):
            return []
        if picture.digest:
            self.seen.add(picture.digest)
        shown = drawn(page, picture.box)
        if shown is None or (not picture.whole and is_photograph(shown[0])):
            return []
        if self.recognizer is None:
            self.unread.append(number)
            return []
        try:
            scan = self.recognizer.read(*shown, whole=picture.whole)
        except DocumentError as error:
            if error.code not in {"too_slow", "crashed"}:
                raise
            self.given_up.append(number)
            self.problem = error
            return []
        left, top = picture.box[:2]
        if not picture.replaces:
            scan = scan.without(runs, left, top)
        if not scan.segments or (not picture.whole and scan.confidence < NOISE):
            if picture.whole and not runs:
                self.wordless.append(number)
            return []
        return scan.blocks(left, top)

    def _ready(self) -> bool:
        if self.recognizer is None and self.problem is None:
            try:
                self.recognizer = Recognizer(self.languages)
            except DocumentError as error:
                if error.code != "program_missing":
                    raise
                self.problem = error
        return self.recognizer is not None

    def warnings(self) -> list[str]:
        warnings = list(self.recognizer.warnings) if self.recognizer else []
        if self.unread and self.problem:
            warnings.append(
                f"{pages_named(self.unread)} scanned and not read. {self.problem.detail} {self.problem.hint}"
            )
        if self.given_up:
            warnings.append(f"{pages_named(self.given_up)} scanned; Tesseract took too long or gave up.")
        if self.wordless:
            warnings.append(
                f"{pages_named(self.wordless)} without a text layer, and no words were found in the picture."
            )
        return warnings


def pages_named(numbers: Sequence[int]) -> str:
    """The beginning of a sentence: `Page 3 is`, `Pages 2, 5–9 and 12 are`."""
    spans: list[list[int]] = [[numbers[0], numbers[0]]]
    for before, number in pairwise(numbers):
        if number == before + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    named = [f"{first}" if first == last else f"{first}–{last}" for first, last in spans]
    if len(numbers) == 1:
        return f"Page {named[0]} is"
    if len(named) > 12:
        return f"{len(numbers)} pages ({', '.join(named[:10])} …) are"
    return f"Pages {' and '.join(part for part in (', '.join(named[:-1]), named[-1]) if part)} are"
