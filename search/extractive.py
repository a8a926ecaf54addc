"""The built-in model `extractive`: it quotes the sentences that answer, or owns that none does.

Each sentence of the best passages is weighed by its meaning (cosine to the question) and by the question's words in it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

from docvault.ai.chat import Usage
from docvault.ai.embeddings import Embedder
from docvault.errors import ModelError
from search.citations import Quotation, Source
from search.sentences import sentences, stems

ID = "extractive"

NOTHING_FOUND = "I found nothing in your documents about this."
NO_ANSWER = "Your documents do not seem to answer this."

PASSAGES = 5
"""Of the passages found, how many are read sentence by sentence."""

MOST_SENTENCES = 60
"""Sentences weighed by meaning: each costs the embedder as much as a short question."""

QUOTED = 3
NEARLY = 0.85
"""A sentence is quoted beside the best one when it weighs at least this part of it."""

FLOOR = 0.38
"""Weight below which nothing is quoted."""


class Sentence(NamedTuple):
    source: int
    text: str
    words: frozenset[str]


async def answer(
    question: str, sources: Sequence[Source], embedder: Embedder
) -> AsyncGenerator[str | Quotation | Usage]:
    """The answer in pieces: the sentences, or that there is none."""
    found = candidates(sources)
    cosines = await _cosines(question, found, embedder)
    chosen = choose(question, found, cosines)
    if not chosen:
        yield NO_ANSWER
    for n, sentence in enumerate(chosen):
        if n:
            yield " "
        yield Quotation(sentence.source, sentence.text)
    yield Usage(0, 0)


def candidates(sources: Sequence[Source]) -> list[Sentence]:
    """The sentences of the best passages, each once; those without a word (rules, page numbers) are left out."""
    found: dict[str, Sentence] = {}
    for source in sources[:PASSAGES]:
        for start, end in sentences(source.text):
            text = source.text[start:end]
            words = frozenset(stems(text))
            if any(not word[0].isdigit() for word in words):
                found.setdefault(" ".join(text.split()), Sentence(source.number, text, words))
    return list(found.values())[:MOST_SENTENCES]


def choose(question: str, found: Sequence[Sentence], cosines: Sequence[float]) -> list[Sentence]:
    """The best, and those nearly as good, in the order of their weight; none below `FLOOR`."""
    weights = weigh(question, found, cosines)
    order = sorted(range(len(found)), key=lambda n: -weights[n])[:QUOTED]
    return [found[n] for n in order if weights[n] >= max(FLOOR, NEARLY * weights[order[0]])]


def weigh(question: str, found: Sequence[Sentence], cosines: Sequence[float]) -> list[float]:
    """The mean of the cosine and of the share of the question's words, each word by its rarity among the sentences.

    A word that stands in every sentence tells them not apart, whatever its language: no list of stop words is needed.
    """
    often = Counter(word for sentence in found for word in sentence.words)
    rarity = {word: math.log(1 + len(found) / (often[word] + 0.5)) for word in set(stems(question))}
    whole = sum(rarity.values()) or 1.0
    shares = [sum(rarity[word] for word in rarity.keys() & sentence.words) / whole for sentence in found]
    return [(max(0.0, cosine) + share) / 2 for cosine, share in zip(cosines, shares, strict=True)]


async def _cosines(question: str, found: Sequence[Sentence], embedder: Embedder) -> list[float]:
    """To the question, in the order of `found`. Raises `ModelError` when the embedding model does not answer."""
    if not found:
        return []
    try:
        vectors = await embedder.embed([question, *(sentence.text for sentence in found)])
    except ModelError as error:
        raise ModelError(error.detail, code="model_unreachable", hint=error.hint) from error
    return (vectors[1:] @ vectors[0]).tolist()
