"""Secrets at rest: sealed, bound to their owner and their row."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from docvault.errors import ConfigurationError
from docvault.security.sealing import seal, unseal
from docvault.settings import Settings

SETTINGS = Settings(home=Path("home"), secret_key="a key that is only good for tests, and long enough")
ALICE, BOB = uuid4(), uuid4()


def test_a_sealed_secret_opens_again_and_does_not_show() -> None:
    sealed = seal(SETTINGS, ALICE, "webhook:1", "grüße")
    assert "grüße".encode() not in sealed
    assert unseal(SETTINGS, ALICE, "webhook:1", sealed) == "grüße"
    assert seal(SETTINGS, ALICE, "webhook:1", "grüße") != sealed


@pytest.mark.parametrize(("owner", "purpose"), [(BOB, "webhook:1"), (ALICE, "webhook:2")])
def test_a_seal_holds_for_one_owner_and_one_purpose(owner: object, purpose: str) -> None:
    sealed = seal(SETTINGS, ALICE, "webhook:1", "secret")
    with pytest.raises(ConfigurationError, match="another DOCVAULT_SECRET_KEY"):
        unseal(SETTINGS, owner, purpose, sealed)  # type: ignore[arg-type]


def test_another_key_does_not_open_it() -> None:
    sealed = seal(SETTINGS, ALICE, "webhook:1", "secret")
    other = Settings(home=Path("home"), secret_key="another key that is only good for tests as well")
    with pytest.raises(ConfigurationError):
        unseal(other, ALICE, "webhook:1", sealed)
