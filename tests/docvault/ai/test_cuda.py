"""The way through torch, on the processor: no test machine has a CUDA device, and torch lives in a child process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from docvault.ai import cuda
from docvault.ai.embeddings import CHILD_ENVIRONMENT
from docvault.ai.local import LocalEmbedder
from docvault.ai.onnx import OnnxModel
from docvault.ai.prepared import find_prepared
from docvault.settings import Settings
from tests.docvault.ai.conftest import TEXTS

BY_TORCH = """
import asyncio, json, sys
from pathlib import Path
import msgspec, numpy as np
from docvault.ai import cuda
from docvault.ai.embeddings import open_embedder
from docvault.ai.local import Bulk, LocalEmbedder
from docvault.ai.onnx import OnnxModel
from docvault.ai.prepared import find_prepared
from docvault.errors import ConfigurationError, ModelError
from docvault.settings import Settings

settings, texts = Settings(home=Path(sys.argv[1])), json.loads(sys.argv[2])
prepared = find_prepared(settings)
graph, model = OnnxModel(prepared), cuda.TorchModel(settings, prepared, "cpu")
cuda.check_agreement(model, graph)
found = {}

async def embed():
    embedder = LocalEmbedder(graph, Bulk(model, 65536, 2, 4))
    question, vectors = await asyncio.gather(embedder.embed_query(texts[0]), embedder.embed(texts))
    await embedder.close()
    found["vectors"], found["question"] = vectors.tolist(), question.tolist()
    try:
        await open_embedder(msgspec.structs.replace(settings, embedding_device="cuda"))
    except ConfigurationError as error:
        found["refused"] = [error.detail, error.hint]

asyncio.run(embed())

import torch
whole, sizes = model._run, []
def small(tokens):
    sizes.append(len(tokens))
    if len(tokens) > 2:
        raise torch.OutOfMemoryError("CUDA out of memory")
    return whole(tokens)
tokens = model.tokenize(texts[:5])
together = whole(tokens)
model._run = small
found["halved"], found["sizes"] = float(np.sum(model.run(tokens) * together, axis=1).min()), sizes
def none(tokens):
    raise torch.OutOfMemoryError("CUDA out of memory")
model._run = none
try:
    model.run(tokens)
except ModelError as error:
    found["failed"] = error.detail
model._run = lambda tokens: whole(tokens)[::-1]
try:
    cuda.check_agreement(model, graph)
except ModelError as error:
    found["distrusted"] = str(error)
print(json.dumps(found))
"""


def test_torch_gives_vectors_of_the_same_space(local: Settings, original: np.ndarray):
    run = subprocess.run(
        [sys.executable, "-c", BY_TORCH, str(local.home), msgspec.json.encode(TEXTS).decode()],
        capture_output=True,
        text=True,
        env=os.environ | CHILD_ENVIRONMENT,
    )
    assert run.returncode == 0, run.stderr
    found = msgspec.json.decode(run.stdout)
    for vector, expected in zip(found["vectors"], original, strict=True):
        assert sum(a * b for a, b in zip(vector, expected, strict=True)) > 0.9999  # fp32, as the original
    assert sum(a * b for a, b in zip(found["question"], found["vectors"][0], strict=True)) > 0.985  # int8 to fp32
    assert found["refused"][0].startswith("DOCVAULT_EMBEDDING_DEVICE asks for CUDA, which cannot be used")
    assert "CUDA build of torch" in found["refused"][1]
    assert found["halved"] > 0.9999
    assert found["sizes"] == [5, 2, 3, 1, 2]
    assert "out of memory" in found["failed"]
    assert found["distrusted"].startswith("its vectors agree")


@pytest.mark.parametrize(
    ("devices", "visible", "version", "expected"),
    [
        (True, None, "cuda = '12.8'", True),
        (True, "0", "cuda = '12.8'", True),
        (False, None, "cuda = '12.8'", False),
        (True, "", "cuda = '12.8'", False),
        (True, "-1", "cuda = '12.8'", False),
        (True, None, "cuda = None", False),
    ],
)
def test_a_device_is_looked_for_without_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: bool, visible: str | None, version: str, expected: bool
):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('too early')")
    (tmp_path / "torch" / "version.py").write_text(version)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(cuda, "DEVICES", (tmp_path / ("nvidiactl" if devices else "none"),))
    assert cuda.has_cuda() is expected


async def test_a_device_that_cannot_be_used_is_done_without(local: Settings, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(cuda, "TorchModel", broken)
    monkeypatch.setattr(cuda, "has_cuda", lambda: True)
    prepared = find_prepared(local)
    assert prepared
    graph = OnnxModel(prepared)
    assert cuda.open_on_cuda(local, prepared, graph) is None
    monkeypatch.setattr(cuda, "TorchModel", lambda *_: graph)
    assert cuda.open_on_cuda(local, prepared, graph) is graph
    assert cuda.open_on_cuda(msgspec.structs.replace(local, embedding_device="cpu"), prepared, graph) is None


def test_the_processor_serves_where_there_is_no_device(embedder: LocalEmbedder):
    assert isinstance(embedder, LocalEmbedder)
    assert isinstance(embedder._bulk.model, OnnxModel)
