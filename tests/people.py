"""People who use the API over HTTP."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec

NOBODYS = "6d2f1c0e-5a5b-4c3d-9e8f-7a6b5c4d3e2f"
"""An id of nothing. It is the same in every process, and so are the names of tests."""
PASSWORD = "correct horse battery 42"
PATIENCE = 60.0  # seconds a document may take in a test


class Event(msgspec.Struct):
    event: str
    data: Any


class Person:
    """One account and its HTTP client."""

    def __init__(self, client: httpx.AsyncClient, email: str, answer: dict[str, Any]) -> None:
        self.http = client
        self.email = email
        self.id: str = answer["user"]["id"]
        self.token: str = answer["access_token"]
        client.headers["Authorization"] = f"Bearer {self.token}"

    async def upload(self, *files: Path | tuple[str, bytes], **fields: Any) -> list[dict[str, Any]]:
        parts = [("file", (f.name, f.read_bytes()) if isinstance(f, Path) else f) for f in files]
        answer = await self.http.post("/api/documents", files=parts, data=fields)
        assert answer.status_code == 202, answer.text
        return answer.json()["documents"]

    async def settled(self, id: str) -> dict[str, Any]:
        """The document once it is `ready` or `failed`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                document = (await self.http.get(f"/api/documents/{id}")).json()
                if document["status"] in ("ready", "failed"):
                    return document
                await asyncio.sleep(0.05)

    async def add(self, *files: Path | tuple[str, bytes], **fields: Any) -> list[dict[str, Any]]:
        """Upload, and wait until all are read."""
        return [await self.settled(document["id"]) for document in await self.upload(*files, **fields)]

    async def search(self, query: str, **body: Any) -> list[dict[str, Any]]:
        answer = await self.http.post("/api/search", json={"query": query, **body})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["hits"]

    async def chat(self, question: str, **body: Any) -> list[Event]:
        async with self.http.stream("POST", "/api/chat", json={"question": question, **body}) as answer:
            assert answer.status_code in (200, 201), (await answer.aread()).decode()
            return [event async for event in events(answer)]


async def events(answer: httpx.Response):
    """Server-sent events of the form this API sends: `event`, and one line of JSON in `data`."""
    name = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield Event(name, msgspec.json.decode(line[6:]))


class People:
    """Makes accounts."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._clients: list[httpx.AsyncClient] = []
        self._numbers = itertools.count()

    async def __aenter__(self) -> People:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.aclose()

    def stranger(self, **headers: str) -> httpx.AsyncClient:
        """Somebody who has not logged in."""
        client = httpx.AsyncClient(base_url=self.address, timeout=60.0, headers=headers)
        self._clients.append(client)
        return client

    async def new(self) -> Person:
        client = self.stranger()
        email = f"person-{next(self._numbers)}-{uuid4().hex[:8]}@example.org"
        answer = await client.post("/api/auth/register", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return Person(client, email, answer.json())

    async def several(self, count: int) -> Iterable[Person]:
        return [await self.new() for _ in range(count)]
