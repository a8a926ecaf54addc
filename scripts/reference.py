"""Write the parts of docs/reference/ that the code knows best: settings, calls of the API, commands.

    python scripts/reference.py [--check]

Each page holds hand-written words around a part between two marks, which is replaced. With `--check` nothing is
written: stale pages are named, and the exit code is 1. A test does the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import click
import msgspec

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
BEGIN, END = "<!-- written by scripts/reference.py, do not edit -->", "<!-- end -->"
METHODS = ("get", "post", "put", "patch", "delete")
MIB = 1024 * 1024


# --- settings -----------------------------------------------------------------------------------------------------


def settings_table() -> str:
    import docvault.settings as module

    source = Path(module.__file__).read_text(encoding="utf-8")
    heads = {found.start(): found[1].strip() for found in re.finditer(r"^    # -{3,} (.+?) -+$", source, re.MULTILINE)}
    lines: list[str] = []
    previous = ""
    for field in msgspec.structs.fields(module.Settings):
        at = re.search(rf"^    {field.name}: ", source, re.MULTILINE)
        assert at is not None, field.name
        head = heads[max(place for place in heads if place < at.start())]
        if head != previous:
            lines += [
                "",
                f"## {head[0].upper()}{head[1:]}",
                "",
                "| variable | takes | default | |",
                "|---|---|---|---|",
            ]
            previous = head
        kind, limits, description = taken_apart(field.type)
        name = module.environment_name(field.name)
        cells = (f"`{name}`", named(kind) + limits, default_of(field), description)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines[1:])


def taken_apart(annotation: Any) -> tuple[Any, str, str]:
    """The plain type, its limits in words, its description."""
    limits, description = "", ""
    while get_origin(annotation) is Annotated:
        annotation, *extra = get_args(annotation)
        for meta in (each for each in extra if isinstance(each, msgspec.Meta)):
            description = meta.description or description
            for words, value in (
                (" or more", meta.ge),
                (" or less", meta.le),
                (" characters or more", meta.min_length),
            ):
                limits += f", {value}{words}" if value else ""
    return annotation, limits, description


def named(kind: Any) -> str:
    origin = get_origin(kind)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    if origin is list:
        return "list"
    return {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Path: "folder"}[kind]


def default_of(field: msgspec.structs.FieldInfo) -> str:
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    match value:
        case "" | []:
            return "not set"
        case bool():
            return f"`{str(value).lower()}`"
        case Path():
            return f"`{value}`".replace(str(Path.home()), "~")
        case int() if value >= MIB:
            return f"`{value}` ({value / MIB:,.0f} MiB)" if value % MIB == 0 else f"`{value}`"
        case list():
            return f"`{','.join(map(str, value))}`"
        case _:
            return f"`{value}`"


# --- the API ------------------------------------------------------------------------------------------------------


def api_table() -> str:
    lines: list[str] = []
    previous = ""
    for tag, method, path, words in sorted(operations(), key=place):
        if tag != previous:
            lines += ["", f"## {tag[0].upper()}{tag[1:]}", "", "| call | |", "|---|---|"]
            previous = tag
        lines.append(f"| `{method.upper()} {path}` | {words} |")
    return "\n".join(lines[1:])


ORDER = ["accounts", "documents", "folders", "uploads", "webhooks", "search", "chat", "admin", "health"]


def place(operation: tuple[str, str, str, str]) -> tuple[int, str, int]:
    tag, method, path, _ = operation
    return ORDER.index(tag), path, METHODS.index(method)


def operations() -> Iterator[tuple[str, str, str, str]]:
    """Tag, method, path and first paragraph of every call in the OpenAPI document."""
    from docvault.server.app import create_app
    from docvault.settings import load_settings

    app = create_app(load_settings({}, home=Path("/nonexistent")))
    for path, item in (app.openapi_schema.paths or {}).items():
        for method in METHODS:
            operation = getattr(item, method)
            if operation is not None:
                words = " ".join(cleandoc(operation.description or "").split("\n\n")[0].split())
                yield (operation.tags or [""])[0], method, path, words


# --- commands -----------------------------------------------------------------------------------------------------


def command_list() -> str:
    from docvault.server.cli import main

    return "\n\n".join(part for name, command in main.commands.items() for part in described(name, command))


def described(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"docvault {name}")
    usage = " ".join(["docvault", name, *command.collect_usage_pieces(context)])
    yield f"## docvault {name}"
    yield f"```\n{usage}\n```"
    yield cleandoc(command.help or "")
    options = [record for param in command.params if (record := param.get_help_record(context)) and record[1]]
    if options:
        yield "\n".join(f"- `{flags}`: {words}" for flags, words in options)


# --- writing ------------------------------------------------------------------------------------------------------

PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_table,
    "api.md": api_table,
    "command-line.md": command_list,
}


def renewed(page: str, part: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"A page of the reference has lost its marks: {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{part}\n\n{END}{after}"


def stale() -> dict[Path, str]:
    """The pages that do not say what the code says, and what they should be."""
    found: dict[Path, str] = {}
    for name, write in PAGES.items():
        path = REFERENCE / name
        page = path.read_text(encoding="utf-8")
        if (new := renewed(page, write())) != page:
            found[path] = new
    return found


def main(arguments: list[str]) -> int:
    found = stale()
    for path, page in found.items():
        print(f"{path.relative_to(ROOT)} {'is stale' if '--check' in arguments else 'is renewed'}")
        if "--check" not in arguments:
            path.write_text(page, encoding="utf-8")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
