"""What a file is, told from its first bytes. Its name only breaks ties between formats that look alike."""

from __future__ import annotations

import codecs
import re
from typing import Literal, NamedTuple

Family = Literal["pdf", "docx", "pptx", "xlsx", "html", "markdown", "text", "csv", "email"]

HEAD_BYTES = 8192
"""How much of a file `sniff` wants to see."""


class FileType(NamedTuple):
    """`family` names the reader; None where DocVault has none for this kind of file."""

    content_type: str
    family: Family | None


_OFFICE = "application/vnd.openxmlformats-officedocument."

PDF = FileType("application/pdf", "pdf")
DOCX = FileType(f"{_OFFICE}wordprocessingml.document", "docx")
PPTX = FileType(f"{_OFFICE}presentationml.presentation", "pptx")
XLSX = FileType(f"{_OFFICE}spreadsheetml.sheet", "xlsx")
HTML = FileType("text/html", "html")
MARKDOWN = FileType("text/markdown", "markdown")
TEXT = FileType("text/plain", "text")
CSV = FileType("text/csv", "csv")
EMAIL = FileType("message/rfc822", "email")
EMPTY = FileType("application/x-empty", None)
ZIP = FileType("application/zip", None)
OLE = FileType("application/x-ole-storage", None)
UNKNOWN = FileType("application/octet-stream", None)

SUPPORTED: tuple[FileType, ...] = (PDF, DOCX, PPTX, XLSX, HTML, MARKDOWN, TEXT, CSV, EMAIL)
READABLE = (
    "DocVault reads PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx), HTML, Markdown, plain text, CSV "
    "and e-mail (.eml)."
)
FAMILIES: dict[str, Family] = {kind.content_type: kind.family for kind in SUPPORTED if kind.family}
"""Content type to family, for every type that can be read."""

# Signatures of formats that are recognised only to be refused by name. (offset, bytes, content type)
_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (257, b"ustar", "application/x-tar"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftyp", "video/mp4"),
)

_NAMED: dict[str, FileType] = {
    "md": MARKDOWN, "markdown": MARKDOWN, "mdown": MARKDOWN, "mkd": MARKDOWN, "csv": CSV, "tsv": CSV, "tab": CSV,
}  # fmt: skip
_OFFICE_NAMED: dict[str, FileType] = {
    "docx": DOCX, "docm": DOCX, "dotx": DOCX, "pptx": PPTX, "pptm": PPTX, "ppsx": PPTX, "xlsx": XLSX, "xlsm": XLSX,
}  # fmt: skip

_HTML_START = re.compile(r"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_HTML_TAG = re.compile(r"<(?:div|p|table|span|a|h[1-6]|ul|title|meta|script|style|br)\b[^>]*>", re.I)
_HEADER = re.compile(r"([!-9;-~]+):")
_MAIL_HEADERS = frozenset(
    (  # noqa: SIM905
        "from to cc subject date received return-path message-id mime-version delivered-to reply-to sender "
        "content-type x-mailer x-sender dkim-signature references in-reply-to"
    ).split()
)


def sniff(head: bytes, filename: str) -> FileType:
    """Tell what a file is from its first `HEAD_BYTES` bytes.

    Unknown binary gives `application/octet-stream` and family None. Pure; never raises.
    """
    suffix = filename.rpartition(".")[2].lower() if "." in filename else ""
    if not head:
        return EMPTY
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(head, suffix)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return OLE
    for offset, signature, content_type in _OTHERS:
        if head.startswith(signature, offset) and not (len(signature) < 4 and _decode(head) is not None):
            return FileType(content_type, None)
    text = _decode(head)
    return UNKNOWN if text is None else _sniff_text(text, suffix)


def refusal(kind: FileType) -> str:
    """One sentence that says why a file of this kind is not read."""
    if kind.content_type == EMPTY.content_type:
        return "The file is empty."
    if kind.content_type == OLE.content_type:
        return "This is an Office file in the old format (.doc, .xls, .ppt, .msg) or one locked with a password."
    if kind.content_type == UNKNOWN.content_type:
        return "This kind of file is not known."
    return f"Files of the kind {kind.content_type} cannot be read yet."


def sniff_office(names: list[str]) -> FileType:
    """Tell an Office file from the names of all members of its archive."""
    members = set(names)
    for marker, kind in (("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX), ("xl/workbook.xml", XLSX)):
        if marker in members:
            return kind
    # Some writers name the main part differently; its folder still tells.
    for folder, kind in (("word/", DOCX), ("ppt/", PPTX), ("xl/worksheets/sheet1.xml", XLSX)):
        if any(name.startswith(folder) for name in names):
            return kind
    return ZIP


def _sniff_zip(head: bytes, suffix: str) -> FileType:
    if head[30:38] == b"mimetype":
        declared = re.match(rb"[\w.+/-]+", head[38:120])
        name = declared.group().decode() if declared else ""
        return FileType(name.removesuffix("PK") or ZIP.content_type, None)
    if b"xl/workbook.bin" in head or suffix == "xlsb":
        return FileType("application/vnd.ms-excel.sheet.binary.macroenabled.12", None)
    if b"visio/" in head or b"FixedDocSeq" in head:
        return ZIP
    for folder, kind in ((b"word/", DOCX), (b"ppt/", PPTX), (b"xl/", XLSX)):
        if folder in head:
            return kind
    # The archive's directory is at its end and not seen here; whoever reads the whole file looks again.
    return _OFFICE_NAMED.get(suffix, ZIP)


def _sniff_text(text: str, suffix: str) -> FileType:
    if _HTML_START.match(text):
        return HTML
    if suffix in {"htm", "html", "xhtml"} and _HTML_TAG.search(text):
        return HTML
    if text.lstrip().startswith("<?xml") or (suffix in {"xml", "svg"} and text.lstrip().startswith("<")):
        return FileType("application/xml", None)
    if text.startswith(("-----BEGIN PKCS7", "-----BEGIN CMS")):
        return FileType("application/pkcs7-mime", None)
    if _looks_like_mail(text, suffix):
        return EMAIL
    return _NAMED.get(suffix, TEXT)


def _looks_like_mail(text: str, suffix: str) -> bool:
    """Known header fields from the very first line on; more of them when the name does not say mail."""
    known = 0
    for number, line in enumerate(text.lstrip().split("\n")[:60]):
        if line.startswith((" ", "\t")) or (number == 0 and line.startswith("From ")):
            continue
        match = _HEADER.match(line)
        if not match:
            break
        known += match.group(1).lower() in _MAIL_HEADERS
    return known >= (1 if suffix == "eml" else 3)


def _decode(head: bytes) -> str | None:
    """The head as text, or None where it is not text in any encoding worth trying."""
    encoding = unicode_encoding(head)
    if encoding:
        text = head.decode(encoding, errors="ignore")
        return text if _printable(text) else None
    if b"\x00" in head:
        return None
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    return text if _printable(text) else None


def unicode_encoding(head: bytes) -> str | None:
    """The Unicode encoding that a byte order mark, or the places of the zero bytes, give away; else None."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
    ):  # fmt: skip
        if head.startswith(mark):
            return encoding
    sample = head[: len(head) // 4 * 4]
    if len(sample) < 4 or b"\x00" not in sample:
        return None
    zeros = [sample[place::4].count(0) * 4 / len(sample) for place in range(4)]
    if zeros[0] < 0.1 and min(zeros[2:]) > 0.9:
        return "utf-32-le"
    if zeros[3] < 0.1 and min(zeros[:2]) > 0.9:
        return "utf-32-be"
    if max(zeros[0], zeros[2]) < 0.1 and min(zeros[1], zeros[3]) > 0.4:
        return "utf-16-le"
    if max(zeros[1], zeros[3]) < 0.1 and min(zeros[0], zeros[2]) > 0.4:
        return "utf-16-be"
    return None


_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def _printable(text: str) -> bool:
    """Text may hold a stray control character, not one in a hundred."""
    return len(_CONTROLS.findall(text)) * 100 <= len(text)
