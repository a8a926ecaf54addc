"""Make .venv and install DocVault into it, as locked: `make run`, `make test` and `make check` call this.

    python3 scripts/install.py [--dev]

Standard library only, because nothing is installed yet when it runs. A stamp in .venv makes every further call
instant until a lock, pyproject.toml, the interpreter or the folder changes. The page has a stamp of its own: a change
of its source builds it again and installs nothing else. DOCVAULT_SKIP_WEB=1 leaves it as it is.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
OLDEST, NEWEST = (3, 11), (3, 14)  # the embedded PostgreSQL has wheels for these
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CPU_INDEX_SECONDS = 5
PROGRAMS = {
    "tesseract": "tesseract-ocr",
    "soffice": "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui",
    "clamd": "clamav-daemon",
    "chromium": "chromium",
}
"""Command to Debian packages."""
PROGRAM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


class Stop(Exception):
    """One sentence for the person who ran make."""


def main(arguments: list[str]) -> int:
    dev = "--dev" in arguments
    try:
        check_python()
        if not stamped(dev):
            install(dev)
        build_page()
        if dev:
            install_programs()
    except Stop as stop:
        print(f"Cannot install: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to continue.", file=sys.stderr)
        return 130
    return 0


def check_python() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise Stop(
            "DocVault needs Python {}.{} to {}.{}, and this is {}. "
            "Name another one, for instance: make run PYTHON=python3.12".format(
                *OLDEST, *NEWEST, platform.python_version()
            )
        )
    if sys.platform == "win32":
        raise Stop("the embedded Redis has no build for Windows. Run DocVault inside WSL.")


def lock_of(dev: bool) -> Path:
    return ROOT / ("requirements-dev.lock" if dev else "requirements.lock")


def fingerprint(dev: bool) -> str:
    digest = hashlib.sha256(f"{ROOT}\n{sys.version}\n{platform.machine()}\n".encode())
    for path in (lock_of(dev), ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamped(dev: bool) -> bool:
    """The development set holds everything that running needs, so its stamp is good for both."""
    if not PYTHON.exists() or not STAMP.exists():
        return False
    stamps = STAMP.read_text(encoding="utf-8").split()
    return fingerprint(True) in stamps or (not dev and fingerprint(False) in stamps)


def install(dev: bool) -> None:
    say("Installing DocVault's dependencies into .venv. The first time takes a few minutes.")
    STAMP.unlink(missing_ok=True)
    make_environment()
    install_torch(dev)
    lock = lock_of(dev)
    total = len(re.findall(r"^[a-z0-9].*==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    say(f"Installing up to {total} locked packages.")
    pip("install", "--no-deps", "--require-hashes", "--no-compile", "-r", lock.name, failing="the locked packages")
    if dev:
        build_page()  # with the Node that is among those packages
    install_docvault()
    pip("check", failing="the finished set")
    STAMP.write_text(fingerprint(dev) + "\n", encoding="utf-8")
    say(f"Installed: {size_of(VENV) / 1e6:,.0f} MB in .venv.")


def install_docvault() -> None:
    """With its page, where that has to be built: see hatch_build.py."""
    building = page_is_due()
    say(f"Installing DocVault itself{', and building its page: about a minute' if building else ''}.")
    pip("install", "--no-deps", "--editable", ".", failing="DocVault itself")


def build_page() -> None:
    """Where its source has changed. The development set has a Node; without it, an install fetches one for as long."""
    if not page_is_due():
        return
    if not (VENV / "bin" / "npm").exists():
        install_docvault()
    elif subprocess.run([str(PYTHON), "-m", "docvault.web.build"], cwd=ROOT).returncode:
        raise Stop("the page could not be built; what is wrong is said above.")


def page_is_due() -> bool:
    page = page_builder()
    return page is not None and page.is_due()


def page_builder() -> ModuleType | None:
    """docvault/web/build.py; None where the packages are still stand-ins without source: see the Dockerfile."""
    path = ROOT / "docvault" / "web" / "build.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("build_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_environment() -> None:
    """A new one unless the present one belongs to this interpreter and this folder."""
    origin = VENV / "origin"
    mine = f"{ROOT}\n{sys.version}"
    if PYTHON.exists() and origin.exists() and origin.read_text(encoding="utf-8") == mine:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Stop(
            "Python cannot make virtual environments here. On Debian and Ubuntu: sudo apt install python3-venv. "
            f"({last_line(made.stdout + made.stderr)})"
        )
    origin.write_text(mine, encoding="utf-8")


def install_torch(dev: bool) -> None:
    """The build that fits: on Linux without an NVIDIA GPU the one for CPUs, which spares gigabytes of CUDA."""
    found = re.search(r"^# .*: torch==(\S+)$", lock_of(dev).read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise Stop(f"{lock_of(dev).name} does not say which torch it goes with. Run: make lock")
    version = found[1]
    if sys.platform != "linux":
        say(f"Installing torch {version}.")
        pip("install", "--no-deps", "--no-compile", f"torch=={version}", failing="torch")
    elif has_nvidia_gpu():
        say(f"Installing torch {version} with CUDA, because this machine has an NVIDIA GPU.")
        pip("install", "--no-compile", f"torch=={version}", failing="torch")
    else:
        say(f"Installing torch {version}, the build for CPUs.")
        index = ["--index-url", CPU_INDEX] if answers(CPU_INDEX) else []
        pip(
            *("install", "--no-deps", "--no-compile", *index, f"torch=={version}+cpu"),
            failing=f"torch {version} for CPUs. Check that {CPU_INDEX} can be reached, or put its wheel "
            "into a folder that PIP_FIND_LINKS names, then run the same command again",
        )


def install_programs() -> None:
    """What some tests run for real, from Debian's packages where that can be done. The tests that miss one say so."""
    packages = [package for command, package in PROGRAMS.items() if not shutil.which(command, path=PROGRAM_PATH)]
    if not packages:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *" ".join(packages).split()]
    become = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if not shutil.which("apt-get") or (become and not shutil.which("sudo")):
        say(f"Some tests need programs that are not here. On Debian and Ubuntu: {' '.join(command)}")
        return
    say(f"Installing what some tests run: {', '.join(packages)}.")
    for step in (["apt-get", "update"], command):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run([*become, *step], env=environment, capture_output=True, text=True)
        if done.returncode:
            say(f"That did not work ({last_line(done.stdout + done.stderr)}). By hand: {' '.join(command)}")
            return


def has_nvidia_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or Path("/dev/nvidiactl").exists()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/torch/", timeout=CPU_INDEX_SECONDS) as answer:
            return answer.status == 200
    except (OSError, ValueError):
        return False


def pip(*arguments: str, failing: str) -> None:
    """Run pip, counting packages aloud; its own words are shown only when it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    environment = {**os.environ, "PYTHONNOUSERSITE": "1", "PIP_PROGRESS_BAR": "off"}
    lines: list[str] = []
    fetched = 0
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        fetched += line.startswith("Collecting ")
        show(f"  {fetched} packages" if not line.startswith("Installing collected") else "  unpacking them")
    if sys.stdout.isatty():
        print("\r\x1b[K", end="", flush=True)
    if process.wait():
        sys.stderr.write("".join(lines[-40:]))
        raise Stop(f"pip could not install {failing}." if arguments[0] == "install" else "the packages do not agree.")


def show(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)


def size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it gave no reason"])[-1]


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
