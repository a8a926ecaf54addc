"""Where on its page a part of a passage stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

Boxes = Sequence[Sequence[float]]


def boxes_between(boxes: Boxes, text: str, first: int, last: int) -> list[list[float]]:
    """Of the passage's `boxes`, those of the lines that hold its characters `first` to `last`; none outside of it.

    Lines are told by their breaks where the text keeps them; where a paragraph was joined to one line, by the width
    of their boxes, which is right to about a line.
    """
    if not boxes or last <= 0 or first >= len(text):
        return []
    lines: list[tuple[float, float]] = [line.span() for line in re.finditer(r"[^\n]*\S[^\n]*", text)]
    if len(lines) != len(boxes):
        lines = _by_width(boxes, len(text))
    return [list(box) for box, (begins, ends) in zip(boxes, lines, strict=True) if begins < last and ends > first]


def _by_width(boxes: Boxes, length: int) -> list[tuple[float, float]]:
    widths = [max(0.0, box[2] - box[0]) for box in boxes]
    whole = sum(widths) or 1.0
    edges = [length * sum(widths[:n]) / whole for n in range(len(widths) + 1)]
    return list(pairwise(edges))
