"""As much of curl as the README uses, for machines that have none."""

from __future__ import annotations

import argparse
import sys

import httpx


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-N", action="store_true")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-F", action="append", default=[])
    parser.add_argument("-d")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.H)
    form = [field.split("=", 1) for field in given.F]
    parts = [(name, (None, value) if value[0] != "@" else (value[1:], open(value[1:], "rb"))) for name, value in form]  # noqa: PTH123, SIM115
    method = "POST" if parts or given.d is not None else "GET"
    with httpx.stream(method, given.url, headers=headers, files=parts or None, content=given.d, timeout=60) as answer:
        for text in answer.iter_text():
            sys.stdout.write(text)
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
