"""Formats that LibreOffice reads for us: it writes them as OpenDocument, which is read like any other."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from ingestion.extract import programs
from ingestion.extract.build import Report, corrupt
from ingestion.extract.document import Extracted

TARGETS = {"doc": "odt", "rtf": "odt", "ppt": "odp", "xlsb": "ods", "xls": "ods"}
SECONDS = 240.0
"""How long a conversion may take; the limits on the whole reading hold besides."""


def converted(path: Path, suffix: str, report: Report) -> Extracted:
    """Read a file that is what `suffix` says. Raises `DocumentError`: `program_missing`, `too_slow`, `corrupt`."""
    from ingestion.extract import odf

    if programs.find(programs.LIBREOFFICE) is None:
        raise programs.missing(programs.LIBREOFFICE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / f"document.{suffix}"
        shutil.copyfile(path, source)
        result = folder / f"document.{TARGETS[suffix]}"
        _run(folder, source)
        if not result.exists():
            # It ends with success also when it could not make anything of the file.
            raise corrupt("The file")
        return odf.extract(result, "", report)


def _run(folder: Path, source: Path) -> None:
    target = TARGETS[source.suffix[1:]]
    arguments = [
        f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore", "--nolockcheck",
        "--convert-to", target, "--outdir", str(folder), str(source),
    ]  # fmt: skip
    try:
        programs.run(programs.LIBREOFFICE, arguments, seconds=SECONDS)
    except subprocess.CalledProcessError as error:
        raise corrupt("The file") from error
