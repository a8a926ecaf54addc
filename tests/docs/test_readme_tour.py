"""The README's tour, run as it stands: its very shell blocks, against a real API and worker."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from docvault.local.samples import ANSWER

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def tour(address: str) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## From a program")[2].partition("\n## ")[0]
    script = "\n".join(BLOCK.findall(section))
    assert "API=http://127.0.0.1:8000\n" in script
    return script.replace("http://127.0.0.1:8000", address).replace("you@", f"you-{uuid4().hex}@")


@pytest.fixture(params=["stand-in", *(["curl"] if shutil.which("curl") else [])])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH with `python3`, and with a stand-in for curl: there are machines that have none."""
    (tmp_path / "python3").symlink_to(sys.executable)
    if request.param == "stand-in":
        curl = tmp_path / "curl"
        command = shlex.join([sys.executable, str(Path(__file__).parent / "curl.py")])
        curl.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        curl.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


async def test_the_tour_of_the_readme_runs(address: str, worker: object, tools: str) -> None:
    shell = await asyncio.create_subprocess_exec(
        "sh", "-eu", "-c", tour(address),
        cwd=ROOT, env=os.environ | {"PATH": tools},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(120):
        output, errors = (part.decode() for part in await shell.communicate())
    assert shell.returncode == 0, errors
    assert '"status":"queued"' in output
    assert "station-handbook.pdf" in output.partition('"hits"')[2]
    events = re.findall(r"^event: (\w+)\r?$", output, re.MULTILINE)
    assert events[0] == "sources"
    assert events[-1] == "end"
    assert "citation" in events
    assert ANSWER in output.rpartition("event: citation")[2]
