"""Whether a process of this machine works, for whoever watches it:
`python -m docvault.server.alive http|worker|embedder`.

Ends with 0 when it does and 1 when it does not. Asks the API for `/health/live` and listens for the embedder's first
word; a worker has no port, and touches a file instead. Imports next to nothing, because it runs every few seconds.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from docvault.settings import Settings, load_settings

EVERY = 10.0  # seconds between two signs of life
SILENT = 60.0  # seconds without one after which a worker counts as stuck
PATIENCE = 4.0  # seconds the API or the embedder may take


def sign_of_life(settings: Settings) -> Path:
    """One file a machine (a container is one), so that workers can share a home."""
    return settings.home / "workers" / socket.gethostname()


async def keep_alive(settings: Settings) -> None:
    """Touch the worker's file until cancelled. A home that cannot be written to is no reason not to work."""
    path = sign_of_life(settings)
    try:
        while True:
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            await asyncio.sleep(EVERY)
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def worker_is_alive(settings: Settings) -> bool:
    with suppress(OSError):
        return time.time() - sign_of_life(settings).stat().st_mtime < SILENT
    return False


def api_is_alive(settings: Settings) -> bool:
    with suppress(OSError, urllib.error.URLError), _get(f"http://127.0.0.1:{settings.port}/health/live") as answer:
        return answer.status == 200
    return False


def embedder_is_alive(settings: Settings) -> bool:
    """It listens only once its model is open, and speaks first."""
    address = settings.embedder or str(settings.home / "embedder.sock")
    with suppress(OSError), _socket(address) as connection:
        return bool(connection.recv(1))
    return False


def _socket(address: str) -> socket.socket:
    if "/" not in address:
        host, _, port = address.rpartition(":")
        host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host)  # noqa: S104 - it listens on all of them
        return socket.create_connection((host, int(port)), PATIENCE)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    connection.connect(address)
    return connection


def _get(address: str):
    return urllib.request.urlopen(address, timeout=PATIENCE)  # noqa: S310 - always http


def main(arguments: list[str]) -> int:
    kinds = {"http": api_is_alive, "worker": worker_is_alive, "embedder": embedder_is_alive}
    what = kinds.get(" ".join(arguments))
    if what is None:
        print(f"Use: python -m docvault.server.alive {'|'.join(kinds)}", file=sys.stderr)
        return 2
    return 0 if what(load_settings()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
