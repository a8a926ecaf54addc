"""Programs of this machine that some formats need. They are found when they are needed, and never required to start."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from docvault.errors import DocumentError


class Program(NamedTuple):
    """`commands` are the names it goes by; `debian` and `brew` the packages that bring it."""

    name: str
    commands: tuple[str, ...]
    debian: str
    brew: str
    reads: str


LIBREOFFICE = Program(
    "LibreOffice", ("soffice", "libreoffice"),
    "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui", "--cask libreoffice",
    "Word and PowerPoint files in the old format (.doc, .ppt)",
)  # fmt: skip
TESSERACT = Program(
    "Tesseract", ("tesseract",), "tesseract-ocr", "tesseract", "scanned pages and pictures of text"
)  # fmt: skip
PROGRAMS = (LIBREOFFICE, TESSERACT)


def find(program: Program) -> Path | None:
    """Where it is on this machine."""
    for command in program.commands:
        if found := shutil.which(command):
            return Path(found)
    return None


def how_to_install(program: Program) -> str:
    return f"Debian and Ubuntu: `apt install {program.debian}`. macOS: `brew install {program.brew}`."


def missing(program: Program) -> DocumentError:
    return DocumentError(
        f"Reading {program.reads} needs {program.name}, which is not installed where the worker runs.",
        code="program_missing",
        hint=f"{how_to_install(program)} Then retry the document.",
    )


def run(program: Program, arguments: Sequence[str], *, seconds: float, stdin: bytes = b"") -> bytes:
    """Run it inside the reader's walls and return what it wrote to its standard output.

    Raises `DocumentError` (`program_missing`, `too_slow`) and `subprocess.CalledProcessError` when it says that it
    failed. Whatever it started ends with the reader's process group.
    """
    where = find(program)
    if where is None:
        raise missing(program)
    try:
        done = subprocess.run(  # noqa: S603
            [str(where), *arguments], input=stdin, capture_output=True, timeout=seconds, check=True
        )
    except subprocess.TimeoutExpired:
        raise DocumentError(f"{program.name} took longer than {seconds:.0f} seconds.", code="too_slow") from None
    return done.stdout
