"""All SQL of search. Every statement names `owner_id`, and runs inside `database.transaction(owner_id)`.

Nearest and matching are exact scans of one owner's rows. There is no index over everybody's words or vectors: under
row-level security PostgreSQL may not use one for `@@` or for a distance (neither is leakproof), and it would let the
size of other people's vaults be felt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.fulltext import CONFIGURATIONS, configuration
from docvault.library.schemas import composed
from search.marks import Word
from search.terms import Lexeme, Term

K1, B = 1.2, 0.75
"""BM25's usual constants, as in Lucene."""


MOST_DOCUMENTS = 10_000
"""That a question may name. They are kept with it."""

Text = Annotated[str, Meta(max_length=1000)]
Several = Annotated[list[Text], Meta(max_length=100)]
"""Each is compared with every document."""


class Filters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which documents are searched; every field narrows. A folder includes its sub-folders; all tags must be there.

    `content_types` are any of several, each whole or a beginning that ends in `/`. A moment without a time zone is
    taken as UTC.
    """

    document_ids: Annotated[list[UUID], Meta(max_length=MOST_DOCUMENTS)] | None = None
    folder: Text | None = None
    tags: Several | None = None
    content_type: Text | None = None
    content_types: Several | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


class Match(NamedTuple):
    """A candidate with a word in common. `share` is its part of the question's words, each by its rarity, 0 to 1.

    `cosine` is None where the chunk has no vector by the model.
    """

    chunk_id: UUID
    bm25: float
    share: float
    cosine: float | None


class Passage(NamedTuple):
    """A chunk with what is shown of it; `text` is `page.text[start:end]` of the revision's page.

    `configuration` is the text-search configuration of its words, `pages` how many the document has.
    """

    chunk_id: UUID
    document_id: UUID
    revision_id: UUID
    filename: str
    page: int
    start: int
    section: list[str]
    text: str
    boxes: list[list[float]]
    end: int = 0
    folder: str = ""
    content_type: str = ""
    pages: int = 0
    configuration: str = "simple"


class PageText(NamedTuple):
    """Part of a page's text, and where in it the chunk starts."""

    text: str
    start: int


AROUND = 20_000
"""Characters: more than a page of print has. A format without pages may have its whole text on one page."""

_FILTERS = {
    "document_ids": "d.id = ANY(:document_ids)",
    "folder": "(d.folder = :folder OR starts_with(d.folder, :folder || '/'))",
    "tags": "d.tags @> :tags",
    "content_type": "r.content_type = :content_type",
    "content_types": "EXISTS (SELECT FROM unnest(CAST(:content_types AS text[])) AS type WHERE r.content_type = type "
    "OR (right(type, 1) = '/' AND starts_with(r.content_type, type)))",
    "created_after": "d.created_at >= CAST(CAST(:created_after AS text) AS timestamptz)",
    "created_before": "d.created_at < CAST(CAST(:created_before AS text) AS timestamptz)",
}


def narrowed(filters: Filters) -> tuple[str, dict[str, Any]]:
    """A subquery of the ids of the documents that pass and are not in the trash, `""` when nothing narrows, and its
    parameters."""
    given: dict[str, Any] = {
        name: value
        for name in _FILTERS
        if (value := getattr(filters, name)) is not None and (value != "" or name != "folder")
    }
    if not given:
        return "", {}
    given |= {name: _moment(value) for name, value in given.items() if isinstance(value, datetime)}
    given |= {"folder": composed(given["folder"])} if "folder" in given else {}
    given |= {"tags": [composed(tag) for tag in given["tags"]]} if "tags" in given else {}
    conditions = " AND ".join(_FILTERS[name] for name in given)
    typed = "content_type" in given or "content_types" in given
    revision = "JOIN revisions r ON r.owner_id = d.owner_id AND r.id = d.revision_id " if typed else ""
    mine = "d.owner_id = :owner AND d.trashed_at IS NULL"
    return f"SELECT d.id FROM documents d {revision}WHERE {mine} AND {conditions}", given  # noqa: S608


def scope(documents: str, column: str = "document_id") -> str:
    """A condition: `column` is among `documents`, or at least not in the trash.

    That is looked up in an index of its own, once a statement, and kept as a hash: of an empty trash nothing is felt,
    and of a full one little. (An array of them would be gone through for each passage.)
    """
    if documents:
        return f"AND {column} IN ({documents})"
    return f"AND {column} NOT IN (SELECT id FROM documents WHERE owner_id = :owner AND trashed_at IS NOT NULL)"  # noqa: S608


def _moment(moment: datetime) -> str:
    """In UTC: PostgreSQL reads no offset of 16 hours or more. The first and last day of the calendar have no other."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except OverflowError:
        return moment.replace(tzinfo=UTC).isoformat()


async def lexemes(session: AsyncSession, owner_id: UUID, question: str, default_language: str) -> list[Lexeme]:
    """The question's lexemes in each text-search configuration of the owner's documents, with their positions.

    `simple`, which keeps every word, is always among them: what another configuration lacks there is a stop word.
    """
    rows = await session.execute(
        _LEXEMES,
        {
            "owner": owner_id,
            "question": question,
            "codes": list(CONFIGURATIONS),
            "configurations": list(CONFIGURATIONS.values()),
            "default": configuration("und", default_language),
        },
    )
    return [Lexeme(*row) for row in rows]


_LEXEMES = text("""
    WITH present AS (
        SELECT DISTINCT CASE WHEN language IS NULL OR language = 'und' THEN :default
                             ELSE coalesce(m.configuration, 'simple') END AS configuration
        FROM documents d
        LEFT JOIN unnest(CAST(:codes AS text[]), CAST(:configurations AS text[])) AS m (code, configuration)
            ON m.code = lower(split_part(d.language, '-', 1))
        WHERE d.owner_id = :owner AND d.chunks > 0 AND d.trashed_at IS NULL
    )
    SELECT p.configuration, p.shown, l.lexeme, l.positions
    FROM (SELECT configuration, true AS shown FROM present
          UNION ALL SELECT 'simple', false WHERE NOT EXISTS (SELECT FROM present WHERE configuration = 'simple')) p,
        unnest(to_tsvector(p.configuration::regconfig, :question)) l
""")


async def nearest(
    session: AsyncSession, owner_id: UUID, model_id: str, vector: Sequence[float], filters: Filters, limit: int
) -> list[tuple[UUID, float]]:
    """The chunks with the highest cosine to `vector` (of length 1, by `model_id`), best first."""
    documents, given = narrowed(filters)
    parameters = {"owner": owner_id, "model": model_id, "vector": halfvec(vector), "limit": limit}
    rows = await session.execute(_statement(_nearest(documents)), parameters | given)
    return [(id, cosine) for id, cosine in rows]


def _nearest(documents: str) -> str:
    return f"""
        SELECT chunk_id AS id, -(embedding <#> {_VECTOR}) AS cosine
        FROM chunk_vectors
        WHERE owner_id = :owner AND model_id = :model {scope(documents)}
        ORDER BY embedding <#> {_VECTOR} LIMIT :limit
    """  # noqa: S608


async def matching(
    session: AsyncSession, owner_id: UUID, terms: Sequence[Term], filters: Filters, limit: int
) -> list[Match]:
    """The chunks with the highest BM25, best first.

    Document frequencies, count and mean length are those of the documents that pass the filters.
    """
    if not terms:
        return []
    documents, given = narrowed(filters)
    parameters = {"owner": owner_id, "limit": limit} | _asked(terms) | given
    rows = await session.execute(_statement(_matching(len(terms), documents)), parameters)
    return [Match(*row) for row in rows]


async def both(
    session: AsyncSession,
    owner_id: UUID,
    model_id: str,
    vector: Sequence[float],
    terms: Sequence[Term],
    filters: Filters,
    limit: int,
) -> tuple[list[tuple[UUID, float]], list[Match]]:
    """What `nearest` and `matching` find, by one statement.

    Among the matches are also those of the nearest that share a word, whatever their BM25, and each comes with its
    exact cosine: a fusion never has to guess the half that one search did not return.
    """
    if not terms:
        return await nearest(session, owner_id, model_id, vector, filters, limit), []
    documents, given = narrowed(filters)
    parameters = {"owner": owner_id, "model": model_id, "vector": halfvec(vector), "limit": limit}
    rows = await session.execute(_statement(_both(len(terms), documents)), parameters | _asked(terms) | given)
    near, matches = list[tuple[UUID, float]](), list[Match]()
    for id, bm25, share, cosine, is_near in rows:
        if is_near:
            near.append((id, cosine))
        if bm25 is not None:
            matches.append(Match(id, bm25, share, cosine))
    return sorted(near, key=itemgetter(1), reverse=True), matches


def _asked(terms: Sequence[Term]) -> dict[str, Any]:
    queries = {f"t{n}": term.query for n, term in enumerate(terms)}
    sizes = {f"s{n}": float(term.size) for n, term in enumerate(terms)}
    return queries | sizes | {"any": " | ".join(term.query for term in terms)}


@lru_cache(maxsize=128)
def _scored(count: int, documents: str) -> str:
    """BM25 as SQL over `count` terms, up to the table `scored` and the question's `whole` weight in `weighed`.

    PostgreSQL's own ranks know no document frequency, but `ts_rank` of one lexeme tells its frequency `tf` in the
    chunk: it is `0.1 * H / (pi^2 / 6)` with `H` the sum of `1 / j^2` for `j` up to `tf`. The rest of that sum beyond
    `tf` is about `1 / (tf + 0.5)`, which turns it round. A term of several lexemes is ranked by their mean: hence `:s`.

    Thousands of rows pass here, so each does little: `tf / (tf + norm)` is taken as `1 - norm / (tf + norm)`, which
    needs `tf` once, a word that is not there is NULL, and all is in floats (a bare 0.75 would be a slow `numeric`).
    """
    ranks = ", ".join(
        f"nullif(ts_rank(tsv, (SELECT CAST(CAST(:t{n} AS text) AS tsquery))), 0) AS r{n}" for n in range(count)
    )
    idf = ", ".join(f"ln(1 + (greatest(n - d{n}, 0) + 0.5) / (d{n} + 0.5)) AS i{n}" for n in range(count))
    found = " + ".join(f"CASE WHEN r{n} IS NULL THEN 0 ELSE i{n} END" for n in range(count))
    rest = [f"greatest(1.6449340668 - 16.449340668 * CAST(:s{n} AS float8) * r{n}, 0.01)" for n in range(count)]
    less = " + ".join(
        f"CASE WHEN r{n} IS NULL THEN 0 ELSE i{n} / (1 / {rest[n]} - 0.5 + norm) END" for n in range(count)
    )
    return f"""
        WITH counted AS MATERIALIZED (
            SELECT CAST(sum(chunks) AS float8) AS n, CAST(sum(tokens) AS float8) / greatest(sum(chunks), 1) AS mean
            FROM documents WHERE owner_id = :owner {scope(documents, "id")}
        ), matched AS MATERIALIZED (
            SELECT id, {ranks},
                {K1 * (1 - B)} + CAST(tokens AS float8) * (SELECT {K1 * B} / greatest(mean, 1) FROM counted) AS norm
            FROM chunks
            WHERE owner_id = :owner AND tsv @@ (SELECT CAST(CAST(:any AS text) AS tsquery)) {scope(documents)}
        ), frequencies AS (SELECT {", ".join(f"count(r{n}) AS d{n}" for n in range(count))} FROM matched),
        idfs AS (SELECT {idf} FROM counted, frequencies),
        weighed AS MATERIALIZED (SELECT *, {" + ".join(f"i{n}" for n in range(count))} AS whole FROM idfs),
        summed AS (SELECT id, norm, {found} AS found, {less} AS less FROM matched, weighed OFFSET 0),
        scored AS (SELECT id, found - norm * less AS bm25, found FROM summed)
    """  # noqa: S608


_SHARE = "found / (SELECT whole FROM weighed) AS share"


def _matching(count: int, documents: str) -> str:
    order = "ORDER BY bm25 DESC, id LIMIT :limit"
    return f"{_scored(count, documents)} SELECT id, bm25, {_SHARE}, NULL FROM scored {order}"  # noqa: S608


def _both(count: int, documents: str) -> str:
    return f"""{_scored(count, documents)},
        near AS MATERIALIZED ({_nearest(documents)}),
        best AS ((SELECT * FROM scored ORDER BY bm25 DESC, id LIMIT :limit)
                 UNION SELECT * FROM scored WHERE id IN (SELECT id FROM near))
        SELECT id, b.bm25, b.{_SHARE}, coalesce(n.cosine, -(v.embedding <#> {_VECTOR})), n.id IS NOT NULL
        FROM best b FULL JOIN near n USING (id)
            LEFT JOIN chunk_vectors v ON v.owner_id = :owner AND v.chunk_id = b.id AND v.model_id = :model
                AND n.id IS NULL
        ORDER BY b.bm25 DESC NULLS LAST, id
    """  # noqa: S608


@lru_cache(maxsize=512)
def _statement(sql: str) -> TextClause:
    """Reading a statement of many terms for its parameters takes longer than sending it."""
    return text(sql)


_VECTOR = "(SELECT CAST(CAST(:vector AS text) AS halfvec))"
"""In a subquery of its own: read once a statement, and not once a row."""


async def passages(session: AsyncSession, owner_id: UUID, chunk_ids: Sequence[UUID]) -> dict[UUID, Passage]:
    rows = await session.execute(_PASSAGES, {"owner": owner_id, "ids": list(chunk_ids)})
    return {row[0]: Passage(*row) for row in rows}


_PASSAGES = text("""
    SELECT c.id, c.document_id, c.revision_id, d.filename, c.page, c.start_offset, c.section, c.text, c.boxes,
        c.end_offset, d.folder, r.content_type, d.pages, CAST(c.config AS text)
    FROM chunks c
    JOIN documents d ON d.owner_id = c.owner_id AND d.id = c.document_id
    JOIN revisions r ON r.owner_id = c.owner_id AND r.id = c.revision_id
    WHERE c.owner_id = :owner AND c.id = ANY(:ids)
""")


async def answering(session: AsyncSession, lexemes: Collection[str], words: Iterable[Word]) -> set[Word]:
    """Those of `words` that have one of `lexemes` for a stem. Reads no table."""
    lists: dict[str, list[str]] = {}
    for word in words:
        lists.setdefault(word.configuration, []).append(word.text)
    given = {
        "configurations": list(lists),
        "lists": ["\n".join(of) for of in lists.values()],  # as one text each: arrays are sent piece by piece
        "lexemes": list(lexemes),
    }
    return {Word(configuration, word) for configuration, word in await session.execute(_ANSWERING, given)}


_ANSWERING = text("""
    SELECT l.configuration, word
    FROM unnest(CAST(:configurations AS text[]), CAST(:lists AS text[])) AS l (configuration, words),
        string_to_table(l.words, chr(10)) AS word
    WHERE tsvector_to_array(to_tsvector(CAST(l.configuration AS regconfig), word)) && CAST(:lexemes AS text[])
""")


async def page_texts(
    session: AsyncSession, owner_id: UUID, chunk_ids: Sequence[UUID], around: int = AROUND
) -> dict[UUID, PageText]:
    """Of each chunk's page, the text up to `around` characters before and after it."""
    rows = await session.execute(_PAGES, {"owner": owner_id, "ids": list(chunk_ids), "around": around})
    return {row.id: PageText(row.part, row.start) for row in rows}


_PAGES = text("""
    SELECT c.id, b.before AS start,
        substr(p.text, c.start_offset - b.before + 1, c.end_offset - c.start_offset + b.before + :around) AS part
    FROM chunks c
    JOIN pages p ON p.owner_id = c.owner_id AND p.revision_id = c.revision_id AND p.number = c.page,
    LATERAL (SELECT least(c.start_offset, CAST(:around AS int)) AS before) b
    WHERE c.owner_id = :owner AND c.id = ANY(:ids)
""")


def halfvec(vector: Sequence[float]) -> str:
    """PostgreSQL's text form. Five digits are more than the eleven bits that a half keeps."""
    return f"[{','.join(f'{x:.5g}' for x in vector)}]"
