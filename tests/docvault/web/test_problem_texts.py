"""Whatever goes wrong, the page says so in the person's own language."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ERRORS = ROOT / "docs" / "reference" / "errors.md"
SOURCE = ROOT / "docvault" / "web" / "app" / "src"

ELSEWHERE = {"Documents", "At the start"}
"""Sections of codes that no call answers: the page says those of documents by `failures.json`."""

NEVER = {
    "missing_scope": "only API keys have scopes",
    "method_not_allowed": "the page calls what there is",
    "client_gone": "nobody reads the answer",
    "precondition_failed": "the page speaks the protocol's version that the server speaks",
    "unsupported_tus_version": "the page speaks the protocol's version that the server speaks",
    "no_files": "the page sends no empty form",
    "unknown_part": "the page's forms have the parts of an upload alone",
    "too_many_fields": "the page's forms have two fields",
    "invalid_upload": "the page leaves the protocol's headers to its library",
    "invalid_metadata": "the page leaves the protocol's headers to its library",
    "invalid_checksum": "the page sends no checksums",
    "checksum_mismatch": "the page sends no checksums",
    "range_not_satisfiable": "the page asks for ranges of one version, and of another gets the whole",
    "invalid_secret": "the page lets the server make secrets",
    "invalid_top_k": "the page asks for as many hits as there may be",
    "invalid_chat": "the page asks for a new answer or for another question, never for both",
    "stopped": "the page shows where an answer was stopped by itself",
}
OWN = {
    "wait": "it is made with words in the person's language",
    "pdf_broken": "the reader shows words of its own for it",
    "unexpected": "a fault of the page, told in the browser's words: those who mend it need them",
}
"""Of the problems that the page finds by itself."""


def codes() -> set[str]:
    _, *sections = ERRORS.read_text(encoding="utf-8").split("\n## ")
    told = "".join(section for section in sections if section.partition("\n")[0] not in ELSEWHERE)
    return set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE))


def own_codes() -> set[str]:
    sources = [path for path in SOURCE.rglob("*.ts*") if ".test." not in path.name]
    found = [re.findall(r'new Problem\(\s*\d+,\s*"(\w+)"', path.read_text(encoding="utf-8")) for path in sources]
    return {code for some in found for code in some}


def test_the_page_has_german_words_for_every_code() -> None:
    german = json.loads((SOURCE / "shared" / "texts" / "de" / "problems.json").read_text(encoding="utf-8"))
    assert len(codes()) > 70
    assert NEVER.keys() <= codes()
    assert codes() - german.keys() == NEVER.keys()
    assert {"changed", "file_unreadable"} <= own_codes()
    assert own_codes() - german.keys() == OWN.keys()
