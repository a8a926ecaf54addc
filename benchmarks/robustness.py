"""Files that others found hard to read: every one must end, ready or with a stated reason, within the limits.

    DOCVAULT_CORPORA=FOLDER python benchmarks/robustness.py [--seconds 60] [--only SUBSTRING]

Reads all files below `FOLDER/robustness` through the reader that the worker uses, two at a time, with the limits of the
settings and `--seconds` for the wall time. Prints a table by format, and every answer that is no stated reason;
ends with exit code 1 if there is one. Interrupted, it shows what it has so far.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from docvault.ai.embeddings import tokenizer_path
from docvault.errors import DocumentError
from docvault.settings import Settings, load_settings
from ingestion.extract.reader import Reader
from ingestion.extract.zygote import Notice
from ingestion.filetypes import HEAD_BYTES, sniff

UNSTATED = {"crashed", "internal", "unreadable", "hung"}
"""Codes that say only that something went wrong."""
MiB = 1024 * 1024


class Ending(NamedTuple):
    path: Path
    format: str
    code: str
    detail: str
    seconds: float
    memory: int


class Side:
    """One of those that read beside each other, with a reader of its own to know whose memory it hears of."""

    def __init__(self, settings: Settings, seconds: float) -> None:
        self.memory = 0
        self.patience = seconds + 30
        self.reader = Reader(settings, _tokenizer(settings), 256, on_end=self._ended)

    def _ended(self, notice: Notice) -> None:
        self.memory = notice.max_rss

    async def read(self, path: Path) -> Ending:
        with path.open("rb") as file:
            kind = sniff(file.read(HEAD_BYTES), path.name)
        self.memory, started = 0, time.perf_counter()
        code, detail = "ready", ""
        try:
            async with asyncio.timeout(self.patience):
                await self.reader.read(path, filename=path.name, content_type=kind.content_type)
        except DocumentError as error:
            code, detail = error.code, error.detail
        except TimeoutError:
            code, detail = "hung", "It did not end."
        except Exception as error:
            code, detail = "internal", repr(error)
        seconds = time.perf_counter() - started
        for _ in range(50 if code != "unsupported_type" else 0):
            if self.memory:
                break
            await asyncio.sleep(0.02)  # the news of the process's end comes after its answer
        return Ending(path, path.suffix.lower() or "(none)", code, detail, seconds, self.memory)


def _tokenizer(settings: Settings) -> Path | None:
    path = tokenizer_path(settings)
    return path if path and path.exists() else None


async def read_all(paths: list[Path], settings: Settings, seconds: float, endings: list[Ending]) -> None:
    queue = iter(paths)

    async def work(side: Side) -> None:
        for path in queue:
            endings.append(await side.read(path))
            print(f"\r{len(endings)} of {len(paths)}", end="", file=sys.stderr, flush=True)
        await side.reader.close()

    await asyncio.gather(*(work(Side(settings, seconds)) for _ in range(2)))


def show(endings: list[Ending]) -> int:
    """Print the table and what is not stated; how many those are."""
    groups: defaultdict[str, list[Ending]] = defaultdict(list)
    for ending in endings:
        groups[ending.format].append(ending)
    print(f"\n{'format':<10}{'files':>6}{'ready':>7}{'slowest s':>11}{'max MB':>8}  failed")
    for name, group in [*sorted(groups.items()), ("all", endings)]:
        failed = Counter(ending.code for ending in group if ending.code != "ready")
        ready = len(group) - failed.total()
        slowest, memory = max(ending.seconds for ending in group), max(ending.memory for ending in group) / MiB
        said = ", ".join(f"{code} {count}" for code, count in failed.most_common())
        print(f"{name:<10}{len(group):>6}{ready:>7}{slowest:>11.1f}{memory:>8.0f}  {said}")
    bad = [ending for ending in endings if ending.code in UNSTATED]
    for ending in bad:
        print(f"{ending.code}: {ending.path}: {ending.detail}")
    print("\nslowest:")
    for ending in sorted(endings, key=lambda ending: -ending.seconds)[:8]:
        print(f"  {ending.seconds:6.1f} s {ending.code:<16} {ending.path.name}")
    return len(bad)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    root = os.environ.get("DOCVAULT_CORPORA")
    if not root:
        sys.exit("Set DOCVAULT_CORPORA to the folder that holds `robustness`.")
    paths = sorted(p for p in Path(root, "robustness").rglob("*") if p.is_file() and options.only in str(p))
    endings: list[Ending] = []
    with tempfile.TemporaryDirectory() as home, contextlib.suppress(KeyboardInterrupt):
        settings = load_settings({}, home=Path(home), extract_seconds=options.seconds)
        asyncio.run(read_all(paths, settings, options.seconds, endings))
    sys.exit(1 if not endings or show(endings) or len(endings) < len(paths) else 0)


if __name__ == "__main__":
    main()
