import string

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.chunk import boxes_of, chunk, document_name
from ingestion.extract.build import PageBuilder
from ingestion.extract.document import Block, BlockKind, Chunk, Extracted, Line, Page
from ingestion.extract.reader import Reader
from ingestion.filetypes import HEAD_BYTES, sniff
from ingestion.tokens import ApproximateTokens
from tests.ingestion.extract.conftest import CORPUS
from tests.ingestion.extract.conftest import reader as reader

COUNT = ApproximateTokens()
SLOW = {None, "pdf", "image", "doc", "docx", "pptx", "xlsx"}
"""Kinds of files that have tests of their own, or whose programs and libraries take seconds."""
SENTENCE = "The harbour of Lindholm was dredged in the spring. "

words = st.text(alphabet=string.ascii_letters + "äß.!?,: \n|港口。ที่", min_size=1, max_size=400)
long_words = st.integers(50, 900).map(lambda length: "x" * length)
blocks = st.tuples(
    st.sampled_from(["heading", "paragraph", "list_item", "table", "code"]),
    st.one_of(words, long_words),
    st.integers(1, 6),
)


@st.composite
def pages(draw: st.DrawFn) -> list[Page]:
    result: list[Page] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        builder = PageBuilder()
        for kind, text, level in draw(st.lists(blocks, max_size=8)):
            if kind == "table":
                builder.add_table([line.split("|") for line in text.split("\n")])
            else:
                builder.add(kind, text, level=level if kind == "heading" else 0)
        result.append(builder.page(number))
    return result


def cut(pages: list[Page], target: int = 40, ceiling: int = 60, title: str | None = None) -> list[Chunk]:
    return chunk(Extracted(pages, title), "x", COUNT, target, ceiling)


@settings(max_examples=150, deadline=None)
@given(pages(), st.integers(16, 80), st.integers(0, 100))
def test_passages_are_slices_in_order_that_cover_their_pages(pages: list[Page], target: int, more: int) -> None:
    passages = cut(pages, target, max(32, target + more), "Report of the Harbour Board of Lindholm")
    by_number = {page.number: page for page in pages}
    for passage in passages:
        assert passage.text == by_number[passage.page].text[passage.start : passage.end]
        assert passage.text.strip() == passage.text != ""
    assert [passage.ordinal for passage in passages] == list(range(len(passages)))
    for page in pages:
        own = [passage for passage in passages if passage.page == page.number]
        ends = [0, *(passage.end for passage in own)]
        starts = [*(passage.start for passage in own), len(page.text)]
        between = [page.text[end:start] for end, start in zip(ends, starts, strict=True)]
        assert all(end <= start for end, start in zip(ends, starts, strict=True))
        assert not "".join(between).strip()


@settings(max_examples=150, deadline=None)
@given(pages(), st.integers(16, 80), st.integers(0, 100))
def test_no_passage_is_over_the_ceiling(pages: list[Page], target: int, more: int) -> None:
    ceiling = max(32, target + more)
    for passage in cut(pages, target, ceiling, "Report of the Harbour Board of Lindholm"):
        assert passage.tokens <= ceiling
        assert len(COUNT.starts(passage.context)) + len(COUNT.starts(passage.text)) <= ceiling


def page_of(*parts: tuple[BlockKind, str, int], number: int = 1) -> Page:
    builder = PageBuilder()
    for kind, text, level in parts:
        builder.add(kind, text, level=level)
    return builder.page(number)


def test_a_section_begins_a_passage_and_names_it() -> None:
    page = page_of(
        ("heading", "Works", 1), ("paragraph", SENTENCE * 2, 0), ("heading", "Dues", 1), ("paragraph", SENTENCE * 2, 0)
    )
    first, second = cut([page])
    assert (first.section, second.section) == (["Works"], ["Dues"])
    assert second.text.startswith("Dues\n\nThe harbour")


def test_small_sections_are_put_together_and_no_heading_stands_alone() -> None:
    page = page_of(
        ("heading", "Part", 1), ("heading", "One", 2), ("paragraph", SENTENCE, 0), ("heading", "Two", 2),
        ("paragraph", "Short.", 0), ("heading", "Three", 2),
    )  # fmt: skip
    (only,) = cut([page])
    assert only.section == ["Part", "One"]
    assert only.text.endswith("Three")


def test_headings_are_carried_to_the_next_page_and_left_when_a_higher_one_comes() -> None:
    first = page_of(("heading", "A", 1), ("heading", "B", 2), ("paragraph", SENTENCE * 2, 0))
    second = page_of(("paragraph", SENTENCE * 2, 0), ("heading", "C", 1), ("paragraph", SENTENCE * 2, 0), number=2)
    passages = cut([first, second], title="Title")
    assert [passage.section for passage in passages] == [["A", "B"], ["A", "B"], ["C"]]
    assert [passage.context for passage in passages] == ["Title", "Title > A > B", "Title"]


def test_sentences_stay_whole() -> None:
    text = "Mr. Holm of the U.S. Navy paid 3.50 crowns on Jan. 4. " * 12
    for passage in cut([page_of(("paragraph", text, 0))]):
        assert passage.text.startswith("Mr.")
        assert passage.text.endswith("4.")


def test_sentences_end_without_blanks_too() -> None:
    text = "港口在春天疏浚。船隻可以進入。" * 20
    passages = cut([page_of(("paragraph", text, 0))])
    assert len(passages) > 3
    assert all(passage.text.endswith("。") for passage in passages)


def test_rows_stay_whole_and_later_parts_carry_the_header() -> None:
    rows = "\n".join(f"Ship {number} | {number * 10} | sailed" for number in range(40))
    text = "Name | Tons | What\n" + rows
    page = Page(1, text, [Block("table", 0, len(text), 0, len("Name | Tons | What"))])
    first, *later = cut([page])
    assert first.context == ""
    assert len(later) > 3
    assert all(passage.context == "Name | Tons | What" for passage in later)
    assert all(passage.text.startswith("Ship ") and passage.text.endswith("sailed") for passage in later)


def test_a_header_row_too_long_is_not_repeated() -> None:
    text = "\n".join([" | ".join(["Column"] * 60), *(f"Ship {number} | 10" for number in range(40))])
    page = Page(1, text, [Block("table", 0, len(text), 0, text.index("\n"))])
    assert {passage.context for passage in cut([page])} == {""}


def test_passages_of_long_text_are_of_about_the_target() -> None:
    passages = cut([page_of(*[("paragraph", SENTENCE * 5, 0)] * 20)], target=100, ceiling=130)
    assert all(60 <= passage.tokens <= 130 for passage in passages)


def test_a_document_is_called_by_its_title_and_what_its_name_adds() -> None:
    assert document_name("Annual Report", "BESTBUY_2023_10K.pdf") == "BESTBUY 2023 10K: Annual Report"
    assert document_name("Annual Report 2023", "annual-report-2023.pdf") == "Annual Report 2023"
    assert document_name("Annual Report", "0123456789abcdef0123456789abcdef.pdf") == "Annual Report"
    assert document_name(None, "4983.txt") == ""
    assert document_name(None, "minutes.of.march.txt") == "minutes of march"


def test_boxes_are_those_of_the_lines_drawn_together_in_a_column() -> None:
    lines = [
        Line(0, 10, (50, 100, 250, 112)),
        Line(11, 20, (50, 114, 250, 126)),
        Line(21, 30, (300, 100, 500, 112)),
        Line(31, 40, (300, 400, 500, 412)),
    ]
    assert boxes_of(lines, 5, 30) == [(50, 100, 250, 126), (300, 100, 500, 112)]
    assert boxes_of(lines, 31, 40) == [(300, 400, 500, 412)]
    assert boxes_of([], 0, 10) == []


def test_lines_stay_whole_where_no_sentence_ends() -> None:
    text = "\n".join(f"ships[{number}].name: Aurora of Lindholm" for number in range(60))
    passages = cut([page_of(("paragraph", text, 0))])
    assert len(passages) > 5
    assert all(passage.text.startswith("ships[") and passage.text.endswith("Lindholm") for passage in passages)


def test_a_row_too_long_is_cut_between_cells() -> None:
    row = " | ".join(f"two words {number}" for number in range(60))
    text = f"Name\n{row}"
    passages = cut([Page(1, text, [Block("table", 0, len(text), 0, 4)])])
    assert len(passages) > 3
    assert all(passage.text.endswith("|") for passage in passages[1:-1])
    assert all(passage.text.startswith("two words") for passage in passages[2:])


async def test_passages_of_every_format_are_exact_and_never_cross_pages(reader: Reader) -> None:
    for path in sorted(CORPUS.iterdir()):
        kind = sniff(path.read_bytes()[:HEAD_BYTES], path.name)
        if (
            path.suffix == ".py"
            or kind.family in {None, "pdf", "image", "doc"}
            or path.name.startswith(("locked", "empty"))
        ):
            continue
        reading = await reader.read(path, filename=path.name, content_type=kind.content_type)
        pages = {page.number: page for page in reading.extracted.pages}
        assert reading.chunks
        for passage in reading.chunks:
            page = pages[passage.page]
            assert passage.text == page.text[passage.start : passage.end]
            inside = [block for block in page.blocks if block.start < passage.end < block.end]
            assert all(block.kind != "table" or page.text[passage.end] == "\n" for block in inside)
