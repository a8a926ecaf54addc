"""A document over which the embedder ends: it fails with that reason, and its neighbours get through."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from uuid import uuid4

from docvault.ai.embedding_client import BROKE_OFF, open_embedding_client
from docvault.resources import Resources
from docvault.server.worker import working
from ingestion import pipeline
from ingestion.extract.reader import Reader
from ingestion.jobs import Desk
from tests.docvault.ai.dying_embedder import DEADLY, dying_embedder
from tests.people import People


async def test_a_text_that_ends_the_embedder_is_given_up_and_its_neighbours_are_read(
    resources: Resources, document_reader: Reader, people: People, changed: Any, tmp_path: Path
) -> None:
    person = await people.new()
    settings = changed(embedder=str(tmp_path / "s"), retry_delay=0.01, worker_jobs=4)
    async with dying_embedder(settings.embedder, settings.secret_key) as embedder:
        remote = await open_embedding_client(settings)
        own = dataclasses.replace(resources, settings=settings, embedder=remote)
        try:
            await remote.embed(["it is there"])
            files = [(f"{number}.txt", f"A harmless note, {uuid4()}".encode()) for number in range(2)]
            deadly, *harmless = await person.upload(("deadly.txt", f"{DEADLY} {uuid4()}".encode()), *files)
            async with working(own, Desk(own, document_reader)):
                ended = await person.settled(deadly["id"])
                assert {(await person.settled(each["id"]))["status"] for each in harmless} == {"ready"}
            assert (ended["status"], ended["error"]["code"]) == ("failed", BROKE_OFF)
            assert "3 times" in ended["error"]["detail"]
            assert embedder.ends == settings.max_crashes
        finally:
            await remote.close()


def test_the_pipeline_knows_the_clients_code() -> None:
    assert pipeline.BROKE_OFF == BROKE_OFF
