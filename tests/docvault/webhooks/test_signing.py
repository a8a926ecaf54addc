import base64

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from docvault.errors import InvalidInput
from docvault.webhooks.signing import checked_secret, make_secret, signature

NOW = 1_700_000_000


def test_the_specifications_example() -> None:
    """From the Standard Webhooks specification, "Signature scheme"."""
    body = b'{"email":"test@example.com","username":"test_user"}'
    made = signature(["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553, body)
    assert made == "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="


def test_our_signature_is_the_official_librarys() -> None:
    from datetime import UTC, datetime

    secret, body = make_secret(), '{"ü": 1}'
    assert signature([secret], "id", NOW, body.encode()) == Verifier(secret).sign(
        "id", datetime.fromtimestamp(NOW, UTC), body
    )


def test_every_secret_signs() -> None:
    old, new = make_secret(), make_secret()
    both = signature([new, old], "id", NOW, b"{}")
    assert both.split(" ") == [signature([new], "id", NOW, b"{}"), signature([old], "id", NOW, b"{}")]


def test_made_secrets_are_usable_and_never_the_same() -> None:
    assert checked_secret(first := make_secret()) == first
    assert first != make_secret()


def given(size: int) -> str:
    return "whsec_" + base64.b64encode(b"x" * size).decode()


@pytest.mark.parametrize("text", [given(24), given(64)])
def test_secrets_of_ones_own(text: str) -> None:
    assert checked_secret(text) == text


@pytest.mark.parametrize("text", ["", "whsec_", given(23), given(65), given(32)[6:], given(32)[:-1], "whsec_ü" * 8])
def test_secrets_that_no_library_takes(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_secret(text)
    assert refused.value.code == "invalid_secret"
