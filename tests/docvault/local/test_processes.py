import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from docvault.local import processes
from docvault.local.home import Home, open_home
from docvault.local.processes import Child, Note, Program, Supervisor, bound_log, stop_orphan, stop_orphans
from tests.docvault.local.conftest import eventually

WAIT = "import signal; print('here', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}"


def python(name: str, code: str, **options: object) -> Program:
    return Program(name, [sys.executable, "-c", code], **options)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def said_here(child: Child, times: int = 1) -> None:
    await eventually(lambda: child.log.read_text().count("here") >= times)


async def test_a_killed_child_is_started_again(home: Home) -> None:
    told: list[str] = []
    supervisor = Supervisor(told.append)
    child = Child(python("api", WAIT), home)
    supervisor.add(child)
    watching = asyncio.create_task(supervisor.watch())
    first = child.pid
    for times in (1, 2):
        await said_here(child, times)
        pid = child.pid
        os.kill(pid or 0, signal.SIGKILL)
        await eventually(lambda pid=pid: child.running and child.pid not in (pid, None))
    watching.cancel()
    await supervisor.stop()
    assert first is not None
    assert not alive(first)
    assert supervisor.restarts == {"api": 2}
    assert told[0].startswith("The api stopped (killed by SIGKILL) and is started again.")
    assert told[0].endswith("api.log")


async def test_pauses_between_restarts_grow(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: now[0])
    told: list[str] = []
    supervisor = Supervisor(told.append)
    child = Child(python("worker", "raise SystemExit('no such thing')"), home)
    supervisor.add(child)
    pauses: list[float] = []
    for _ in range(8):
        await child.ended()
        supervisor._look_at(child)  # seen, and due later
        pauses.append(round(supervisor._due["worker"] - now[0], 3))
        now[0] = supervisor._due["worker"]
        supervisor._look_at(child)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert told[0].endswith("worker.log: no such thing")
    await child.ended()
    now[0] += processes.HEALTHY + 1
    supervisor._look_at(child)
    assert supervisor._due["worker"] - now[0] == pytest.approx(0.2)


async def test_everything_stops_the_last_started_first(home: Home) -> None:
    note = home.path / "order"
    code = f"""
import signal, sys
def leave(*_):
    open({str(note)!r}, "a").write(sys.argv[1] + " ")
    sys.exit()
signal.signal(signal.SIGTERM, leave)
{WAIT}
"""
    supervisor = Supervisor()
    for name in ("postgres", "redis", "worker", "api"):
        supervisor.add(Child(Program(name, [sys.executable, "-c", code, name]), home))
    for child in supervisor.children:
        await said_here(child)
    await supervisor.stop()
    assert note.read_text().split() == ["api", "worker", "redis", "postgres"]
    assert (home.path / "processes.json").read_text() == "{}"


async def test_a_child_that_will_not_stop_is_killed_with_all_it_started(home: Home) -> None:
    code = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); {STUBBORN}"
    child = Child(python("worker", code, stop_seconds=0.2), home)
    child.start()
    await said_here(child, 2)
    family = psutil.Process(child.pid).children(recursive=True)
    child.stop()
    assert len(family) == 1
    assert not psutil.wait_procs(family, timeout=5)[1]


PARENT = """
import sys, signal
from pathlib import Path
from docvault.local.home import open_home
from docvault.local.processes import Child, Program
home = open_home(Path(sys.argv[1]))
for name, code in zip(("postgres", "api"), sys.argv[2:]):
    child = Child(Program(name, [sys.executable, "-c", code]), home)
    child.start()
    print(child.pid, flush=True)
signal.pause()
"""


async def test_children_die_with_a_killed_parent_and_the_stubborn_at_the_next_start(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", PARENT, str(home.path), WAIT, STUBBORN], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    obedient, stubborn = int(parent.stdout.readline()), int(parent.stdout.readline())
    for name in ("postgres", "api"):
        await eventually(lambda name=name: "here" in home.log(name).read_text())
    parent.kill()
    parent.wait()
    if sys.platform == "linux":  # elsewhere both wait for the next start
        await eventually(lambda: not alive(obedient))
    assert alive(stubborn)
    monkeypatch.setattr(processes, "ORPHAN_SECONDS", 0.2)
    assert "api" in stop_orphans(home)
    assert not alive(stubborn)
    assert stop_orphans(home) == []


async def test_orphans_are_known_by_their_start_time(home: Home) -> None:
    other = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", WAIT], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        began = psutil.Process(other.pid).create_time()
        for started, ours in ((began - 100, False), (began, True)):
            notes = {"api": Note(other.pid, started, signal.SIGTERM)}
            processes.write_private(home.path / "processes.json", msgspec.json.encode(notes))
            assert stop_orphan(open_home(home.path), "api") is ours
            assert alive(other.pid) is not ours
    finally:
        other.kill()
        other.wait()


async def test_a_child_has_its_own_session_and_default_signals(home: Home) -> None:
    child = Child(python("api", WAIT), home)
    child.start()
    await said_here(child)
    assert child.pid is not None
    assert os.getsid(child.pid) == child.pid
    child.stop()


def test_logs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 100)
    log = tmp_path / "api.log"
    with log.open("ab") as writer:
        writer.write(b"x" * 150 + b"end")
        writer.flush()
        bound_log(log)
        assert log.stat().st_size == 0
        writer.write(b"next")
    assert log.read_bytes() == b"next"
    assert (tmp_path / "api.log.1").read_bytes().endswith(b"end")
    assert (tmp_path / "api.log.1").stat().st_size == 100


async def test_last_lines(home: Home) -> None:
    child = Child(python("api", "for n in range(30): print('line', n)"), home)
    assert child.last_lines() == ""
    child.start()
    assert await child.ended() == 0
    assert child.last_lines(2) == "line 28\nline 29"
    child.stop()
