"""The API in this process, over a database of its own: for tests that need people and sessions, but no document."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import msgspec
from litestar import Litestar
from sqlalchemy import text

from docvault.cache import open_cache
from docvault.database import open_database
from docvault.local.postgres import LocalPostgres
from docvault.local.redis import LocalRedis
from docvault.queue import open_queue
from docvault.resources import Resources
from docvault.security.streams import OpenStreams
from docvault.server.app import create_app
from docvault.server.middleware import RequestContext
from docvault.server.migrate import migrate
from docvault.settings import Settings, load_settings
from tests.people import PASSWORD

_addresses = (f"198.51.{n // 250}.{n % 250 + 1}" for n in itertools.count())


@dataclass
class Vault:
    resources: Resources
    app: Litestar

    @property
    def settings(self) -> Settings:
        return self.resources.settings

    def client(self, address: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A stranger; every one has an internet address of their own unless it is given."""
        served: Any = RequestContext(self.app, https=self.settings.cookie_secure)
        transport = httpx.ASGITransport(served, client=(address or next(_addresses), 4711), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://vault.test", headers=headers)

    async def person(self, password: str = PASSWORD) -> Account:
        client, email = self.client(), f"{uuid4().hex}@example.org"
        answer = await client.post("/api/auth/register", json={"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        account = Account(client, email, password, UUID(answer.json()["user"]["id"]), answer.json()["access_token"])
        client.headers["Authorization"] = f"Bearer {account.token}"
        return account

    async def disable(self, owner_id: UUID) -> None:
        async with self.resources.database.transaction(owner_id) as session:
            await session.execute(text("UPDATE users SET disabled_at = now()"))

    def changed(self, **values: Any) -> Vault:
        """The same vault with other settings: `changed(login_attempts=2)`."""
        settings = msgspec.structs.replace(self.settings, **values)
        return _served(replace(self.resources, settings=settings))


@dataclass
class Account:
    http: httpx.AsyncClient
    email: str
    password: str
    id: UUID
    token: str

    @property
    def credentials(self) -> dict[str, str]:
        return {"email": self.email, "password": self.password}

    async def key(self, *scopes: str, **more: Any) -> dict[str, Any]:
        answer = await self.http.post("/api/keys", json={"name": "a program", "scopes": scopes or ["search"], **more})
        assert answer.status_code == 201, answer.text
        return answer.json()


@asynccontextmanager
async def open_vault(postgres: LocalPostgres, redis: LocalRedis, home: Path) -> AsyncGenerator[Vault]:
    """With nobody in it."""
    name = f"vault_{uuid4().hex}"
    postgres.create_database(name)
    try:
        settings = load_settings(
            {},
            home=home,
            database_url=_of(postgres.service_url, name),
            database_owner_url=_of(postgres.owner_url, name),
            redis_url=redis.url,
            secret_key="a key that is only good for tests, and long enough",
        )
        await migrate(settings)
        async with _opened(settings) as resources:
            yield _served(resources)
    finally:
        postgres.drop_database(name)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Resources]:
    """What accounts need, and nothing that must first be made ready."""
    async with AsyncExitStack() as stack:
        database, cache, queue = open_database(settings), open_cache(settings), open_queue(settings)
        stack.push_async_callback(database.close)
        stack.push_async_callback(cache.aclose)
        stack.push_async_callback(queue.close)
        absent = cast(Any, None)
        yield Resources(
            settings,
            database,
            cache,
            queue,
            store=absent,
            embedder=absent,
            models=absent,
            streams=OpenStreams(database),
        )


def _served(resources: Resources) -> Vault:
    app = create_app(resources.settings)
    app.state.resources = resources  # its own start would open all parts, the models among them
    return Vault(resources, app)


def _of(url: str, database: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + database
