"""Resumable uploads by the tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from litestar import HttpMethod, Request, Response, delete, head, patch, post, route
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import HTTPScope, Message, Method, Scope

from docvault.errors import InvalidInput, PreconditionFailed, UnsupportedType
from docvault.resources import Resources
from docvault.security.access import Identity, requires
from ingestion import resumable
from ingestion.receiving import Checksum, Piece, Standing

PATH = "/api/uploads"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum"
ALGORITHMS = ("sha1", "sha256")
BODY = "application/offset+octet-stream"
TAGS = ["uploads"]
NUMBER = re.compile(r"\d{1,15}", re.ASCII)
NAME = re.compile(r"[!-+\--~]+")  # visible ASCII but the comma
GUARDS = [requires("documents:write")]
EXPOSED = [
    "Location", "Retry-After", "Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable",
    "Tus-Version", "Upload-Defer-Length", "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset",
    "X-Document-Id", "X-Duplicate",
]  # fmt: skip
"""Headers that pages of other origins may read."""

Asked = Request[Identity, Any, Any]


def is_tus(path: str) -> bool:
    return path == PATH or path.startswith(f"{PATH}/")


def method_asked(scope: HTTPScope) -> Method:
    """The method, or the one that a client behind a proxy which lets few pass names in a header instead."""
    given = dict(scope["headers"]).get(b"x-http-method-override", b"").decode("latin-1").upper()
    return HttpMethod(given) if given in HttpMethod.__members__ else scope["method"]


async def name_version(message: Message, scope: Scope) -> None:
    """Every answer names the protocol's version, errors and those of no handler too."""
    if message["type"] == "http.response.start" and is_tus(scope["path"]):
        MutableScopeHeaders.from_message(message).setdefault("Tus-Resumable", VERSION)


@route(
    [PATH, f"{PATH}/{{upload_id:uuid}}"], http_method=[HttpMethod.OPTIONS], status_code=204, opt={"public": True},
    include_in_schema=False,
)  # fmt: skip
async def discover(resources: NamedDependency[Resources]) -> Response[None]:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(resources.settings.max_file_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(None, status_code=204, headers=headers)


@post(PATH, tags=TAGS, status_code=201, guards=GUARDS, request_max_body_size=None)
async def create(
    request: Asked, resources: NamedDependency[Resources], identity: NamedDependency[Identity]
) -> Response[None]:
    """Begin an upload of `Upload-Length` bytes (tus: creation), with its first bytes in the body if you like.

    `Location` is its address. `Upload-Metadata` may hold `filename`, `folder`, `relativePath` and `tags`.
    """
    check_version(request.headers)
    header = request.headers.get("upload-metadata", "")
    total = length_of(request.headers)
    standing = await resumable.begin(resources, identity.owner_id, total, header, metadata_of(header))
    brings = content_type(request.headers) == BODY
    try:
        if brings:
            piece = piece_of(request, 0, None)
            standing = await resumable.receive(resources, identity.owner_id, standing.id, piece)
        elif total == 0:
            standing = await resumable.stand(resources, identity.owner_id, standing.id)
    except BaseException:
        await resumable.end(resources, identity.owner_id, standing.id)  # nobody will know its address
        raise
    return answer(standing, 201, {"Location": f"{PATH}/{standing.id}"})


@head(f"{PATH}/{{upload_id:uuid}}", guards=GUARDS)
async def stand(
    request: Asked,
    upload_id: FromPath[UUID],
    resources: NamedDependency[Resources],
    identity: NamedDependency[Identity],
) -> Response[None]:
    """How far an upload is: `Upload-Offset` of `Upload-Length`."""
    check_version(request.headers)
    standing = await resumable.stand(resources, identity.owner_id, upload_id)
    headers = {"Upload-Metadata": standing.metadata} if standing.metadata else {}
    if standing.total is None:
        headers["Upload-Defer-Length"] = "1"
    return answer(standing, 200, headers)


@patch(f"{PATH}/{{upload_id:uuid}}", tags=TAGS, status_code=204, guards=GUARDS, request_max_body_size=None)
async def add(
    request: Asked,
    upload_id: FromPath[UUID],
    resources: NamedDependency[Resources],
    identity: NamedDependency[Identity],
) -> Response[None]:
    """Add the body's bytes at `Upload-Offset`. With the last of them the file is accepted: `X-Document-Id` names it."""
    check_version(request.headers)
    await resumable.check(resources, identity.owner_id, upload_id)
    if content_type(request.headers) != BODY:
        raise UnsupportedType(f"Bytes of an upload are sent as `{BODY}`.")
    offset = number(request.headers, "upload-offset")
    if offset is None:
        raise invalid("`Upload-Offset` is missing.")
    piece = piece_of(request, offset, number(request.headers, "upload-length"))
    return answer(await resumable.receive(resources, identity.owner_id, upload_id, piece), 204, {})


@delete(f"{PATH}/{{upload_id:uuid}}", tags=TAGS, status_code=204, guards=GUARDS)
async def end(
    request: Asked,
    upload_id: FromPath[UUID],
    resources: NamedDependency[Resources],
    identity: NamedDependency[Identity],
) -> Response[None]:
    """Give an upload up. Of one that is complete the document stays."""
    check_version(request.headers)
    await resumable.end(resources, identity.owner_id, upload_id)
    return Response(None, status_code=204)


def answer(standing: Standing, status: int, headers: dict[str, str]) -> Response[None]:
    headers |= {
        "Upload-Offset": str(standing.offset),
        "Upload-Expires": format_datetime(standing.expires_at, usegmt=True),
        "Cache-Control": "no-store",
    }
    if standing.total is not None:
        headers["Upload-Length"] = str(standing.total)
    if standing.document_id:
        headers["X-Document-Id"] = str(standing.document_id)
    if standing.duplicate:
        headers["X-Duplicate"] = "true"
    nothing: Any = b""  # of None the framework would make the four letters of JSON
    return Response(nothing, status_code=status, headers=headers, media_type="text/plain")


def piece_of(request: Asked, offset: int, total: int | None) -> Piece:
    length = number(request.headers, "content-length")
    return Piece(request.stream(), offset, length, total, checksum_of(request.headers))


def check_version(headers: Mapping[str, str]) -> None:
    if headers.get("tus-resumable") != VERSION:
        raise PreconditionFailed(
            f"This server speaks tus {VERSION}.",
            code="unsupported_tus_version",
            hint=f"Send `Tus-Resumable: {VERSION}`, as every tus 1.0 client does.",
            headers={"Tus-Version": VERSION},
        )


def length_of(headers: Mapping[str, str]) -> int | None:
    """The size of the file to come; None when it is to be told later."""
    total, defer = number(headers, "upload-length"), headers.get("upload-defer-length")
    if (total is None) == (defer is None) or defer not in (None, "1"):
        raise invalid("Either `Upload-Length` or `Upload-Defer-Length: 1` must be there.")
    return total


def number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name)
    if text is not None and not NUMBER.fullmatch(text):
        raise invalid(f"`{name.title()}` is not a number of bytes.")
    return None if text is None else int(text)


def content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def metadata_of(header: str) -> dict[str, str]:
    """`Upload-Metadata`: names, each with a value in Base64 or none, between commas. Raises `InvalidInput`."""
    named: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        name, _, value = pair.strip().partition(" ")
        if not NAME.fullmatch(name) or name in named:
            raise invalid("`Upload-Metadata` must have names of visible ASCII, none of them twice.", "invalid_metadata")
        try:
            named[name] = b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            message = f"The value of `{name}` in `Upload-Metadata` is not UTF-8 text in Base64."
            raise invalid(message, "invalid_metadata") from None
    return named


def checksum_of(headers: Mapping[str, str]) -> Checksum | None:
    """`Upload-Checksum: sha256 …`, of the request's body. Raises `InvalidInput`."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    try:
        digest = b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise invalid(
            f"`Upload-Checksum` is one of {', '.join(ALGORITHMS)} and its digest in Base64.", "invalid_checksum"
        )
    return Checksum(algorithm, digest)


def invalid(detail: str, code: str = "invalid_upload") -> InvalidInput:
    return InvalidInput(detail, code=code, hint="See https://tus.io/protocols/resumable-upload.")


tus_routes = [discover, create, stand, add, end]
