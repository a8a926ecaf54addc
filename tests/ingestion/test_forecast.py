"""How much work a file is thought to be."""

from __future__ import annotations

import pytest

from ingestion.filetypes import FAMILIES
from ingestion.forecast import MOST, expected_passages


@pytest.mark.parametrize("content_type", FAMILIES)
def test_every_kind_that_is_read_is_some_work_and_more_when_it_is_larger(content_type: str) -> None:
    assert expected_passages(content_type, 1) == 1
    assert expected_passages(content_type, 1_000_000) > expected_passages(content_type, 30_000)
    assert expected_passages(content_type, 10**12) == MOST


def test_what_nobody_reads_is_none() -> None:
    assert expected_passages("audio/mpeg", 10**6) == 0
    assert expected_passages("text/plain", 0) == 0
