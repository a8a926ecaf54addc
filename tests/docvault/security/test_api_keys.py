import hashlib

from docvault.security.api_keys import api_key_prefix, looks_like_api_key, make_api_key, read_api_key


def test_a_key_is_recognised_and_read_to_its_hash():
    key = make_api_key()
    assert key.startswith("dv_")
    assert key[3:].isalnum()
    assert looks_like_api_key(key)
    assert read_api_key(key) == hashlib.sha256(key.encode()).digest()
    assert key.startswith(api_key_prefix(key))
    assert len(api_key_prefix(key)) == 11
    assert len({make_api_key() for _ in range(100)}) == 100


def test_a_mistyped_key_is_turned_away_without_a_look_up():
    key = make_api_key()
    other = "b" if key[10] == "a" else "a"
    for wrong in (
        "",
        "dv_",
        key[:-1],
        key + "a",
        key[:10] + other + key[11:],
        "xx_" + key[3:],
        key[:10] + "é" + key[11:],
    ):
        assert read_api_key(wrong) is None
