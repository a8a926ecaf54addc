"""A real S3 server in a folder: `rclone serve s3`, with signatures that are checked."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple


class S3Server(NamedTuple):
    endpoint: str
    access_key_id: str
    secret_access_key: str
    bucket: str

    @property
    def settings(self) -> dict[str, Any]:
        """The same, as `Settings` names it."""
        return {
            "s3_endpoint_url": self.endpoint,
            "s3_access_key_id": self.access_key_id,
            "s3_secret_access_key": self.secret_access_key,
            "s3_bucket": self.bucket,
        }


@contextmanager
def s3_server(folder: Path, bucket: str = "documents") -> Generator[S3Server]:
    """Serve `folder`; each bucket is a folder in it. The bucket is not made yet: the store does that."""
    binary = Path(sysconfig.get_path("scripts")) / "rclone"
    command = [binary, "serve", "s3", "--addr", "127.0.0.1:0", "--auth-key", "test-key,test-secret", str(folder)]
    environment = {"PATH": os.environ["PATH"], "RCLONE_CONFIG": os.devnull, "HOME": str(folder)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        said: list[str] = []
        for line in server.stderr:  # it listens before it says where
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        else:
            raise RuntimeError(f"rclone did not start: {''.join(said)}")
        Thread(target=server.stderr.read, daemon=True).start()  # a full pipe would stop it
        yield S3Server(found[0], "test-key", "test-secret", bucket)
    finally:
        server.kill()
        server.wait()
