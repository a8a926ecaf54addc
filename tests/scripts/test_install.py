"""The locks agree with pyproject.toml, and the installer says what is wrong in one sentence."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with a checkout of its own whose path has a space."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "scripts" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkout = tmp_path / "a checkout"
    (checkout / ".venv" / "bin").mkdir(parents=True)
    for name in (*LOCKS, "pyproject.toml"):
        (checkout / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(module, "ROOT", checkout)
    monkeypatch.setattr(module, "VENV", checkout / ".venv")
    monkeypatch.setattr(module, "PYTHON", checkout / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", checkout / ".venv" / "installed")
    return module


def locked(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for package, version in re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE):
        found.setdefault(package, []).append(version)
    return found


def wanted(*, dev: bool) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(project["optional-dependencies"]["dev"] if dev else [])]
    return [requirement for line in lines if (requirement := Requirement(line)).name != "torch"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_locked_within_its_bounds(name: str) -> None:
    versions = locked(name)
    for requirement in wanted(dev="dev" in name):
        found = versions.get(requirement.name.lower(), [])
        assert found, f"{requirement} is not in {name}: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in found), f"{requirement}: run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_locks_have_hashes_and_neither_torch_nor_cuda_nor_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not [package for package in locked(name) if re.match(r"(torch|triton|nvidia-.*|cuda-.*)$", package)]
    assert "://" not in text
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert len(blocks) > 100


def test_both_locks_hold_the_same_versions() -> None:
    runtime, dev = locked(LOCKS[0]), locked(LOCKS[1])
    assert {name: dev.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 15, 0)])
def test_another_python_is_one_sentence(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(install, "sys", SimpleNamespace(version_info=version, stderr=sys.stderr, platform="linux"))
    assert install.main([]) == 1
    words = capsys.readouterr().err
    assert words.startswith("Cannot install: DocVault needs Python 3.11 to 3.14")
    assert "PYTHON=python3.12" in words
    assert words.count("\n") == 1


def test_a_stamp_is_good_until_a_lock_or_the_project_changes(install: ModuleType) -> None:
    install.PYTHON.touch()
    assert not install.stamped(dev=False)
    install.STAMP.write_text(install.fingerprint(False))
    assert install.stamped(dev=False)
    assert not install.stamped(dev=True)
    install.STAMP.write_text(install.fingerprint(True))
    assert install.stamped(dev=True)
    assert install.stamped(dev=False)
    with (install.ROOT / "pyproject.toml").open("a") as file:
        file.write("\n")
    assert not install.stamped(dev=False)


def test_torch_is_the_cpu_build_without_a_gpu(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(install.sys, "platform", "linux")
    monkeypatch.setattr(install, "pip", lambda *arguments, failing: asked.append(arguments))
    for gpu, index in ((False, True), (False, False), (True, True)):
        monkeypatch.setattr(install, "has_nvidia_gpu", lambda gpu=gpu: gpu)
        monkeypatch.setattr(install, "answers", lambda _, index=index: index)
        install.install_torch(dev=False)
    with_index, without, with_gpu = asked
    assert with_index[-1].endswith("+cpu")
    assert install.CPU_INDEX in with_index
    assert without[-1].endswith("+cpu")
    assert install.CPU_INDEX not in without
    assert "+cpu" not in with_gpu[-1]
    assert "--no-deps" not in with_gpu


def test_no_torch_to_be_had_says_what_to_do(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install.PYTHON.symlink_to(sys.executable)
    monkeypatch.setattr(install, "make_environment", lambda: None)
    monkeypatch.setattr(install, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(install, "answers", lambda _: False)
    monkeypatch.setattr(install, "CPU_INDEX", "http://127.0.0.1:9/none")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(install.sys, "platform", "linux")
    assert install.main([]) == 1
    assert "torch 2.13.0 for CPUs" in (words := capsys.readouterr().err)
    assert "PIP_FIND_LINKS" in words
    assert not install.STAMP.exists()


@pytest.fixture
def page(install: ModuleType) -> Path:
    """The source of a page in that checkout, and what builds it."""
    web = install.ROOT / "docvault" / "web"
    (web / "app").mkdir(parents=True)
    (web / "app" / "package-lock.json").write_text("{}")
    for name in ("build.py", "__init__.py", "../__init__.py"):
        (web / name).write_bytes((ROOT / "docvault" / "web" / name).read_bytes())
    install.PYTHON.touch()
    install.STAMP.write_text(install.fingerprint(False))
    return web / "app"


def test_a_changed_page_is_built_and_nothing_else_installed(
    install: ModuleType, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def pip(*arguments: str, failing: str) -> None:
        asked.append(arguments)
        builder = install.page_builder()
        builder.STATIC.mkdir(exist_ok=True)
        (builder.STATIC / builder.STAMP).write_text(builder.fingerprint(builder.APP))

    monkeypatch.setattr(install, "pip", pip)
    monkeypatch.delenv("DOCVAULT_SKIP_WEB", raising=False)
    for _ in range(2):
        assert install.main([]) == 0
    assert asked == [("install", "--no-deps", "--editable", ".")]
    (page / "index.html").write_text("<title>changed</title>")
    monkeypatch.setenv("DOCVAULT_SKIP_WEB", "1")
    assert install.main([]) == 0
    assert len(asked) == 1
    monkeypatch.delenv("DOCVAULT_SKIP_WEB")
    assert install.main([]) == 0
    assert len(asked) == 2


def test_a_page_that_cannot_be_built_is_one_sentence_after_what_npm_said(
    install: ModuleType, page: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With the development set's Node: here a package.json that is none."""
    monkeypatch.delenv("DOCVAULT_SKIP_WEB", raising=False)
    (install.VENV / "bin" / "npm").touch()
    install.PYTHON.unlink()
    install.PYTHON.symlink_to(sys.executable)
    monkeypatch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path.endswith("site-packages")))
    (page / "package.json").write_text("{ no JSON")
    assert install.main([]) == 1
    words = capfd.readouterr().err
    assert "EJSONPARSE" in words
    assert "Could not fetch the page's packages: what npm said is above." in words
    assert words.endswith("Cannot install: the page could not be built; what is wrong is said above.\n")
    assert "Traceback" not in words
