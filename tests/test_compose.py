"""The compose file keeps its promises: no default password, loopback only, every part watched, nothing unnamed.

Where `docker compose` is installed it checks the file too; no engine is needed, and none of these starts anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from docvault.settings import Settings, environment_name, load_settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
REQUIRED = re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.MULTILINE)
OWN = ("migrate", "embedder", "api", "worker")
SECRET = re.compile(r"PASSWORD|SECRET|AUTH|_URL|API_KEY")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:?[-?])([^}]*))?\}")

each_service = pytest.mark.parametrize("name", SERVICES)


def variables(value: Any) -> list[tuple[str, str, str]]:
    """Every `${NAME:?why}` below `value`: name, operator, what follows it."""
    return VARIABLE.findall(yaml.safe_dump(value, width=10_000))


def filled_in(text: str, environment: dict[str, str]) -> str:
    return VARIABLE.sub(lambda found: environment.get(found[1]) or (found[3] if "-" in (found[2] or "") else ""), text)


def one_shot(service: dict[str, Any]) -> bool:
    return service.get("restart") == "no"


@each_service
def test_every_service_is_watched_or_runs_once(name: str) -> None:
    service = SERVICES[name]
    if one_shot(service):
        assert service["healthcheck"] == {"disable": True}
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(service["healthcheck"])


@each_service
def test_no_service_has_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "network_mode" not in service
    if "build" not in service:
        assert not service["image"].endswith((":latest", ":edge"))
        assert ":" in service["image"]


@each_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable) and "://" not in value:
            assert re.fullmatch(r"\$\{\w+(:[?-][^}]*)?\}|/\w+", value), variable
        for password in re.findall(r"://\w*:([^@]*)@", str(value)):
            assert VARIABLE.fullmatch(password), variable


def test_every_secret_is_asked_for_with_a_sentence_and_has_no_default() -> None:
    asked = variables(COMPOSE)
    assert set(REQUIRED) == {name for name, operator, _ in asked if operator == ":?"}
    for name, operator, words in asked:
        if name in REQUIRED:
            assert operator in (":?", ""), name
            assert operator == "" or words.startswith("set it in .env: it "), name
        else:
            assert operator == ":-", f"{name} must have a default, or be asked for"


def test_only_the_api_can_be_reached_and_from_this_machine_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"api"}
    assert all(port.startswith("127.0.0.1:") for port in published["api"])
    assert not any("expose" in service and name != "api" for name, service in SERVICES.items())


def test_volumes_are_named_and_used() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith("/")}
    assert named == set(COMPOSE["volumes"])
    assert not any(mount.startswith((".", "~")) for mount in mounts), "nothing of the machine's own folders"
    assert [mount for mount in mounts if mount.startswith("/")] == ["/tmp"] * len(OWN)  # scratch, of each container


def test_parts_wait_for_what_they_need() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "worker"):
        conditions = {part: how["condition"] for part, how in SERVICES[name]["depends_on"].items()}
        assert conditions.pop("migrate") == "service_completed_successfully"
        assert conditions == dict.fromkeys(("redis", "storage", "embedder"), "service_healthy")


def test_only_the_migration_knows_the_owner_of_the_tables() -> None:
    knowing = {name for name in OWN if "DATABASE_OWNER_URL" in SERVICES[name]["environment"]}
    assert knowing == {"migrate"}
    for name in ("api", "worker"):
        assert "POSTGRES_PASSWORD" not in {variable for variable, _, _ in variables(SERVICES[name])}


@pytest.mark.parametrize("name", OWN)
def test_the_settings_are_ones_docvault_knows_and_accepts(name: str) -> None:
    secrets = dict.fromkeys(REQUIRED, "0123456789abcdef" * 3)
    environment = {key: filled_in(str(value), secrets) for key, value in SERVICES[name]["environment"].items()}
    known = {environment_name(field) for field in Settings.__struct_fields__} | {"FORWARDED_ALLOW_IPS"}  # uvicorn's
    assert set(environment) <= known
    settings = load_settings(environment | {"DOCVAULT_HOME": "/nowhere"})
    assert settings.embedder.endswith(":7700")
    assert settings.secret_key == secrets["DOCVAULT_SECRET_KEY"]
    if name == "embedder":
        assert settings.database_url == settings.redis_url == settings.s3_secret_access_key == ""
        return
    assert settings.database_url.endswith("@postgres:5432/docvault")
    assert settings.redis_url.endswith("@redis:6379/0")
    assert settings.s3_endpoint_url == "http://storage:7070"
    assert settings.s3_secret_access_key == secrets["STORAGE_SECRET"]


def test_the_embedder_listens_where_its_clients_ask() -> None:
    listens, asked = (SERVICES[name]["environment"]["DOCVAULT_EMBEDDER"] for name in ("embedder", "api"))
    assert (listens.rpartition(":")[2], asked) == ("7700", "embedder:7700")
    assert SERVICES["worker"]["environment"]["DOCVAULT_EMBEDDER"] == asked


def test_the_store_and_its_clients_agree() -> None:
    store = SERVICES["storage"]["environment"]
    client = SERVICES["api"]["environment"]
    assert store["ROOT_ACCESS_KEY_ID"] == client["S3_ACCESS_KEY_ID"]
    assert client["S3_ENDPOINT_URL"].endswith(store["VGW_PORT"])


def test_the_image_is_built_from_what_is_sent_and_runs_as_nobody_in_particular() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = [re.split(r"\s+", line)[1:-1] for line in re.findall(r"^COPY (?!--from).*$", dockerfile, re.MULTILINE)]
    assert {path.removesuffix("/web") for paths in copied for path in paths} == sent
    assert all((ROOT / path).exists() for path in sent)
    assert re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE) == ["docvault"]
    assert "HEALTHCHECK" in dockerfile
    assert re.findall(r"^(?:FROM|ARG|ENV).*(?:PASSWORD|SECRET|TOKEN)", dockerfile, re.MULTILINE) == []


def compose_command() -> list[str] | None:
    """Docker Compose 2 or newer, where there is one."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        version = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
        if version.returncode == 0 and not version.stdout.startswith("1."):
            return command
    return None


def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    """On a machine without the client the rules above are all that can be checked."""
    command = compose_command()
    if command is None:
        assert SERVICES
        return
    filled, empty = tmp_path / "filled", tmp_path / "empty"
    filled.write_text("".join(f"{name}={'0123456789abcdef' * 3}\n" for name in REQUIRED), encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    config = [*command, "-f", str(ROOT / "docker-compose.yml"), "--env-file"]
    fine = checked([*config, str(filled), "config", "-q"])
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, "", "")
    refused = checked([*config, str(empty), "config", "-q"])
    assert refused.returncode != 0
    assert "set it in .env" in refused.stderr


def checked(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in REQUIRED}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
