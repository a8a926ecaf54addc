"""The page is built when its source has changed, and at no other time; and the wheel has what was built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from docvault.web import build as page

ROOT = Path(__file__).resolve().parents[3]
MAKE = """
const fs = require("node:fs");
require("tiny");
fs.rmSync("../static", { recursive: true, force: true });
fs.mkdirSync("../static");
fs.copyFileSync("index.html", "../static/index.html");
fs.appendFileSync("../times", `${process.execPath}\\n`);
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page that real npm installs and real Node builds, without a network, in a folder with a space."""
    monkeypatch.delenv(page.SKIP, raising=False)
    monkeypatch.setenv("NODE_ENV", "production")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    app = tmp_path / "a checkout" / "app"
    (app / "tiny").mkdir(parents=True)
    project = {"name": "page", "scripts": {"build": "node make.cjs"}, "devDependencies": {"tiny": "file:tiny"}}
    tiny = {"name": "tiny", "version": "1.0.0"}
    lock = {
        "name": "page",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {
            "": {"name": "page", "devDependencies": {"tiny": "file:tiny"}},
            "node_modules/tiny": {"resolved": "tiny", "link": True},
            "tiny": {"version": "1.0.0", "dev": True},
        },
    }
    for name, content in {"package.json": project, "tiny/package.json": tiny, "package-lock.json": lock}.items():
        (app / name).write_text(json.dumps(content))
    (app / "tiny" / "index.js").write_text("")
    (app / "make.cjs").write_text(MAKE)
    (app / "index.html").write_text("one")
    return app


def test_it_is_built_once_and_again_when_its_source_changes(app: Path) -> None:
    static, said = app.parent / "static", list[str]()

    def build() -> bool:
        said.clear()
        return page.build(said.append, app=app, static=static)

    assert build()
    assert said == ["Fetching the packages that the page is built with.", "Building the page."]
    assert (static / "index.html").read_text() == "one"
    (app / "tiny" / "a.test.ts").write_text("tests are no source")
    assert not build()
    (app / "index.html").write_text("two")
    assert build()
    assert said == ["Building the page."]
    assert (static / "index.html").read_text() == "two"
    shutil.rmtree(static)
    assert build()
    assert (app.parent / "times").read_text().splitlines() == [page.find_npm()[0]] * 3


def test_two_at_a_time_build_it_once(app: Path) -> None:
    static = app.parent / "static"
    threads = [threading.Thread(target=page.build, args=(str,), kwargs={"app": app, "static": static}) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert page.is_fresh(app, static)
    assert len((app.parent / "times").read_text().splitlines()) == 1


def test_a_variable_leaves_it_as_it_is(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setenv(page.SKIP, "1")
    assert not page.build(said.append, app=app, static=app.parent / "static")
    assert said == ["Leaving the page as it is, because DOCVAULT_SKIP_WEB is set."]
    assert not page.is_due()


def test_a_build_that_fails_says_what_did(app: Path) -> None:
    (app / "make.cjs").write_text(
        "console.log('noise\\n'.repeat(100)); throw new Error('\\x1b[31mno\\x1b[0m such colour')"
    )
    static = app.parent / "static"
    with pytest.raises(page.BuildFailed) as failed:
        page.build(str, app=app, static=static)
    words = str(failed.value)
    assert "Error: no such colour" in words
    assert words.splitlines()[-1].startswith("Could not build the page: what npm said is above. DOCVAULT_SKIP_WEB=1")
    assert len(words.splitlines()) < 30
    assert not page.is_fresh(app, static)


def test_packages_that_do_not_match_the_lock_are_fetched_again(app: Path) -> None:
    page.build(str, app=app, static=app.parent / "static")
    assert page.packages_match(app)
    lock = app / "package-lock.json"
    content = json.loads(lock.read_text())
    content["packages"]["node_modules/other-platform"] = {"version": "1.0.0", "integrity": "x", "optional": True}
    lock.write_text(json.dumps(content))
    assert page.packages_match(app)
    content["packages"]["node_modules/new"] = {"version": "1.0.0", "integrity": "y"}
    lock.write_text(json.dumps(content))
    assert not page.packages_match(app)


def test_without_a_home_npm_gets_a_folder_for_its_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    assert page.environment("/opt/a node/bin/node", "/scratch")["npm_config_cache"] == "/scratch"
    monkeypatch.setenv("HOME", str(tmp_path))
    made = page.environment("/opt/a node/bin/node", "/scratch")
    assert "npm_config_cache" not in made
    assert made["PATH"].split(os.pathsep)[0] == "/opt/a node/bin"


def test_the_wheel_has_the_page_and_not_its_source(tmp_path: Path) -> None:
    """Built from a copy by the hook itself, which finds the page fresh."""
    copy = tmp_path / "a copy"
    ignored = shutil.ignore_patterns("node_modules", "static", "__pycache__")
    for name in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py", ".gitignore"):
        copy.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy)
    for name in ("docvault", "ingestion", "search", "migrations"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    (copy / "docvault/web/app/node_modules/some").mkdir(parents=True)
    (copy / "docvault/web/app/node_modules/some/index.js").write_text("")
    static = copy / "docvault/web/static"
    (static / "assets").mkdir(parents=True)
    for name in ("index.html", "assets/a-1.js", "assets/a-1.js.br"):
        (static / name).write_text("built")
    (static / page.STAMP).write_text(page.fingerprint(copy / "docvault/web/app"))
    kinds = ["-t", "wheel", "-t", "sdist"]
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *kinds, "-d", str(tmp_path / "dist")],
        cwd=copy, env={key: value for key, value in os.environ.items() if key != page.SKIP},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"docvault/web/static/{name}" for name in ("index.html", "assets/a-1.js", "assets/a-1.js.br")} <= names
    assert not [name for name in names if name.startswith("docvault/web/app") or "node_modules" in name]
    (source,) = (tmp_path / "dist").glob("*.tar.gz")
    listed = subprocess.run(["tar", "-tzf", str(source)], capture_output=True, text=True, check=True).stdout
    assert "/docvault/web/app/package-lock.json\n" in listed
    assert "/hatch_build.py\n" in listed
    assert "node_modules" not in listed
    assert "/docvault/web/static/" not in listed
