"""How much work a file will be, judged by what is known before it is opened. Reading it puts that right."""

from __future__ import annotations

from ingestion.filetypes import ARCHIVES, FAMILIES

PASSAGE_BYTES = {
    "text": 850,
    "markdown": 850,
    "rst": 850,
    "csv": 600,
    "json": 600,
    "ndjson": 600,
    "xml": 1_200,
    "html": 2_000,
    "email": 2_000,
    "pdf": 2_200,
    "docx": 5_000,
    "xlsx": 1_000,
    "pptx": 30_000,
    "doc": 10_000,
    "ppt": 50_000,
    "image": 200_000,
}
"""Bytes of a file to one passage of about 200 word pieces, by family. Only the order of size matters."""
OTHERS = 3_000
MOST = 20_000  # passages: of a file that is large because of its pictures, nobody should fear days


def expected_passages(content_type: str, size_bytes: int) -> int:
    """From 1; 0 for a kind that nobody reads, which costs no time. Of an archive, what is in it is the work."""
    if content_type in ARCHIVES:
        return 1
    family = FAMILIES.get(content_type)
    if family is None or not size_bytes:
        return 0
    return max(1, min(MOST, round(size_bytes / PASSAGE_BYTES.get(family, OTHERS))))
