"""Spreadsheets: what all of them share, and the readers of .xls and .xlsb. Sheets are pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from docvault.errors import DocumentError
from ingestion.extract.build import PageBuilder, Report, corrupt
from ingestion.extract.document import PLAIN, Extracted, Options, Page


def tables_of(rows: Iterable[Sequence[Any]]) -> Iterator[list[list[str]]]:
    """Runs of rows between empty ones; cells that are empty in a whole run at its left are dropped."""
    run: list[list[str]] = []
    for row in rows:
        cells = [cell_text(value) for value in row]
        if any(cells):
            run.append(cells)
        elif run:
            yield _without_margin(run)
            run = []
    if run:
        yield _without_margin(run)


def _without_margin(rows: list[list[str]]) -> list[list[str]]:
    margin = min(next(place for place, cell in enumerate(row) if cell) for row in rows)
    return [row[margin:] for row in rows]


def cell_text(value: Any) -> str:
    """A value as a person would write it: no `.0` on whole numbers, no midnight on dates."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    return str(value).removesuffix(" 00:00:00").strip()


def sheet_page(number: int, name: str, rows: Iterable[Sequence[Any]], notes: Sequence[str] = ()) -> Page:
    """A sheet as a page: its name as heading, its tables, and remarks; an empty page where it holds nothing."""
    builder = PageBuilder()
    builder.add("heading", name, level=1)
    bare = len(builder.blocks)
    for table in tables_of(rows):
        builder.add_table(table)
    for note in notes:
        builder.add("paragraph", note)
    return builder.page(number) if len(builder.blocks) > bare else Page(number, "", [])


def extract(path: Path, filename: str, report: Report, options: Options = PLAIN) -> Extracted:
    """A binary workbook (.xlsb), or .xls out of its lock. Raises `DocumentError` (`corrupt`)."""
    try:
        read = _with_calamine(path, report)
        return with_boxes(path, "xlsb", read, report) if _is_archive(path) else read
    except (MemoryError, DocumentError):
        raise
    except BaseException as error:
        # The library's own panics are no `Exception`; it knows neither Excel 4 nor every relation of .xlsb.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
    if _is_archive(path):
        from ingestion.extract.convert import converted

        return converted(path, "xlsb", report)
    return _with_xlrd(path, report)


def with_boxes(path: Path, suffix: str, read: Extracted, report: Report) -> Extracted:
    """What was read, or, where the cells hold nothing, what LibreOffice finds in boxes drawn over them."""
    from ingestion.extract import programs
    from ingestion.extract.convert import converted

    if any(page.text for page in read.pages) or programs.find(programs.LIBREOFFICE) is None:
        return read
    return converted(path, suffix, report)


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _with_calamine(path: Path, report: Report) -> Extracted:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with path.open("rb") as file:
        book = CalamineWorkbook.from_filelike(file)
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        shown = [sheet for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible] or sheets
        pages: list[Page] = []
        for number, sheet in enumerate(shown, 1):
            pages.append(sheet_page(number, sheet.name, book.get_sheet_by_name(sheet.name).to_python()))
            report(number, len(shown))
    return Extracted(pages)


def _with_xlrd(path: Path, report: Report) -> Extracted:
    import os

    import xlrd

    try:
        with open(os.devnull, "w") as nothing:  # noqa: PTH123
            book: Any = xlrd.open_workbook(
                file_contents=path.read_bytes(), logfile=nothing, ignore_workbook_corruption=True
            )
    except MemoryError:
        raise
    except Exception as error:
        raise corrupt("The Excel file") from error
    sheets = [sheet for sheet in book.sheets() if not sheet.visibility] or book.sheets()
    pages: list[Page] = []
    for number, sheet in enumerate(sheets, 1):
        rows = ([_old_cell(book, cell) for cell in sheet.row(place)] for place in range(sheet.nrows))
        pages.append(sheet_page(number, sheet.name, rows))
        report(number, len(sheets))
    return Extracted(pages)


def _old_cell(book: Any, cell: Any) -> Any:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "")
    return cell.value
