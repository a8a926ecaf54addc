"""Writes the container of old Office files ([MS-CFB], version 3) and Outlook messages in it, for the tests."""

from __future__ import annotations

import struct
from typing import Any

SECTOR, SMALL, LARGE = 512, 64, 4096
END, FREE, NONE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFD

Tree = dict[str, Any]
"""Names to bytes (streams) or to further trees (folders)."""


def container(tree: Tree) -> bytes:
    entries: list[list[Any]] = [["Root Entry", 5, NONE, NONE, b""]]
    _add(entries, tree, 0)
    small = b"".join(_padded(data, SMALL) for *_, data in entries if 0 < len(data) < LARGE)
    chains: list[int] = []
    sectors: list[bytes] = []

    def store(data: bytes) -> int:
        if not data:
            return END
        start = len(sectors)
        sectors.extend(data[place : place + SECTOR].ljust(SECTOR, b"\0") for place in range(0, len(data), SECTOR))
        chains.extend([*range(start + 1, len(sectors)), END])
        return start

    root_start = store(small)
    places: list[tuple[int, int]] = [(root_start, len(small))]
    small_chain: list[int] = []
    for *_, data in entries[1:]:
        if 0 < len(data) < LARGE:
            start, count = len(small_chain), len(_padded(data, SMALL)) // SMALL
            small_chain.extend([*range(start + 1, start + count), END])
            places.append((start, len(data)))
        else:
            places.append((store(data), len(data)))
    small_fat = store(struct.pack(f"<{len(small_chain)}I", *small_chain).ljust(SECTOR, b"\xff"))
    directory = store(b"".join(map(_entry, entries, places)))
    return _file(sectors, chains, directory, small_fat if small_chain else END)


def _add(entries: list[list[Any]], tree: Tree, parent: int) -> None:
    previous = None
    for name, value in tree.items():
        number = len(entries)
        entries.append(
            [name, 2 if isinstance(value, bytes) else 1, NONE, NONE, value if isinstance(value, bytes) else b""]
        )
        if previous is None:
            entries[parent][3] = number
        else:
            entries[previous][2] = number
        previous = number
        if not isinstance(value, bytes):
            _add(entries, value, number)


def _padded(data: bytes, size: int) -> bytes:
    return data + bytes(-len(data) % size)


def _entry(entry: list[Any], place: tuple[int, int]) -> bytes:
    name, kind, right, child, _ = entry
    words = (name + "\0").encode("utf-16-le")
    head = words.ljust(64, b"\0") + struct.pack("<HBBIII", len(words), kind, 1, NONE, right, child)
    return head + bytes(36) + struct.pack("<IQ", *place)


def _file(sectors: list[bytes], chains: list[int], directory: int, small_fat: int) -> bytes:
    tables = 1
    while (len(sectors) + tables) * 4 > tables * SECTOR:
        tables += 1
    fat = [*chains, *[FAT] * tables]
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(tables * SECTOR, b"\xff")
    where = [len(sectors) + number for number in range(tables)]
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, tables,
        directory, 0, LARGE, small_fat, 0 if small_fat == END else 1, END, 0, where[0],
    )  # fmt: skip
    header += struct.pack(f"<{len(where) - 1}I", *where[1:])
    return header.ljust(SECTOR, b"\xff") + b"".join(sectors) + table


def message(texts: dict[int, str], *, inside: bool = False, numbers: dict[int, int] | None = None, **more: Any) -> Tree:
    """The streams of an Outlook message: texts and numbers by the number of their property, attachments as folders."""
    tree: Tree = {f"__substg1.0_{which:04X}001F": text.encode("utf-16-le") for which, text in texts.items()}
    fixed = (struct.pack("<HHIQ", 0x0040, which, 6, value) for which, value in (numbers or {}).items())
    tree["__properties_version1.0"] = bytes(24 if inside else 32) + b"".join(fixed)
    for number, part in enumerate(more.get("attachments", ())):
        tree[f"__attach_version1.0_#{number:08X}"] = part
    return tree


def attached(name: str, data: bytes | Tree) -> Tree:
    content = {"__substg1.0_37010102": data} if isinstance(data, bytes) else {"__substg1.0_3701000D": data}
    return {"__substg1.0_3707001F": name.encode("utf-16-le"), "__properties_version1.0": bytes(8), **content}
