"""The page's own checks, with the development environment's Node: types, style, tests, and its types of the API."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docvault.web.build import APP, environment, find_npm, packages_match

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def npm() -> list[str]:
    if not packages_match(APP):
        pytest.fail("The page's packages are not there, or not those of its lock: run make test, or npm ci in its app/")
    return find_npm()


@pytest.mark.parametrize("script", ["types", "check", "test"])
def test_npm_run(npm: list[str], script: str, tmp_path: Path) -> None:
    run([*npm, "run", script], APP, environment(npm[0], str(tmp_path)))


def test_the_types_of_the_api_are_those_of_the_api(npm: list[str]) -> None:
    run([sys.executable, str(ROOT / "scripts" / "web_api.py"), "--check"], ROOT, dict(os.environ))


def run(command: list[str], folder: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout
