"""What the doctor says of ClamAV."""

from __future__ import annotations

import tempfile
from pathlib import Path

from docvault.server import doctor
from docvault.settings import load_settings
from tests.ingestion.clamd import Clamd


async def finding(address: str) -> doctor.Finding:
    settings = load_settings({}, clamav=address)
    (found,) = [await doctor._finding(settings, *part) for part in doctor.PARTS if part[0] == "ClamAV"]
    return found


async def test_without_clamav() -> None:
    found = await finding("")
    assert (found.fine, found.said) == (True, "not used: files are not scanned for viruses")


async def test_clamav_that_works() -> None:
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder, Clamd(Path(folder), "AlertExceedsMax yes") as clamd:
        found = await finding(clamd.socket)
    assert found.fine
    assert found.said.startswith("ClamAV 1.")
    assert found.said.endswith(f" at {clamd.socket}")


async def test_clamav_that_passes_what_it_does_not_read() -> None:
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder, Clamd(Path(folder)) as clamd:
        found = await finding(clamd.socket)
    assert not found.fine
    assert "AlertExceedsMax yes" in found.remedy


async def test_clamav_that_is_away() -> None:
    found = await finding("127.0.0.1:1")
    assert (found.fine, found.remedy) == (False, "Look at DOCVAULT_CLAMAV, and whether clamd runs.")
