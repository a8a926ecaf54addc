"""Old Office files, by programs that are not ours, and locks that others put on."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract import convert, office, ole, programs
from ingestion.extract.document import Extracted, Options
from ingestion.extract.reader import Reader
from ingestion.filetypes import DOC, OLE, PPT, XLS, XLSX
from tests.ingestion.extract.conftest import blocks_of, silent
from tests.ingestion.extract.containers import container


async def read(reader: Reader, path: Path, content_type: str, password: str | None = None) -> Extracted:
    reading = await reader.read(path, filename=path.name, content_type=content_type, password=password)
    return reading.extracted


async def test_word_97(reader: Reader, corpus: Path) -> None:
    extracted = await read(reader, corpus / "handbook.doc", DOC.content_type)
    assert extracted.title == "Handbook of the Pilots"
    assert [block for block in blocks_of(extracted.pages[0]) if block[0] in {"heading", "list_item"}] == [
        ("heading", 1, "Handbook of the Pilots"),
        ("heading", 1, "Signals"),
        ("heading", 2, "Flags"),
        ("list_item", 0, "- A yellow flag asks for a pilot."),
        ("list_item", 0, "- A blue flag says that one is aboard."),
    ]


async def test_powerpoint_97(reader: Reader, corpus: Path, tmp_path: Path) -> None:
    where = programs.find(programs.LIBREOFFICE)
    assert where, f"LibreOffice is not installed. {programs.how_to_install(programs.LIBREOFFICE)}"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    arguments = [str(where), profile, "--headless", "--convert-to", "ppt", "--outdir", str(tmp_path)]
    await asyncio.to_thread(subprocess.run, [*arguments, str(corpus / "crane.odp")], check=True, capture_output=True)
    first, second = (await read(reader, tmp_path / "crane.ppt", PPT.content_type)).pages
    assert blocks_of(first) == [("heading", 1, "The new crane"), ("paragraph", 0, "A talk for the board")]
    assert ("table", 0, "Goods | Tons\nTimber | 12\nGranite | 30") in blocks_of(second)


@pytest.mark.parametrize("content_type", [XLS.content_type, OLE.content_type, DOC.content_type])
async def test_excel_97_whatever_it_was_taken_for(reader: Reader, corpus: Path, content_type: str) -> None:
    first, second = (await read(reader, corpus / "dues.xls", content_type)).pages
    assert blocks_of(first) == [
        ("heading", 1, "Dues"),
        ("table", 0, "Ship | Tons | Due\nAurora | 310 | 62.5\nBoreas | 120 | 24"),
    ]
    assert blocks_of(second)[1] == ("paragraph", 0, "Dues are reckoned by the ton.")


@pytest.mark.parametrize(("name", "kind"), [("locked.doc", DOC), ("locked.xls", XLS), ("locked.xlsx", XLSX)])
@pytest.mark.parametrize(("password", "code"), [(None, "encrypted"), ("pier", "wrong_password")])
def test_locked_files_say_what_they_need(
    corpus: Path, name: str, kind: object, password: str | None, code: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        office.extract(corpus / name, name, silent, Options(password))
    assert caught.value.code == code
    assert "password" in (caught.value.hint or "")


@pytest.mark.parametrize(("name", "kind"), [("locked.doc", DOC), ("locked.xls", XLS), ("locked.xlsx", XLSX)])
async def test_locked_files_open_with_their_password(reader: Reader, corpus: Path, name: str, kind: object) -> None:
    content_type = getattr(kind, "content_type")  # noqa: B009
    text = (await read(reader, corpus / name, content_type, "mole")).pages[0].text
    assert ("Aurora | 310 | 62.5" if "xls" in name else "A yellow flag asks for a pilot.") in text


def test_without_libreoffice_the_owner_hears_what_to_install(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find", lambda program: None)
    with pytest.raises(DocumentError) as caught:
        ole.extract(corpus / "handbook.doc", "handbook.doc", silent)
    assert caught.value.code == "program_missing"
    assert "apt install" in (caught.value.hint or "")


def test_what_libreoffice_cannot_read_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(container({"WordDocument": b"\xec\xa5" + b"nothing at all " * 500}))
    with pytest.raises(DocumentError) as caught:
        convert.converted(path, "ppt", silent)
    assert caught.value.code == "corrupt"


def test_containers_of_other_programs_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(container({"VisioDocument": b"drawn " * 1000}))
    with pytest.raises(DocumentError) as caught:
        ole.extract(path, "x.vsd", silent)
    assert caught.value.code == "unsupported_type"


@pytest.mark.parametrize("length", [8, 300, 2000])
def test_a_file_cut_off_is_called_damaged(corpus: Path, tmp_path: Path, length: int) -> None:
    path = tmp_path / "x"
    path.write_bytes((corpus / "dues.xls").read_bytes()[:length])
    with pytest.raises(DocumentError) as caught:
        ole.extract(path, "x.xls", silent)
    assert caught.value.code == "corrupt"
