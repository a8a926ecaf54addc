"""Makes a sentence-transformers model ready for serving: `python -m docvault.ai.export --model NAME --home FOLDER`.

Runs in a process of its own, because torch and transformers take seconds to import and hundreds of megabytes that a
serving process should not carry. It writes one ONNX graph with pooling and normalising inside (int8 where that keeps
the vectors, else fp32), the tokenizer and a manifest, after comparing the graph's vectors with the original's.

Standard output carries one JSON object a line: `{"progress": "..."}`, or at last `{"error": "...", "hint": ...}` and
exit code 2. Whatever the libraries print goes to standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.metadata
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import msgspec
import numpy as np

from docvault.ai import minilm
from docvault.ai.embeddings import Vectors
from docvault.ai.onnx import OnnxModel
from docvault.ai.prepared import (
    GRAPH,
    RECIPE,
    TOKENIZER,
    Agreement,
    Manifest,
    Prepared,
    find_prepared,
    folder_name,
    publish,
    sha256,
    source_of,
    write_manifest,
)
from docvault.ai.samples import SAMPLES
from docvault.ai.smoothing import OUTLIER_PART, prepare_for_int8
from docvault.errors import ConfigurationError
from docvault.settings import Settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Report = Callable[[str], None]

KNOWN_MODULES = {"Transformer", "Pooling", "Dense", "LayerNorm", "Normalize"}
FP32_FLOOR = Agreement(mean=0.9999, least=0.999)
INT8_FLOOR = Agreement(mean=0.99, least=0.96)
"""Below these an int8 graph is not used. all-MiniLM-L6-v2 reaches 0.996 and 0.99."""

MAX_TOKENS = 8192
BIG_GRAPH = 1_800_000_000
"""Bytes of weights from which ONNX needs them in a file beside the graph (protobuf's limit is 2 GiB)."""


class Original(NamedTuple):
    """The model as sentence-transformers loads it, in fp32 on the processor."""

    model: SentenceTransformer
    source: str
    fingerprint: str
    vectors: Vectors


def make_ready(settings: Settings, report: Report) -> Prepared:
    """Export the configured model unless somebody else did meanwhile. Raises `ConfigurationError`."""
    settings.models_path.mkdir(parents=True, exist_ok=True)
    with _lock(settings.models_path, report):
        if ready := find_prepared(settings):
            return ready
        for left_over in settings.models_path.glob(".making-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        original = load_original(settings, report)
        folder = Path(tempfile.mkdtemp(prefix=".making-", dir=settings.models_path))
        try:
            manifest = _write(settings.embedding_model, original, folder, report)
            publish(folder, settings.models_path / folder_name(manifest.model_id))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    ready = find_prepared(settings)
    if ready is None:
        raise ConfigurationError(
            "The files of the embedding model changed while it was made ready.", hint="Start again."
        )
    return ready


def load_original(settings: Settings, report: Report) -> Original:
    """Load the configured model. The built-in one is checked first; it and folders never ask the network."""
    name, source = settings.embedding_model, source_of(settings)
    if minilm.is_built_in(name):
        report("Checking the weights of the embedding model")
    report(f"Loading {name} with sentence-transformers (some seconds, once)")
    model = load_model(settings, model_kwargs={"attn_implementation": "eager"})
    _check_modules(model, name)
    return Original(model, source, "" if minilm.is_built_in(name) else _fingerprint(model), _embed(model))


def load_model(settings: Settings, device: str = "cpu", **options: Any) -> SentenceTransformer:
    """The configured model in fp32. The built-in one is checked first; it and folders never ask the network."""
    name, where = settings.embedding_model, Path(settings.embedding_model).expanduser()
    if minilm.is_built_in(name):
        where = minilm.weights_folder()
        minilm.verify_weights(where)
    if not where.is_dir():
        return _load(name, name, device, options)
    os.environ["HF_HUB_OFFLINE"] = "1"
    if not (where / "config.json").is_file() and not (where / "modules.json").is_file():
        raise _not_loaded(name, "the folder has neither modules.json nor config.json")
    return _load(str(where), name, device, options)


def _load(where: str, name: str, device: str, options: dict[str, Any]) -> SentenceTransformer:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(where, device=device, **options).float().eval()
    except Exception as error:  # whatever the hub, transformers or torch have to say
        raise _not_loaded(name, str(error).strip().partition("\n")[0] or type(error).__name__) from error


def _not_loaded(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The embedding model {name} cannot be loaded: {reason.rstrip('.')}.",
        code="model_not_loaded",
        hint="DOCVAULT_EMBEDDING_MODEL takes all-MiniLM-L6-v2, the folder of a sentence-transformers model, or its "
        "name on the Hugging Face hub (which needs the network once).",
    )


def _check_modules(model: SentenceTransformer, name: str) -> None:
    for module in cast("Any", model):
        kind = type(module)
        if kind.__name__ not in KNOWN_MODULES or not kind.__module__.startswith("sentence_transformers."):
            raise ConfigurationError(
                f"The embedding model {name} has a module that cannot be served: {kind.__module__}.{kind.__name__}.",
                code="model_not_supported",
                hint=f"Models made of {', '.join(sorted(KNOWN_MODULES))} can.",
            )
        if any(model.prompts.values()) and not getattr(module, "include_prompt", True):
            raise ConfigurationError(
                f"The embedding model {name} leaves its prompts out of the pooling, which cannot be served.",
                code="model_not_supported",
            )
    if getattr(model.tokenizer, "backend_tokenizer", None) is None:
        raise ConfigurationError(
            f"The embedding model {name} has no fast tokenizer (tokenizer.json).", code="model_not_supported"
        )


def _fingerprint(model: SentenceTransformer) -> str:
    """Eight digits that change with whatever the vectors depend on: weights, modules, tokenizer, prompts."""
    digest = hashlib.sha256(model.tokenizer.backend_tokenizer.to_str().encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    modules = [(type(module).__name__, module.get_config_dict()) for module in cast("Any", model)]
    shape = (modules, model.max_seq_length, model.prompts)
    digest.update(json.dumps(shape, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:8]


def _write(name: str, original: Original, folder: Path, report: Report) -> Manifest:
    """Fill `folder`: the int8 graph when it agrees with the original, else the fp32 one."""
    tokenizer = original.model.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / TOKENIZER))
    report("Writing its graph")
    with tempfile.TemporaryDirectory(dir=folder) as work:
        full = Path(work, "fp32.onnx")
        prepare_for_int8(original.model, lambda text: original.model.encode(text), SAMPLES)
        _trace(original.model, full)
        report("Quantising it to int8")
        _quantise(full, folder / GRAPH)
        report("Comparing its vectors with the original's")
        small = _describe(name, original, folder, "int8")
        agreement = _compare(original, Prepared(folder, small))
        if _reaches(agreement, INT8_FLOOR):
            return _finish(folder, small, agreement)
        report(f"int8 loses too much (mean cosine {agreement.mean:.4f}): keeping fp32")
        _replace_graph(full, folder)
    plain = msgspec.structs.replace(_describe(name, original, folder, "fp32"), refused_int8=agreement)
    agreement = _compare(original, Prepared(folder, plain))
    if not _reaches(agreement, FP32_FLOOR):
        raise ConfigurationError(
            f"The graph made from {name} gives other vectors than the model (mean cosine {agreement.mean:.4f}).",
            code="model_not_supported",
            hint="Choose another model, or serve this one behind DOCVAULT_EMBEDDING_BASE_URL.",
        )
    return _finish(folder, plain, agreement)


def _trace(model: SentenceTransformer, path: Path) -> None:
    """Write the fp32 graph: `input_ids` and `attention_mask` `(n, length)` in, `embedding` `(n, dimensions)` out."""
    import torch

    wants_types = "token_type_ids" in model.tokenizer.model_input_names
    modules = list(cast("Any", model))

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(modules)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features: dict[str, Any] = {"input_ids": input_ids, "attention_mask": attention_mask}
            if wants_types:
                features["token_type_ids"] = torch.zeros_like(input_ids)
            for part in self.parts:
                features = part(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    ids = torch.full((2, 12), 5, dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 8:] = 0
    with torch.no_grad():
        torch.onnx.export(
            Graph().eval(),
            (ids, mask),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={
                "input_ids": {0: "n", 1: "length"},
                "attention_mask": {0: "n", 1: "length"},
                "embedding": {0: "n"},
            },
        )


def _quantise(full: Path, target: Path) -> None:
    """int8 weights for every matrix product with a constant but the outliers' parts; activations as they come.

    `reduce_range` keeps weights in 7 bits: with 8, processors without VNNI add two products in 16 bits and saturate, so
    that the same text would have other vectors on another machine. It costs nothing measurable.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it advises a step that changes nothing here
    nodes = onnx.load(str(full), load_external_data=False).graph.node
    quantize_dynamic(
        full,
        target,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=[node.name for node in nodes if OUTLIER_PART in node.name],
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        use_external_data_format=_bytes_of(full) > BIG_GRAPH,
    )


def _describe(name: str, original: Original, folder: Path, precision: Literal["int8", "fp32"]) -> Manifest:
    model = original.model
    label = minilm.MODEL if minilm.is_built_in(name) else Path(name).name
    parts = [label, original.fingerprint, precision if RECIPE == 1 else f"{precision}r{RECIPE}"]
    return Manifest(
        model_id="-".join(filter(None, parts)),
        model=name,
        source=original.source,
        recipe=RECIPE,
        dimensions=int(cast("Any", model).get_embedding_dimension()),
        max_tokens=_max_tokens(model),
        precision=precision,
        pad_id=int(model.tokenizer.pad_token_id or 0),
        lowercase=bool(getattr(cast("Any", model)[0], "do_lower_case", False)),
        query_prompt=model.prompts.get("query") or "",
        passage_prompt=_passage_prompt(model),
        graph_sha256=sha256(folder / GRAPH),
        versions={name: importlib.metadata.version(name) for name in ("torch", "sentence-transformers", "onnxruntime")},
    )


def _max_tokens(model: SentenceTransformer) -> int:
    config = cast("Any", model)[0].auto_model.config
    limits = (model.max_seq_length, model.tokenizer.model_max_length, getattr(config, "max_position_embeddings", None))
    return min(int(limit) for limit in (*limits, MAX_TOKENS) if limit)


def _compare(original: Original, prepared: Prepared) -> Agreement:
    """Cosines between the served vectors and the original's, through the very code that will serve."""
    prompt = prepared.manifest.passage_prompt
    served = OnnxModel(prepared).embed([prompt + text for text in SAMPLES])
    cosines = np.sum(served * original.vectors, axis=1)
    return Agreement(mean=float(cosines.mean()), least=float(cosines.min()))


def _embed(model: SentenceTransformer) -> Vectors:
    texts = [_passage_prompt(model) + text for text in SAMPLES]
    vectors = cast("Any", model).encode(
        texts, prompt="", batch_size=8, normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(vectors, dtype=np.float32)


def _passage_prompt(model: SentenceTransformer) -> str:
    return model.prompts.get("document") or model.prompts.get("passage") or ""


def _replace_graph(full: Path, folder: Path) -> None:
    """Serve the fp32 graph, with the files of weights that a big one has beside it."""
    for path in full.parent.iterdir():
        path.replace(folder / (GRAPH if path == full else path.name))


def _reaches(agreement: Agreement, floor: Agreement) -> bool:
    return agreement.mean >= floor.mean and agreement.least >= floor.least


def _finish(folder: Path, manifest: Manifest, agreement: Agreement) -> Manifest:
    manifest = msgspec.structs.replace(manifest, agreement=agreement)
    write_manifest(folder, manifest)
    return manifest


def _bytes_of(graph: Path) -> int:
    """Of the graph and of whatever the exporter put beside it."""
    return sum(path.stat().st_size for path in graph.parent.iterdir())


@contextlib.contextmanager
def _lock(models: Path, report: Report) -> Generator[None]:
    """One export at a time in this folder. The lock goes with its process, however that ends."""
    with (models / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("Waiting for another process that makes the embedding model ready")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m docvault.ai.export", description="Make an embedding model ready for serving."
    )
    parser.add_argument(
        "--model", required=True, help="all-MiniLM-L6-v2, or the name or folder of a sentence-transformers model"
    )
    parser.add_argument("--home", required=True, help="the home: the model goes into its folder `models`")
    options = parser.parse_args(arguments)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as lines:
        os.dup2(2, 1)  # the libraries print what they like

        def tell(**line: Any) -> None:
            print(msgspec.json.encode(line).decode(), file=lines, flush=True)

        try:
            settings = Settings(home=Path(options.home).expanduser(), embedding_model=options.model)
            ready = make_ready(settings, lambda text: tell(progress=text))
        except ConfigurationError as error:
            tell(error=error.detail, code=error.code, hint=error.hint)
            return 2
        tell(progress=f"{ready.manifest.model_id} is ready")
        return 0


if __name__ == "__main__":
    sys.exit(main())
