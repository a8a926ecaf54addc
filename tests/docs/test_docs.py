"""What the documentation says is so: names, links, commands, and a line for everything there is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docvault.server.cli import main
from docvault.settings import Settings, environment_name

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
PACKAGES = ("docvault", "ingestion", "search")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_ROW = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def read(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


# --- a line for everything ----------------------------------------------------------------------------------------


def test_the_generated_reference_is_fresh() -> None:
    command = [sys.executable, "scripts/reference.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nRenew it: .venv/bin/python scripts/reference.py"


@pytest.mark.parametrize("field", Settings.__struct_fields__)
def test_every_setting_has_its_line(field: str) -> None:
    lines = re.findall(
        rf"^\| `{environment_name(field)}` \|.*\| (.+) \|$", read("docs/reference/settings.md"), re.MULTILINE
    )
    assert len(lines) == 1
    assert lines[0].endswith((".", "`"))


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    known = {environment_name(field) for field in Settings.__struct_fields__}
    known |= {"DOCVAULT_CONFIG", "DOCVAULT_URL", "DOCVAULT_API_KEY", "DOCVAULT_SKIP_WEB", "DOCVAULT_API"}
    named = {
        name for page in PAGES for name in re.findall(r"\bDOCVAULT_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8"))
    }
    assert named <= known


@pytest.mark.parametrize("command", main.commands)
def test_every_command_has_its_section(command: str) -> None:
    assert f"\n## docvault {command}\n" in read("docs/reference/command-line.md")


def test_every_call_has_its_line() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import reference
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    page = read("docs/reference/api.md")
    calls = [(f"`{method.upper()} {path}`", words) for _, method, path, words in reference.operations()]
    assert len(calls) > 20
    for call, words in calls:
        assert page.count(f"| {call} |") == 1, call
        assert words, f"{call} says nothing of itself"


def test_every_error_code_has_its_line_and_none_is_made_up() -> None:
    documented = set(CODE_ROW.findall(read("docs/reference/errors.md")))
    raised = set(error_codes())
    assert len(raised) > 50
    assert raised - documented == set(), "raised but not in docs/reference/errors.md"
    assert documented - raised == set(), "in docs/reference/errors.md but never raised"


def error_codes() -> Iterator[str]:
    """Every literal that becomes an error's code: as a class attribute, as an argument where a `code` is taken, or
    written to an `error_code`."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8")) for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    takers = {node.name: places for node in nodes if isinstance(node, FUNCTION) and (places := code_places(node))}
    for node in nodes:
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [keyword.value for keyword in node.keywords if keyword.arg in ("code", "error_code")]
            given += [node.args[place] for place in takers.get(name, ()) if place < len(node.args)]
            yield from (text for value in given for text in literals(value))
        elif isinstance(node, ast.ClassDef):
            yield from class_codes(node)
        elif isinstance(node, ast.Assign):
            yield from assigned_codes(node)


def assigned_codes(node: ast.Assign) -> Iterator[str]:
    """`CODES = {…}`, `answer.error_code = "…"` and `answer.error, answer.error_code = WHY, "…"`."""
    (target, *_), value = node.targets, node.value
    if getattr(target, "id", "") == "CODES":
        yield from literals(value)
    pairs = [(target, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=True))
    for place, given in pairs:
        if isinstance(place, ast.Attribute) and place.attr == "error_code":
            yield from literals(given)


FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def code_places(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[int]:
    names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
    return [names.index("code")] if "code" in names else []


def class_codes(node: ast.ClassDef) -> Iterator[str]:
    """`code = "…"` and `status, code = 404, "…"`."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and any("code" in names(target) for target in statement.targets):
            yield from literals(statement.value)


def names(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def literals(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[a-z]+(_[a-z]+)*", node.value)
        ):
            yield node.value


def test_every_decision_is_in_the_index() -> None:
    written = {path.name for path in (DOCS / "decisions").glob("0*.md")}
    assert set(LINK.findall(read("docs/decisions/README.md"))) == written
    for name in written:
        number, _, _ = name.partition("-")
        assert read("docs/decisions", name).startswith(f"# {number} ")


def test_every_page_can_be_reached() -> None:
    reached, waiting = set[Path](), {ROOT / "README.md"}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting |= {path for path in targets(page) if path.suffix == ".md" and path.exists()} - reached
    assert set(PAGES) <= reached


# --- links --------------------------------------------------------------------------------------------------------


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(prose(page)) if "://" not in link]


def targets(page: Path) -> set[Path]:
    return {(page.parent / link.partition("#")[0]).resolve() if link[0] != "#" else page for link in links(page)}


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: small letters, spaces to hyphens, punctuation gone."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_files_named_in_the_text_exist(page: Path) -> None:
    for path in re.findall(
        r"`((?:docvault|ingestion|search|migrations|scripts|tests|benchmarks)/[\w./-]+)`", prose(page)
    ):
        assert (ROOT / path).exists(), path


# --- commands -----------------------------------------------------------------------------------------------------


def shell_lines(page: Path) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line.split(" #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


@each_page
def test_commands_in_shell_blocks_exist(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", read("Makefile"), re.MULTILINE))
    for line in shell_lines(page):
        if found := re.match(r"make (\w+)", line):
            assert found[1] in targets, line
        if found := re.match(r"(?:\.venv/bin/)?docvault (\w+)", line):
            assert found[1] in main.commands, line
        if found := re.match(r"docker compose (?:run --rm |exec -T |exec )(\w+)", line):
            assert f"\n  {found[1]}:\n" in read("docker-compose.yml"), line


def test_the_readme_begins_with_the_two_commands() -> None:
    assert shell_lines(ROOT / "README.md")[:2] == ["make run", "make test"]


def test_the_readmes_settings_exist() -> None:
    table = re.findall(r"^\| (`[A-Z].*?`) \|", read("README.md"), re.MULTILINE)
    known = {environment_name(field) for field in Settings.__struct_fields__}
    assert {name for cell in table for name in re.findall(r"`(\w+)`", cell)} <= known
    assert len(table) >= 8
