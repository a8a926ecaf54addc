"""E-mail: the head, the body, and the attachments, each read by the reader of its kind."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

from ingestion.extract.attachments import Attachments
from ingestion.extract.build import PageBuilder, Report, clean, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options, Page
from ingestion.extract.text import decode, read_bytes
from ingestion.extract.web import html_page
from ingestion.filetypes import EMAIL, HEAD_BYTES, unicode_encoding

MAX_MESSAGES = 10_000
"""Most messages read out of one mailbox file."""
_BODIES = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
_POSTMARK = re.compile(rb"^From [^\r\n]*\d{4}[^\r\n]*\r?\n(?=[!-9;-~]+:)", re.M)


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """One message, or a mailbox (mbox), whose messages are pages."""
    data = read_bytes(path)
    starts = [mark.start() for mark in _POSTMARK.finditer(data)] if data.lstrip().startswith(b"From ") else []
    if len(starts) < 2:
        return mail_from_bytes(data, Attachments(options))
    pages: list[Page] = []
    attachments = Attachments(options)
    shown = starts[:MAX_MESSAGES]
    for number, (start, end) in enumerate(pairwise([*starts, len(data)][: len(shown) + 1]), 1):
        message = mail_from_bytes(data[start:end], attachments)
        pages.append(Page(number, message.pages[0].text, message.pages[0].blocks))
        report(number, len(shown))
    beyond = len(starts) - len(shown)
    more = [f"{beyond} more messages of the mailbox were not read."] if beyond else []
    return Extracted(pages, warnings=attachments.said() + more)


def mail_from_bytes(data: bytes, attachments: Attachments | None = None) -> Extracted:
    attachments = attachments or Attachments()
    encoding = unicode_encoding(data[:HEAD_BYTES])
    if encoding:
        data = data.decode(encoding, errors="replace").encode()
    message = email.message_from_bytes(data.lstrip(), _class=EmailMessage, policy=email.policy.default)  # type: ignore[arg-type]
    builder = PageBuilder()
    subject = _header(message, "subject")
    builder.add("heading", subject or "(no subject)", level=1)
    head = [f"{name}: {value}" for name in ("From", "To", "Cc", "Date") if (value := _header(message, name))]
    builder.add("paragraph", "\n".join(head))
    _add_body(builder, message)
    for part in _attachments(message):
        kind = EMAIL if part.get_content_type() == "message/rfc822" else None
        attachments.add(builder, _name(part), _content(part), kind=kind, inline="content-id" in part)
    return Extracted([builder.page()], subject or None, warnings=attachments.said())


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
    return part.get_content_type() not in _BODIES


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    leaves = _leaves(message)
    if len(leaves) == 1 and leaves[0] is message and message.get_content_maintype() == "text":
        return []
    return [part for part in leaves if _is_attachment(part)]


def _add_body(builder: PageBuilder, message: EmailMessage) -> None:
    """The plain text where there is one, else the HTML."""
    leaves = _leaves(message)
    texts = [part for part in leaves if not _is_attachment(part)] if len(leaves) > 1 else leaves
    plain = [part for part in texts if part.get_content_type() == "text/plain"]
    wanted = plain if any(_payload(part).strip() for part in plain) else texts
    for part in wanted:
        if part.get_content_type() == "text/html":
            builder.add_page(html_page(_text(part).encode()), deeper=1)
        elif part.get_content_maintype() == "text":
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


def _content(part: EmailMessage) -> bytes:
    inner = part.get_payload()
    if part.get_content_maintype() == "message" and isinstance(inner, list):
        return b"\n".join(one.as_bytes() for one in inner if isinstance(one, EmailMessage))
    if part.get_content_maintype() == "text" and part.get_content_type() != "text/html":
        return _text(part).encode()
    return _payload(part)
