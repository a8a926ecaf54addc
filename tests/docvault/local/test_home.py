import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from docvault.errors import ConfigurationError
from docvault.local.home import PORTS, Home, open_home, port_is_free, read_note, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_is_private_and_keeps_its_secrets(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "home"
    first = open_home(path)
    assert mode(path) == 0o700
    assert mode(path / "secrets.json") == 0o600
    assert len(first.secrets.secret_key) >= 32
    assert len(set(msgspec.structs.astuple(first.secrets))) == 6
    assert open_home(path).secrets == first.secrets


def test_two_first_starts_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        homes = list(pool.map(lambda _: open_home(tmp_path / "home"), range(8)))
    assert len({msgspec.structs.astuple(home.secrets) for home in homes}) == 1


def test_loosened_modes_are_tightened_again(home: Home) -> None:
    home.path.chmod(0o755)
    (home.path / "secrets.json").chmod(0o644)
    open_home(home.path)
    assert (mode(home.path), mode(home.path / "secrets.json")) == (0o700, 0o600)


@pytest.mark.parametrize("file", [{"format": 2, "version": "0.1.0"}, {"format": 1, "version": "99.0.0"}])
def test_a_home_of_a_newer_version_is_refused(home: Home, file: dict[str, object]) -> None:
    (home.path / "home.json").write_bytes(msgspec.json.encode(file))
    with pytest.raises(ConfigurationError, match=r"newer than this one") as caught:
        open_home(home.path)
    assert str(home.path) in caught.value.detail


def test_a_home_of_an_older_version_becomes_ours(home: Home) -> None:
    (home.path / "home.json").write_bytes(b'{"format": 1, "version": "0.0.9", "postgres": 18}')
    open_home(home.path)
    assert b"0.0.9" not in (home.path / "home.json").read_bytes()


def test_a_damaged_home_file_is_named(home: Home) -> None:
    (home.path / "home.json").write_bytes(b"{")
    with pytest.raises(ConfigurationError, match=r"home\.json cannot be read"):
        open_home(home.path)


def test_a_home_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "home", Path("/proc/docvault")):
        with pytest.raises(ConfigurationError, match=r"cannot keep its data in") as caught:
            open_home(path)
        assert "DOCVAULT_HOME" in (caught.value.hint or "")


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigurationError, match=r"not a home of DocVault.*thesis\.txt"):
        open_home(tmp_path)
    assert mode(tmp_path) == 0o755
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_lost_secrets_of_a_used_home_are_not_replaced(home: Home) -> None:
    home.postgres.mkdir()
    (home.path / "secrets.json").unlink()
    with pytest.raises(ConfigurationError, match=r"secrets\.json is gone"):
        open_home(home.path)


def test_one_at_a_time_may_hold_a_home(home: Home) -> None:
    with (
        home.locked(),
        pytest.raises(ConfigurationError, match=r"already running on .* \(process \d+\)"),
        open_home(home.path).locked(),
    ):
        pass
    with home.locked():
        pass


def test_ports_are_kept_while_free_and_never_shared(home: Home) -> None:
    first = home.port("postgres")
    assert first in PORTS
    assert open_home(home.path).port("postgres") == first
    assert home.port("redis") != first
    assert home.port("postgres", renew=True) != first


def test_a_taken_port_is_seen_and_another_chosen(home: Home) -> None:
    port = home.port("postgres")
    with socket.create_server(("127.0.0.1", port)):
        assert not port_is_free("127.0.0.1", port)
        assert home.port("postgres") != port


def test_a_file_is_written_whole_and_private(tmp_path: Path) -> None:
    file = tmp_path / "note.json"
    (tmp_path / "note.json.new").write_text("left by a crash")
    write_private(file, b"[1]")
    assert (file.read_bytes(), mode(file)) == (b"[1]", 0o600)
    assert [entry.name for entry in tmp_path.iterdir()] == ["note.json"]
    assert read_note(file, list[int]) == [1]
    assert read_note(file, dict[str, int]) is None
    assert read_note(tmp_path / "none", list[int]) is None
