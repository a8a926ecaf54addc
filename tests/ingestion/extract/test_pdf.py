from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from docvault.errors import DocumentError
from ingestion.extract.document import Extracted, Options
from ingestion.extract.pdf import extract
from tests.ingestion.extract.conftest import blocks_of, silent
from tests.ingestion.extract.pictures import assert_boxes_hold_the_ink

Sound = Callable[[Extracted], Extracted]


@pytest.fixture(scope="module")
def report(corpus: Path, sound: Sound) -> Extracted:
    return sound(extract(corpus / "report.pdf", "report.pdf", silent))


def test_headings_are_told_by_their_size(report: Extracted) -> None:
    headings = [(level, text) for kind, level, text in blocks_of(report.pages[0]) if kind == "heading"]
    assert headings == [(1, "Report of the Harbour Board"), (1, "1. The works"), (2, "1.1 Dredging")]
    assert report.title == "Report of the Harbour Board"


def test_lines_flow_into_paragraphs(report: Extracted) -> None:
    kind, _, text = blocks_of(report.pages[0])[-1]
    assert kind == "paragraph"
    assert text.startswith("The dredger Otter raised 41,200 tons. The harbour of Lindholm was dredged")
    assert text.endswith("what was carried.")
    assert "\n" not in text


def test_columns_are_read_one_after_the_other(report: Extracted) -> None:
    (kind, _, title), *paragraphs = blocks_of(report.pages[1])
    assert (kind, title) == ("heading", "A title across both columns of the page")
    beginnings = [text.split(".")[0] for _, _, text in paragraphs]
    assert beginnings == [f"{side} column, paragraph {n}" for side in ("Left", "Right") for n in (1, 2, 3, 4)]


def test_tables_keep_their_rows(report: Extracted) -> None:
    page = report.pages[2]
    table = next(block for block in page.blocks if block.kind == "table")
    assert page.text[table.start : table.end].split("\n") == [
        "Income | 1886 | 1887",
        "Harbour dues | 12,410 | 13,982",
        "Rents | 3,050 | 3,120",
        "Sale of sand | $ 410 | $ 655",
        "Total | 15,870 | 17,757",
    ]
    assert page.text[table.start : table.header_end] == "Income | 1886 | 1887"


@pytest.mark.parametrize("name", ["report.pdf", "turned.pdf"])
def test_boxes_are_where_the_page_is_dark(corpus: Path, name: str) -> None:
    """Against the rendered page: nothing printed lies outside the boxes, and no box is empty."""
    extracted = extract(corpus / name, name, silent)
    document = pypdfium2.PdfDocument(corpus / name)
    for page, drawn in zip(extracted.pages, document, strict=True):
        pixels = drawn.render(scale=1).to_numpy()[:, :, :3].min(axis=2) < 128
        assert (page.width, page.height) == drawn.get_size()
        assert page.lines
        for line in page.lines:
            left, top, right, bottom = (round(edge) for edge in line.box)
            assert pixels[top : bottom + 1, left : right + 1].any()
            pixels[max(0, top - 2) : bottom + 3, max(0, left - 2) : right + 3] = False
        if "table" not in {block.kind for block in page.blocks}:  # rules between cells belong to no line
            assert not pixels.any()
    document.close()


def page_of(path: Path, **options: Any) -> Path:
    """A page with one line at its left foot and one further up, drawn on A5."""
    canvas = Canvas(str(path), pagesize=(420, 595), invariant=1, **options)
    canvas.drawString(50, 60, "Low and to the left stands this line.")
    canvas.drawString(150, 400, "Higher up stands the other one.")
    canvas.save()
    return path


@pytest.mark.parametrize("cropped", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_boxes_follow_the_page_as_it_is_shown(degrees: int, cropped: bool, tmp_path: Path) -> None:
    path = page_of(tmp_path / "page.pdf")
    document = pypdfium2.PdfDocument(path.read_bytes())
    document[0].set_rotation(degrees)
    if cropped:
        document[0].set_cropbox(30, 40, 400, 500)
    document.save(path)
    page = extract(path, "page.pdf", silent).pages[0]
    assert (page.width, page.height) == document[0].get_size()
    drawn = document[0].render(scale=2).to_pil().convert("L")
    document.close()
    assert len(page.lines) == 2
    assert_boxes_hold_the_ink(page, drawn)


def test_a_password_opens(tmp_path: Path) -> None:
    path = page_of(tmp_path / "locked.pdf", encrypt="secret")
    assert "Higher up" in extract(path, "locked.pdf", silent, Options(password="secret")).pages[0].text
    for password, code in ((None, "encrypted"), ("wrong", "wrong_password")):
        with pytest.raises(DocumentError) as caught:
            extract(path, "locked.pdf", silent, Options(password=password))
        assert (caught.value.code, caught.value.permanent) == (code, True)
        assert "password" in (caught.value.hint or "")


def test_a_password_for_changes_only_locks_nobody_out(tmp_path: Path) -> None:
    lock: Any = StandardEncryption("", ownerPassword="secret", canModify=0)
    path = page_of(tmp_path / "locked.pdf", encrypt=lock)
    for password in (None, "anything"):
        assert "Higher up" in extract(path, "locked.pdf", silent, Options(password=password)).pages[0].text


def test_progress_counts_pages(corpus: Path) -> None:
    heard: list[tuple[int, int]] = []
    extract(corpus / "report.pdf", "report.pdf", lambda done, pages: heard.append((done, pages)))
    assert heard == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("encrypted.pdf", "encrypted"),
        ("truncated.pdf", "corrupt"),
        ("noise.pdf", "corrupt"),
        ("scan.pdf", "no_text"),
        ("empty.txt", "empty"),
    ],
)
def test_what_cannot_be_read_says_why(corpus: Path, name: str, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        extract(corpus / name, name, silent)
    assert caught.value.code == code
    assert caught.value.permanent
    assert caught.value.hint
