"""E-mail: the head, the body, and the attachments by name, with their text where a quick reader knows it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from docvault.errors import DocumentError
from ingestion.extract.build import PageBuilder, Report, clean, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.extract.text import csv_from_bytes, decode, markdown_from_bytes, read_bytes, text_from_bytes
from ingestion.extract.web import html_from_bytes, html_page
from ingestion.filetypes import HEAD_BYTES, Family, sniff, unicode_encoding

MAX_NESTED = 4
"""How deep a message inside a message inside a message is followed."""


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    return mail_from_bytes(read_bytes(path))


def mail_from_bytes(data: bytes, depth: int = 0) -> Extracted:
    encoding = unicode_encoding(data[:HEAD_BYTES])
    if encoding:
        data = data.decode(encoding, errors="replace").encode()
    message = email.message_from_bytes(data.lstrip(), _class=EmailMessage, policy=email.policy.default)  # type: ignore[arg-type]
    builder, warnings = PageBuilder(), list[str]()
    subject = _header(message, "subject")
    builder.add("heading", subject or "(no subject)", level=1)
    head = [f"{name}: {value}" for name in ("From", "To", "Cc", "Date") if (value := _header(message, name))]
    builder.add("paragraph", "\n".join(head))
    _add_body(builder, message)
    for part in _attachments(message):
        try:
            _add_attachment(builder, part, depth)
        except DocumentError as error:
            warnings.append(f"The attachment {_name(part)} was not read: {error.detail}")
        except Exception:  # One odd attachment must not take the message with it.
            warnings.append(f"The attachment {_name(part)} was not read: it is damaged.")
    return Extracted([builder.page()], subject or None, warnings=warnings)


def _header(message: EmailMessage, name: str) -> str:
    """A header as text; a malformed one as it stands, since the parser raises on some."""
    try:
        value = message.get(name)
    except Exception:
        value = next((str(raw) for key, raw in message.raw_items() if key.lower() == name.lower()), None)
    return squeeze(clean(str(value)))[:2000] if value else ""


def _leaves(message: EmailMessage) -> list[EmailMessage]:
    """Parts that hold content, messages inside not opened."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        parts = [part for part in message.get_payload() if isinstance(part, EmailMessage)]  # type: ignore[union-attr]
        return [leaf for part in parts for leaf in _leaves(part)]
    return [message]


def _is_attachment(part: EmailMessage) -> bool:
    try:
        if part.get_content_disposition() == "attachment" or part.get_filename():
            return True
    except Exception:
        return True
    return part.get_content_maintype() != "text"


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    leaves = _leaves(message)
    return [part for part in leaves if _is_attachment(part)] if len(leaves) > 1 or message.is_multipart() else []


def _add_body(builder: PageBuilder, message: EmailMessage) -> None:
    """The plain text where there is one, else the HTML."""
    leaves = _leaves(message)
    texts = [part for part in leaves if not _is_attachment(part)] if len(leaves) > 1 else leaves
    plain = [part for part in texts if part.get_content_type() == "text/plain"]
    wanted = plain if any(_payload(part).strip() for part in plain) else texts
    for part in wanted:
        if part.get_content_type() == "text/html":
            builder.add_page(html_page(_text(part).encode()), deeper=1)
        elif part.get_content_type() in {"text/plain", "text/enriched"}:
            for paragraph in clean(_text(part)).split("\n\n"):
                builder.add("paragraph", paragraph)


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: EmailMessage) -> str:
    payload = _payload(part)
    charset = part.get_content_charset()
    if charset and charset not in {"us-ascii", "utf-16", "utf-32"}:
        try:
            return payload.decode(charset)
        except (UnicodeDecodeError, LookupError):
            pass
    return decode(payload)


def _name(part: EmailMessage) -> str:
    try:
        name = part.get_filename()
    except Exception:
        name = None
    return squeeze(clean(name))[:200] if name else f"({part.get_content_type()})"


def _add_attachment(builder: PageBuilder, part: EmailMessage, depth: int) -> None:
    builder.add("heading", f"Attachment: {_name(part)}", level=2)
    inner = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(inner, list) and inner:
        data = inner[0].as_bytes()  # type: ignore[union-attr]
    else:
        data = _payload(part)
    family = sniff(data[:HEAD_BYTES], _name(part)).family
    reader = _READERS.get(family) if family else None
    if reader is None:
        return
    if family == "email" and depth >= MAX_NESTED:
        raise DocumentError("it lies too deep in other messages.", code="unsupported_type")
    extracted = mail_from_bytes(data, depth + 1) if family == "email" else reader(data)
    for page in extracted.pages:
        builder.add_page(page, deeper=2)


def _pdf(data: bytes) -> Extracted:
    from ingestion.extract.pdf import pdf_from_bytes

    return pdf_from_bytes(data)


# Office attachments are named, not read: their libraries would cost every e-mail seconds and hundreds of megabytes.
_READERS: dict[Family, Callable[[bytes], Extracted]] = {
    "text": text_from_bytes,
    "markdown": markdown_from_bytes,
    "csv": csv_from_bytes,
    "html": html_from_bytes,
    "email": mail_from_bytes,
    "pdf": _pdf,
}
