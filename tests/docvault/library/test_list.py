"""What the list of documents can be narrowed to, and a document's text by pages and by words."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from docvault.resources import Resources
from tests.docvault.library.shelf import put, put_passages
from tests.people import People, Person

START = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
async def reader(people: People, resources: Resources) -> Person:
    person = await people.new()
    for n, (name, folder, kind) in enumerate(
        [
            ("a.pdf", "", "application/pdf"),
            ("b.png", "pictures", "image/png"),
            ("c.jpg", "pictures/2024", "image/jpeg"),
            ("d.txt", "pictures 2", "text/plain"),
            ("e.svg", "pictures/2024/may", "image/svg+xml"),
        ]
    ):
        await put(resources, UUID(person.id), name, folder, content_type=kind, created_at=START + timedelta(days=n))
    return person


async def page(person: Person, **query: Any) -> dict[str, Any]:
    answer = await person.http.get("/api/documents", params={"sort": "filename"} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(person: Person, **query: Any) -> str:
    return "".join(item["filename"][0] for item in (await page(person, **query))["items"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"folder": "pictures"}, "bce"),
        ({"folder": "pictures", "direct": True}, "b"),
        ({"folder": "pictures/2024", "direct": True}, "c"),
        ({"direct": True}, "a"),
        ({"folder": "", "direct": True}, "a"),
        ({"folder": ""}, "abcde"),
        ({"content_type": "image/"}, "bce"),
        ({"content_type": "image/png"}, "b"),
        ({"content_type": "image"}, ""),
        ({"content_type": ["text/", "application/pdf"]}, "ad"),
        ({"content_type": "image/", "folder": "pictures/2024"}, "ce"),
        ({"created_after": START.isoformat()}, "abcde"),
        ({"created_after": "2024-05-03T00:00:00Z"}, "cde"),
        ({"created_after": "2024-05-03T14:00:01+02:00"}, "de"),
        ({"created_before": "2024-05-03T12:00:00"}, "ab"),
        ({"created_after": "0001-01-01T00:00:00+14:00", "created_before": "9999-12-31T23:59:59-14:00"}, "abcde"),
        ({"trashed": True}, ""),
    ],
)
async def test_filters(reader: Person, query: dict[str, Any], expected: str) -> None:
    assert await names(reader, **query) == expected
    counted = await page(reader, **query, count=True, limit=1)
    assert counted["total"] == len(expected)


async def test_a_total_is_of_all_pages_and_only_when_asked_for(reader: Person) -> None:
    first = await page(reader, limit=2, count=True, folder="pictures")
    second = await page(reader, limit=2, count=True, folder="pictures", cursor=first["next_cursor"])
    assert (first["total"], second["total"], second["next_cursor"]) == (3, 3, None)
    assert (await page(reader))["total"] is None


@pytest.mark.parametrize("sort", ["filename", "-filename", "-created_at", "updated_at", "-size_bytes"])
async def test_a_look_into_the_middle_is_what_all_pages_show_there(reader: Person, sort: str) -> None:
    everything = [item["id"] for item in (await page(reader, sort=sort))["items"]]
    for offset in range(len(everything) + 2):
        found = await page(reader, sort=sort, offset=offset, limit=2)
        assert [item["id"] for item in found["items"]] == everything[offset : offset + 2]
        ids = (await reader.http.get("/api/documents/ids", params={"sort": sort, "offset": offset, "limit": 2})).json()
        assert ids["ids"] == everything[offset : offset + 2]
    first = await page(reader, sort=sort, limit=1)
    second = await page(reader, sort=sort, limit=2, cursor=first["next_cursor"], offset=1)
    assert [item["id"] for item in second["items"]] == everything[2:4]
    third = await page(reader, sort=sort, limit=2, cursor=second["next_cursor"])
    assert [item["id"] for item in third["items"]] == everything[4:6]


async def test_ids_are_narrowed_as_the_list_is(reader: Person) -> None:
    for query in ({"folder": "pictures"}, {"direct": True}, {"content_type": "image/"}, {"q": "d."}, {"trashed": True}):
        answer = await reader.http.get("/api/documents/ids", params={"sort": "filename"} | query)
        assert answer.json()["ids"] == [item["id"] for item in (await page(reader, **query))["items"]], query
        skipped = await page(reader, **query, offset=1)
        assert [item["id"] for item in skipped["items"]] == answer.json()["ids"][1:]


@pytest.mark.parametrize(
    "query",
    [
        {"created_after": "yesterday"},
        {"direct": "perhaps"},
        {"folder": "a/../b"},
        {"offset": -1},
        {"offset": 2**31},
    ],
)
async def test_what_is_refused(reader: Person, query: dict[str, Any]) -> None:
    answer = await reader.http.get("/api/documents", params=query)
    assert answer.status_code == 400, answer.text


async def test_names_in_the_order_that_people_look_for_them_page_by_page(people: People, resources: Resources) -> None:
    person = await people.new()
    given = [
        "zebra.txt",
        "Übung.txt",
        "ubung.txt",
        "umlaut.txt",
        "Straße.txt",
        "strasse.txt",
        "strata.txt",
        "Ärger.txt",
    ]
    for name in [*given, "ärger.txt", "apfel.txt", "same.txt", "same.txt", "same.txt"]:
        await put(resources, UUID(person.id), name)
    for sort, forward in (("filename", 1), ("-filename", -1)):
        seen: list[tuple[str, str]] = []
        cursor: str | None = ""
        while cursor is not None:
            found = await page(person, sort=sort, limit=2, cursor=cursor)
            seen += [(item["filename"], item["id"]) for item in found["items"]]
            cursor = found["next_cursor"]
        assert len(set(seen)) == len(seen) == 13
        folded = ["".join(c for c in unicodedata.normalize("NFKD", n.casefold()) if c.isascii()) for n, _ in seen]
        assert folded[::forward] == sorted(folded)


async def test_letters_taken_apart_are_the_same_letters(people: People, resources: Resources) -> None:
    person = await people.new()
    apart = unicodedata.normalize("NFD", "Bücher")
    (document,) = await person.upload(("Übung.txt", b"words"), folder=apart, tags=apart)
    assert (document["folder"], document["tags"]) == ("Bücher", ["Bücher"])
    for query in ({"q": unicodedata.normalize("NFD", "übung")}, {"folder": apart}, {"tag": apart}):
        assert [item["id"] for item in (await page(person, **query))["items"]] == [document["id"]], query
    made = await person.http.post("/api/folders", json={"path": apart})
    assert made.json() == {"path": "Bücher", "documents": 1, "size_bytes": 5}
    renamed = await person.http.patch(
        f"/api/documents/{document['id']}", json={"filename": apart, "folder": f"{apart}/{apart}", "tags": [apart]}
    )
    assert [renamed.json()[name] for name in ("filename", "folder")] == ["Bücher", "Bücher/Bücher"]


INDEXES = {
    "created_at": "documents_listed",
    "updated_at": "documents_by_change",
    "filename": "documents_by_name",
    "size_bytes": "revisions_by_size",
}


async def test_every_order_has_an_index_that_the_next_page_begins_in(resources: Resources, people: People) -> None:
    """Else a long list would be sorted whole for each page of it."""
    from sqlalchemy.dialects import postgresql

    from docvault.library import list_queries
    from docvault.pagination import Cursor

    owner_id = UUID((await people.new()).id)
    said: list[Any] = []

    class Noting:
        async def execute(self, query: Any) -> list[Any]:
            said.append(query)
            return []

    keys = {"created_at": START.isoformat(), "updated_at": START.isoformat(), "filename": "m", "size_bytes": "5"}
    for sort in [way + order for order in INDEXES for way in ("", "-")]:
        after = Cursor(sort, keys[sort.lstrip("-")], owner_id)
        session: Any = Noting()
        await list_queries.listed(session, owner_id, list_queries.DocumentFilter(), sort, after, 51)
        sql = str(said[-1].compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
        async with resources.database.transaction(owner_id) as open_session:
            for off in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
                await open_session.execute(text(f"SET LOCAL enable_{off} = off"))
            plan = "\n".join(await open_session.scalars(text("EXPLAIN " + sql.replace(":", "\\:"))))
        condition = plan[plan.index(INDEXES[sort.lstrip("-")]) :].split("Index Cond: ")[1].split("\n")[0]
        assert "ROW(" in condition, f"{sort}: {plan}"
        assert "Sort" not in plan, f"{sort}: {plan}"


# --- text by pages and by words -----------------------------------------------------------------------------------

LONG = 2000


@pytest.fixture(scope="module")
async def book(reader: Person, resources: Resources) -> str:
    """Two thousand pages of three kilobytes, with umlauts on each."""
    line = "Die Brücke über die Elbe trägt Fußgänger und Züge; "
    texts = [f"Seite {n}.\n{line * 60}Ende der {n}. Seite" for n in range(1, LONG + 1)]
    return str(await put(resources, UUID(reader.id), "book.pdf", "books", texts=texts, trashed_at=START))


async def test_some_pages_of_the_text(reader: Person, book: str) -> None:
    for query, expected in [
        ({"first": 3, "last": 5}, [3, 4, 5]),
        ({"first": 1999}, [1999, 2000]),
        ({"last": 2}, [1, 2]),
        ({"first": 2001}, []),
        ({"first": 5, "last": 3}, []),
    ]:
        answer = await reader.http.get(f"/api/documents/{book}/text", params=query)
        assert [each["page"] for each in answer.json()["pages"]] == expected
    assert (await reader.http.get(f"/api/documents/{book}/text", params={"first": 0})).status_code == 400


async def test_words_are_found_in_two_thousand_pages(reader: Person, book: str) -> None:
    answer = await reader.http.get(f"/api/documents/{book}/find", params={"q": "ENDE der 1999. seite"})
    (hit,) = answer.json()["hits"]
    assert (hit["page"], hit["text"], hit["after"], answer.json()["total"]) == (1999, "Ende der 1999. Seite", "", 1)
    pages = (await reader.http.get(f"/api/documents/{book}/text", params={"first": 1999, "last": 1999})).json()["pages"]
    assert pages[0]["text"][hit["start"] : hit["end"]] == "Ende der 1999. Seite"
    assert pages[0]["text"][: hit["start"]].endswith(hit["before"])


async def test_the_first_hits_and_how_many_there_are(reader: Person, book: str) -> None:
    answer = (await reader.http.get(f"/api/documents/{book}/find", params={"q": "uber die elbe", "limit": 70})).json()
    assert [hit["page"] for hit in answer["hits"]] == [1] * 60 + [2] * 10
    assert (answer["more"], answer["total"]) == (True, 60 * LONG)
    assert {hit["text"] for hit in answer["hits"]} == {"über die Elbe"}
    none = (await reader.http.get(f"/api/documents/{book}/find", params={"q": "Donau"})).json()
    assert none == {"hits": [], "more": False, "total": 0}


async def test_the_lines_of_a_scan_that_hold_the_words(reader: Person, resources: Resources) -> None:
    """Two passages on the page; the words stand in the second line of the second one."""
    texts = ["Title\nOne line.\nA line with quinces.\nThe end.", "quinces"]
    scan = str(await put(resources, UUID(reader.id), "scan.pdf", texts=texts))
    await put_passages(resources, UUID(reader.id), UUID(scan), [
        (1, 0, texts[0][:15], [[72, 50, 300, 60], [72, 70, 300, 80]]),
        (1, 16, texts[0][16:], [[72, 90, 300, 100], [72, 110, 300, 120]]),
    ])  # fmt: skip
    find = f"/api/documents/{scan}/find"
    hits = (await reader.http.get(find, params={"q": "QUINCES", "boxes": True})).json()["hits"]
    assert [hit["boxes"] for hit in hits] == [[[72, 90, 300, 100]], []]
    across = (await reader.http.get(find, params={"q": "line. a line", "boxes": True})).json()["hits"]
    assert [hit["boxes"] for hit in across] == [[[72, 70, 300, 80], [72, 90, 300, 100]]]
    assert (await reader.http.get(find, params={"q": "line"})).json()["hits"][0]["boxes"] == []


@pytest.mark.parametrize(("q", "code"), [("", "empty_query"), (" \n", "empty_query"), ("x" * 201, "query_too_long")])
async def test_what_cannot_be_looked_for(reader: Person, book: str, q: str, code: str) -> None:
    answer = await reader.http.get(f"/api/documents/{book}/find", params={"q": q})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
