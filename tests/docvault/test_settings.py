from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from docvault.errors import ConfigurationError
from docvault.settings import Provider, Settings, environment_name, load_settings, require


def test_defaults_need_nothing() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.all_providers == []


def test_frozen() -> None:
    with pytest.raises(AttributeError):
        load_settings({}).port = 1  # type: ignore[misc]


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "docvault.toml").write_text('port = 1234\nlog_level = "debug"\n')
    settings = load_settings({"DOCVAULT_HOME": str(tmp_path), "DOCVAULT_PORT": "99"})
    assert (settings.home, settings.port, settings.log_level) == (tmp_path, 99, "debug")


def test_a_file_may_name_the_home(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.toml"
    file.write_text(f"home = '{tmp_path / 'vault'}'\n")
    assert load_settings({"DOCVAULT_CONFIG": str(file)}).home == tmp_path / "vault"
    assert load_settings({"DOCVAULT_CONFIG": str(file), "DOCVAULT_HOME": str(tmp_path)}).home == tmp_path


def test_types() -> None:
    settings = load_settings(
        {
            "DOCVAULT_COOKIE_SECURE": "true",
            "DOCVAULT_CORS_ORIGINS": "https://a.example, https://b.example",
            "DOCVAULT_PROVIDERS": '[{"name": "lan", "base_url": "http://127.0.0.1:1/v1", "models": ["m"]}]',
            "DATABASE_URL": "postgresql://u:p@h/d",
            "OPENAI_API_KEY": "sk-x",
        }
    )
    assert settings.cookie_secure
    assert settings.cors_origins == ["https://a.example", "https://b.example"]
    assert settings.providers == [Provider("lan", ["m"], "http://127.0.0.1:1/v1")]
    assert settings.database_url == "postgresql://u:p@h/d"
    assert [provider.name for provider in settings.all_providers] == ["lan", "openai"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DOCVAULT_PORT", "eighty", "DOCVAULT_PORT is not usable: Expected `int`"),
        ("DOCVAULT_PORT", "70000", "DOCVAULT_PORT is not usable: Expected `int` <= 65535"),
        ("DOCVAULT_LEASE", "0", "DOCVAULT_LEASE is not usable"),
        ("DOCVAULT_PROVIDERS", "[{", "DOCVAULT_PROVIDERS is not valid JSON"),
        ("DOCVAULT_PROVIDERS", '[{"nam": "x"}]', "DOCVAULT_PROVIDERS is not usable: Object contains unknown field"),
        ("DOCVAULT_CONFIG", "/nowhere/docvault.toml", "is not there"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({name: value})
    assert said in refused.value.detail


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docvault.toml").write_text("prot = 1\n")
    with pytest.raises(ConfigurationError, match="prot"):
        load_settings({"DOCVAULT_HOME": str(tmp_path)})


def test_require_names_every_missing_variable() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL and REDIS_URL are not set"):
        require(load_settings({}), "database_url", "redis_url")


def test_every_setting_says_what_it_is() -> None:
    for field in msgspec.structs.fields(Settings):
        metadata = getattr(field.type, "__metadata__", ())
        assert any(getattr(meta, "description", None) for meta in metadata), environment_name(field.name)


def test_secrets_do_not_show() -> None:
    shown = repr(load_settings({"S3_SECRET_ACCESS_KEY": "hunter22hunter22", "OPENAI_API_KEY": "hunter22hunter22"}))
    assert "hunter22" not in shown
