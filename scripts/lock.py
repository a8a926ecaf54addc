"""Write requirements.lock and requirements-dev.lock from pyproject.toml's bounds: `make lock`.

The locks serve every platform and every Python we support, name each file by its hash, and leave out torch (which
build is right depends on the machine, see scripts/install.py) and the CUDA packages that its default build pulls in.
Versions already locked stay where they are; `make lock UPGRADE=1` moves all of them.
"""

import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = "uv==0.13.8"
LEFT_OUT = re.compile(r"(torch|triton|pytorch-triton|nvidia-.+|cuda-.+)==")


def main() -> None:
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "install", "--quiet", UV], check=True)
        write(f"{folder}/bin/uv", "requirements.lock")
        # The same versions for those who work on DocVault as for those who run it.
        write(f"{folder}/bin/uv", "requirements-dev.lock", "--extra", "dev", "--constraint", "requirements.lock")


def write(uv: str, name: str, *more: str) -> None:
    options = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--quiet",
    ]
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder, name)
        if Path(name).exists():
            full.write_bytes(Path(name).read_bytes())
        command = [uv, "pip", "compile", *options, *upgrade, *more, "pyproject.toml", "--output-file", str(full)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        blocks = re.split(r"\n(?=\S)", full.read_text(encoding="utf-8").strip())
    torch = next(block.split()[0] for block in blocks if block.startswith("torch=="))
    kept = [block for block in blocks if not LEFT_OUT.match(block)]
    head = f"# Written by `make lock` from pyproject.toml; do not edit.\n# Beforehand, by scripts/install.py: {torch}\n"
    Path(name).write_text(head + "\n".join(kept) + "\n", encoding="utf-8")
    print(f"{name}: {len(kept)} packages", file=sys.stderr)


if __name__ == "__main__":
    main()
