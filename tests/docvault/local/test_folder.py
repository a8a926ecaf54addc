"""What of a folder is sent, and as what."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from docvault.local.folder import Item, Left, batches, fingerprint, walk


def write(path: Path, content: bytes = b"words") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def places(root: Path, into: str = "in") -> dict[str, str]:
    return {each.name: each.folder for each in walk(root, into) if isinstance(each, Item)}


def test_folders_are_kept(tmp_path: Path) -> None:
    for name in ("a.txt", "reports/b.txt", "reports/2024/c.txt"):
        write(tmp_path / name)
    assert places(tmp_path) == {"a.txt": "in", "b.txt": "in/reports", "c.txt": "in/reports/2024"}
    assert places(tmp_path, "") == {"a.txt": "", "b.txt": "reports", "c.txt": "reports/2024"}


def test_hidden_files_and_junk_are_passed_by(tmp_path: Path) -> None:
    junk = (
        ".DS_Store", ".git/config", "Thumbs.db", "desktop.ini", "~$letter.docx", "a.txt~", "b.pdf.part",
        "__MACOSX/a.txt", "deep/.hidden/c.txt",
    )  # fmt: skip
    for name in junk:
        write(tmp_path / name)
    write(tmp_path / "deep/kept.txt")
    assert [each.name for each in walk(tmp_path, "in")] == ["kept.txt"]


def test_links_are_followed_inside_only(tmp_path: Path) -> None:
    secret = write(tmp_path / "elsewhere/secret.txt")
    root = tmp_path / "root"
    write(root / "real.txt")
    (root / "inside.txt").symlink_to(root / "real.txt")
    (root / "outside.txt").symlink_to(secret)
    (root / "folder").symlink_to(secret.parent)
    (root / "round").symlink_to(root)
    (root / "broken.txt").symlink_to(root / "gone.txt")
    assert set(places(root)) == {"real.txt", "inside.txt"}
    left = {each.name: each.why for each in walk(root, "in") if isinstance(each, Left)}
    assert left == {"outside.txt": "links to a place outside the folder", "broken.txt": "is no file"}


def test_what_is_no_file_is_left(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert list(walk(tmp_path, "in")) == [Left("pipe", "is no file")]


def test_a_name_that_is_no_text_can_be_said(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_bytes(b"words")
    (item,) = walk(tmp_path, "in")
    assert item.name == "caf?.txt"


def test_a_file_is_told_by_its_bytes(tmp_path: Path) -> None:
    content = b"words " * 500_000
    assert fingerprint(write(tmp_path / "a.txt", content)) == (hashlib.sha256(content).hexdigest(), None)
    assert fingerprint(write(tmp_path / "empty.txt", b"")).refused == "The file is empty."
    assert fingerprint(write(tmp_path / "song.mp3", b"ID3\x04\x00" + bytes(100))).refused is not None


def test_a_request_has_one_folder_and_a_bound() -> None:
    def item(name: str, folder: str, size: int) -> Item:
        return Item(Path(name), folder, name, size)

    items = [
        *(item(f"{n}", "a", 10) for n in range(5)), item("large", "a", 5000), item("b1", "b", 60), item("b2", "b", 60),
    ]  # fmt: skip
    cut = [[each.name for each in batch] for batch in batches(items, most=3, most_bytes=100)]
    assert cut == [["0", "1", "2"], ["3", "4"], ["large"], ["b1"], ["b2"]]
