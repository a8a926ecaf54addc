"""Two people fill the vault with files of every kind, find the right page, ask, and never meet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from docvault.local.samples import ANSWER, ANSWER_FILE, ANSWER_PAGE, QUESTION, sample_files
from tests.people import People, Person, events

FORMATS = ["report.pdf", "handbook.docx", "crane.pptx", "dues.xlsx", "page.html", "guide.md", "log.txt", "ships.csv"]


@pytest.fixture(scope="module")
async def harbour(people: People, worker: object, corpus_folder: Path) -> Person:
    """Somebody with one file of every format."""
    person = await people.new()
    documents = await person.add(*(corpus_folder / name for name in [*FORMATS, "damage.eml"]))
    assert {document["filename"]: document["error"] or "ready" for document in documents} == dict.fromkeys(
        [*FORMATS, "damage.eml"], "ready"
    )
    return person


@pytest.fixture(scope="module")
def corpus_folder() -> Path:
    return Path(__file__).parent.parent / "corpus"


@pytest.fixture(scope="module")
async def station(people: People, worker: object) -> Person:
    """Somebody else, with the sample documents."""
    person = await people.new()
    documents = await person.add(*sample_files())
    assert [document["status"] for document in documents] == ["ready"] * len(documents)
    return person


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
@pytest.mark.parametrize(
    ("question", "filename", "page", "words"),
    [
        ("How many tons did the dredger Otter raise?", "report.pdf", 1, "41,200 tons"),
        ("income from harbour dues and sale of sand", "report.pdf", 3, "13,982"),
        ("What does a yellow flag mean?", "handbook.docx", 1, "ellow"),
        ("How many tons of granite does the crane lift?", "crane.pptx", 2, "Granite"),
        ("What is the due of the ship Aurora?", "dues.xlsx", 1, "Aurora"),
        ("Why did the lamp go out on the third night?", "log.txt", 1, "short"),
        ("fee at the north quay", "guide.md", 1, "North"),
    ],
)
async def test_the_right_page_of_the_right_file(
    harbour: Person, mode: str, question: str, filename: str, page: int, words: str
) -> None:
    hits = await harbour.search(question, mode=mode, top_k=5)
    assert 1 <= len(hits) <= 5
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    found = [hit for hit in hits if (hit["filename"], hit["page"]) == (filename, page)]
    assert any(words in hit["text"] for hit in found), [(hit["filename"], hit["page"]) for hit in hits]


async def test_a_hit_stands_where_it_says(harbour: Person) -> None:
    """Its words are on the page it names, its boxes inside that page."""
    (hit, *_) = await harbour.search("How many tons did the dredger Otter raise?")
    text = (await harbour.http.get(f"/api/documents/{hit['document_id']}/text")).json()
    page = next(page for page in text["pages"] if page["page"] == hit["page"])
    assert hit["text"] in page["text"]
    assert hit["boxes"]
    for left, top, right, bottom in hit["boxes"]:
        assert 0 <= left < right <= page["width"]
        assert 0 <= top < bottom <= page["height"]


async def test_the_answer_is_cited_from_the_right_page(station: Person) -> None:
    seen = await station.chat(QUESTION)
    kinds = [event.event for event in seen]
    assert (kinds[0], kinds[-2:]) == ("sources", ["done", "end"])
    answer = "".join(event.data["text"] for event in seen if event.event == "delta")
    assert ANSWER in answer
    citation = next(event.data for event in seen if event.event == "citation")
    document = (await station.http.get(f"/api/documents/{citation['document_id']}")).json()
    assert (document["filename"], citation["page"]) == (ANSWER_FILE, ANSWER_PAGE)
    text = (await station.http.get(f"/api/documents/{citation['document_id']}/text")).json()
    page = next(page["text"] for page in text["pages"] if page["page"] == citation["page"])
    assert " ".join(citation["quote"].split()) in " ".join(page.split())


async def test_what_is_not_there_is_said(station: Person) -> None:
    seen = await station.chat("Which opera did the orchestra of Buenos Aires perform in 1936?")
    assert not [event for event in seen if event.event == "citation"]
    assert [event.event for event in seen][-2:] == ["done", "end"]


async def test_they_never_meet(harbour: Person, station: Person) -> None:
    mine = {document["id"] for document in (await harbour.http.get("/api/documents")).json()["items"]}
    for question in (QUESTION, "How many tons did the dredger Otter raise?", "the"):
        for mode in ("hybrid", "semantic", "keyword"):
            theirs = {hit["document_id"] for hit in await station.search(question, mode=mode, top_k=100)}
            assert not theirs & mine


@pytest.mark.parametrize(
    ("filename", "code"),
    [
        ("encrypted.pdf", "encrypted"),
        ("truncated.pdf", "corrupt"),
        ("noise.pdf", "corrupt"),
        ("scan.pdf", "no_text"),
        ("empty.txt", "empty"),
    ],
)
async def test_what_cannot_be_read_says_why(
    people: People, worker: object, corpus_folder: Path, filename: str, code: str
) -> None:
    person = await people.new()
    (document,) = await person.add(corpus_folder / filename)
    assert (document["status"], document["error"]["code"]) == ("failed", code), document
    assert document["error"]["detail"].endswith(".")
    assert await person.search("anything") == []


async def test_a_type_nobody_reads_is_kept_and_said(people: People, worker: object) -> None:
    person = await people.new()
    (document,) = await person.add(("song.mp3", b"ID3\x04\x00" + bytes(500)))
    assert (document["status"], document["error"]["code"]) == ("failed", "unsupported_type")
    assert "PDF" in document["error"]["detail"] + (document["error"]["hint"] or "")
    content = await person.http.get(f"/api/documents/{document['id']}/content")
    assert content.content.startswith(b"ID3")


async def test_changes_are_told_as_they_happen(people: People, worker: object, corpus_folder: Path) -> None:
    person = await people.new()
    seen: list[Any] = []
    async with person.http.stream("GET", "/api/events", timeout=60) as stream:
        told = events(stream)
        assert [(await anext(told)).event for _ in range(2)] == ["hello", "snapshot"]
        (document,) = await person.upload(corpus_folder / "report.pdf")
        async with asyncio.timeout(30):
            async for event in told:
                if event.event == "totals":
                    continue
                assert (event.event, event.data["id"]) == ("document", document["id"])
                seen.append(event.data)
                if event.data["status"] == "ready":
                    break
    assert seen[0]["status"] in ("queued", "processing")
    assert (seen[-1]["progress"], seen[-1]["pages"]) == (1.0, 3)
    assert (seen[-1]["pages_done"], seen[-1]["pages_total"], seen[-1]["revision"]) == (3, 3, 1)
