"""Embedding models made ready: one folder each under `settings.models_path`, described by its `manifest.json`."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from docvault.ai import minilm
from docvault.settings import Settings

GRAPH, TOKENIZER, MANIFEST = "model.onnx", "tokenizer.json", "manifest.json"

RECIPE = 1
"""How the graph is made. Whoever changes that so that vectors change raises it, and the model ids change with it."""


class Agreement(msgspec.Struct, frozen=True):
    """Cosines between this model's vectors and those of the original in fp32, over the exporter's own texts."""

    mean: float
    least: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`source` names what the graph was made from; `max_tokens` counts word pieces, the special ones included."""

    model_id: str
    model: str
    source: str
    recipe: int
    dimensions: int
    max_tokens: int
    kind: Literal["graph", "endpoint"] = "graph"
    precision: Literal["int8", "fp32"] = "fp32"
    pad_id: int = 0
    lowercase: bool = False
    query_prompt: str = ""
    passage_prompt: str = ""
    graph_sha256: str = ""
    agreement: Agreement | None = None
    refused_int8: Agreement | None = None
    versions: dict[str, str] = {}


class Prepared(NamedTuple):
    folder: Path
    manifest: Manifest


def source_of(settings: Settings) -> str:
    """Names the weights the settings ask for, cheaply: it is compared at every start.

    A folder is known by the names, sizes and times of its files, a name on the hub by itself: the hash of the very
    weights is in the model id.
    """
    model = settings.embedding_model
    if settings.embedding_base_url:
        return f"endpoint:{settings.embedding_base_url.rstrip('/')}#{model}"
    if minilm.is_built_in(model):
        return f"sha256:{minilm.WEIGHTS_SHA256}"
    folder = Path(model).expanduser()
    return f"folder:{_listing(folder)}" if folder.is_dir() else f"hub:{model}"


def find_prepared(settings: Settings) -> Prepared | None:
    """The newest folder made from what the settings ask for, by this version's recipe; None when there is none."""
    source = source_of(settings)
    found = [
        prepared
        for path in settings.models_path.glob(f"[!.]*/{MANIFEST}")
        if (prepared := _read(path)) and prepared.manifest.source == source and _is_whole(prepared)
    ]
    return max(found, key=lambda prepared: (prepared.folder / MANIFEST).stat().st_mtime, default=None)


def folder_name(model_id: str) -> str:
    """A model id as one safe name of a folder."""
    return "".join(c if c.isalnum() or c in "._-@" else "_" for c in model_id).lstrip(".") or "_"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish(made: Path, target: Path) -> None:
    """Put the finished folder `made` in its place at once; an older one of the same name is moved aside and removed.

    The caller holds the lock of the models' folder.
    """
    for path in made.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    made.chmod(0o755)
    old = made.with_name(made.name + ".old")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _is_whole(prepared: Prepared) -> bool:
    folder, manifest = prepared
    if manifest.recipe != RECIPE:
        return False
    return manifest.kind == "endpoint" or ((folder / GRAPH).is_file() and (folder / TOKENIZER).is_file())


def _read(path: Path) -> Prepared | None:
    """A manifest that cannot be read is one of another version: as good as none."""
    try:
        return Prepared(path.parent, msgspec.json.decode(path.read_bytes(), type=Manifest))
    except (OSError, msgspec.MsgspecError):
        return None


def _listing(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = (f"{path.relative_to(folder)}\0{path.stat().st_size}\0{path.stat().st_mtime_ns}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
