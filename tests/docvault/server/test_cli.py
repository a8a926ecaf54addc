"""The command line, as processes: what it prints and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docvault.local.stack import environment
from docvault.settings import Settings
from tests.people import People

COMMANDS = ["up", "serve", "work", "embed", "migrate", "ask", "import", "status", "reconcile", "doctor"]
CORPUS = Path(__file__).parents[2] / "corpus"


def docvault(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    ours = ("DOCVAULT_", "DATABASE_", "REDIS_", "S3_", "OPENAI_")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "docvault.server.cli", *arguments]
    return subprocess.run(command, env=bare | variables, capture_output=True, text=True, check=False, timeout=120)


def test_help_names_every_command() -> None:
    done = docvault("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = docvault(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) >= 5


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from docvault.server.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'litestar', 'onnxruntime', 'numpy', 'torch', 'httpx', 'rich', 'aioboto3'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["serve"], {}, "DATABASE_URL"),
        (["work"], {}, "DATABASE_URL"),
        (["migrate"], {}, "DATABASE_URL and DATABASE_OWNER_URL are not set."),
        (["migrate"], {"DOCVAULT_PORT": "eighty"}, "DOCVAULT_PORT is not usable"),
        (["ask", "no-such-file.pdf", "What?"], {}, "no-such-file.pdf"),
        (["fly"], {}, "No such command"),
    ],
)
def test_wrong_use_is_one_clear_sentence_and_exit_code_2(
    tmp_path: Path, embedding_home: Path, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "models").symlink_to(embedding_home / "models")
    done = docvault(*arguments, DOCVAULT_HOME=str(home), **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_on_servers_of_ones_own(settings: Settings) -> None:
    done = docvault("doctor", **_variables(settings))
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("PostgreSQL", "Redis", "Object store", "Embeddings", "Chat models"):
        assert f"ok    {part}" in done.stdout
    assert done.stdout.rstrip().endswith("Everything works.")


def test_doctor_says_what_is_wrong_and_what_to_do(settings: Settings) -> None:
    done = docvault("doctor", **_variables(settings) | {"REDIS_URL": "redis://127.0.0.1:1/0"})
    assert done.returncode == 1
    assert "FAIL  Redis" in done.stdout
    assert "Look at REDIS_URL" in done.stdout
    assert "ok    PostgreSQL" in done.stdout


def _variables(settings: Settings) -> dict[str, str]:
    return {
        name: value
        for name, value in environment(settings).items()
        if name.startswith(("DOCVAULT_", "DATABASE_", "REDIS_"))
    }


async def test_ask_a_vault_that_runs(people: People, worker: object) -> None:
    import asyncio

    person = await people.new()
    answer = await person.http.post(
        "/api/keys", json={"name": "ask", "scopes": ["documents:read", "documents:write", "search", "chat"]}
    )
    access = {"DOCVAULT_URL": people.address, "DOCVAULT_API_KEY": answer.json()["key"]}
    question = "How many tons did the dredger Otter raise?"
    report, locked = str(CORPUS / "report.pdf"), str(CORPUS / "encrypted.pdf")
    done = await asyncio.to_thread(docvault, "ask", report, question, **access)
    assert done.returncode == 0, done.stderr
    assert "41,200 tons. [1]" in done.stdout
    assert "[1] report.pdf, page 1:" in done.stdout
    done = await asyncio.to_thread(docvault, "ask", report, locked, question, **access)
    assert done.returncode == 1
    assert "encrypted.pdf: The PDF is locked with a password." in done.stdout
    assert "41,200 tons. [1]" in done.stdout
    done = await asyncio.to_thread(docvault, "ask", report, question, **access | {"DOCVAULT_API_KEY": "dv_wrong"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
