"""The model that serves on the processor: onnxruntime and tokenizers, nothing else.

One session is shared by all threads, and each run computes on the thread that called it (one intra-op thread, no
spinning): the work is spread by texts, not by splitting every matrix, which gives more work per CPU second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from docvault.ai.batches import Tokens, plan_batches
from docvault.ai.embeddings import Vectors
from docvault.ai.prepared import GRAPH, Prepared, sha256
from docvault.ai.word_pieces import WordPieces, padded
from docvault.errors import ConfigurationError, ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH_TOKENS = 256
"""Padded word pieces of one run. Larger batches leave the processor's cache and share one scale for more activations:
on passages of 200 pieces, 256 gave 3,970 pieces a CPU second, 1,024 3,630 and 2,048 3,340."""


class OnnxModel:
    """A prepared graph and its tokenizer. Every method may be called from any thread."""

    def __init__(self, prepared: Prepared) -> None:
        """Load it (about 0.2 s). Raises `ConfigurationError` when a file is missing, damaged or not readable."""
        folder, self.manifest = prepared
        try:
            if sha256(folder / GRAPH) != self.manifest.graph_sha256:
                raise ValueError("its hash is not the one in its manifest")
            self._session = _session(str(folder / GRAPH))
            self._word_pieces = WordPieces(prepared)
        except Exception as error:  # both libraries raise plain Exceptions of their own
            raise ConfigurationError(
                f"The embedding model in {folder} cannot be loaded: {error}.",
                code="model_damaged",
                hint=f"Remove the folder {folder} and start again: it is made anew.",
            ) from error

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Word pieces of each text, cut at `max_tokens`. Takes every string: empty, huge, with lone surrogates."""
        return self._word_pieces.of(texts)

    def run(self, tokens: Sequence[Tokens]) -> Vectors:
        """Vectors of one batch, shape `(len(tokens), dimensions)`."""
        ids, mask = padded(tokens, self.manifest.pad_id)
        try:
            (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        except Exception as error:
            raise ModelError(f"The embedding model {self.manifest.model_id} failed: {error}.") from error
        return np.asarray(vectors, dtype=np.float32)

    def embed(self, texts: Sequence[str], batch_tokens: int = BATCH_TOKENS) -> Vectors:
        """Vectors of `texts` in their order, on the calling thread."""
        vectors = np.empty((len(texts), self.manifest.dimensions), dtype=np.float32)
        tokens = self.tokenize(texts)
        for batch in plan_batches([len(pieces) for pieces in tokens], batch_tokens):
            vectors[batch] = self.run([tokens[index] for index in batch])
        return vectors


def _session(path: str) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
