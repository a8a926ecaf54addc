"""`python -m docvault.local.prepare`: make the embedding model ready, telling how far it is, one line at a time."""

from __future__ import annotations

import asyncio

from docvault.ai.embeddings import prepare_embedder
from docvault.settings import load_settings


def main() -> None:
    asyncio.run(prepare_embedder(load_settings(), lambda line: print(line, flush=True)))


if __name__ == "__main__":
    main()
