"""Reading PDFs: pages per CPU second of our reader, against bare pypdfium2 and unstructured's fast strategy.

    DOCVAULT_CORPORA=FOLDER python benchmarks/bench_extract.py [--unstructured-pages 120] [--rounds 3]

Without the setting the tests' own PDFs are read, which says little. File by file the sides take turns in one process,
so that a busy machine slows all alike; of each side the best round counts. `bare text` is PDFium's text in one piece,
`bare boxes` the same and the box of every line (PDFium's text rectangles), which is the least a citation needs.
Limits: at least 0.5 of `bare boxes` and 25 times unstructured, which is left out with a word where it is not
installed (it wants `unstructured[pdf]`), and reads only the smaller files. None of the peers reads pictures, so for
these ours does not either; `pictures too` is ours as it is by default, Tesseract's time counted.

Scans: pages of the same files drawn at 200 dots per inch and nothing else, in pages per CPU second against Tesseract
alone on the very pictures that ours hands it (`--scans 8`, 0 leaves them out). Limit: at least 0.8.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2

from docvault.errors import DocumentError
from ingestion.extract import programs
from ingestion.extract.document import PLAIN, Options
from ingestion.extract.pdf import extract
from ingestion.extract.pdf_pictures import drawn

Side = Callable[[Path], int]


def files() -> list[Path]:
    root = os.environ.get("DOCVAULT_CORPORA")
    if root:
        return sorted(path for name in ("financebench", "mmlongbench") for path in Path(root, name).rglob("*.pdf"))
    print("DOCVAULT_CORPORA is not set: reading the tests' own PDFs.")
    return sorted(Path(__file__).parents[1].joinpath("tests", "corpus").glob("*.pdf"))


def ours(path: Path) -> int:
    return len(extract(path, path.name, lambda done, pages: None, Options(ocr=False)).pages)


def with_pictures(path: Path) -> int:
    return len(extract(path, path.name, lambda done, pages: None, PLAIN).pages)


def bare_tesseract(path: Path) -> int:
    """Nothing but the program, on the pictures it is given by ours."""
    document = pypdfium2.PdfDocument(path)
    for page in document:
        shown = drawn(page, (0.0, 0.0, *page.get_size()))
        if shown is not None:
            picture = io.BytesIO()
            shown[0].save(picture, "PPM")
            command = ["tesseract", "stdin", "stdout", "--dpi", f"{shown[1]:.0f}", "--psm", "3", "-l", "eng", "tsv"]
            subprocess.run(command, input=picture.getvalue(), capture_output=True, check=True)
        page.close()
    count = len(document)
    document.close()
    return count


def scanned(path: Path, number: int, folder: Path) -> Path:
    """One page of a file as a scanner would send it."""
    document = pypdfium2.PdfDocument(path)
    page: Any = document[number]
    picture = page.render(scale=200 / 72, grayscale=True).to_pil()
    document.close()
    scan = folder / f"{path.stem}-{number}.pdf"
    picture.save(scan, "PDF", resolution=200)
    return scan


def bare(path: Path, *, boxes: bool) -> int:
    document = pypdfium2.PdfDocument(path)
    for page in document:
        text = page.get_textpage()
        text.get_text_range()
        if boxes:
            for number in range(text.count_rects()):
                text.get_rect(number)
        text.close()
        page.close()
    count = len(document)
    document.close()
    return count


def unstructured_fast() -> Side | None:
    os.environ["DO_NOT_TRACK"] = "1"
    from ingestion.extract import office

    office.preload()  # keeps it from fetching its language model
    try:
        from unstructured.partition.pdf import partition_pdf
    except ImportError as error:
        print(f"unstructured is left out: {error}.")
        return None

    def side(path: Path) -> int:
        elements = partition_pdf(str(path), strategy="fast")
        return max((element.metadata.page_number or 1 for element in elements), default=1)

    return side


def cpu_seconds() -> float:
    """Of this process and of the programs it ran."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def best(sides: dict[str, Side], path: Path, rounds: int) -> dict[str, float]:
    """CPU seconds of each side on one file, sides taking turns."""
    spent = dict.fromkeys(sides, float("inf"))
    for _ in range(rounds):
        for name, side in sides.items():
            begun = cpu_seconds()
            side(path)
            spent[name] = min(spent[name], cpu_seconds() - begun)
    return spent


def compare(sides: dict[str, Side], paths: list[tuple[Path, int]], rounds: int) -> dict[str, float]:
    """Pages per CPU second of each side over all files."""
    total = dict.fromkeys(sides, 0.0)
    for path, _ in paths:
        for name, seconds in best(sides, path, rounds).items():
            total[name] += seconds
    pages = sum(count for _, count in paths)
    speeds = {name: pages / seconds for name, seconds in total.items()}
    print(f"{len(paths)} files, {pages} pages")
    for name, speed in speeds.items():
        print(f"  {name:<14}{speed:8.1f} pages per CPU second")
    return speeds


def readable() -> list[tuple[Path, int]]:
    found: list[tuple[Path, int]] = []
    for path in files():
        try:
            found.append((path, with_pictures(path)))
        except DocumentError:
            continue
    return found


def compare_scans(paths: list[tuple[Path, int]], count: int, rounds: int) -> None:
    if not programs.find(programs.TESSERACT):
        print(f"Scans are left out: Tesseract is not installed. {programs.how_to_install(programs.TESSERACT)}")
        return
    os.environ["OMP_THREAD_LIMIT"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        step = max(1, len(paths) // count)
        scans = [(scanned(path, pages // 2, Path(folder)), 1) for path, pages in paths[::step][:count]]
        speeds = compare({"ours": with_pictures, "bare tesseract": bare_tesseract}, scans, rounds)
        print(f"ours / bare tesseract {speeds['ours'] / speeds['bare tesseract']:.2f}  (limit 0.8)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--unstructured-pages", type=int, default=120, help="read by unstructured, smallest files first"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scans", type=int, default=8, help="pages read as scans")
    options = parser.parse_args()
    paths = readable()
    sides: dict[str, Side] = {
        "ours": ours,
        "pictures too": with_pictures,
        "bare boxes": lambda path: bare(path, boxes=True),
        "bare text": lambda path: bare(path, boxes=False),
    }
    speeds = compare(sides, paths, options.rounds)
    print(f"ours / bare boxes  {speeds['ours'] / speeds['bare boxes']:.2f}  (limit 0.5)")
    print(f"ours / bare text   {speeds['ours'] / speeds['bare text']:.2f}")
    print(f"pictures too / ours {speeds['pictures too'] / speeds['ours']:.2f}")
    if options.scans:
        compare_scans(paths, options.scans, options.rounds)
    peer = unstructured_fast()
    if peer is not None:
        small: list[tuple[Path, int]] = []
        for path, pages in sorted(paths, key=lambda entry: entry[1]):
            if sum(count for _, count in small) + pages <= options.unstructured_pages:
                small.append((path, pages))
        peer(small[0][0])  # its first file pays for loading
        speeds = compare({"ours": ours, "unstructured": peer}, small, options.rounds)
        print(f"ours / unstructured {speeds['ours'] / speeds['unstructured']:.1f}  (limit 25)")


if __name__ == "__main__":
    main()
