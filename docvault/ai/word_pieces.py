"""Text to word pieces, the same for every way of running a prepared model."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from docvault.ai.batches import Tokens
from docvault.ai.prepared import TOKENIZER, Prepared

CHARS_PER_TOKEN = 100
"""Text beyond this many characters for each word piece allowed is not read at all: a word piece of real text has four
characters, a word of more than 100 is one unknown piece to BERT's tokenizer, and reading 100 MB takes a minute."""


class WordPieces:
    """The tokenizer of a prepared model. May be used from any thread."""

    def __init__(self, prepared: Prepared) -> None:
        """Raises whatever the library does when the file cannot be read."""
        # Its own threads would take cores from the questions; the embedder's threads are enough.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        self._manifest = prepared.manifest
        self._tokenizer = Tokenizer.from_file(str(prepared.folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._manifest.max_tokens)

    def of(self, texts: Sequence[str]) -> list[Tokens]:
        """Of each text, cut at `max_tokens`; never none. Takes every string: empty, huge, with lone surrogates."""
        encodings = self._tokenizer.encode_batch_fast([self._readable(text) for text in texts])
        # `encode_batch_fast` lets other threads run, which `encode` does not.
        return [np.array(encoding.ids or [self._manifest.pad_id], dtype=np.int64) for encoding in encodings]

    def _readable(self, text: str) -> str:
        text = readable(text, self._manifest.max_tokens)
        return text.lower() if self._manifest.lowercase else text


def readable(text: str, max_tokens: int) -> str:
    """As much of `text` as is ever read, without lone surrogates, which neither a tokenizer nor UTF-8 can take."""
    text = text[: max_tokens * CHARS_PER_TOKEN]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def padded(tokens: Sequence[Tokens], pad_id: int) -> tuple[Tokens, Tokens]:
    """Ids and attention mask of one batch, each of shape `(len(tokens), longest)`."""
    ids = np.full((len(tokens), max(map(len, tokens))), pad_id, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, pieces in enumerate(tokens):
        ids[row, : len(pieces)] = pieces
        mask[row, : len(pieces)] = 1
    return ids, mask
