from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingestion.extract.document import Extracted
from ingestion.extract.rst import rst_from_bytes
from tests.ingestion.extract.conftest import blocks_of

SOURCE = """
Quays
=====

Fees
----

There are *three* quays |x|. [1]_

.. |x| replace:: here

.. list-table::
   :header-rows: 1

   * - Quay
     - Fee
   * - North
     - 4

1. Pay
2. Keep the receipt

   - for a year

.. code:: python

   fee = tons * 4

.. [1] In 1887.
"""


def test_structure_is_kept(sound: Callable[[Extracted], Extracted]) -> None:
    extracted = sound(rst_from_bytes(SOURCE.encode()))
    assert extracted.title == "Quays"
    assert blocks_of(extracted.pages[0]) == [
        ("heading", 1, "Quays"),
        ("heading", 2, "Fees"),
        ("paragraph", 0, "There are three quays here. [1]"),
        ("table", 0, "Quay | Fee\nNorth | 4"),
        ("list_item", 0, "1. Pay"),
        ("list_item", 0, "2. Keep the receipt"),
        ("list_item", 0, "  - for a year"),
        ("code", 0, "fee = tons * 4"),
        ("paragraph", 0, "[1] In 1887."),
    ]


def test_no_file_is_taken_in(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("never shown")
    source = (
        f"Before\n\n.. include:: {tmp_path}/secret\n\n.. raw:: html\n   :file: {tmp_path}/secret\n\n"
        f".. csv-table:: x\n   :file: {tmp_path}/secret\n\nAfter\n"
    )
    text = rst_from_bytes(source.encode()).pages[0].text
    assert "never shown" not in text
    assert "Before" in text
    assert "After" in text


def test_nonsense_is_read_all_the_same() -> None:
    assert "words" in rst_from_bytes(b".. unknown:: directive\n\n:bad:`role` words |missing|\n\n====\n").pages[0].text
    assert rst_from_bytes(b"* " * 3000).pages[0].text
