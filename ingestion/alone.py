"""Read one document in a process of its own: what took a worker down before may take this one, and nobody else.

python -m ingestion.alone PARENT OWNER DOCUMENT
"""

from __future__ import annotations

import asyncio
import signal
import sys
from uuid import UUID

from docvault.ai.embedding_client import RemoteEmbedder
from docvault.ai.embeddings import tokenizer_path
from docvault.ai.hung import end_if_hung
from docvault.ending import close, end_within
from docvault.errors import DocVaultError
from docvault.logging import get_logger, setup_logging
from docvault.resources import open_resources
from docvault.settings import load_settings
from ingestion.extract.confine import die_with_parent
from ingestion.extract.reader import Reader
from ingestion.jobs import AWAY
from ingestion.pipeline import ingest

END_SECONDS = 60.0  # from the last word about the document, whatever does not answer
log = get_logger(__name__)


async def read_alone(owner_id: UUID, document_id: UUID) -> None:
    """Until it is read, or SIGTERM: then it is handed back."""
    settings = load_settings()
    setup_logging(settings.log_level, settings.log_format)
    async with open_resources(settings) as resources:
        if isinstance(resources.embedder, RemoteEmbedder):
            resources.embedder.alone = True  # the embedder may be what it took down
        reader = Reader(settings, tokenizer_path(settings), resources.embedder.max_tokens)
        reading = asyncio.create_task(ingest(resources, reader, owner_id, document_id))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, reading.cancel)
        try:
            await reading
        except asyncio.CancelledError:
            pass  # it was handed back
        finally:
            end_within(END_SECONDS)  # the worker waits for this process
            await close("reader", reader.close)
        end_if_hung(resources.embedder, 0)  # its document was charged with it


def main() -> None:
    parent, owner_id, document_id = sys.argv[1:]
    die_with_parent(int(parent))
    try:
        asyncio.run(read_alone(UUID(owner_id), UUID(document_id)))
    except DocVaultError as error:
        log.warning("alone.could_not_read", document_id=document_id, reason=error.detail)
        sys.exit(AWAY)


if __name__ == "__main__":
    main()
