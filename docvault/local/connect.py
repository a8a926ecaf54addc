"""How commands reach a DocVault: the one in the home, or another by its address and an API key. Over HTTP, like all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import httpx
import msgspec
from rich.console import Console

from docvault.errors import DocVaultError
from docvault.local.home import Home, any_port, open_home
from docvault.local.processes import Supervisor, stop_orphans
from docvault.local.up import address, everything
from docvault.local.welcome import sign_in
from docvault.settings import Settings

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 30.0, 30.0)
"""Seconds between tries while the API is away: two minutes in all, in which anything restarts."""
AWAY = {429, 502, 503, 504}


class Remote(NamedTuple):
    url: str
    api_key: str


class Away(DocVaultError):
    """The API did not come back in the time that is waited for it."""


class Connection:
    """The API, signed in. `pauses` are the seconds between tries of what may be tried again."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        renew: Callable[[], Awaitable[bool]] | None = None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.client, self.renew, self.pauses = client, renew, pauses

    async def get(self, path: str, **params: Any) -> Any:
        return (await self.request("GET", path, lambda: {"params": params})).json()

    async def request(
        self, method: str, path: str, make: Callable[[], dict[str, Any]] = dict, *, allow: Sequence[int] = ()
    ) -> httpx.Response:
        """Tried again while the API is away, so `make` makes the body anew each time.

        Raises `Away` when it stays away, and `DocVaultError` with what it said for every other error but those of a
        status in `allow`.
        """
        renewed, problem = False, DocVaultError("")
        for pause in (*self.pauses, None):
            try:
                answer = await self.client.request(method, path, **make())
            except httpx.TransportError as error:
                problem = unreachable(self.client, error)
            else:
                if answer.status_code == 401 and self.renew and not renewed:
                    renewed = True
                    await self.renew()
                    continue
                if not answer.is_error or answer.status_code in allow:
                    return answer
                problem = said(answer)
                if answer.status_code not in AWAY:
                    raise problem
            if pause is not None:
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
        raise Away(problem.detail, code=problem.code, hint=problem.hint)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncGenerator[httpx.Response]:
        """Server-sent events. Raises `Away`, `DocVaultError`, and `httpx.TransportError` when they break off."""
        for again in (True, False):
            async with self.client.stream("GET", path, timeout=httpx.Timeout(60.0)) as answer:
                if answer.status_code == 401 and again and self.renew and await self.renew():
                    continue
                if answer.is_error:
                    await answer.aread()
                    problem = said(answer)
                    raise Away(problem.detail, code=problem.code) if answer.status_code in AWAY else problem
                yield answer
                return


@asynccontextmanager
async def connected(
    settings: Settings, remote: Remote | None, say: Console, *, start: bool = True
) -> AsyncGenerator[Connection]:
    """Where nothing runs on the home: started for the time of the block, or with `start` false a `DocVaultError`."""
    async with AsyncExitStack() as stack:
        if remote:
            headers = {"Authorization": f"Bearer {remote.api_key}"}
            yield Connection(await stack.enter_async_context(_client(remote.url, headers)))
            return
        home = open_home(settings.home)
        if not home.in_use and not start:
            raise DocVaultError(
                f"No DocVault runs on {home.path}.",
                code="not_started",
                hint="Start it with `docvault up`, or name another with --url and --api-key.",
            )
        url = home.address if home.in_use else await stack.enter_async_context(_started(settings, home, say))
        client = await stack.enter_async_context(_client(url))
        try:
            signed_in = await sign_in(client, home)
        except httpx.HTTPError as error:
            raise unreachable(client, error) from None
        if not signed_in:
            raise DocVaultError(
                "The password of the local account was changed.",
                code="unauthenticated",
                hint="Make an API key, and set DOCVAULT_URL and DOCVAULT_API_KEY.",
            )
        yield Connection(client, lambda: sign_in(client, home))


def _client(url: str, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=httpx.Timeout(60.0, read=None))


@asynccontextmanager
async def _started(settings: Settings, home: Home, say: Console) -> AsyncGenerator[str]:
    """The local DocVault for the time of the command, on a port of its own."""
    settings = msgspec.structs.replace(settings, port=any_port())
    with home.locked(), say.status("Starting DocVault", spinner="dots") as status:
        stop_orphans(home)
        async with everything(settings, home, Supervisor(), lambda line: status.update(line.strip())) as (running, _):
            status.stop()
            yield address(running.settings)


def unreachable(client: httpx.AsyncClient, error: Exception) -> DocVaultError:
    return DocVaultError(f"{client.base_url} does not answer: {error or type(error).__name__}.", code="unreachable")


def said(answer: httpx.Response) -> DocVaultError:
    """What an error answer says, in this project's error."""
    try:
        problem = answer.json()
        detail, code, hint = problem["detail"], problem.get("code"), problem.get("hint")
        return DocVaultError(detail, code=code, hint=hint)
    except (ValueError, KeyError, TypeError):
        return DocVaultError(f"{answer.request.url} answered {answer.status_code}.", code="unreachable")
