"""Counting word pieces: where each begins, so that any stretch of a text is counted by looking up two places."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

PIECE_CHARACTERS = 20_000
"""Longest text handed to a tokenizer at once: it takes memory for each character, and far more time for long texts."""

LONGEST_WORD = 100
"""Letters from which BERT's tokenizer gives up on a word and makes it one unknown piece."""


class TokenCounter(Protocol):
    def starts(self, text: str) -> list[int]:
        """The place of each word piece's first character in `text`, ascending; its length is the number of pieces."""
        ...


class ModelTokens:
    """The word pieces of a model, by its `tokenizer.json`. Raises `FileNotFoundError` when it is not there."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        if not path.is_file():
            raise FileNotFoundError(path)
        self._tokenizer: Any = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def starts(self, text: str) -> list[int]:
        starts: list[int] = []
        for begin, end in pieces(text):
            for start, stop in self._tokenizer.encode(text[begin:end], add_special_tokens=False).offsets:
                if stop - start > LONGEST_WORD:
                    # Cut shorter it would be many pieces: reckon one for each letter, the most there can be.
                    starts.extend(range(begin + start, begin + stop))
                elif stop > start:
                    starts.append(begin + start)
        return starts


class ApproximateTokens:
    """For models whose tokenizer is not at hand: a piece for every four letters of a word, sign or ideograph."""

    _PIECE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]|[^\W_]{1,4}|[^\s]")

    def starts(self, text: str) -> list[int]:
        return [match.start() for match in self._PIECE.finditer(text)]


def pieces(text: str, length: int = PIECE_CHARACTERS) -> list[tuple[int, int]]:
    """Stretches of at most `length` characters, cut at blanks where there are any."""
    cuts: list[tuple[int, int]] = []
    begin = 0
    while len(text) - begin > length:
        end = max(text.rfind(" ", begin, begin + length), text.rfind("\n", begin, begin + length)) + 1
        end = end if end > begin else begin + length
        cuts.append((begin, end))
        begin = end
    return [*cuts, (begin, len(text))]
