from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract import packed
from ingestion.extract.document import Options
from ingestion.extract.packed import Budget, check_archive, check_xml, pieces
from tests.ingestion.extract import bombs
from tests.ingestion.extract.bombs import MiB

SMALL = Options(unpacked_bytes=64 * MiB, ratio=200)


def refused(path: Path, *, whole: bool = False, options: Options = SMALL) -> str:
    with zipfile.ZipFile(path) as archive, pytest.raises(DocumentError) as caught:
        check_archive(archive, options, whole=whole)
    assert caught.value.code == "archive_bomb"
    assert caught.value.hint
    return caught.value.detail


def test_sound_files_pass(corpus: Path) -> None:
    for name in ("handbook.docx", "crane.pptx", "dues.xlsx"):
        with zipfile.ZipFile(corpus / name) as archive:
            check_archive(archive, SMALL, whole=True)
            check_xml(archive)


def test_a_megabyte_may_be_packed_as_well_as_can_be(tmp_path: Path) -> None:
    with zipfile.ZipFile(bombs.zeros(tmp_path / "x", 1)) as archive:
        check_archive(archive, SMALL, whole=True)


def test_the_directory_is_enough_to_refuse(tmp_path: Path) -> None:
    assert refused(bombs.zeros(tmp_path / "x", 65)) == "The archive unpacks to more than 64 MiB."
    assert refused(bombs.zeros(tmp_path / "x", 10)) == "The archive unpacks to more than 200 times its size."


def test_a_member_that_is_listed_often_is_refused(tmp_path: Path) -> None:
    path = bombs.quoted(tmp_path / "x", 20)
    assert "more than once" in refused(path, options=Options(ratio=100_000))


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MEMBERS", 100)
    assert refused(bombs.crowd(tmp_path / "x", 101)) == "The archive holds more than 100 files."


def test_a_directory_that_lies_is_found_out_by_unpacking(tmp_path: Path) -> None:
    path = bombs.liar(tmp_path / "x", 65)
    with zipfile.ZipFile(path) as archive:
        check_archive(archive, SMALL)
        # Python gives out what the directory says and no more.
        with pytest.raises(DocumentError) as caught:
            list(pieces(archive, archive.infolist()[0], Budget(SMALL, "It", 1000)))
        assert caught.value.code == "corrupt"
    assert "unpacks to more than" in refused(path, whole=True)


def test_bytes_are_counted_while_they_come(tmp_path: Path) -> None:
    with zipfile.ZipFile(bombs.zeros(tmp_path / "x", 3)) as archive:
        coming = pieces(archive, archive.infolist()[0], Budget(Options(unpacked_bytes=MiB), "It", MiB))
        assert sum(len(next(coming)) for _ in range(4)) == MiB
        with pytest.raises(DocumentError) as caught:
            next(coming)
        assert (caught.value.code, caught.value.detail) == ("archive_bomb", "It unpacks to more than 1 MiB.")


@pytest.mark.parametrize(
    "data", [bombs.laughs(), bombs.fetching("file:///etc/passwd"), bombs.laughs().decode().encode("utf-16")]
)
def test_entities_in_parts_are_refused(corpus: Path, tmp_path: Path, data: bytes) -> None:
    for name in ("word/document.xml", "customXml/item1.xml", "_rels/.rels"):
        path = bombs.within(corpus / "handbook.docx", tmp_path / "x.docx", {name: data})
        with zipfile.ZipFile(path) as archive, pytest.raises(DocumentError) as caught:
            check_xml(archive, "The Office file")
        assert caught.value.code == "corrupt"
        assert caught.value.detail.startswith("The Office file declares entities")
