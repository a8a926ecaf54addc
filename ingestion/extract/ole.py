"""Files in the container that Office used before 2007: what they are, their locks, and who reads them."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import Report, corrupt, empty, encrypted, wrong_password
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.filetypes import DOC, MSG, PPT, READABLE, XLS, FileType, sniff_ole

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WHAT = "The Office file"
READ_ONLY_PASSWORD = "VelvetSweatshop"  # noqa: S105
"""With this well-known one, Excel locks workbooks that anybody may read ([MS-OFFCRYPTO] 2.1)."""


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """.doc, .xls, .ppt and .msg, and newer Office files under a lock.

    The upload saw only the beginning of the file; here all of it says what it is. Raises `DocumentError`: `empty`,
    `corrupt`, `encrypted`, `wrong_password`, `unsupported_type`, `program_missing`, `too_slow`.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise empty()
    if not head.startswith(SIGNATURE):
        return _without_container(path, filename, report, options)
    streams = _streams(path)
    if "encryptedpackage" in streams:
        from ingestion.extract import office

        with opened(path, options.password) as plain:
            if plain == path:  # under digital rights management, or a lock that the library does not know
                raise _unknown_lock()
            return office.extract(plain, filename, report, options)
    kind = sniff_ole(streams)
    if kind == MSG:
        from ingestion.extract import msg

        return msg.extract(path, filename, report, options)
    if kind is None:
        raise DocumentError(
            "The file is in the container of old Office files, but it is of no kind that is read.",
            code="unsupported_type",
            hint=READABLE,
        )
    with opened(path, options.password) as plain:
        return _read(plain, kind, report)


def _read(path: Path, kind: FileType, report: Report) -> Extracted:
    if kind == XLS:
        from ingestion.extract import sheets

        return sheets.with_boxes(path, "xls", sheets.extract(path, "", report), report)
    from ingestion.extract.convert import converted

    return converted(path, "doc" if kind == DOC else "ppt", report)


def _without_container(path: Path, filename: str, report: Report, options: Options) -> Extracted:
    """Excel 4 and older; else the file was taken for what it is not, and is looked at again."""
    from ingestion.extract import sheets
    from ingestion.filetypes import HEAD_BYTES, sniff

    with path.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES), filename)
    if kind in (XLS, DOC, PPT, MSG):
        return sheets.extract(path, filename, report, options)
    raise corrupt(WHAT)


def _streams(path: Path) -> set[str]:
    """Names at the root of the container."""
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as container:
            return {str(entry[0]).lower() for entry in container.listdir()}
    except MemoryError:
        raise
    except Exception as error:  # what the library makes of broken tables: struct.error, IndexError and more
        raise corrupt(WHAT) from error


@contextmanager
def opened(path: Path, password: str | None) -> Generator[Path]:
    """The file itself, or, while it is needed, a copy without its lock.

    Raises `DocumentError`: `encrypted` without a password, `wrong_password` with one that does not fit.
    """
    with path.open("rb") as file, tempfile.TemporaryDirectory() as folder:
        locked = _locked(file)
        if locked is None:
            yield path
            return
        plain = Path(folder) / "unlocked"
        _unlock(locked, password, plain)
        yield plain


def _locked(file: Any) -> Any:
    """The library's view of a locked file; None where there is no lock, or none that it knows."""
    import msoffcrypto

    try:
        office: Any = msoffcrypto.OfficeFile(file)
        return office if office.is_encrypted() else None
    except MemoryError:
        raise
    except Exception:  # A file it cannot make sense of is left to its reader.
        return None


def _unlock(locked: Any, password: str | None, target: Path) -> None:
    for attempt in (password, READ_ONLY_PASSWORD):
        if attempt is not None and _opens(locked, attempt, target):
            return
    raise encrypted(WHAT) if password is None else wrong_password(WHAT)


def _opens(locked: Any, password: str, target: Path) -> bool:
    from msoffcrypto.exceptions import DecryptionError, InvalidKeyError

    try:
        if locked.format == "ooxml" and locked.type == "agile":
            locked.load_key(password=password, verify_password=True)
        else:
            locked.load_key(password=password)
        with target.open("wb") as plain:
            locked.decrypt(plain)
        return True
    except (InvalidKeyError, DecryptionError):
        return False
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise _unknown_lock() from error


def _unknown_lock() -> DocumentError:
    return DocumentError(
        "The Office file is locked in a way that cannot be opened here.",
        code="encrypted",
        hint="Open it in your office program, save it without its lock, and upload the new copy.",
    )
