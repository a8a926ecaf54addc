from pathlib import Path

import numpy as np
import pytest

from docvault.ai.embeddings import is_ready, open_embedder, prepare_embedder, tokenizer_path
from docvault.ai.prepared import find_prepared
from docvault.errors import ConfigurationError
from docvault.settings import Settings
from tests.docvault.ai.conftest import TEXTS, Made


@pytest.mark.parametrize(("name", "dimensions", "floor"), [("cls", 32, 0.9999), ("max", 16, 0.95), ("mean", 32, 0.95)])
async def test_other_models_are_served_as_they_are(made: Made, name: str, dimensions: int, floor: float):
    embedder = await open_embedder(made.settings(name))
    vectors = await embedder.embed(TEXTS)
    questions = np.array([await embedder.embed_query(text) for text in TEXTS])
    await embedder.close()
    assert (embedder.dimensions, embedder.max_tokens) == (dimensions, 40)
    assert np.sum(vectors * np.array(made.results[name]["passages"]), axis=1).min() > floor
    assert np.sum(questions * np.array(made.results[name]["questions"]), axis=1).min() > floor
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_int8_that_disagrees_is_not_used(made: Made):
    plain, small = find_prepared(made.settings("cls")), find_prepared(made.settings("mean"))
    assert plain
    assert small
    assert plain.manifest.precision == "fp32"
    assert plain.manifest.model_id.endswith("-fp32")
    assert plain.manifest.agreement
    assert plain.manifest.agreement.mean > 0.9999
    assert plain.manifest.refused_int8
    assert small.manifest.precision == "int8"
    assert small.manifest.refused_int8 is None


def test_prompts_are_kept(made: Made):
    prepared = find_prepared(made.settings("mean"))
    assert prepared
    assert (prepared.manifest.query_prompt, prepared.manifest.passage_prompt) == ("how long ", "the ")


def test_a_module_that_cannot_be_served_is_named(made: Made):
    assert made.results["lstm"]["code"] == "model_not_supported"
    assert "LSTM" in made.results["lstm"]["error"]
    assert not is_ready(made.settings("lstm"))


def test_the_id_names_the_weights(made: Made):
    found = [find_prepared(made.settings(name)) for name in ("cls", "max", "mean")]
    ids = [prepared.manifest.model_id for prepared in found if prepared]
    assert len({model_id.split("-")[1] for model_id in ids}) == 3


def test_another_file_in_the_folder_is_another_model(made: Made):
    settings = made.settings("max")
    assert is_ready(settings)
    assert tokenizer_path(settings)
    extra = made.folder / "max" / "extra.json"
    extra.write_text("{}")
    assert not is_ready(settings)
    extra.unlink()
    assert is_ready(settings)


async def test_a_folder_without_a_model(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("not a model")
    with pytest.raises(ConfigurationError, match="cannot be loaded: the folder has neither") as caught:
        await prepare_embedder(Settings(home=tmp_path / "home", embedding_model=str(tmp_path)))
    assert caught.value.code == "model_not_loaded"
