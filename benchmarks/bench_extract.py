"""Reading PDFs: pages per CPU second of our reader, against bare pypdfium2 and unstructured's fast strategy.

    DOCVAULT_CORPORA=FOLDER python benchmarks/bench_extract.py [--unstructured-pages 120] [--rounds 3]

Without the setting the tests' own PDFs are read, which says little. File by file the sides take turns in one process,
so that a busy machine slows all alike; of each side the best round counts. `bare text` is PDFium's text in one piece,
`bare boxes` the same and the box of every line (PDFium's text rectangles), which is the least a citation needs.
Limits: at least 0.5 of `bare boxes` and 25 times unstructured, which is left out with a word where it is not
installed (it wants `unstructured[pdf]`), and reads only the smaller files.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import pypdfium2

from docvault.errors import DocumentError
from ingestion.extract.pdf import extract

Side = Callable[[Path], int]


def files() -> list[Path]:
    root = os.environ.get("DOCVAULT_CORPORA")
    if root:
        return sorted(path for name in ("financebench", "mmlongbench") for path in Path(root, name).rglob("*.pdf"))
    print("DOCVAULT_CORPORA is not set: reading the tests' own PDFs.")
    return sorted(Path(__file__).parents[1].joinpath("tests", "corpus").glob("*.pdf"))


def ours(path: Path) -> int:
    return len(extract(path, path.name, lambda done, pages: None).pages)


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


def best(sides: dict[str, Side], path: Path, rounds: int) -> dict[str, float]:
    """CPU seconds of each side on one file, sides taking turns."""
    spent = dict.fromkeys(sides, float("inf"))
    for _ in range(rounds):
        for name, side in sides.items():
            begun = time.process_time()
            side(path)
            spent[name] = min(spent[name], time.process_time() - begun)
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
            found.append((path, ours(path)))
        except DocumentError:
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--unstructured-pages", type=int, default=120, help="read by unstructured, smallest files first"
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    paths = readable()
    sides: dict[str, Side] = {
        "ours": ours,
        "bare boxes": lambda path: bare(path, boxes=True),
        "bare text": lambda path: bare(path, boxes=False),
    }
    speeds = compare(sides, paths, options.rounds)
    print(f"ours / bare boxes  {speeds['ours'] / speeds['bare boxes']:.2f}  (limit 0.5)")
    print(f"ours / bare text   {speeds['ours'] / speeds['bare text']:.2f}")
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
