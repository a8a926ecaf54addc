"""Builds small sentence-transformers models with random weights in a folder, makes each ready for serving, and prints
the vectors of the originals, or the error. Run in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import LSTM, Dense, Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizerFast

from docvault.ai import export, minilm
from docvault.ai.prepared import Agreement
from docvault.errors import ConfigurationError
from docvault.settings import Settings
from tests.docvault.ai.conftest import TEXTS

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    *SPECIAL,
    "the",
    "pump",
    "how",
    "long",
    "is",
    "open",
    "valve",
    "net",
    "revenue",
    "rose",
    *"abceinorst.,",
    "##s",
]


def main(folder: Path) -> None:
    torch.manual_seed(5)
    backbone = make_backbone(folder / "backbone")
    results: dict[str, Any] = {}
    for name, modules in {
        "cls": [Pooling(32, "cls")],
        "max": [Pooling(32, "max"), Dense(32, 16), Normalize()],
        "mean": [Pooling(32, "mean"), Normalize()],
        "lstm": [LSTM(32, 16), Pooling(32, "mean")],
    }.items():
        prompts = {"query": "how long ", "document": "the "} if name == "mean" else None
        model = SentenceTransformer(
            modules=[Transformer(backbone, max_seq_length=40), *modules], prompts=prompts, device="cpu"
        )
        model.save(str(folder / name))
        results[name] = serve(model, folder / name, folder)
    built_in = SentenceTransformer(str(minilm.weights_folder()), device="cpu")
    results["built-in"] = built_in.encode(TEXTS, normalize_embeddings=True).tolist()
    print(json.dumps(results))


def make_backbone(folder: Path) -> str:
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=64, **shape)).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def serve(model: SentenceTransformer, where: Path, home: Path) -> dict[str, Any]:
    export.INT8_FLOOR = Agreement(mean=1.1, least=1.1) if where.name == "cls" else Agreement(mean=0.9, least=0.5)
    try:
        export.make_ready(Settings(home=home, embedding_model=str(where)), lambda text: None)
    except ConfigurationError as error:
        return {"error": error.detail, "code": error.code}
    kinds = {"passages": model.prompts.get("document"), "questions": model.prompts.get("query")}
    return {
        kind: model.encode(TEXTS, prompt=prompt or "", normalize_embeddings=True).tolist()
        for kind, prompt in kinds.items()
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
