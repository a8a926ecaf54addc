"""From scattered runs of words to reading order: columns, rows, tables, paragraphs. Pure; coordinates in points."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple, Protocol


class Run(Protocol):
    """Words next to each other on one line, in one style."""

    left: float
    top: float
    right: float
    bottom: float
    text: str
    size: float
    bold: bool
    upright: bool


Row = list["Run"]
"""Runs side by side on one line of a column, from left to right."""


class RoughBlock(NamedTuple):
    """Rows that belong together. `table` rows keep their cells apart; `header` of them name the columns."""

    rows: list[Row]
    table: bool
    header: int = 0


_BULLET = re.compile(r"(?:[•●▪■◦○‣⁃∙·–—*§]|[\uf0a7\uf0b7\uf0d8]|-|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{2,4})[.)])(?:\s|$)")
_DATA = re.compile(r"[\d%$€£)—–-]")
TEXTY = 15
"""Characters from which a run is taken for running text, not for a label or a number."""


def is_bullet(text: str) -> bool:
    return bool(_BULLET.match(text))


def rough_blocks(runs: Sequence[Run], width: float) -> list[RoughBlock]:
    """Blocks in reading order for one page that is `width` points wide."""
    upright = [run for run in runs if run.upright]
    blocks = [block for region in _regions(upright, width, 0) for block in _blocks(region)]
    return blocks + [RoughBlock([[run]], False) for run in runs if not run.upright]


def inserted(
    blocks: list[RoughBlock], found: list[RoughBlock], box: tuple[float, float, float, float]
) -> list[RoughBlock]:
    """What was found in a picture at `box`, put behind the last block that stands above it in its column."""
    left, top, right, bottom = box
    middle = (top + bottom) / 2
    place = len(blocks)
    for number in range(len(blocks), 0, -1):
        runs = [run for row in blocks[number - 1].rows for run in row]
        above = max(run.bottom for run in runs) <= middle
        if above and min(run.left for run in runs) < right and max(run.right for run in runs) > left:
            place = number
            break
    return blocks[:place] + found + blocks[place:]


# --- columns ----------------------------------------------------------------------------------------------------------


def _regions(runs: list[Run], width: float, depth: int) -> list[list[Row]]:
    """Rows of each region, regions in reading order: columns from left to right between what spans them."""
    gutter = _gutter(runs, width) if depth < 3 and len(runs) >= 8 else None
    if gutter is None:
        return [_rows(runs)] if runs else []
    regions: list[list[Row]] = []
    band: list[Run] = []
    spanning: list[Run] = []
    for run in sorted(runs, key=lambda run: run.top):
        across = run.left < gutter - 2 and run.right > gutter + 1
        if across and band:
            regions += _band(band, gutter, width, depth)
            band = []
        elif not across and spanning:
            regions.append(_rows(spanning))
            spanning = []
        (spanning if across else band).append(run)
    return regions + (_rows_of(spanning) if spanning else _band(band, gutter, width, depth))


def _rows_of(runs: list[Run]) -> list[list[Row]]:
    return [_rows(runs)]


def _band(band: list[Run], gutter: float, width: float, depth: int) -> list[list[Row]]:
    """The columns left and right of the gutter; too little on a side to be a column is read line by line."""
    left = [run for run in band if run.left < gutter - 2]
    right = [run for run in band if run.left >= gutter - 2]
    if min(len(left), len(right)) < 2:
        return [_rows(band)]
    return _regions(left, width, depth + 1) + _regions(right, width, depth + 1)


def _gutter(runs: list[Run], width: float) -> float | None:
    """Where the right one of two columns of running text begins, or None.

    Columns of text have many lines that begin at one place and reach nearly across; columns of a table have labels
    and numbers, and their rows stand on common lines.
    """
    starts = Counter(round(run.left / 4) for run in runs if len(run.text) >= TEXTY)
    if len(starts) < 2:
        return None
    first = min(starts) * 4
    for place, count in sorted(starts.items()):
        count += starts.get(place + 1, 0)
        gutter = place * 4 - 2.0
        if count >= 4 and gutter > first + 0.12 * width and _parts_columns(runs, gutter):
            return gutter
    return None


def _parts_columns(runs: list[Run], gutter: float) -> bool:
    left = [run for run in runs if run.right <= gutter + 1]
    right = [run for run in runs if run.left >= gutter - 2]
    if not left or not right:
        return False
    top = max(min(run.top for run in left), min(run.top for run in right)) - 2
    bottom = min(max(run.bottom for run in left), max(run.bottom for run in right)) + 2
    left = [run for run in left if top <= run.top and run.bottom <= bottom]
    right = [run for run in right if top <= run.top and run.bottom <= bottom]
    if min(len(left), len(right)) < 3:
        return False
    across = sum(
        top <= run.top and run.bottom <= bottom and run.left < gutter - 2 and run.right > gutter + 1 for run in runs
    )
    if across * 4 > len(left) + len(right):
        return False
    return _is_text(left) and _is_text(right)


def _is_text(column: list[Run]) -> bool:
    """Mostly words, and lines that fill the column."""
    texty = [run for run in column if len(run.text) >= TEXTY]
    if len(texty) * 2 < len(column) or len(texty) < 3:
        return False
    reach = max(run.right for run in texty) - min(run.left for run in texty)
    full = sum(run.right - run.left >= 0.75 * reach for run in texty)
    return full * 5 >= len(texty) * 2


# --- rows -------------------------------------------------------------------------------------------------------------


def _rows(runs: list[Run]) -> list[Row]:
    """Runs on one line together, lines from top to bottom."""
    rows: list[Row] = []
    top = bottom = -1.0
    for run in sorted(runs, key=lambda run: run.top + run.bottom):
        height = run.bottom - run.top
        # By the smaller of the two: small raised figures belong to the line they stand in.
        if rows and min(bottom, run.bottom) - max(top, run.top) > 0.5 * min(bottom - top, height):
            rows[-1].append(run)
            if height > bottom - top:
                top, bottom = run.top, run.bottom
        else:
            rows.append([run])
            top, bottom = run.top, run.bottom
    for row in rows:
        if len(row) > 1:
            row.sort(key=lambda run: run.left)
    return rows


def cells_of(row: Row) -> list[str]:
    """The cells of a table's row: runs with a blank between; signs of currency and brackets go to their number."""
    cells: list[str] = []
    last: Run | None = None
    for run in row:
        near = last is not None and run.left - last.right < 0.6 * max(run.size, 1.0)
        if cells and (near or cells[-1] in {"$", "€", "£", "(", "$(", "$ ("} or run.text in {")", "%", ")%", "%)"}):
            glue = "" if run.text[0] in ")%" or cells[-1][-1] in "(" else " "
            cells[-1] += glue + run.text
        else:
            cells.append(run.text)
        last = run
    return cells


# --- blocks -----------------------------------------------------------------------------------------------------------


def _blocks(rows: list[Row]) -> list[RoughBlock]:
    """Tables and, between them, paragraphs."""
    blocks: list[RoughBlock] = []
    begin = 0
    for first, last in _tables(rows):
        blocks += _paragraphs(rows[begin:first])
        blocks.append(RoughBlock(rows[first:last], True, _header_rows(rows[first:last])))
        begin = last
    return blocks + _paragraphs(rows[begin:])


def _tables(rows: list[Row]) -> list[tuple[int, int]]:
    """Stretches of rows with several cells. A row of a single cell (a label, a wrapped line) or two may lie between."""
    tables: list[tuple[int, int]] = []
    begin: int | None = None
    last = 0
    cells = 0
    for place, row in enumerate([*rows, []]):
        width = _cell_count(row) if len(row) > 1 else 1
        if width > 1 and not _is_listed(row):
            begin = place if begin is None else begin
            last, cells = place + 1, cells + width
        elif begin is not None and (not row or place - last >= 2 or _is_prose(row) or _parted(rows[place - 1], row)):
            if last - begin >= 3 or (last - begin == 2 and cells >= 6):
                tables.append((begin, last))
            begin, cells = None, 0
    return tables


def _cell_count(row: Row) -> int:
    """Runs with a blank between them that no stretched line has; words of running text need a wider one."""
    count = 1
    for left, right in pairwise(row):
        texty = len(left.text) >= TEXTY and len(right.text) >= TEXTY
        count += right.left - left.right > (1.8 if texty else 1.0) * max(left.size, 1.0)
    return count


def _is_listed(row: Row) -> bool:
    """A bullet or number, and its text at a distance."""
    return len(row) == 2 and is_bullet(row[0].text) and len(row[0].text) <= 5 and len(row[1].text) >= TEXTY


def _is_prose(row: Row) -> bool:
    return len(row[0].text) > 90


def _parted(above: Row, row: Row) -> bool:
    """A blank between two rows as high as two lines."""
    return min(run.top for run in row) - max(run.bottom for run in above) > 2 * max(run.size for run in row)


def _header_rows(rows: list[Row]) -> int:
    """Rows at the top whose first cell stands to the right of the labels; one when there is none such."""
    edge = min(row[0].left for row in rows)
    count = 0
    for row in rows[:4]:
        if row[0].left < edge + 2 * row[0].size:
            break
        count += 1
    return min(count or 1, len(rows) - 1)


def _paragraphs(rows: list[Row]) -> list[RoughBlock]:
    if not rows:
        return []
    gaps = [min(run.top for run in below) - max(run.bottom for run in above) for above, below in pairwise(rows)]
    usual = median(gap for gap in gaps) if gaps else 0.0
    edge = max(row[-1].right for row in rows)
    blocks = [[rows[0]]]
    for gap, (above, below) in zip(gaps, pairwise(rows), strict=True):
        if _begins(above, below, gap, min(usual, 0.5 * below[0].size), edge, len(blocks[-1])):
            blocks.append([below])
        else:
            blocks[-1].append(below)
    return [RoughBlock(block, False) for block in blocks]


def _begins(above: Row, below: Row, gap: float, usual: float, edge: float, lines: int) -> bool:
    """Whether a new paragraph begins with the row below."""
    size = max(below[0].size, 1.0)
    if gap > usual + 0.35 * size or gap < -2 * size or is_bullet(below[0].text):
        return True
    if abs(above[0].size - size) > 0.12 * size:
        return True
    if above[0].bold != below[0].bold:
        # A bold beginning of a paragraph may fill its first line.
        return not (above[0].bold and lines == 1 and above[-1].right > edge - 3 * size)
    ended = above[-1].text[-1:] in ".!?:;"
    short = above[-1].right < edge - 0.15 * (edge - above[0].left)
    indented = below[0].left > above[0].left + 0.8 * size and lines > 1
    return ended and (short or indented)
