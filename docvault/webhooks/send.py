"""One HTTP request to a stranger's server, which may be slow, hostile, or somewhere it should not be."""

from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from ssl import SSLContext
from typing import NamedTuple

import httpx

import docvault
from docvault.settings import Settings
from docvault.webhooks.addresses import Refused, checked, parse_url, resolve

READ = 16 * 1024  # bytes of an answer that are read, for good manners; none is kept
CONNECT = 5.0  # seconds until the next address of a name is tried
ADDRESSES = 4  # of a name that are tried
Resolve = Callable[[str, int], Awaitable[list[str]]]


class Outcome(NamedTuple):
    """`status` of the answer if there was one; `error` is a sentence unless it was 2xx; `retry_after` in seconds."""

    status: int | None = None
    error: str | None = None
    retry_after: float = 0.0


class Sender:
    """Follows no redirect, uses no proxy, keeps no connection: each goes to an address that was checked just now."""

    def __init__(self, settings: Settings, look_up: Resolve = resolve, tls: SSLContext | None = None) -> None:
        self._seconds, self._private, self._look_up = settings.webhook_seconds, settings.webhook_private, look_up
        self._client = httpx.AsyncClient(
            verify=tls or httpx.create_ssl_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=CONNECT),  # the whole of it is timed in `post`
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Never raises for what is the receiver's fault: that is an `Outcome`."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(parse_url(url), headers, body)
        except TimeoutError:
            return Outcome(error=f"No answer within {self._seconds:g} seconds.")
        except Refused as error:
            return Outcome(error=str(error))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Outcome(error=f"No connection: {error or 'nobody answers there'}.")
        except httpx.HTTPError as error:
            return Outcome(error=f"The connection broke or the answer is no HTTP ({type(error).__name__}).")

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Outcome:
        port = url.port or (443 if url.scheme == "https" else 80)
        host = url.raw_host.decode("ascii")
        try:
            found = await self._look_up(host, port)
        except OSError:
            raise Refused(f"The name {host} cannot be resolved.") from None
        *others, last = checked(host, found, private=self._private)[:ADDRESSES]
        for address in others:
            try:
                return await self._post_to(address, url, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._post_to(last, url, headers, body)

    async def _post_to(self, address: str, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Outcome:
        """To this address, in the name of the URL's host: in `Host`, in TLS's SNI, and on the certificate."""
        own = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": f"DocVault/{docvault.__version__}",
            "Content-Type": "application/json",
        }
        async with self._client.stream(
            "POST",
            url.copy_with(host=address),
            headers=own | dict(headers),
            content=body,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        ) as answer:
            outcome = _outcome(answer)
            read = 0
            async for part in answer.aiter_raw():
                read += len(part)
                if read >= READ:
                    break
            return outcome

    async def close(self) -> None:
        await self._client.aclose()


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.is_success:
        return Outcome(answer.status_code)
    why = " Redirects are not followed." if answer.is_redirect else ""
    return Outcome(
        answer.status_code,
        f"It answered {answer.status_code}.{why}",
        retry_after(answer.headers.get("retry-after", "")),
    )


def retry_after(header: str) -> float:
    """Seconds (RFC 9110, section 10.2.3): a number, or a moment. 0 for none, or one that makes no sense."""
    if header.isascii() and header.isdigit() and len(header) < 10:
        return float(header)
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time())
