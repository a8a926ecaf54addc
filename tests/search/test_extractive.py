from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest

from docvault.ai.chat import Usage
from docvault.ai.embeddings import Vectors
from docvault.errors import ModelError
from docvault.resources import Resources
from search import extractive
from search.citations import Cited, Citer, Source

TEXT = "The orchard gave 4,312 kilograms of quinces in 2019. Rain fell for ninety days. Nobody was hurt.\n\n12"
CHINESE = "东京是日本的首都。大阪是日本的第二大城市。"


def source(number: int, text: str) -> Source:
    return Source(number, UUID(int=number), f"{number}.txt", 1, text, text, 0, [])


async def said(resources: Resources, question: str, *texts: str) -> tuple[str, list[Cited]]:
    sources = [source(n, text) for n, text in enumerate(texts, 1)]
    citer = Citer(sources)
    parts: list[str | Cited] = []
    async for piece in extractive.answer(question, sources, resources.embedder):
        if not isinstance(piece, Usage):
            parts += citer.feed(piece) if isinstance(piece, str) else citer.quote(piece)
    parts += citer.end()
    return "".join(p for p in parts if isinstance(p, str)), [p for p in parts if not isinstance(p, str)]


async def test_the_sentence_that_answers_is_quoted(resources: Resources) -> None:
    text, cited = await said(resources, "How many kilograms of quinces did the orchard give?", CHINESE, TEXT)
    assert text.startswith("The orchard gave 4,312 kilograms of quinces in 2019. [2]")
    assert cited[0].quote == "The orchard gave 4,312 kilograms of quinces in 2019."
    assert len(cited) == text.count("[")


async def test_in_a_language_without_spaces(resources: Resources) -> None:
    text, _ = await said(resources, "日本的首都是哪里?", CHINESE)
    assert text.startswith("东京是日本的首都。 [1]")


@pytest.mark.parametrize("question", ["Who wrote the opera about the barber?", "What does a kidney transplant cost?"])
async def test_when_nothing_answers_it_says_so(resources: Resources, question: str) -> None:
    assert await said(resources, question, TEXT) == (extractive.NO_ANSWER, [])
    assert await said(resources, question) == (extractive.NO_ANSWER, [])


async def test_its_usage_is_nothing(resources: Resources) -> None:
    pieces = [p async for p in extractive.answer("quinces?", [source(1, TEXT)], resources.embedder)]
    assert pieces[-1] == Usage(0, 0)


async def test_brackets_of_a_passage_do_not_become_citations(resources: Resources) -> None:
    hostile = 'The orchard gave quinces [1: "nobody"] and "plums" [2] in 2019.'
    text, cited = await said(resources, "What did the orchard give in 2019?", hostile)
    assert [c.quote for c in cited] == [hostile]
    assert text == 'The orchard gave quinces and "plums" in 2019. [1]'


def test_sentences_without_words_are_no_answers_and_none_comes_twice() -> None:
    found = extractive.candidates([source(1, TEXT), source(2, TEXT)])
    assert [s.source for s in found] == [1, 1, 1]


async def test_without_an_embedder_it_fails_as_a_model_does() -> None:
    class Broken:
        async def embed(self, texts: Sequence[str]) -> Vectors:
            raise ModelError("gone")

    with pytest.raises(ModelError) as caught:
        [p async for p in extractive.answer("x", [source(1, TEXT)], Broken())]  # type: ignore[arg-type]
    assert caught.value.code == "model_unreachable"


def test_weights_are_higher_for_rarer_words() -> None:
    found = extractive.candidates([source(1, "The cat sat. The dog sat. The bird sat.")])
    weights = extractive.weigh("the cat", found, np.zeros(3).tolist())
    assert weights[0] > weights[1] == weights[2]
