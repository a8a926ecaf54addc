"""What is broken where: every step of a document's way, and everything that can go wrong there.

A step is a place in the code of the process under test, the actor: before and after each commit, and in the middle of
what takes long. The names are those that `tests.faults.actor` stops at.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Role = Literal["worker", "api"]
Fault = Literal[
    "kill -9", "frozen", "SIGTERM", "postgres -9", "redis -9", "FLUSHALL", "reader -9", "child -9", "embedder -9",
    "S3 503", "S3 cut", "disk full",
]  # fmt: skip

FAULTS: tuple[Fault, ...] = Fault.__args__  # type: ignore[attr-defined]
SERVERS: tuple[Fault, ...] = ("postgres -9", "redis -9", "FLUSHALL")
S3: tuple[Fault, ...] = ("S3 503", "S3 cut")

LEDGER, LETTER, TORN, BOX, GONE = "ledger.txt", "letter.txt", "torn.pdf", "box.zip", "gone.txt"
"""The files of the scene: one with a newer revision, a fresh one, an unreadable one, an archive, a deleted one."""


class Step(NamedTuple):
    """`filename` is the document at which the actor stops there; empty: whichever comes first.

    `slow` has texts read by a reader that waits to be released. `stopping` sends SIGTERM first, for what only a
    stopping worker does. `unhurried` has lease, heartbeat and pauses as people have them, and not as short as tests do.
    """

    name: str
    role: Role
    faults: tuple[Fault, ...]
    filename: str = ""
    slow: bool = False
    stopping: bool = False
    unhurried: bool = False

    @property
    def label(self) -> str:
        return f"{self.name}, real times" if self.unhurried else self.name


class Case(NamedTuple):
    step: Step
    fault: Fault
    broken: str = ""
    """A fault built into the actor, to see that the checks find it."""

    @property
    def on_s3(self) -> bool:
        return self.fault in S3

    @property
    def name(self) -> str:
        return f"{self.step.label} / {self.fault}"


def _around(name: str, role: Role, *faults: Fault, filename: str = "", **more: bool) -> list[Step]:
    """Before and after the commit of that name."""
    every: tuple[Fault, ...] = ("kill -9", "frozen", *SERVERS, *faults)
    return [Step(f"{name}: {side} commit", role, every, filename, **more) for side in ("before", "after")]


_ALL: tuple[Fault, ...] = ("kill -9", "frozen", *SERVERS)

STEPS: tuple[Step, ...] = (
    # the API
    *_around("note the key", "api"),
    Step("store: during", "api", (*_ALL, *S3, "disk full")),
    Step("store: after", "api", _ALL),
    *_around("accept", "api"),
    *_around("delete", "api"),
    # the worker
    *_around("claim", "worker", "SIGTERM", "reader -9", filename=LEDGER),
    Step("fetch: before", "worker", ("kill -9", *S3)),
    Step("extract: during", "worker", (*_ALL, "SIGTERM", "reader -9", "child -9", "embedder -9"), slow=True),
    *_around("heartbeat", "worker", "child -9", slow=True),
    *_around("reuse vectors", "worker", "embedder -9", filename=LEDGER),
    Step("embed: during", "worker", (*_ALL, "SIGTERM", "embedder -9")),
    *_around("stage vectors", "worker", "embedder -9", filename=LEDGER),
    *_around("index", "worker", "SIGTERM", filename=LEDGER),
    Step("index: before commit", "worker", ("kill -9",), LEDGER, unhurried=True),
    *_around("fail", "worker", "SIGTERM", filename=TORN),
    *_around("note members", "worker", "reader -9", "child -9"),
    Step("store a member: during", "worker", (*_ALL, "reader -9", "child -9", *S3, "disk full")),
    *_around("unpack", "worker", "SIGTERM", filename=BOX),
    *_around("hand back", "worker", slow=True, stopping=True),
    *_around("sweep, take", "worker", "S3 503"),
    Step("sweep: removed", "worker", _ALL),
    *_around("sweep, forget", "worker"),
)

CASES: tuple[Case, ...] = tuple(Case(step, fault) for step in STEPS for fault in step.faults)


def case(name: str, fault: Fault, broken: str = "") -> Case:
    (step,) = (step for step in STEPS if step.label == name)
    return Case(step, fault, broken)


SHORT: tuple[Case, ...] = (
    case("index: before commit", "kill -9"),
    case("index: after commit", "redis -9"),
    case("accept: before commit", "kill -9"),
    case("accept: after commit", "postgres -9"),
    case("stage vectors: after commit", "embedder -9"),
    case("embed: during", "frozen"),
    case("extract: during", "child -9"),
    case("unpack: before commit", "FLUSHALL"),
    case("store a member: during", "S3 503"),
    case("store: during", "disk full"),
)
"""Every kind of fault, and both sides of the two commits that matter most."""
