"""A document over which the embedder hangs: it fails with that reason, and its neighbours get through."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from uuid import uuid4

from docvault.ai.embedding_client import BROKE_OFF, open_embedding_client
from docvault.resources import Resources
from docvault.server.worker import working
from ingestion.extract.reader import Reader
from ingestion.jobs import Desk
from tests.docvault.ai.dying_embedder import dying_embedder
from tests.docvault.ai.hanging_embedder import HANGS
from tests.people import People


async def test_a_text_over_which_the_embedder_hangs_does_not_wait_for_ever(
    resources: Resources, document_reader: Reader, people: People, changed: Any, tmp_path: Path
) -> None:
    person = await people.new()
    settings = changed(embedder=str(tmp_path / "s"), retry_delay=0.01, worker_jobs=4, max_crashes=2)
    async with dying_embedder(settings.embedder, settings.secret_key, "tests.docvault.ai.hanging_embedder") as process:
        remote = await open_embedding_client(settings)
        own = dataclasses.replace(resources, settings=settings, embedder=remote)
        try:
            await remote.embed(["it is there"])
            files = [(f"{n}.txt", f"A harmless note. {uuid4()} {'more ' * 40 * n}".encode()) for n in (1, 2)]
            bad, *harmless = await person.upload(("bad.txt", f"{HANGS} {uuid4()}".encode()), *files)
            async with working(own, Desk(own, document_reader)):
                ended = await person.settled(bad["id"])
                assert {(await person.settled(each["id"]))["status"] for each in harmless} == {"ready"}
            assert (ended["status"], ended["error"]["code"]) == ("failed", BROKE_OFF)
            assert "2 times" in ended["error"]["detail"]
            assert process.ends >= settings.max_crashes - 1  # the last may be about to
        finally:
            await remote.close()
