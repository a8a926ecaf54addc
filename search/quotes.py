"""Finding words on a page again, word for word, though line breaks, hyphens and quotation marks differ. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DASHES = re.compile(r"[\u00ad\u2010-\u2015\u2212\-]+\s*")
_MARKS = str.maketrans({**dict.fromkeys("“”„‟«»″＂", '"'), **dict.fromkeys("‘’‚‛‹›′`´＇", "'")})
SHORTEST = 2
"""Letters and digits that a quotation must have."""


def locate(page: str, quote: str, near: int = 0) -> tuple[int, int] | None:
    """Where `quote` stands in `page`, as `(start, end)`; None when it does not, in whole words.

    Of several places, the first at or after `near`, or else the first.
    """
    wanted = "".join(_canonical(quote)[0]).strip(" \"'")
    if sum(c.isalnum() for c in wanted) < SHORTEST:
        return None
    text, places = _of_page(page)
    found: tuple[int, int] | None = None
    at = text.find(wanted)
    while at >= 0:
        if _whole(text, at, at + len(wanted)):
            found = found or (at, at + len(wanted))
            if places[at] >= near:
                found = (at, at + len(wanted))
                break
        at = text.find(wanted, at + 1)
    return (places[found[0]], places[found[1] - 1] + 1) if found else None


def shown(page: str, start: int, end: int) -> str:
    """The words between, on one line."""
    return " ".join(re.sub("\u00ad\n?", "", page[start:end]).split())


@lru_cache(maxsize=64)
def _of_page(page: str) -> tuple[str, list[int]]:
    letters, places = _canonical(page)
    return "".join(letters), places


def _canonical(text: str) -> tuple[list[str], list[int]]:
    """Letters as they are compared, and where each came from: no case, no hyphens, one space for any."""
    letters: list[str] = []
    places: list[int] = []
    at = 0
    while at < len(text):
        if dash := _DASHES.match(text, at):
            at = dash.end() if "\n" in dash.group() else at + len(dash.group().rstrip())
            continue
        character = text[at]
        for letter in (
            " " if character.isspace() else unicodedata.normalize("NFKC", character).translate(_MARKS).casefold()
        ):
            if letter != " " or (letters and letters[-1] != " "):
                letters.append(letter)
                places.append(at)
        at += 1
    return letters, places


def _whole(text: str, start: int, end: int) -> bool:
    """Whether no word is cut. Scripts without spaces have no such edges."""
    return not (_joined(text[start - 1 : start], text[start]) or _joined(text[end - 1], text[end : end + 1]))


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and ord(left) < 0x0E00 and ord(right) < 0x0E00
