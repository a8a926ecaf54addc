"""A reader of texts that waits until it is released: what happens while a document is read can then be chosen.

It runs in the throw-away process, which hears of nothing but its file. So the file tells it: by its time.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from ingestion.extract.build import Report
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.extract.text import extract_text

LONGEST = 60.0
RELEASED = 1.0


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    until = time.monotonic() + LONGEST
    while path.stat().st_mtime != RELEASED and time.monotonic() < until:
        report(1, 2)
        time.sleep(0.02)
    return extract_text(path, filename, report, options)


def release(folder: Path) -> None:
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # swept away meanwhile
            os.utime(path, (RELEASED, RELEASED))
