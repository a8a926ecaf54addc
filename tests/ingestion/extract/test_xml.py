from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from docvault.errors import DocumentError
from ingestion.extract.xml import PROLOG_BYTES, safe_xml
from tests.ingestion.extract import bombs


def refused(data: bytes) -> DocumentError:
    started = time.process_time()
    with pytest.raises(DocumentError) as caught:
        safe_xml(data)
    assert caught.value.code == "corrupt"
    assert time.process_time() - started < 2
    return caught.value


def test_an_ordinary_document_is_read() -> None:
    root = safe_xml(b"<?xml version='1.0'?><!-- a --><?b?><r c='d'>e<f/>g</r>")
    assert (root.tag, root.get("c"), "".join(root.itertext())) == ("r", "d", "eg")


@pytest.mark.parametrize(
    "data",
    [
        bombs.laughs(),
        bombs.laughs_in_attribute(),
        bombs.quadratic(),
        bombs.fetching("file:///etc/passwd"),
        bombs.fetching("http://127.0.0.1/"),
        bombs.outer_parameter("http://127.0.0.1/"),
        bombs.laughs().decode().encode("utf-16"),
        # An encoding that lxml knows and expat does not.
        b"<?xml version='1.0' encoding='cp037'?>".decode().encode("cp037")
        + "<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>".encode("cp037"),
    ],
    ids=["laughs", "attribute", "quadratic", "file", "http", "parameter", "utf-16", "ebcdic"],
)
def test_entities_are_refused(data: bytes) -> None:
    refused(data)


def test_a_prolog_without_end_is_not_searched_for_ever() -> None:
    refused(b"<!--" + b"a" * PROLOG_BYTES + b"--><!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>")


def test_a_type_that_stands_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "type.dtd").write_text("<!ENTITY x 'fetched'>")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        for address in ((tmp_path / "type.dtd").as_uri(), f"http://127.0.0.1:{server.getsockname()[1]}/type.dtd"):
            root = safe_xml(bombs.outer_subset(address))
            assert "fetched" not in "".join(root.itertext(with_tail=True))
            with pytest.raises(BlockingIOError):
                server.accept()


@pytest.mark.parametrize(
    "data",
    [b"", b"words", b"<r>", b"<r></s>", b"\xff\xfe", b"<r>" * 300 + b"</r>" * 300],
    ids=["empty", "text", "open", "crossed", "mark", "deep"],
)
def test_what_is_no_xml_is_called_damaged(data: bytes) -> None:
    assert "damaged" in refused(data).detail
