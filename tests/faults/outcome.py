"""What a case showed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tests.faults.cases import Case

Kind = Literal[
    "lost",
    "stuck",
    "wrongly failed",
    "doubled",
    "half seen",
    "objects without a row",
    "rows without an object",
    "left over",
    "processes left",
    "unclean end",
    "not reached",
    "too late",
]

KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Flaw:
    kind: Kind
    said: str


@dataclass
class Outcome:
    """`resumed` are the seconds from a worker's death until another had all it left, `ready` until the last of it was
    read; None where no worker died with documents in its hands."""

    case: Case
    flaws: list[Flaw] = field(default_factory=list[Flaw])
    seconds: float = 0.0
    resumed: float | None = None
    ready: float | None = None
    searches: int = 0
    accepted: int = 0
    refused_late: int = 0
    log: str = ""

    def add(self, kind: Kind, said: str) -> None:
        self.flaws.append(Flaw(kind, said))

    def explained(self) -> str:
        lines = [f"{self.case.name}:", *(f"  {flaw.kind}: {flaw.said}" for flaw in self.flaws)]
        return "\n".join(
            [*lines, "  the actor's last words:", *(f"    {line}" for line in self.log.splitlines()[-25:])]
        )
