import asyncio
import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from docvault.ai import minilm
from docvault.ai.embeddings import Embedder, is_ready, open_embedder, prepare_embedder, tokenizer_path
from docvault.ai.prepared import GRAPH, find_prepared
from docvault.errors import ConfigurationError
from docvault.settings import Settings
from tests.docvault.ai.test_minilm import flip

SERVES = """
import asyncio, sys
from pathlib import Path
from docvault.ai.embeddings import open_embedder, is_ready, tokenizer_path
from docvault.settings import Settings
settings = Settings(home=Path(sys.argv[1]))
async def main():
    assert is_ready(settings) and tokenizer_path(settings)
    embedder = await open_embedder(settings)
    await embedder.embed_query("a question")
    await embedder.embed(["a passage"])
    await embedder.close()
asyncio.run(main())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture
def moved(embedding_home: Path, tmp_path: Path) -> Settings:
    """A home with a copy of the prepared model, to be tampered with."""
    settings = Settings(home=tmp_path)
    shutil.copytree(Settings(home=embedding_home).models_path, settings.models_path)
    return settings


def test_the_variant_is_part_of_the_model_id(embedder: Embedder, local: Settings):
    assert (embedder.model_id, embedder.dimensions, embedder.max_tokens) == ("all-MiniLM-L6-v2-int8", 384, 256)
    assert is_ready(local)


def test_a_serving_process_does_not_import_torch(embedding_home: Path):
    run = subprocess.run(
        [sys.executable, "-c", SERVES, str(embedding_home)], capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "transformers", "sentence_transformers", "openai", "onnx", minilm.PACKAGE}


async def test_a_model_that_is_not_ready(tmp_path: Path):
    settings = Settings(home=tmp_path)
    assert not is_ready(settings)
    with pytest.raises(ConfigurationError, match="all-MiniLM-L6-v2 is not ready") as caught:
        await open_embedder(settings)
    assert caught.value.hint


async def test_a_damaged_graph_is_not_served(moved: Settings):
    prepared = find_prepared(moved)
    assert prepared
    flip(prepared.folder / GRAPH, 30_000_000)
    with pytest.raises(ConfigurationError, match="cannot be loaded") as caught:
        await open_embedder(moved)
    assert str(prepared.folder) in (caught.value.hint or "")


@pytest.mark.parametrize("change", [('"recipe": 1', '"recipe": 0'), ("sha256:53aa", "sha256:0000"), ("{", "")])
def test_a_graph_of_another_recipe_or_other_weights_is_not_ready(moved: Settings, change: tuple[str, str]):
    prepared = find_prepared(moved)
    assert prepared
    manifest = prepared.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(*change, 1))
    assert not is_ready(moved)


def test_both_names_of_the_built_in_model_are_one(moved: Settings):
    assert is_ready(Settings(home=moved.home, embedding_model="sentence-transformers/all-MiniLM-L6-v2"))


async def test_two_processes_do_not_do_it_twice(moved: Settings, tmp_path: Path):
    """The second waits at the lock, then finds the work done."""
    ready, later = find_prepared(moved), tmp_path / "later"
    assert ready
    ready.folder.rename(later)
    steps: asyncio.Queue[str] = asyncio.Queue()
    with (moved.models_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = asyncio.create_task(prepare_embedder(moved, steps.put_nowait))
        assert await steps.get() == "Waiting for another process that makes the embedding model ready"
        later.rename(ready.folder)
    await second
    assert await steps.get() == "all-MiniLM-L6-v2-int8 is ready"
    assert steps.empty()


async def test_tampered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake = tmp_path / "packages" / minilm.PACKAGE
    shutil.copytree(minilm.weights_folder().parent, fake)
    flip(fake / "model" / "model.safetensors", 50_000_000)
    monkeypatch.setenv("PYTHONPATH", str(fake.parent))
    settings = Settings(home=tmp_path)
    with pytest.raises(ConfigurationError, match=r"model\.safetensors is not the official file") as caught:
        await prepare_embedder(settings)
    assert caught.value.code == "weights_refused"
    assert "pip install" in (caught.value.hint or "")
    assert not is_ready(settings)
    assert [path.name for path in settings.models_path.iterdir()] == [".lock"]


async def test_a_child_that_dies_leaves_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "msgspec.py").write_text("raise SystemExit('out of luck')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="could not be made ready: out of luck"):
        await prepare_embedder(Settings(home=tmp_path))


async def test_the_child_ends_with_the_caller(moved: Settings):
    ready = find_prepared(moved)
    assert ready
    shutil.rmtree(ready.folder)
    steps: asyncio.Queue[str] = asyncio.Queue()
    with (moved.models_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = asyncio.create_task(prepare_embedder(moved, steps.put_nowait))
        await steps.get()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    with (moved.models_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds or waits for it any more


def test_word_pieces_can_be_counted_before_the_model_is_ready(tmp_path: Path):
    path = tokenizer_path(Settings(home=tmp_path))
    assert path
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    assert len(tokenizer.encode("embeddings " * 300, add_special_tokens=False)) == 300 * len(
        ["em", "##bed", "##ding", "##s"]
    )


def test_nobody_knows_the_tokenizer_of_an_unprepared_model(tmp_path: Path):
    assert tokenizer_path(Settings(home=tmp_path, embedding_model=str(tmp_path))) is None
