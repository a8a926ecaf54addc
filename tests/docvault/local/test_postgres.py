import os
import signal
from pathlib import Path

import asyncpg
import psutil
import pytest

from docvault.errors import ConfigurationError
from docvault.local.home import Home, open_home
from docvault.local.postgres import LocalPostgres


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_three_roles_and_only_one_superuser(server: LocalPostgres) -> None:
    rights = "SELECT (rolsuper, rolbypassrls, rolcreaterole, rolcreatedb) FROM pg_roles WHERE rolname = current_user"
    assert await ask(server.superuser_url, rights) == (True, True, True, True)
    assert await ask(server.owner_url, rights) == (False, False, True, False)
    assert await ask(server.service_url, rights) == (False, False, False, False)
    assert (
        await ask(server.owner_url, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'docvault'")
        == "docvault_owner"
    )


async def test_pgvector_and_checksums_are_there(server: LocalPostgres) -> None:
    assert await ask(server.service_url, "SELECT '[1,2]'::halfvec <=> '[1,2]'::halfvec") == 0.0
    assert await ask(server.service_url, "SHOW data_checksums") == "on"
    assert await ask(server.superuser_url, "SHOW unix_socket_directories") == ""


async def test_a_wrong_password_stays_outside(server: LocalPostgres) -> None:
    for role in ("postgres", "docvault_owner", "docvault_service"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(server.url(role, "wrong"), "SELECT 1")


async def test_the_service_may_neither_make_things_nor_step_around_row_security(server: LocalPostgres) -> None:
    await ask(server.owner_url, "CREATE TABLE notes (owner_id int)")
    await ask(server.owner_url, "INSERT INTO notes VALUES (1), (2)")
    await ask(server.owner_url, "ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
    await ask(server.owner_url, "ALTER TABLE notes FORCE ROW LEVEL SECURITY")
    await ask(server.owner_url, "CREATE POLICY one ON notes USING (owner_id = 1)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(server.service_url, "SELECT count(*) FROM notes")
    await ask(server.owner_url, "GRANT SELECT ON notes TO docvault_service")
    assert await ask(server.service_url, "SELECT count(*) FROM notes") == 1
    for statement in (
        "SET row_security = off; SELECT count(*) FROM notes",
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
        "ALTER ROLE docvault_service BYPASSRLS",
        "SET ROLE docvault_owner",
        "CREATE TABLE mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
    ):
        connection = await asyncpg.connect(server.service_url)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        await connection.close()
    assert await ask(server.owner_url, "SELECT count(*) FROM notes") == 1


async def test_further_databases_empty_and_copied(server: LocalPostgres) -> None:
    server.create_database("first")
    first = server.url("docvault_owner", server.home.secrets.owner_password, "first")
    await ask(first, "CREATE TABLE kept AS SELECT '[1]'::halfvec AS v")
    server.create_database("second", template="first")
    second = server.url("docvault_owner", server.home.secrets.owner_password, "second")
    assert await ask(second, "SELECT count(*) FROM kept") == 1
    server.drop_database("second")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await ask(second, "SELECT 1")
    with pytest.raises(ConfigurationError, match="already exists"):
        server.create_database("first")


async def test_nothing_committed_is_lost_over_kill_9(database_home: Home) -> None:
    with LocalPostgres(database_home) as postgres:
        await ask(postgres.owner_url, "CREATE TABLE kept (n int)")
        writer = await asyncpg.connect(postgres.owner_url)
        for number in range(200):
            await writer.execute("INSERT INTO kept VALUES ($1)", number)
        assert postgres.child.pid is not None
        os.kill(postgres.child.pid, signal.SIGKILL)
        postgres.start()  # at once: the old server's sessions are still going
        assert await ask(postgres.owner_url, "SELECT count(*) FROM kept") == 200


async def test_a_stop_with_clients_is_quick_and_leaves_no_process(database_home: Home) -> None:
    postgres = LocalPostgres(database_home)
    postgres.start()
    await asyncpg.connect(postgres.owner_url)
    process = psutil.Process(postgres.child.pid)
    family = [process, *process.children(recursive=True)]
    postgres.stop()
    assert not psutil.wait_procs(family, timeout=5)[1]
    assert not (database_home.postgres / "postmaster.pid").exists()


async def test_an_old_lock_file_whose_number_is_in_use_again_does_not_matter(database_home: Home) -> None:
    postgres = LocalPostgres(database_home)
    postgres.start()
    lock = (database_home.postgres / "postmaster.pid").read_text()
    os.kill(postgres.child.pid or 0, signal.SIGKILL)
    postgres.stop()
    (database_home.postgres / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lock.splitlines()[1:]]))
    with postgres:
        assert await ask(postgres.service_url, "SELECT 1") == 1


async def test_an_interrupted_first_start_begins_again_beside_another_home(server: LocalPostgres, home: Home) -> None:
    (home.path / "postgres.new").mkdir()
    (home.path / "postgres.new" / "half").touch()
    with LocalPostgres(home) as other:
        assert not {entry.name for entry in home.path.iterdir()} & {"postgres.new", "password.new"}
        assert other.port != server.port
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(other.url("docvault_owner", server.home.secrets.owner_password), "SELECT 1")


def test_data_of_another_major_is_left_alone(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.postgres.mkdir()
    (home.postgres / "PG_VERSION").write_text("16\n")
    with pytest.raises(ConfigurationError, match=r"made by PostgreSQL 16, and this DocVault brings 18"):
        LocalPostgres(home).start()


def test_a_server_that_cannot_start_says_why(database_home: Home) -> None:
    with pytest.raises(ConfigurationError, match="work_mem"):
        LocalPostgres(database_home, {"work_mem": "much"}).start()
