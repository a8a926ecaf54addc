import pytest

from docvault.errors import InvalidInput
from docvault.webhooks.addresses import Refused, check_url, checked, is_public, resolve

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # the metadata service of most clouds
    "100.64.0.1",
    "100.100.100.200",  # that of one more
    "192.0.0.192",  # and of another
    "168.63.129.16",  # and another
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fec0::1",
    "3fff::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450::1"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_only_public_ones_of_several_are_used() -> None:
    assert checked("h", ["10.0.0.1", "8.8.8.8"], private=False) == ["8.8.8.8"]
    assert checked("h", ["10.0.0.1"], private=True) == ["10.0.0.1"]
    with pytest.raises(Refused, match="private network"):
        checked("h", ["10.0.0.1", "::1"], private=False)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "invalid_url"),
        ("example.org", "invalid_url"),
        ("ftp://example.org/", "invalid_url"),
        ("file:///etc/passwd", "invalid_url"),
        ("https://", "invalid_url"),
        ("https:///path", "invalid_url"),
        ("https://user:password@example.org/", "invalid_url"),
        ("https://user@example.org/", "invalid_url"),
        ("https://example.org/#here", "invalid_url"),
        ("https://example.org/\r\nX: y", "invalid_url"),
        ("https://example.org:99999/", "invalid_url"),
        ("https://example.org:0/", "invalid_url"),
        ("https://[::1/", "invalid_url"),
        ("https://example.org/" + "x" * 2048, "invalid_url"),
        ("http://localhost/", "private_url"),
        ("http://LOCALHOST.:8080/", "private_url"),
        ("http://a.localhost/", "private_url"),
        ("http://127.0.0.1/", "private_url"),
        ("http://[::1]:80/", "private_url"),
        ("http://[::ffff:10.0.0.1]/", "private_url"),
    ],
)
def test_urls_that_are_refused(url: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_url(url, private=False)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "url", ["https://example.org", "http://example.org:8080/a?b=c", "https://bücher.example/", "https://8.8.8.8/"]
)
def test_urls_that_are_taken(url: str) -> None:
    check_url(url, private=False)


def test_private_urls_can_be_allowed() -> None:
    check_url("http://localhost:8080/", private=True)


async def test_a_number_is_no_way_around() -> None:
    """Old spellings of 127.0.0.1 mean it to the system, so what it says is what is judged."""
    for spelling in ("127.1", "0x7f.1", "2130706433", "017700000001"):
        assert [is_public(address) for address in await resolve(spelling, 80)] == [False], spelling
