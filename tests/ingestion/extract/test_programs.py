"""Programs that readers run. A shell stands in for them here; LibreOffice and Tesseract run in `test_reader.py`."""

from __future__ import annotations

import contextlib
import math
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from docvault.errors import DocumentError
from ingestion.extract import programs
from ingestion.extract.programs import Program, begin, run

SHELL = Program("The shell", ("sh",), "dash", "dash", "nothing at all")


@pytest.fixture(autouse=True)
def unhurried() -> Iterator[None]:
    yield
    begin(math.inf, lambda: None)


def test_it_hears_and_is_heard() -> None:
    assert run(SHELL, ["-c", "cat; echo said >&2"], seconds=10, stdin=b"a" * 1_000_000) == b"a" * 1_000_000


def test_a_failure_is_told_with_its_words() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(SHELL, ["-c", "echo why >&2; exit 3"], seconds=10)
    assert (caught.value.returncode, caught.value.stderr) == (3, b"why\n")


def test_one_that_is_missing_says_how_to_install_it() -> None:
    with pytest.raises(DocumentError) as caught:
        run(SHELL._replace(commands=("no-such-program",)), [], seconds=10)
    assert caught.value.code == "program_missing"
    assert "apt install dash" in (caught.value.hint or "")


@pytest.mark.parametrize("limit", [lambda: 0.5, lambda: begin(programs.SPARE + 0.5, lambda: None) or 60.0])
def test_it_ends_in_time_with_all_it_started(tmp_path: Path, limit: Callable[[], float]) -> None:
    """Its own time, or what is left of the document's."""
    seconds = limit()
    started = time.monotonic()
    with pytest.raises(DocumentError) as caught:
        run(SHELL, ["-c", f"sleep 60 & echo $! > {tmp_path}/pid; wait"], seconds=seconds)
    assert caught.value.code == "too_slow"
    assert time.monotonic() - started < 5
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "pid").read_text())).wait(5)


def test_what_it_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    run(SHELL, ["-c", f"sleep 60 >/dev/null 2>&1 & echo $! > {tmp_path}/pid"], seconds=10)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "pid").read_text())).wait(5)


@pytest.mark.parametrize(("work", "ticks"), [("while :; do :; done", True), ("sleep 60", False)])
def test_only_work_counts_as_progress(monkeypatch: pytest.MonkeyPatch, work: str, ticks: bool) -> None:
    monkeypatch.setattr(programs, "LOOK_SECONDS", 0.1)
    heard: list[float] = []
    begin(math.inf, lambda: heard.append(time.monotonic()))
    with pytest.raises(DocumentError):
        run(SHELL, ["-c", work], seconds=1.0)
    # Starting takes some of the processor too.
    assert len(heard) >= 4 if ticks else len(heard) <= 2


def test_only_folders_of_their_own_are_opened_for_them() -> None:
    tree = programs._tree  # pyright: ignore[reportPrivateUsage]
    assert tree(Path("/usr/lib/libreoffice/program/soffice")) is None
    assert tree(Path("/opt/libreoffice7.6/program/soffice")) == "/opt/libreoffice7.6"
    assert tree(Path("/home/ada/bin/pandoc")) == "/home/ada/bin"
