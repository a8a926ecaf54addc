"""What takes long and needs torch happens once, in processes of its own: no test imports torch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from docvault.ai.embeddings import CHILD_ENVIRONMENT, Embedder, open_embedder
from docvault.settings import Settings

TEXTS = [
    "how long is the warranty on the pump",
    "Open the bleed valve, fill the housing until water runs out without bubbles, and close the valve again. " * 12,
    "Net revenue rose by 4.2 percent to $1,384 million in the third quarter; volumes fell slightly.",
    "",
    "Item | Quantity | Price\nBolt M6 | 240 | 0.12",
    "Either party may end this agreement with ninety days' written notice.",
]


class Made(NamedTuple):
    """What `make_models` made in `folder`, and what the originals answer to `TEXTS`."""

    folder: Path
    results: dict[str, Any]

    def settings(self, name: str) -> Settings:
        return Settings(home=self.folder, embedding_model=str(self.folder / name))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "tests.docvault.ai.make_models", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | CHILD_ENVIRONMENT)
    assert run.returncode == 0, run.stderr
    return Made(folder, msgspec.json.decode(run.stdout.splitlines()[-1]))


@pytest.fixture(scope="session")
def original(made: Made) -> np.ndarray:
    """The vectors of `TEXTS` as sentence-transformers computes them in fp32 with the built-in model."""
    return np.array(made.results["built-in"], dtype=np.float32)


@pytest.fixture(scope="session")
def local(embedding_home: Path) -> Settings:
    return Settings(home=embedding_home, embedding_threads=2)


@pytest.fixture(scope="session")
async def embedder(local: Settings) -> AsyncGenerator[Embedder]:
    opened = await open_embedder(local)
    yield opened
    await opened.close()
