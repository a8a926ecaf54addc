"""The matrix for people: a row a step, a column a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tests.faults.cases import FAULTS, STEPS, Case
from tests.faults.outcome import KINDS, Outcome
from tests.faults.world import LEASE, REAL_LEASE

WIDTH = 150


def matrix(cases: Sequence[Case], outcomes: Mapping[Case, Outcome], running: Iterable[Case] = ()) -> Table:
    columns = [fault for fault in FAULTS if any(case.fault == fault for case in cases)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), title="What was broken, and where", expand=False)
    table.add_column("step", no_wrap=True)
    for fault in columns:
        table.add_column(fault.replace(" ", "\n"), justify="center", min_width=5)
    role = ""
    now = set(running)
    for step in STEPS:
        wanted = {case.fault: case for case in cases if case.step == step}
        if not wanted:
            continue
        if step.role != role:
            role = step.role
            table.add_section()
            table.add_row(Text("the API" if role == "api" else "the worker", style="bold"))
        table.add_row(f"  {step.label}", *(_cell(wanted.get(fault), outcomes, now) for fault in columns))
    return table


def _cell(case: Case | None, outcomes: Mapping[Case, Outcome], running: set[Case]) -> Text:
    if case is None:
        return Text("·", style="dim")
    outcome = outcomes.get(case)
    if outcome is None:
        return Text("…" if case in running else "", style="yellow")
    if not outcome.flaws:
        return Text("ok", style="green")
    (kind, count), *_ = Counter(flaw.kind for flaw in outcome.flaws).most_common(1)
    return Text(f"{count} {kind}", style="bold red")


def counts(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Counts", show_header=False)
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right")
    table.add_row("cases", str(len(outcomes)))
    table.add_row("accepted documents", f"{sum(outcome.accepted for outcome in outcomes):,}")
    table.add_row("answers looked at", f"{sum(outcome.searches for outcome in outcomes):,}")
    table.add_row("late writes refused", str(sum(outcome.refused_late for outcome in outcomes)))
    found = Counter(flaw.kind for outcome in outcomes for flaw in outcome.flaws)
    table.add_section()
    for kind in KINDS:
        table.add_row(kind, Text(str(found[kind]), style="bold red" if found[kind] else "green"))
    table.add_section()
    for unhurried in (False, True):
        some = [outcome for outcome in outcomes if outcome.case.step.unhurried == unhurried]
        lease = REAL_LEASE if unhurried else LEASE
        for what, times in (
            ("in other hands", [outcome.resumed for outcome in some if outcome.resumed is not None]),
            ("read to the end", [outcome.ready for outcome in some if outcome.ready is not None]),
        ):
            if times:
                middle = sorted(times)[len(times) // 2]
                said = f"{middle:.1f} s, at most {max(times):.1f} s"
                table.add_row(f"from a worker's death (lease {lease:.0f} s) until {what}", said)
    return table


def flaws(outcomes: Sequence[Outcome]) -> Text:
    return Text("\n\n".join(outcome.explained() for outcome in outcomes if outcome.flaws))


def whole(cases: Sequence[Case], outcomes: Mapping[Case, Outcome], running: Iterable[Case] = ()) -> RenderableType:
    return Group(matrix(cases, outcomes, running), counts(list(outcomes.values())))
