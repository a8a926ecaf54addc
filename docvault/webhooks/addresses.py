"""Where a webhook may point: the guard against having this server look into networks that only it can reach (SSRF).

An address is checked twice. Its form when it is written down; and what its name means when it is used, by whoever
then connects to the very address that was checked: between two look-ups a name may change its mind (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import httpx

from docvault.errors import InvalidInput

MAX_URL = 2048
HOME_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


# Of the Internet's machines, those that are not: IANA's special-purpose registries, written out because Python's own
# copy differs from release to release. IPv6 ranges that carry an IPv4 address lead wherever that one leads.
NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # looks public, and is what Azure tells its machines about themselves
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),  # Teredo and others, documentation, 6to4
    )
]
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class Refused(Exception):
    """The name leads nowhere, or to where webhooks may not go. Its text is for the webhook's owner."""


def parse_url(text: str) -> httpx.URL:
    """Raises `InvalidInput` unless it is `http` or `https`, with a host and without credentials."""
    try:
        url = httpx.URL(text) if len(text) <= MAX_URL and text.isprintable() else None
    except httpx.InvalidURL:
        url = None
    fine = (
        url is not None and url.scheme in ("http", "https") and url.host and url.port != 0 and (url.port or 80) < 65536
    )
    if url is None or not fine or url.userinfo or url.fragment:
        raise InvalidInput(
            "A webhook cannot be sent to this URL.",
            code="invalid_url",
            hint="It looks like https://example.org/hooks: no user, no password, no fragment.",
        )
    return url


def check_url(text: str, *, private: bool) -> None:
    """Raises `InvalidInput`, also for what can be seen to be private without asking anybody for the name."""
    host = parse_url(text).host.rstrip(".").lower()
    try:
        hidden = not is_public(host)
    except ValueError:  # a name, then
        hidden = host in HOME_NAMES or host.endswith(".localhost")
    if hidden and not private:
        raise InvalidInput(
            "A webhook cannot point into a private network.",
            code="private_url",
            hint="Whoever runs this DocVault can allow it: DOCVAULT_WEBHOOK_PRIVATE.",
        )


def is_public(address: str) -> bool:
    """Whether it is one of the Internet's machines. Raises `ValueError` for what is no address."""
    found = ipaddress.ip_address(address)
    if found.version == 6 and found not in GLOBAL_UNICAST:
        return False
    return not any(found in network for network in NOT_PUBLIC)


async def resolve(host: str, port: int) -> list[str]:
    """Every address of `host`, in the order the system prefers. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def checked(host: str, addresses: list[str], *, private: bool) -> list[str]:
    """Those of `addresses` that may be connected to. Raises `Refused` when there is none."""
    usable = [address for address in addresses if private or is_public(address)]
    if not usable:
        raise Refused(f"{host} leads into a private network, where webhooks may not go.")
    return usable
