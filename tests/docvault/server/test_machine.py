from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from docvault.server import machine
from docvault.server.machine import remarks
from ingestion.extract.programs import PROGRAMS, TESSERACT


async def test_programs_are_named_with_version_and_place() -> None:
    said = {remark.part: remark for remark in await remarks()}
    assert {program.name for program in PROGRAMS} | {"Walls"} == said.keys()
    tesseract = said["Tesseract"]
    assert tesseract.there, f"These tests need Tesseract: {tesseract.remedy}"
    version, _, where = tesseract.said.partition(", ")
    assert version[0].isdigit()
    assert Path(where).name == "tesseract"


async def test_a_program_that_is_missing_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    remark = next(remark for remark in await remarks() if remark.part == "Tesseract")
    assert not remark.there
    assert TESSERACT.reads in remark.said
    assert "apt install tesseract-ocr" in remark.remedy
    assert "brew install tesseract" in remark.remedy


async def test_a_program_that_says_no_version_is_still_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tesseract").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    remark = next(remark for remark in await remarks() if remark.part == "Tesseract")
    assert remark.said == f"of an unknown version, {tmp_path / 'tesseract'}"


async def test_walls_that_hold_and_walls_that_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    remark = next(remark for remark in await remarks() if remark.part == "Walls")
    assert "limits" in remark.said or "behind" in remark.said
    if sys.platform == "linux" and remark.there:
        assert "Landlock" in remark.said

    async def without(*_command: str) -> str:
        return '{"network": true, "processes": false, "files": false, "calls": true}'

    monkeypatch.setattr(machine, "_output", without)
    remark = next(remark for remark in await remarks() if remark.part == "Walls")
    assert not remark.there
    assert remark.said.endswith("; this machine has not processes of its own, Landlock")
