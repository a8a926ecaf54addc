"""The whole matrix: `python -m tests.faults [--lanes N] [TEXT ...]`.

TEXT chooses the cases whose names have it: `index`, `"frozen"`, `"accept: before commit / kill -9"`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

import click
import msgspec
from rich.console import Console
from rich.live import Live

from docvault.ai.embeddings import prepare_embedder
from docvault.logging import setup_logging
from docvault.settings import load_settings
from tests.faults.cases import CASES, Case
from tests.faults.matrix import WIDTH, flaws, whole
from tests.faults.outcome import Outcome
from tests.faults.play import Player, control
from tests.faults.world import open_worlds

LINE = 1 << 20


@click.command()
@click.argument("text", nargs=-1)
@click.option("--lanes", default=2, show_default=True, help="Cases at the same time, each with servers of its own.")
@click.option("--lane", is_flag=True, hidden=True)
@click.option("--models", envvar="DOCVAULT_TEST_MODELS", help="A home whose embedding model is ready.")
def main(text: tuple[str, ...], lanes: int, lane: bool, models: str | None) -> None:
    """Break everything at every step of a document's way, and count what came of it."""
    if lane:
        asyncio.run(_lane(Path(models or "")))
        return
    cases = [case for case in CASES if not text or any(words in case.name for words in text)]
    sys.exit(asyncio.run(_run(cases, min(lanes, len(cases)), models)))


async def _run(cases: list[Case], lanes: int, models: str | None) -> int:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    began = monotonic()
    outcomes: dict[Case, Outcome] = {}
    running: set[Case] = set()
    with tempfile.TemporaryDirectory(prefix="dv-models-") as made:
        home = Path(models or made)
        console.print("Making the servers ready …")
        await prepare_embedder(load_settings({}, home=home))
        with Live(console=console, refresh_per_second=4, transient=True, auto_refresh=console.is_terminal) as live:

            def show() -> None:
                if console.is_terminal:
                    live.update(whole(cases, outcomes, running))

            todo = iter(cases)
            await asyncio.gather(*(_follow(home, todo, outcomes, running, show, console) for _ in range(lanes)))
    console.print(whole(cases, outcomes))
    console.print(flaws(list(outcomes.values())), soft_wrap=True)
    bad = sum(bool(outcome.flaws) for outcome in outcomes.values())
    console.print(f"{len(outcomes) - bad} of {len(cases)} cases without a flaw, in {monotonic() - began:.0f} seconds.")
    return 0 if not bad and len(outcomes) == len(cases) else 1


async def _follow(
    home: Path,
    todo: Iterator[Case],
    outcomes: dict[Case, Outcome],
    running: set[Case],
    show: Callable[[], None],
    console: Console,
) -> None:
    """Give a lane one case after another. It is a process of its own, so that it stalls nobody when it waits."""
    command = [sys.executable, "-m", "tests.faults", "--lane", "--models", str(home)]
    pipe = asyncio.subprocess.PIPE
    lane = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=LINE)
    assert lane.stdin
    assert lane.stdout
    try:
        for case in todo:
            running.add(case)
            show()
            lane.stdin.write(f"{CASES.index(case)}\n".encode())
            line = await lane.stdout.readline()
            running.discard(case)
            if not line:
                console.print(f"A lane ended in the middle of “{case.name}”.", style="red")
                return
            outcomes[case] = outcome = msgspec.json.decode(line, type=Outcome)
            if not console.is_terminal:
                said = "ok" if not outcome.flaws else ", ".join(flaw.kind for flaw in outcome.flaws)
                console.print(f"{len(outcomes):4} {case.name:45} {outcome.seconds:5.1f} s  {said}")
            show()
    finally:
        lane.stdin.close()
        await lane.wait()


async def _lane(home: Path) -> None:
    """Plays the cases whose numbers come in, and tells their outcomes in JSON; ends with its standard input."""
    setup_logging("critical", "console")
    out = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)  # nothing else may end up between the outcomes
    async with AsyncExitStack() as stack:
        worlds = await stack.enter_async_context(open_worlds(home))
        expected = await control(worlds.on_disk)
        while line := await asyncio.to_thread(sys.stdin.readline):
            case = CASES[int(line)]
            outcome = await Player(worlds.of(case), case, expected).play()
            out.write(msgspec.json.encode(outcome) + b"\n")


if __name__ == "__main__":
    main()
