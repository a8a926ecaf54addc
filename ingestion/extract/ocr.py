"""Words out of pictures, read by Tesseract and laid out like any other page: lines, columns, tables and their places.

Tesseract runs as a program inside the reader's walls, one thread and one page at a time. Its words become the same
segments that PDFium's do, so that a citation can be drawn on a scan as on a printed page.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median
from typing import Any, NamedTuple

from docvault.errors import DocumentError
from ingestion.extract import programs
from ingestion.extract.build import clean
from ingestion.extract.layout import RoughBlock, Run, rough_blocks
from ingestion.extract.pdf_words import DIVIDER, WIDE_GAP, BoxTuple, Recognized, Segment

DPI = 300
"""Dots per inch that Tesseract's models were trained near; fewer lose small print, more only cost time."""
MAX_PIXELS = 16_000_000
"""Most pixels of one picture given to Tesseract: A3 at 300 dots per inch."""
SECONDS = 90.0
"""Longest Tesseract may take for one page; what takes longer is a page made to hurt, not one to read."""

SURE = 60.0
"""Confidence from which a word is believed wherever it stands, as Tesseract counts: 0 to 100."""
DOUBTFUL = 30.0
"""Confidence from which a word is believed among surer ones of its line."""
_POOR = 65.0
"""Mean confidence below which a page may be lying on its side."""
_SAMPLE, _FEW = 40, 8
"""Letters from which a page's confidence says something; with fewer it must be higher, with a few it says nothing."""
_GOOD = 85.0

_WORD_LEVEL = "5"
_WORDY = re.compile(r"\w")
_LETTER = re.compile(r"[^\W\d_]{3}")
_RULE = re.compile(r"[|_\-—–=~.'‘’\"“”«»:;,·•°*]+")
_DIVIDED = re.compile(r"(?<=[^\W\d_])[-‐\xad]$")
_BULLETS = frozenset("¢*°®©e«»+•●▪■◦○-–—")
"""What Tesseract makes of the dot before a list's item, where it stands alone at the beginning of a line."""
_TURN = re.compile(rb"Rotate: (90|180|270)\b")


class Word(NamedTuple):
    """In pixels of the picture from its top left corner; `line` tells words of one line from those of others."""

    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    text: str
    line: tuple[str, ...]


class Scan(NamedTuple):
    """What stands on a picture. Segments are in points, as the picture is when turned by `turn` degrees clockwise.

    `width` and `height` are those of the turned picture. `slope` is how far its lines fall to the right, in points a
    point; segments are as if they did not.
    """

    segments: list[Segment]
    turn: int
    width: float
    height: float
    confidence: float
    slope: float = 0.0

    def blocks(self, left: float = 0.0, top: float = 0.0) -> list[RoughBlock]:
        """Blocks in reading order, placed on the page as it is shown, the picture's corner at `left`, `top`.

        Segments are moved with them: ask once.
        """
        blocks = rough_blocks(self.segments, self.width)
        for segment in self.segments:
            self._place(segment, left, top)
        return blocks

    def without(self, runs: Sequence[Run], left: float, top: float) -> Scan:
        """Without the words that `runs`, the page's own text, have at the same place."""
        if self.turn or not runs:
            return self
        kept = [segment for segment in self.segments if not _covered(_tilted(segment, self.slope), runs, left, top)]
        return self._replace(segments=kept)

    def _place(self, segment: Segment, x: float, y: float) -> None:
        left, top, right, bottom = _tilted(segment, self.slope)
        if self.turn == 90:
            left, top, right, bottom = top, self.width - right, bottom, self.width - left
        elif self.turn == 180:
            left, top, right, bottom = self.width - right, self.height - bottom, self.width - left, self.height - top
        elif self.turn == 270:
            left, top, right, bottom = self.height - bottom, left, self.height - top, right
        segment.left, segment.top, segment.right, segment.bottom = left + x, top + y, right + x, bottom + y


def _covered(box: BoxTuple, runs: Sequence[Run], x: float, y: float) -> bool:
    """Whether more than half of a place lies under text."""
    left, top, right, bottom = box[0] + x, box[1] + y, box[2] + x, box[3] + y
    shared = sum(
        max(0.0, min(right, run.right) - max(left, run.left)) * max(0.0, min(bottom, run.bottom) - max(top, run.top))
        for run in runs
    )
    return shared > 0.5 * (right - left) * (bottom - top)


class Recognizer:
    """Reads pictures in the languages that are wanted and installed. `warnings` names those that are not.

    Raises `DocumentError` (`program_missing`) where there is no Tesseract, or no language for it.
    """

    def __init__(self, languages: str) -> None:
        # Its threads wait for each other by spinning: four take three times the processor's time of one.
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        installed = _installed()
        wanted = [name for name in languages.split("+") if name]
        found = [name for name in wanted if name in installed]
        usable = found or [name for name in installed if name not in {"osd", "equ"}][:1]
        if not usable:
            raise _no_language(wanted)
        self.languages = "+".join(usable)
        self.turns = "osd" in installed
        missing = [name for name in wanted if name not in installed]
        self.warnings = [_missing_languages(missing, self.languages)] if missing else []

    def read(self, picture: Any, dpi: float, *, whole: bool = True) -> Scan:
        """Read a grey Pillow picture of `dpi` pixels an inch.

        `whole` says that it is a page, which may lie on its side. Raises `DocumentError` (`too_slow`, `crashed`).
        """
        words = self._words(picture, dpi)
        lying = _lie(words)
        turn = self._turn(picture, dpi) if whole and self.turns and (lying or _is_poor(words)) else 0
        if turn:
            # Pillow counts against the clock.
            turned = picture.rotate(-turn, expand=True)
            better = self._words(turned, dpi)
            # Lines that run upwards are read as they are, with their words in no order that could be used.
            if _weight(better) > (0.8 if lying else 1.0) * _weight(words):
                words, picture = better, turned
            else:
                turn = 0
        scale, slope = 72 / dpi, slope_of(words)
        segments = segments_of([_levelled(word, slope) for word in words], scale)
        return Scan(segments, turn, picture.width * scale, picture.height * scale, _mean_confidence(words), slope)

    def _words(self, picture: Any, dpi: float) -> list[Word]:
        try:
            output = _tesseract(picture, dpi, "--psm", "3", "-l", self.languages, "tsv")
        except subprocess.CalledProcessError as error:
            raise DocumentError(
                f"Tesseract gave up on a page (exit status {error.returncode}).",
                code="crashed",
                hint="The machine may be short of memory. Retry the document.",
                permanent=False,
            ) from None
        return list(words_of(output.decode(errors="replace")))

    def _turn(self, picture: Any, dpi: float) -> int:
        try:
            found = _TURN.search(_tesseract(picture, dpi, "--psm", "0", "-l", "osd"))
        except subprocess.CalledProcessError:
            return 0  # It finds too few letters to tell.
        return int(found.group(1)) if found else 0


def _tesseract(picture: Any, dpi: float, *arguments: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PPM")
    return programs.run(
        programs.TESSERACT,
        ["stdin", "stdout", "--dpi", f"{dpi:.0f}", *arguments],
        seconds=SECONDS,
        stdin=buffer.getvalue(),
    )


def _installed() -> list[str]:
    try:
        lines = programs.run(programs.TESSERACT, ["--list-langs"], seconds=SECONDS).decode().split("\n")
    except subprocess.CalledProcessError:
        return []
    return [line.strip() for line in lines[1:] if line.strip()]


def _packages(languages: Iterable[str]) -> str:
    return " ".join(f"tesseract-ocr-{name.lower().replace('_', '-')}" for name in languages)


def _missing_languages(missing: Sequence[str], used: str) -> str:
    return (
        f"Pictures were read as {used}: Tesseract has no data for {', '.join(missing)}. "
        f"Debian and Ubuntu: `apt install {_packages(missing)}`. macOS: `brew install tesseract-lang`."
    )


def _no_language(wanted: Sequence[str]) -> DocumentError:
    return DocumentError(
        "Tesseract is installed where the worker runs, but no language for it.",
        code="program_missing",
        hint=f"Debian and Ubuntu: `apt install {_packages(wanted or ['eng'])}`. Then retry the document.",
    )


# --- words ------------------------------------------------------------------------------------------------------------


def words_of(table: str) -> Iterable[Word]:
    """The words of Tesseract's TSV, which counts levels page, block, paragraph, line and word from 1 to 5."""
    for row in (line.split("\t") for line in table.split("\n")):
        if len(row) == 12 and row[0] == _WORD_LEVEL and (text := clean(row[11]).strip()):
            left, top, width, height = map(float, row[6:10])
            yield Word(left, top, left + width, top + height, float(row[10]), text, tuple(row[2:5]))


def segments_of(words: Sequence[Word], scale: float) -> list[Segment]:
    """Words next to each other on one line. What are only specks and strokes is left out."""
    lines = [kept for _, line in groupby(words, key=lambda word: word.line) if (kept := _believed(list(line)))]
    sizes = _settled([(median(map(_size, line)) * scale, len(line)) for line in lines])
    segments: list[Segment] = []
    for line, size in zip(lines, sizes, strict=True):
        begun = 0
        for place in range(1, len(line) + 1):
            if place == len(line) or line[place].left - line[place - 1].right > WIDE_GAP * size / scale:
                segments.append(_segment(line[begun:place], size, scale))
                begun = place
    return segments


def slope_of(words: Sequence[Word]) -> float:
    """How far lines fall to the right on a page that was not laid straight, in pixels a pixel: the middle of its lines.

    Feet of letters that reach below the line are left out.
    """
    slopes: list[float] = []
    for _, line in groupby(words, key=lambda word: word.line):
        feet = [word for word in line if word.confidence >= SURE and len(word.text) > 2 and not _DEEP & set(word.text)]
        if len(feet) >= 3 and feet[-1].left - feet[0].right > 10 * (feet[0].bottom - feet[0].top):
            slopes.append((feet[-1].bottom - feet[0].bottom) / (feet[-1].right - feet[0].right))
    slope = median(slopes) if len(slopes) >= 4 else 0.0
    return slope if 0.002 < abs(slope) < 0.2 else 0.0


def _levelled(word: Word, slope: float) -> Word:
    """The word on a page laid straight, turned about the top left corner."""
    if not slope:
        return word
    x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    x, y = x + slope * y, y - slope * x
    half = (word.right - word.left) / 2
    high = max((word.bottom - word.top) / 2 - abs(slope) * half, 1.0)
    return word._replace(left=x - half, right=x + half, top=y - high, bottom=y + high)


def _tilted(segment: Segment, slope: float) -> BoxTuple:
    """The box around a segment as it lies on the page."""
    left, top, right, bottom = segment.left, segment.top, segment.right, segment.bottom
    across, down = (slope * top, slope * bottom), (slope * left, slope * right)
    return left - max(across), top + min(down), right - min(across), bottom + max(down)


def _segment(words: Sequence[Word], size: float, scale: float) -> Segment:
    box = (
        min(word.left for word in words) * scale,
        min(word.top for word in words) * scale,
        max(word.right for word in words) * scale,
        max(word.bottom for word in words) * scale,
    )
    text = " ".join(word.text for word in words)
    return Recognized(box, _DIVIDED.sub(DIVIDER, text), size, False, True)


def _believed(line: list[Word]) -> list[Word]:
    """Without marks that are rules and specks, and without guesses: an unsure word needs a sure one beside it."""
    if len(line) > 1 and line[0].text in _BULLETS and len(line[1].text) > 1 and line[1].confidence >= SURE:
        line = [line[0]._replace(text="•", confidence=SURE), *line[1:]]
    line = [word for word in line if word.text == "•" or not (_RULE.fullmatch(word.text) and word.confidence < 90)]
    sure = sum(len(word.text) for word in line if word.confidence >= SURE)
    least = DOUBTFUL if sure * 2 >= sum(len(word.text) for word in line) else SURE
    line = [word for word in line if word.confidence >= least]
    return line if any(_WORDY.search(word.text) for word in line) else []


# Heights of words in ems, by the letters they are made of: figures of an ordinary text face.
_TALL, _DEEP = set("bdfhijkltßÄÖÜäöü|/()[]{}"), set("gjpqyQ,;/()[]{}|")


def _size(word: Word) -> float:
    """The size of the type in pixels, told from the height of a word and from what its letters reach."""
    tall = any(letter in _TALL or letter.isupper() or letter.isdigit() for letter in word.text)
    deep = any(letter in _DEEP for letter in word.text)
    return (word.bottom - word.top) / (0.48 + 0.24 * tall + 0.21 * deep)


def _settled(lines: Sequence[tuple[float, int]]) -> list[float]:
    """Sizes of lines, with those near the page's usual one set to it: printed sizes are few, measured ones waver.

    How far they waver on this page tells what is near: three times their middle distance, a fifth at least.
    """
    if not lines:
        return []
    sizes = [size for size, words in lines for _ in range(words)]
    usual = median(sizes)
    near = min(max(0.2, 3 * median(abs(size / usual - 1) for size in sizes)), 0.8)
    return [usual if abs(size / usual - 1) < near else round(size * 2) / 2 or 0.5 for size, _ in lines]


def _weight(words: Sequence[Word]) -> float:
    return sum(word.confidence * len(word.text) for word in words if _WORDY.search(word.text))


def _mean_confidence(words: Sequence[Word]) -> float:
    letters = sum(len(word.text) for word in words if _WORDY.search(word.text))
    return _weight(words) / letters if letters else 0.0


def _lie(words: Sequence[Word]) -> bool:
    """Whether most longer words are higher than wide."""
    longer = [word for word in words if len(word.text) >= 4 and word.confidence >= SURE]
    return sum(word.bottom - word.top > 1.5 * (word.right - word.left) for word in longer) * 2 > len(longer)


def _is_poor(words: Sequence[Word]) -> bool:
    """Whether its letters, as many as they are, inspire too little confidence."""
    letters = sum(len(word.text) for word in words if word.confidence >= SURE and _LETTER.search(word.text))
    return letters < _FEW or _mean_confidence(words) < (_GOOD if letters < _SAMPLE else _POOR)
