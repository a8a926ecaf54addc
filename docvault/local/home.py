"""The home: the one folder that holds everything DocVault keeps on this machine.

    home.json       which version made it, and with which PostgreSQL
    secrets.json    mode 600: passwords and the signing key, made on the first start
    lock            held by the running `docvault up`
    postgres/ redis/ objects/ models/ logs/

Only its own user may enter it (mode 700).
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from docvault import __version__
from docvault.errors import ConfigurationError

FORMAT = 1
POSTGRES_MAJOR = 18
PORTS = range(20_000, 32_000)
"""Below the range that systems hand out for outgoing connections (from 32768 on Linux, 49152 on macOS): a client that
keeps knocking while its server restarts can there be given the server's own port, and end up talking to itself."""

_MAY_BE_THERE = {
    "docvault.toml",
    "embedder.sock",
    "home.json",
    "lock",
    "logs",
    "making",
    "models",
    "objects",
    "secrets.json",
    "workers",
}

T = TypeVar("T")


class HomeFile(msgspec.Struct, frozen=True):
    """What home.json says. `format` changes only when an older DocVault could not use the folder any more."""

    format: int = FORMAT
    version: str = __version__
    postgres: int = POSTGRES_MAJOR


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Made at random on the first start, and kept. `account_password` is the local account's."""

    secret_key: str
    postgres_password: str
    owner_password: str
    service_password: str
    redis_password: str
    account_password: str


class Home:
    """A folder that is ours, usable and not newer than we are. Get one from `open_home`."""

    def __init__(self, path: Path, secrets: Secrets) -> None:
        self.path = path
        self.secrets = secrets

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    def log(self, name: str) -> Path:
        folder = self.path / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{name}.log"

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the home for one `docvault up`. Raises `ConfigurationError` when another one has it.

        The lock goes with the process, so nothing has to be cleared after a crash.
        """
        with open(self.path / "lock", "a+", encoding="ascii") as file:  # noqa: PTH123 - kept open on purpose
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise ConfigurationError(
                    f"DocVault is already running on {self.path} (process {file.read().strip() or 'unknown'}).",
                    hint="Use that one, stop it, or set DOCVAULT_HOME to another folder.",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @property
    def in_use(self) -> bool:
        """Whether a `docvault up` runs on it."""
        try:
            with self.locked():
                return False
        except ConfigurationError:
            return True

    @property
    def address(self) -> str:
        """Where the API of this home was last served; empty when it never was."""
        return read_note(self.path / "address.json", str) or ""

    def note_address(self, address: str) -> None:
        write_private(self.path / "address.json", msgspec.json.encode(address))

    def port(self, name: str, *, renew: bool = False) -> int:
        """The loopback port `name` had last time if it is still free, else another; `renew` insists on another."""
        path = self.path / "ports.json"
        ports = read_note(path, dict[str, int]) or {}
        known = None if renew else ports.get(name)
        if known is None or not port_is_free("127.0.0.1", known):
            taken = set(ports.values())
            ports[name] = known = next(port for port in _candidates() if port not in taken)
            write_private(path, msgspec.json.encode(ports))
        return known

    def known_port(self, name: str) -> int:
        """The port `name` has or had; 0 when it never ran."""
        return (read_note(self.path / "ports.json", dict[str, int]) or {}).get(name, 0)

    def remembers(self, what: str) -> bool:
        return (self.path / f"{what}.done").exists()

    def remember(self, what: str) -> None:
        (self.path / f"{what}.done").touch()


def open_home(path: Path) -> Home:
    """Make the home, or check the one that is there.

    Raises `ConfigurationError` when it cannot be written to, is somebody else's folder, or a newer DocVault made it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_belongs(path)
        with _alone(path):
            file = _check_home_file(path)
            path.chmod(0o700)
            write_private(path / "home.json", msgspec.json.encode(file))
            return Home(path.resolve(), _secrets(path))
    except OSError as error:
        raise ConfigurationError(
            f"DocVault cannot keep its data in {path}: {error.strerror or error}.",
            hint="Set DOCVAULT_HOME to a folder you may write to.",
        ) from None


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """One process at a time makes a home: of two first starts at once, both must end up with the same secrets."""
    with open(path / "making", "a", encoding="ascii") as file:  # noqa: PTH123 - kept open on purpose
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_belongs(path: Path) -> None:
    present = {entry.name for entry in path.iterdir()}
    strangers = sorted(name for name in present - _MAY_BE_THERE if not name.endswith(".new"))
    if strangers and "home.json" not in present:
        raise ConfigurationError(
            f"{path} is not a home of DocVault, and not empty (it has {strangers[0]}).",
            hint="Set DOCVAULT_HOME to an empty folder, or to one that does not exist yet.",
        )


def _check_home_file(path: Path) -> HomeFile:
    found = _read(path / "home.json", HomeFile) or HomeFile()
    if found.format > FORMAT or _parts(found.version) > _parts(__version__):
        raise ConfigurationError(
            f"{path} was made by DocVault {found.version}, which is newer than this one ({__version__}).",
            hint="Update DocVault, or set DOCVAULT_HOME to another folder.",
        )
    return msgspec.structs.replace(found, version=__version__)


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


def _secrets(path: Path) -> Secrets:
    file = path / "secrets.json"
    found = _read(file, Secrets)
    if found is not None:
        file.chmod(0o600)
        return found
    if (path / "postgres").exists():
        raise ConfigurationError(
            f"{file} is gone, and the database in {path} cannot be opened without it.",
            hint="Bring the file back from a backup, or set DOCVAULT_HOME to another folder to start afresh.",
        )
    # Hexadecimal: nothing that a URL, SQL or a configuration file would want quoted.
    made = Secrets(**{name: secrets.token_hex(24) for name in Secrets.__struct_fields__})
    write_private(file, msgspec.json.encode(made))
    return made


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.", hint="Bring it back from a backup.") from None


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its user can read, whole or not at all, also through a power cut."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make a rename inside `path` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def any_port() -> int:
    """A free loopback port out of `PORTS`. Somebody may take it before its server listens."""
    return next(_candidates())


def _candidates() -> Iterator[int]:
    while True:
        port = secrets.choice(PORTS)
        if port_is_free("127.0.0.1", port):
            yield port


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises `OSError` when `host` is no address of this machine."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        # As servers do: a port whose last connections are still winding down counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):  # in use, or below 1024
                return False
            raise
    return True


def check_port(host: str, port: int) -> None:
    """Raise `ConfigurationError` when the API could not listen there."""
    try:
        free = port_is_free(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"DocVault cannot listen on {host}: {error.strerror or error}.",
            hint="Set DOCVAULT_HOST to an address of this machine.",
        ) from None
    if not free:
        raise ConfigurationError(
            f"Port {port} on {host} is taken by another program.",
            hint=f"Stop that program, or choose another port: DOCVAULT_PORT={port + 1}",
        )


def read_note(path: Path, kind: type[T]) -> T | None:
    """What `path` holds, or None when it is missing or damaged: for notes that can be lost."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
