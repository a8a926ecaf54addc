"""The prepared model on a CUDA device: torch in half precision, with batches large enough to fill it.

What it gives is in the same space as the ONNX graph's: the same weights rounded differently. So vectors of both carry
one model id, and machines with and without a device can serve one library (docs/decisions/0009-one-embedder.md).
`open_on_cuda` compares the two before it trusts the device.
"""

from __future__ import annotations

import os
import runpy
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from docvault.ai.batches import Tokens
from docvault.ai.embeddings import CHILD_ENVIRONMENT, Vectors
from docvault.ai.local import Model
from docvault.ai.prepared import Prepared
from docvault.ai.samples import SAMPLES
from docvault.ai.word_pieces import WordPieces, padded
from docvault.errors import ConfigurationError, ModelError
from docvault.logging import get_logger
from docvault.settings import Settings

TIMES = 16
"""A device's batch is this many times `DOCVAULT_EMBEDDING_BATCH_TOKENS`: 65,536 padded word pieces unless set."""

LEAST_AGREEMENT = 0.98
"""Mean cosine between the device's vectors and the graph's below which the device is not trusted. int8 against fp32
is at 0.996, and half precision adds less than a thousandth."""

DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # Linux, and Linux within Windows
log = get_logger(__name__)


def has_cuda() -> bool:
    """Whether it is worth asking torch for a device. Imports nothing: torch takes seconds and hundreds of megabytes."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip()
    if visible in ("", "-1") or not any(path.exists() for path in DEVICES):
        return False
    spec = find_spec("torch")
    version = Path((spec and spec.origin) or "").with_name("version.py")
    return version.is_file() and runpy.run_path(str(version)).get("cuda") is not None


def open_on_cuda(settings: Settings, prepared: Prepared, graph: Model) -> Model | None:
    """The model on the device that the settings ask for; None where there is none, and `auto` may do without.

    Raises `ConfigurationError` when `cuda` was asked for and cannot be had.
    """
    must = settings.embedding_device == "cuda"
    if settings.embedding_device == "cpu" or not (must or has_cuda()):
        return None
    try:
        model = TorchModel(settings, prepared, "cuda")
        check_agreement(model, graph)
    except Exception as error:  # whatever drivers, torch and transformers have to say
        if must:
            raise ConfigurationError(
                f"DOCVAULT_EMBEDDING_DEVICE asks for CUDA, which cannot be used: {str(error).rstrip('.')}.",
                hint="Set it to `auto` or `cpu`, or install a CUDA build of torch and NVIDIA's driver.",
            ) from error
        log.warning("embedder.cuda_not_used", error=str(error))
        return None
    return model


class TorchModel:
    """The model as sentence-transformers loads it: fp16 on CUDA, fp32 on the processor (for tests)."""

    def __init__(self, settings: Settings, prepared: Prepared, device: str) -> None:
        """Load it: seconds, and torch's memory. Raises what torch and sentence-transformers raise."""
        for name, value in CHILD_ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        from docvault.ai.export import load_model

        self.manifest = prepared.manifest
        self._word_pieces = WordPieces(prepared)
        self._device = device
        model: Any = load_model(settings, device=device)
        self._wants_types = "token_type_ids" in model.tokenizer.model_input_names
        self._model = model.half() if device == "cuda" else model

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        return self._word_pieces.of(texts)

    def run(self, tokens: Sequence[Tokens]) -> Vectors:
        """Vectors of one batch, shape `(len(tokens), dimensions)`. A batch too large for the device is halved."""
        import torch

        try:
            return self._run(tokens)
        except torch.OutOfMemoryError as error:
            if len(tokens) == 1:
                raise ModelError(f"The embedding model {self.manifest.model_id} failed: {error}.") from error
        except Exception as error:
            raise ModelError(f"The embedding model {self.manifest.model_id} failed: {error}.") from error
        torch.cuda.empty_cache()
        middle = len(tokens) // 2
        return np.concatenate([self.run(tokens[:middle]), self.run(tokens[middle:])])

    def _run(self, tokens: Sequence[Tokens]) -> Vectors:
        import torch

        ids, mask = (torch.from_numpy(part).to(self._device) for part in padded(tokens, self.manifest.pad_id))
        features: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
        if self._wants_types:
            features["token_type_ids"] = torch.zeros_like(ids)
        with torch.inference_mode():
            found = self._model(features)["sentence_embedding"].float()
            return torch.nn.functional.normalize(found, p=2, dim=1).cpu().numpy()


def check_agreement(model: Model, graph: Model) -> None:
    """Raise `ModelError` unless both give nearly the same vectors, as a device or driver at fault does not."""
    tokens = graph.tokenize([graph.manifest.passage_prompt + text for text in SAMPLES[:24]])
    cosine = float(np.mean(np.sum(model.run(tokens) * graph.run(tokens), axis=1)))
    if not cosine >= LEAST_AGREEMENT:
        raise ModelError(f"its vectors agree with the prepared model's only to {cosine:.3f}")
