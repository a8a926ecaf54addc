"""What `docvault status` says of what the API tells."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from docvault.local.status import shown


def document(**values: Any) -> dict[str, Any]:
    return {
        "filename": "report.pdf", "progress": 0.4, "stage": "extracting", "pages_done": 3, "pages_total": 9,
        "expected_seconds": 70.0, "queue_position": None,
    } | values  # fmt: skip


def said(**values: Any) -> list[str]:
    seen: dict[str, Any] = {
        "queued": 0, "processing": 0, "ready": 0, "failed": 0, "passages_left": 0, "passages_per_second": None,
        "expected_seconds": 0.0, "oldest_waiting_seconds": 0.0, "failures": [], "reading": [], "next": [],
    } | values  # fmt: skip
    console = Console(file=StringIO(), width=120)
    console.print(shown(seen))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_nothing_going_on_is_one_line() -> None:
    assert said(ready=1234) == ["Documents: 1,234 ready"]
    assert said() == ["Documents: 0 ready"]


def test_what_is_read_what_waits_and_how_long() -> None:
    waiting = document(filename="next.pdf", queue_position=1, expected_seconds=600.0)
    lines = said(
        queued=7, processing=1, ready=3, passages_left=1200, passages_per_second=20.4, expected_seconds=65.0,
        reading=[document()], next=[waiting],
    )  # fmt: skip
    assert lines[0] == "Documents: 3 ready, 1 being read, 7 waiting"
    assert lines[1] == "About 1 min left: 1,200 passages at 20 passages a second"
    reading = next(line for line in lines if "report.pdf" in line)
    assert "40%" in reading and "extracting, page 3 of 9" in reading and "1 min left" in reading
    assert any(line.split() == ["1", "next.pdf", "ready", "in", "10", "min"] for line in lines)
    assert "  and 6 more" in [line.rstrip() for line in lines]


def test_where_nobody_reads_it_says_what_to_look_at() -> None:
    lines = said(queued=1, expected_seconds=None, oldest_waiting_seconds=300.0, next=[document()])
    assert "Is a worker running?" in lines[1]
    assert "5 min" in lines[1]


def test_failures_come_with_reason_remedy_and_names() -> None:
    failure = {"code": "encrypted", "count": 5, "detail": "It is locked.", "hint": "Send the password."}
    lines = said(failed=5, failures=[failure | {"latest": ["a.pdf", "b\x1b[31m.pdf"]}])
    text = "\n".join(lines)
    assert "5 × It is locked. (encrypted)" in text
    assert "Send the password." in text
    assert "a.pdf, b[31m.pdf and 3 more" in text, "and no control characters"


def test_a_remedy_may_be_missing() -> None:
    failure = {"code": "corrupt", "count": 1, "detail": "Damaged.", "hint": None, "latest": ["a.pdf"]}
    lines = [line.strip() for line in said(failed=1, failures=[failure])]
    assert lines[-2:] == ["1 × Damaged. (corrupt)", "a.pdf"]
