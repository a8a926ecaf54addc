"""What a file is, told from its first bytes. Its name only breaks ties between formats that look alike."""

from __future__ import annotations

import codecs
import json
import re
from typing import Literal, NamedTuple

Family = Literal[
    "pdf", "docx", "pptx", "xlsx", "doc", "ppt", "xls", "xlsb", "ole", "odt", "ods", "odp", "rtf", "epub",
    "html", "markdown", "rst", "text", "csv", "json", "ndjson", "xml", "email", "msg", "image",
]  # fmt: skip

HEAD_BYTES = 8192
"""How much of a file `sniff` wants to see."""


class FileType(NamedTuple):
    """`family` names the reader; None where DocVault has none for this kind of file."""

    content_type: str
    family: Family | None


_OFFICE = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

PDF = FileType("application/pdf", "pdf")
DOCX = FileType(f"{_OFFICE}wordprocessingml.document", "docx")
PPTX = FileType(f"{_OFFICE}presentationml.presentation", "pptx")
XLSX = FileType(f"{_OFFICE}spreadsheetml.sheet", "xlsx")
DOC = FileType("application/msword", "doc")
PPT = FileType("application/vnd.ms-powerpoint", "ppt")
XLS = FileType("application/vnd.ms-excel", "xls")
XLSB = FileType("application/vnd.ms-excel.sheet.binary.macroenabled.12", "xlsb")
MSG = FileType("application/vnd.ms-outlook", "msg")
OLE = FileType("application/x-ole-storage", "ole")
ODT = FileType(f"{_ODF}text", "odt")
ODS = FileType(f"{_ODF}spreadsheet", "ods")
ODP = FileType(f"{_ODF}presentation", "odp")
RTF = FileType("application/rtf", "rtf")
EPUB = FileType("application/epub+zip", "epub")
HTML = FileType("text/html", "html")
MARKDOWN = FileType("text/markdown", "markdown")
TEXT = FileType("text/plain", "text")
RST = FileType("text/x-rst", "rst")
CSV = FileType("text/csv", "csv")
JSON = FileType("application/json", "json")
NDJSON = FileType("application/x-ndjson", "ndjson")
XML = FileType("application/xml", "xml")
EMAIL = FileType("message/rfc822", "email")
IMAGES = tuple(FileType(f"image/{name}", "image") for name in ("png", "jpeg", "tiff", "gif", "bmp", "webp"))
EMPTY = FileType("application/x-empty", None)
ZIP = FileType("application/zip", None)
UNKNOWN = FileType("application/octet-stream", None)

SUPPORTED: tuple[FileType, ...] = (
    PDF, DOCX, PPTX, XLSX, DOC, PPT, XLS, XLSB, OLE, ODT, ODS, ODP, RTF, EPUB,
    HTML, MARKDOWN, RST, TEXT, CSV, JSON, NDJSON, XML, EMAIL, MSG, *IMAGES,
)  # fmt: skip
READABLE = (
    "DocVault reads PDF, Word (.docx, .doc), PowerPoint (.pptx, .ppt), Excel (.xlsx, .xls, .xlsb), OpenDocument "
    "(.odt, .ods, .odp), RTF, EPUB, HTML, Markdown, reStructuredText, plain text, CSV, JSON, XML, e-mail "
    "(.eml, .msg) and pictures of text (PNG, JPEG, TIFF, GIF, BMP, WEBP), and opens archives of them (.zip, .tar, .gz)."
)
ARCHIVES = frozenset(
    {"application/zip", "application/x-tar", "application/gzip", "application/x-bzip2", "application/x-xz"}
)
"""Content types of what is unpacked: every file in it is a document (`ingestion.archive`)."""
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
_WORDS = frozenset({b"BM", b"BZh", b"ID3"})
"""Signatures with which a text may begin as well."""

# Programs write tables as plain text and call them .xls.
_NAMED: dict[str, FileType] = {
    "md": MARKDOWN, "markdown": MARKDOWN, "mdown": MARKDOWN, "mkd": MARKDOWN, "csv": CSV, "tsv": CSV, "tab": CSV,
    "xls": CSV, "rst": RST, "rest": RST, "json": JSON, "geojson": JSON, "ipynb": JSON,
    "ndjson": NDJSON, "jsonl": NDJSON,
}  # fmt: skip
_OFFICE_NAMED: dict[str, FileType] = {
    "docx": DOCX, "docm": DOCX, "dotx": DOCX, "dotm": DOCX, "pptx": PPTX, "pptm": PPTX, "ppsx": PPTX, "ppsm": PPTX,
    "potx": PPTX, "xlsx": XLSX, "xlsm": XLSX, "xltx": XLSX, "xltm": XLSX, "xlsb": XLSB, "odt": ODT, "ott": ODT,
    "ods": ODS, "ots": ODS, "odp": ODP, "otp": ODP, "odg": ODP, "epub": EPUB,
}  # fmt: skip
_OLE_NAMED: dict[str, FileType] = {
    "doc": DOC, "dot": DOC, "ppt": PPT, "pps": PPT, "pot": PPT, "xls": XLS, "xlt": XLS, "msg": MSG, "oft": MSG,
}  # fmt: skip
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
"""Excel 2, 3 and 4 wrote their records without a container; this is the first one's head."""
_OLE_STREAMS: dict[str, FileType] = {
    "worddocument": DOC, "powerpoint document": PPT, "workbook": XLS, "book": XLS, "__properties_version1.0": MSG,
}  # fmt: skip
_PACKAGES: dict[str, FileType] = {
    f"{_ODF}text": ODT, f"{_ODF}spreadsheet": ODS, f"{_ODF}presentation": ODP, f"{_ODF}graphics": ODP,
    "application/epub+zip": EPUB,
}  # fmt: skip
"""What the first member of an OpenDocument file or an EPUB, called `mimetype`, may say."""

_HTML_START = re.compile(r"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_HTML_TAG = re.compile(r"<(?:div|p|table|span|a|h[1-6]|ul|title|meta|script|style|br)\b[^>]*>", re.I)
_XML_NAMES = frozenset("xml svg rss atom fodt fods fodp kml gpx xsd xsl xslt dita".split())  # noqa: SIM905
_XML_START = re.compile(r"\s*(?:<\?xml\s|<!DOCTYPE\s+[\w:.-]+|<[A-Za-z_][\w:.-]*(?:\s[^<>]*)?\sxmlns(?::\w+)?\s*=)")
_JSON_START = re.compile(r"\s*(?:\{\s*\"(?:[^\"\\\n]|\\.)*\"\s*:|\[\s*\{\s*\"(?:[^\"\\\n]|\\.)*\"\s*:)")
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
    if b"%PDF-" in head[:1024] and not _holds_files(head):
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(head, suffix)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _sniff_ole(head, suffix)
    if head.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"{\\rtf"):
        return RTF
    if suffix in _OLE_NAMED and head.startswith(_OLD_EXCEL):
        return XLS
    for offset, signature, content_type in _OTHERS:
        if head.startswith(signature, offset) and not (signature in _WORDS and _decode(head) is not None):
            return FileType(content_type, FAMILIES.get(content_type))
    text = _decode(head)
    return UNKNOWN if text is None else _sniff_text(text, suffix)


def refusal(kind: FileType) -> str:
    """One sentence that says why a file of this kind is not read."""
    if kind.content_type == EMPTY.content_type:
        return "The file is empty."
    if kind.content_type == UNKNOWN.content_type:
        return "This kind of file is not known."
    return f"Files of the kind {kind.content_type} cannot be read yet."


def sniff_office(names: list[str]) -> FileType:
    """Tell an Office file from the names of all members of its archive."""
    members = set(names)
    for marker, kind in (
        ("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX), ("xl/workbook.xml", XLSX),
        ("xl/workbook.bin", XLSB),
    ):  # fmt: skip
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
        name = (declared.group().decode() if declared else "").removesuffix("PK")
        known = _PACKAGES.get(re.sub(r"-(?:template|master|web)$", "", name))
        return known or FileType(name or ZIP.content_type, None)
    if b"xl/workbook.bin" in head or suffix == "xlsb":
        return XLSB
    if b"visio/" in head or b"FixedDocSeq" in head:
        return ZIP
    for folder, kind in ((b"word/", DOCX), (b"ppt/", PPTX), (b"xl/", XLSX)):
        if folder in head:
            return kind
    # The archive's directory is at its end and not seen here; whoever reads the whole file looks again.
    return _OFFICE_NAMED.get(suffix, ZIP)


def _holds_files(head: bytes) -> bool:
    """Whether what stands in it may be another file's beginning: archives do not pack everything."""
    return head.startswith(b"PK\x03\x04") or head.startswith(b"ustar", 257)


def _sniff_ole(head: bytes, suffix: str) -> FileType:
    """By the names in the first sector of the container's directory, where the head reaches so far.

    An Office file in today's format is put into such a container when it is locked with a password.
    """
    streams = _ole_names(head)
    if "encryptedpackage" in streams:
        return _OFFICE_NAMED.get(suffix, OLE)
    return sniff_ole(streams) or _OLE_NAMED.get(suffix) or _OFFICE_NAMED.get(suffix) or OLE


def _ole_names(head: bytes) -> set[str]:
    """Source: [MS-CFB] 2.2 (header) and 2.6.1 (directory entries of 128 bytes, the name first, in UTF-16)."""
    sector = 1 << min(16, int.from_bytes(head[30:32], "little"))
    place = (int.from_bytes(head[48:52], "little") + 1) * sector
    entries = (head[start : start + 128] for start in range(place, min(place + sector, len(head)), 128))
    names = (entry[: max(0, int.from_bytes(entry[64:66], "little") - 2)] for entry in entries if len(entry) == 128)
    return {name[:64].decode("utf-16-le", "replace").lower() for name in names}


def sniff_ole(streams: set[str]) -> FileType | None:
    """Tell a container from the names of all streams at its root, in small letters; None where none is known."""
    return next((kind for name, kind in _OLE_STREAMS.items() if name in streams), None)


def _sniff_text(text: str, suffix: str) -> FileType:
    if _HTML_START.match(text):
        return HTML
    if suffix in {"htm", "html", "xhtml"} and _HTML_TAG.search(text):
        return HTML
    if _XML_START.match(text) or (suffix in _XML_NAMES and text.lstrip().startswith("<")):
        return XML
    if text.startswith(("-----BEGIN PKCS7", "-----BEGIN CMS")):
        return FileType("application/pkcs7-mime", None)
    if _looks_like_mail(text, suffix):
        return EMAIL
    return _NAMED.get(suffix) or _sniff_json(text) or TEXT


def _sniff_json(text: str) -> FileType | None:
    """An object, or a list of objects, from the very first character on; a line for each object is NDJSON."""
    if not _JSON_START.match(text):
        return None
    first, _, rest = text.lstrip().partition("\n")
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return JSON
    return NDJSON if isinstance(value, dict) and rest.lstrip().startswith("{") else JSON


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
