import io
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pypdfium2
import pytest
from rich.console import Console

from docvault.local.home import Home
from docvault.local.samples import ANSWER, ANSWER_FILE, ANSWER_PAGE, CONTENT_TYPES, sample_files
from docvault.local.welcome import ACCOUNT, printable, welcome

ANSWERED = (
    ("sources", {"sources": []}),
    ("delta", {"model": "extractive", "text": "At least "}),
    ("delta", {"model": "extractive", "text": "12 days \x1b[31mbefore. [1]"}),
    (
        "citation",
        {"model": "extractive", "marker": "[1]", "document_id": "id-0", "page": 3, "quote": "12 days", "boxes": []},
    ),
    ("error", {"model": "other/one", "code": "model_failed", "detail": "it left"}),
    ("done", {"model": "extractive", "message_id": "m", "usage": {}, "cost": 0}),
    ("end", {}),
)


class Api:
    """What the welcome asks of the API, with the answers written down here: its words are tested in the journeys."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.password: str | None = None
        self.looks = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/api/auth/"):
            return self._sign_in(path, msgspec.json.decode(request.content))
        assert request.headers["Authorization"] == "Bearer token"
        if path == "/api/chat":
            text = "".join(f"event: {name}\ndata: {msgspec.json.encode(data).decode()}\n\n" for name, data in ANSWERED)
            return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})
        if request.method == "POST":
            return self._upload(request.read())
        return self._list()

    def _sign_in(self, path: str, body: dict[str, str]) -> httpx.Response:
        assert body["email"] == ACCOUNT
        if path.endswith("register") and self.password is None:
            self.password = body["password"]
            return httpx.Response(201, json={"access_token": "token"})
        if path.endswith("register"):
            return httpx.Response(409)
        return (
            httpx.Response(200, json={"access_token": "token"})
            if body["password"] == self.password
            else httpx.Response(401)
        )

    def _upload(self, body: bytes) -> httpx.Response:
        assert b'name="folder"\r\n\r\nSamples' in body
        for name in CONTENT_TYPES:
            if f'filename="{name}"'.encode() in body:
                self.documents.append({"id": f"id-{len(self.documents)}", "filename": name, "status": "queued"})
        return httpx.Response(202, json={"documents": self.documents})

    def _list(self) -> httpx.Response:
        self.looks += 1
        if self.looks > 2:
            self.documents = [each | {"status": "ready", "pages": 5} for each in self.documents]
        return httpx.Response(200, json={"items": self.documents, "next_cursor": None})


async def greet(api: Api, home: Home) -> str:
    out = io.StringIO()
    transport = httpx.MockTransport(api.answer)
    async with httpx.AsyncClient(base_url="http://vault", transport=transport) as client:
        await welcome(client, home, Console(file=out, width=200))
    return out.getvalue()


async def test_the_first_start_imports_asks_and_cites(home: Home) -> None:
    api = Api()
    words = await greet(api, home)
    assert len(api.documents) == len(CONTENT_TYPES)
    assert "At least 12 days [31mbefore. [1]" in words
    assert "[1] station-handbook.pdf, page 3: “12 days”" in words
    assert "other/one did not answer: it left" in words
    assert api.password == home.secrets.account_password


async def test_the_second_start_says_what_is_there(home: Home) -> None:
    api = Api()
    await greet(api, home)
    assert await greet(api, home) == "The local account has 5 documents, 5 of them ready.\n"


async def test_a_first_start_that_was_cut_off_is_continued(home: Home) -> None:
    api = Api()
    api.password = home.secrets.account_password
    api.documents = [{"id": "id-0", "filename": "station-handbook.pdf", "status": "ready", "pages": 5}]
    await greet(api, home)
    assert sorted(each["filename"] for each in api.documents) == sorted(CONTENT_TYPES)


async def test_an_account_with_another_password_is_left_alone(home: Home) -> None:
    api = Api()
    api.password = "somebody changed it"
    assert await greet(api, home) == ""
    assert api.documents == []


async def test_an_api_that_fails_does_not_stop_the_start(home: Home) -> None:
    out = io.StringIO()
    transport = httpx.MockTransport(lambda _: httpx.Response(500))
    async with httpx.AsyncClient(base_url="http://vault", transport=transport) as client:
        await welcome(client, home, Console(file=out, width=200))
    assert "(POST /api/auth/login answered 500); the next start tries again" in out.getvalue()
    assert not home.remembers("welcome")


def test_documents_cannot_command_the_terminal() -> None:
    assert printable("a\x1b]0;title\x07b\nc\u202e\x9b") == "a]0;titleb\nc"


def test_the_samples_are_small_and_answer_their_question_on_one_page_only() -> None:
    assert sum(path.stat().st_size for path in sample_files()) < 200_000
    pages = pypdfium2.PdfDocument(Path(sample_files()[0]))
    texts = [page.get_textpage().get_text_range() for page in pages]
    assert sample_files()[0].name == ANSWER_FILE
    assert 4 <= len(texts) <= 6
    assert [number for number, text in enumerate(texts, 1) if ANSWER in text] == [ANSWER_PAGE]


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.name)
def test_every_sample_is_there(path: Path) -> None:
    assert path.stat().st_size > 300
