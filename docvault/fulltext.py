"""Words for PostgreSQL's full text: the same folding for what is stored and for what is asked.

PostgreSQL's stemmers are chosen by a text-search configuration per language. It has none for accents (that would need
an extension) and finds no words in scripts without spaces; both are settled here, before the text reaches it.
"""

from __future__ import annotations

import re
import unicodedata

CONFIGURATIONS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english",
    "et": "estonian", "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""ISO 639-1 code to the configuration of PostgreSQL 14 and later; every other language is `simple`."""

UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
"""A run of writing without spaces between its words."""


def configuration(language: str, default: str = "en") -> str:
    """The text-search configuration of an ISO 639-1 code; `und` (cannot be told) takes the default's."""
    return CONFIGURATIONS.get(default if language == "und" else language.split("-")[0].lower(), "simple")


def words(text: str) -> str:
    """`text` with compatibility forms and Latin accents folded, and runs of unspaced script cut into pairs.

    Pairs of characters are the usual terms for Chinese, Japanese and Thai where no dictionary is at hand: "数据库" is
    found by "数据" and by "据库".
    """
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKD", text)
    folded = "".join(c for c in folded if not "\u0300" <= c <= "\u036f")
    return UNSPACED.sub(_pairs, unicodedata.normalize("NFC", folded))


def _pairs(run: re.Match[str]) -> str:
    text = run.group()
    return f" {' '.join(text[i : i + 2] for i in range(max(1, len(text) - 1)))} "
