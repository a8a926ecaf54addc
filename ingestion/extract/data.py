"""JSON and NDJSON as lines of `path: value`, so that a passage says which fields its values belong to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from ingestion.extract.build import PageBuilder, Report, clean, squeeze
from ingestion.extract.document import PLAIN, Extracted, Options
from ingestion.extract.text import decode, read_bytes, text_from_bytes

MOST_COLUMNS = 30
"""A list of objects with more fields than this is written object by object, not as a table."""
_TITLES = ("title", "name", "subject", "headline", "label")
_PLAIN_KEY = re.compile(r"[^\s.\[\]:]+\Z")


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    return json_from_bytes(read_bytes(path))


def json_from_bytes(data: bytes) -> Extracted:
    """One value, or one on each line. What is not JSON after all is read as text, with a warning."""
    text = decode(data).lstrip("\ufeff")
    try:
        return _written([json.loads(text)], single=True)
    except (ValueError, RecursionError):
        values, bad = _lines(text)
    if len(values) <= bad:
        return _as_text(data)
    warnings = [f"Lines that are not JSON and were left out: {bad}."] if bad else []
    written = _written(values, single=False)
    return Extracted(written.pages, written.title, warnings=warnings)


def _as_text(data: bytes) -> Extracted:
    read = text_from_bytes(data)
    return Extracted(read.pages, read.title, warnings=["The file is not valid JSON and was read as plain text."])


def _lines(text: str) -> tuple[list[Any], int]:
    values: list[Any] = []
    bad = 0
    for line in text.split("\n"):
        if line.strip():
            try:
                values.append(json.loads(line))
            except (ValueError, RecursionError):
                bad += 1
    return values, bad


def _written(values: list[Any], *, single: bool) -> Extracted:
    builder = PageBuilder()
    value: Any = values[0] if single else values
    if isinstance(value, list) and (table := _table(cast(list[Any], value))):
        builder.add_table(table)
    elif isinstance(value, list):
        _records(builder, cast(list[Any], value))
    else:
        _fields(builder, value)
    return Extracted([builder.page()], _title(value) if single else None)


def _title(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    fields = cast(dict[str, Any], value)
    found = next((fields[key] for key in _TITLES if isinstance(fields.get(key), str)), "")
    return squeeze(clean(found))[:300] or None


def _table(values: list[Any]) -> list[list[str]] | None:
    """Objects that share a few fields of one short value each are rows."""
    if len(values) < 2 or not all(isinstance(value, dict) for value in values):
        return None
    rows = cast(list[dict[str, Any]], values)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not 1 < len(columns) <= MOST_COLUMNS or sum(map(len, rows)) * 2 < len(columns) * len(rows):
        return None
    if any(isinstance(cell, (dict, list)) or len(str(cell)) > 200 for row in rows for cell in row.values()):
        return None
    return [columns, *([_scalar(row[key]) if key in row else "" for key in columns] for row in rows)]


def _records(builder: PageBuilder, values: list[Any]) -> None:
    """One paragraph for each, so that no passage needs to begin in the middle of one."""
    for value in values:
        builder.add("paragraph", "\n".join(_leaves(value)))


def _fields(builder: PageBuilder, value: Any) -> None:
    """An object's fields; what has many of its own is a section under its name."""
    if not isinstance(value, dict):
        builder.add("paragraph", "\n".join(_leaves(value)))
        return
    gathered: list[str] = []
    for key, inner in cast(dict[str, Any], value).items():
        if isinstance(inner, list) and (table := _table(cast(list[Any], inner))):
            gathered = _put(builder, gathered)
            builder.add("heading", key, level=1)
            builder.add_table(table)
        elif isinstance(inner, list) and any(isinstance(one, (dict, list)) for one in cast(list[Any], inner)):
            gathered = _put(builder, gathered)
            for number, one in enumerate(cast(list[Any], inner)):
                builder.add("paragraph", "\n".join(_leaves(one, f"{_step(key)}[{number}]")))
        else:
            gathered += _leaves(inner, _step(key))
            if isinstance(inner, dict):
                gathered = _put(builder, gathered)
    _put(builder, gathered)


def _put(builder: PageBuilder, lines: list[str]) -> list[str]:
    builder.add("paragraph", "\n".join(lines))
    return []


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    """`path: value` for every value at the end of a path, without recursion: nesting may be a thousand deep."""
    stack: list[tuple[str, Any]] = [(path, value)]
    while stack:
        where, one = stack.pop()
        if isinstance(one, dict) and one:
            inner = [
                (f"{where}.{_step(key)}" if where else _step(key), found)
                for key, found in cast(dict[str, Any], one).items()
            ]
            stack += reversed(inner)
        elif isinstance(one, list) and one and not _is_plain(cast(list[Any], one)):
            stack += [
                (f"{where}[{number}]", found) for number, found in reversed(list(enumerate(cast(list[Any], one))))
            ]
        else:
            words = ", ".join(map(_scalar, cast(list[Any], one))) if isinstance(one, list) else _scalar(one)
            if words:
                yield f"{where}: {words}" if where else words


def _is_plain(values: list[Any]) -> bool:
    return not any(isinstance(value, (dict, list)) or len(str(value)) > 100 for value in values)


def _step(key: str) -> str:
    return key if _PLAIN_KEY.match(key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return squeeze(value) if "\n" not in value.strip() else value.strip()
    if value is None or value == {} or value == []:
        return ""
    return "true" if value is True else "false" if value is False else str(value)
