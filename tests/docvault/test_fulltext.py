from __future__ import annotations

import pytest
from sqlalchemy import text

from docvault.fulltext import CONFIGURATIONS, configuration, words
from docvault.resources import Resources


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("Crème brûlée", "Creme brulee"),
        ("ﬁnance", "finance"),
        ("数据库", " 数据 据库 "),
        ("SQL数据库 fast", "SQL 数据 据库  fast"),
        ("字", " 字 "),
        ("plain words, kept: as-they-are", "plain words, kept: as-they-are"),
    ],
)
def test_words(raw: str, folded: str) -> None:
    assert words(raw) == folded


def test_other_scripts_keep_their_marks() -> None:
    assert words("हिन्दी") == "हिन्दी"
    assert words("가나다") == "가나다"


@pytest.mark.parametrize(
    ("language", "config"),
    [("en", "english"), ("de-AT", "german"), ("und", "english"), ("zh", "simple"), ("tlh", "simple")],
)
def test_configuration(language: str, config: str) -> None:
    assert configuration(language) == config


async def test_postgresql_knows_every_configuration(resources: Resources) -> None:
    async with resources.database.lookup() as connection:
        known = set((await connection.scalars(text("SELECT cfgname FROM pg_ts_config"))).all())
    assert set(CONFIGURATIONS.values()) <= known
