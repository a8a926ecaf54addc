"""What this machine brings for reading documents: programs that some formats need, and walls around the readers.

Nothing of it is required, so nothing of it is a failure; `docvault doctor` tells it.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import NamedTuple

import msgspec

from ingestion.extract.confine import WALLS
from ingestion.extract.programs import PROGRAMS, Program, find, how_to_install

PATIENCE = 20.0
"""Seconds a program may take to say its version; LibreOffice needs some when it has not run for long."""
_VERSION = re.compile(r"\d+(?:\.\d+)+")


class Remark(NamedTuple):
    part: str
    there: bool
    said: str
    remedy: str = ""


async def remarks() -> list[Remark]:
    """One of each program, and one of the walls."""
    return list(await asyncio.gather(*(_program(program) for program in PROGRAMS), _walls()))


async def _program(program: Program) -> Remark:
    where = find(program)
    if where is None:
        return Remark(program.name, False, f"not installed; needed for {program.reads}", how_to_install(program))
    found = _VERSION.search(await _output(str(where), "--version"))
    return Remark(program.name, True, f"{found.group() if found else 'of an unknown version'}, {where}")


async def _walls() -> Remark:
    output = await _output(sys.executable, "-m", "ingestion.extract.confine")
    try:
        holds = msgspec.json.decode(output, type=dict[str, bool])
    except msgspec.DecodeError:
        return Remark(
            "Walls", False, "which of them hold could not be found out", "Look whether Python can start itself."
        )
    there = ", ".join(said for name, said in WALLS.items() if holds.get(name))
    missing = ", ".join(said for name, said in WALLS.items() if not holds.get(name))
    if not missing:
        return Remark("Walls", True, f"documents are read behind {there}")
    return Remark(
        "Walls",
        False,
        f"documents are read behind {there or 'limits on time and memory only'}; this machine has not {missing}",
        "Only Linux has all of them, outside containers whose profile takes them away.",
    )


async def _output(*command: str) -> str:
    """All that it writes; nothing of one that does not start or does not end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return output.decode(errors="replace")
