"""Everybody's failures, counted and tried again, without a word of anybody's documents."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from docvault import news
from docvault.admin import queries
from docvault.admin.failures import MEANINGS, meaning
from tests.docvault.admin.conftest import add_failed
from tests.vault import Account, Vault

ROOT = Path(__file__).parents[3]
ERRORS = ROOT / "docs" / "reference" / "errors.md"
TEXTS = ROOT / "docvault" / "web" / "app" / "src" / "shared" / "texts"


@pytest.fixture
async def owners(vault: Vault) -> list[Account]:
    found = [await vault.person(), await vault.person()]
    for owner in found:
        await add_failed(vault, owner.id, "corrupt", name="her-secret-plans.pdf")
    for trashed in (False, True):
        await add_failed(vault, found[0].id, "encrypted", trashed=trashed)
    return found


async def failures(admin: Account) -> dict[str, Any]:
    answer = await admin.http.get("/api/admin/failures")
    assert "secret" not in answer.text
    return {item["code"]: item for item in answer.json()["items"]}


async def rows(vault: Vault, owner: Account) -> list[Any]:
    async with vault.resources.database.transaction(owner.id) as session:
        query = "SELECT status, tries, crashes, attempt, error_code, error_detail FROM documents ORDER BY created_at"
        return [tuple(row) for row in await session.execute(text(query))]


async def test_counted_by_code_and_tried_again(
    vault: Vault, admin: Account, owners: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(queries, "SLICE", 1)
    monkeypatch.setattr(news, "tell", lambda cache, owner, **what: _noted(told, owner, what))
    found = await failures(admin)
    assert (found["corrupt"]["count"], found["corrupt"]["owners"]) == (2, 2)
    assert (found["encrypted"]["count"], found["encrypted"]["owners"]) == (1, 1)
    assert found["corrupt"]["detail"] == MEANINGS["corrupt"]
    assert found["corrupt"]["oldest"]

    answer = await admin.http.post("/api/admin/failures/retry?code=corrupt")
    assert (answer.status_code, answer.json()) == (202, {"retried": 2})
    assert {owner for owner, _ in told} == {owner.id for owner in owners}
    assert set(await failures(admin)) == {"encrypted"}
    assert await rows(vault, owners[1]) == [("queued", 0, 0, 8, None, None)]
    assert [row[0] for row in await rows(vault, owners[0])] == ["queued", "failed", "failed"]

    assert (await admin.http.post("/api/admin/failures/retry")).json() == {"retried": 1}
    assert (await admin.http.post("/api/admin/failures/retry")).json() == {"retried": 0}
    assert await failures(admin) == {}
    assert [row[0] for row in await rows(vault, owners[0])] == ["queued", "queued", "failed"]  # the trash stays


async def _noted(told: list[Any], owner: Any, what: Any) -> None:
    told.append((owner, what))


def test_every_code_has_its_words() -> None:
    section = ERRORS.read_text(encoding="utf-8").split("\n## Documents\n")[1].split("\n## ")[0]
    codes = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert len(codes) > 20
    assert codes == set(MEANINGS)
    assert meaning("what nobody thought of").endswith(".")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_words_for_every_code(language: str) -> None:
    texts = json.loads((TEXTS / language / "failures.json").read_text(encoding="utf-8"))
    for kind in ("reason", "text", "todo"):
        assert set(texts[kind]) == set(MEANINGS)
    assert set(texts["hint"]) < set(MEANINGS)
