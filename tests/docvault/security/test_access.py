from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from docvault.errors import Forbidden
from docvault.models import Document
from docvault.security.access import KEY_SCOPES, SCOPES, Identity, owned, requires


def passes(identity: Identity) -> None:
    requires("search")(cast(Any, SimpleNamespace(user=identity)), cast(Any, None))


def test_a_guard_lets_its_scope_pass_and_nothing_else():
    passes(Identity(uuid4()))
    passes(Identity(uuid4(), frozenset({"search"})))
    for scopes in (frozenset[str](), SCOPES - {"search"}):
        with pytest.raises(Forbidden) as refused:
            passes(Identity(uuid4(), scopes))
        assert refused.value.code == "missing_scope"


def test_no_key_may_manage_the_account():
    assert "account" in SCOPES
    assert "account" not in KEY_SCOPES


def test_owned_names_the_owner():
    owner = uuid4()
    compiled = owned(Document, owner).compile()
    assert "documents.owner_id" in str(compiled)
    assert owner in compiled.params.values()
