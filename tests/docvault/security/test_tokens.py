import base64
import hashlib
import time
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from docvault.errors import Unauthenticated
from docvault.security.tokens import (
    make_access_token,
    make_refresh_token,
    read_access_token,
    read_refresh_token,
    refresh_hash,
)

KEY = "one key that is long enough for its algorithm"
OTHER_KEY = "another key that is long enough for its algorithm"
OWNER, SESSION = UUID(int=4711, version=4), UUID(int=4712, version=4)


def forged(key: str = KEY, algorithm: str | None = "HS256", without: str = "", **claims: Any) -> str:
    """A good token but for what is said."""
    now = int(time.time())
    good = {"sub": str(OWNER), "sid": str(SESSION), "jti": "x", "iat": now, "exp": now + 60, "iss": "docvault"}
    made = good | {"aud": "docvault"} | claims
    made.pop(without, None)
    return jwt.encode(made, key if algorithm != "none" else None, algorithm=algorithm)


def test_an_access_token_says_whose_and_which_session():
    token = make_access_token(KEY, OWNER, SESSION, 60)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert read_access_token(KEY, token) == (OWNER, SESSION, claims["exp"])
    assert read_access_token(KEY, forged())[:2] == (OWNER, SESSION)
    assert set(claims) == {"sub", "sid", "jti", "iat", "exp", "iss", "aud"}
    assert claims["exp"] - claims["iat"] == 60
    assert (
        claims["jti"]
        != jwt.decode(make_access_token(KEY, OWNER, SESSION, 60), options={"verify_signature": False})["jti"]
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        {"key": OTHER_KEY},
        {"algorithm": "none"},
        {"algorithm": "HS512", "key": KEY * 2},
        {"aud": "somebody else"},
        {"iss": "somebody else"},
        {"iat": time.time() + 36_000},
        {"sub": "not an id"},
        {"sid": "not an id"},
        *({"without": claim} for claim in ("sub", "sid", "jti", "iat", "exp", "iss", "aud")),
    ],
)
def test_any_other_access_token_is_refused(token: str | dict[str, Any]):
    with pytest.raises(Unauthenticated) as refused:
        read_access_token(KEY, token if isinstance(token, str) else forged(**token))
    assert (refused.value.status, refused.value.code) == (401, "unauthenticated")
    assert refused.value.headers == {"WWW-Authenticate": "Bearer"}


def test_an_old_access_token_says_that_it_has_expired():
    with pytest.raises(Unauthenticated) as refused:
        read_access_token(KEY, make_access_token(KEY, OWNER, SESSION, -1))
    assert refused.value.code == "token_expired"


def test_an_old_token_with_a_wrong_signature_is_only_wrong():
    with pytest.raises(Unauthenticated) as refused:
        read_access_token(KEY, make_access_token(OTHER_KEY, OWNER, SESSION, -1))
    assert refused.value.code == "unauthenticated"


def test_a_refresh_token_comes_back_as_it_was_made():
    token = make_refresh_token(KEY, OWNER, SESSION)
    assert read_refresh_token(KEY, token) == (OWNER, SESSION, hashlib.sha256(token.encode()).digest(), True)
    assert token != make_refresh_token(KEY, OWNER, SESSION)


def test_a_refresh_token_that_somebody_made_up_is_not_genuine():
    owner, _session, secret = make_refresh_token(KEY, OWNER, SESSION).split(".")
    made_up = base64.urlsafe_b64encode(b"0" * 48).decode()
    for token in (
        make_refresh_token(OTHER_KEY, OWNER, SESSION),
        f"{owner}.{uuid4().hex}.{secret}",
        f"{owner}.{SESSION.hex}.{made_up}",
        f"{owner}.{SESSION.hex}.",
    ):
        read = read_refresh_token(KEY, token)
        assert read is not None
        assert not read.genuine
        assert read.hash == refresh_hash(token)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", f"{OWNER}.{SESSION}.é", f"{OWNER}.{SESSION}.a", "a.b.c.d"])
def test_what_is_no_refresh_token_at_all(token: str):
    assert read_refresh_token(KEY, token) is None
