from __future__ import annotations

import pytest

from docvault.cache import open_cache
from docvault.errors import ConfigurationError
from docvault.settings import load_settings


@pytest.mark.parametrize("url", ["localhost:6379", "http://host/0", "redis://host:port/0"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        open_cache(load_settings({"REDIS_URL": url}))
