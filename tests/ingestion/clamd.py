"""A real clamd with signatures of our own: it starts in a tenth of a second and takes 20 MB."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAM = shutil.which("clamd") or "/usr/sbin/clamd"
MISSING = "clamd is missing, and these tests need it. On Debian and Ubuntu: apt-get install clamav-daemon"
# In two parts, so that no scanner takes this file for a virus.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD" + rb"-ANTIVIRUS-TEST-FILE!$H+H*"
WORD = b"the-word-that-our-own-signature-knows"
STREAM_MAX = 2 * 1024 * 1024


class Clamd:
    """Listens on a Unix socket and on a TCP port of this machine. `options` go into its clamd.conf."""

    def __init__(self, folder: Path, *options: str) -> None:
        if not Path(PROGRAM).exists():
            raise RuntimeError(MISSING)
        self.socket = str(folder / "clamd.ctl")
        self.port = _free_port()
        database = folder / "database"
        database.mkdir()
        (database / "own.ndb").write_text(f"Own.Eicar:0:0:{EICAR.hex()}\nOwn.Word:0:*:{WORD.hex()}\n")
        self._config = folder / "clamd.conf"
        lines = [
            "Foreground yes",
            f"LocalSocket {self.socket}",
            "TCPAddr 127.0.0.1",
            f"TCPSocket {self.port}",
            f"DatabaseDirectory {database}",
            f"TemporaryDirectory {folder}",
            f"LogFile {folder / 'clamd.log'}",
            f"StreamMaxLength {STREAM_MAX}",
            *(["User root"] if os.getuid() == 0 else []),
            *options,
        ]
        self._config.write_text("\n".join(lines) + "\n")
        self._log = folder / "out.log"

    def __enter__(self) -> Clamd:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([PROGRAM, "-c", str(self._config)], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"clamd did not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait()
        Path(self.socket).unlink(missing_ok=True)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"zPING\0")
                return connection.recv(16) == b"PONG\0" and Path(self.socket).exists()
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
