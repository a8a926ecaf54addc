"""The documents a new home starts with: papers of a field station that does not exist, and a question they answer.

`scripts/samples.py` writes the PDF and the Word file; the others are written by hand.
"""

from __future__ import annotations

from pathlib import Path

QUESTION = "How many days before a field trip must the dive plan reach the safety officer?"
ANSWER, ANSWER_FILE, ANSWER_PAGE = "12 days", "station-handbook.pdf", 3
FOLDER = "Samples"

CONTENT_TYPES = {
    "station-handbook.pdf": "application/pdf",
    "boat-handover.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "storm-report.md": "text/markdown",
    "tide-gauges.csv": "text/csv",
    "visitors.html": "text/html",
}


def sample_files() -> list[Path]:
    return [Path(__file__).parent / name for name in CONTENT_TYPES]
