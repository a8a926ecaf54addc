"""Errors as RFC 9457 problem details: `{title, status, detail, code, hint?, errors?, request_id}`."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from docvault.errors import DocVaultError, RequestError
from docvault.logging import get_logger

MEDIA_TYPE = "application/problem+json"
CODES = {
    400: "invalid_input", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "too_large", 415: "unsupported_type",
}  # fmt: skip
TITLES = {460: "Checksum Mismatch", 499: "Client Closed Request"}
"""Of statuses that no standard of HTTP names."""

log = get_logger(__name__)


class Problem(msgspec.Struct, omit_defaults=True):
    title: str
    status: int
    detail: str
    code: str
    hint: str | None = None
    errors: list[dict[str, Any]] = []
    request_id: str | None = None


def on_error(_request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Every exception that leaves a handler ends here."""
    known = next(_leaves(error), None)
    if isinstance(known, RequestError):
        return _response(_problem(known.status, known.detail, known.code, known.hint), known.headers)
    if isinstance(known, ValidationException):
        return _response(_invalid(known))
    if isinstance(known, HTTPException) and known.status_code < 500:
        problem = _problem(known.status_code, known.detail, CODES.get(known.status_code, "invalid_input"))
        return _response(problem, known.headers)
    log.error("request.failed", exc_info=error)
    return _response(_problem(500, "Something went wrong on our side. It has been logged.", "internal"))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors we know, first. Litestar groups an error with those its dependencies raised because of it."""
    group = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
    flat: list[BaseException] = [
        leaf for part in group for leaf in (_leaves(part) if isinstance(part, BaseExceptionGroup) else (part,))
    ]
    yield from (leaf for leaf in flat if isinstance(leaf, (DocVaultError, HTTPException)))
    yield from flat


def _problem(status: int, detail: str, code: str, hint: str | None = None) -> Problem:
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = TITLES.get(status, "Error")
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return Problem(title, status, detail, code, hint, request_id=request_id)


def _invalid(error: ValidationException) -> Problem:
    extra: list[dict[str, Any]] = error.extra if isinstance(error.extra, list) else []
    named = "; ".join(f"{e['key']}: {e['message']}" if e.get("key") else str(e.get("message", "")) for e in extra)
    problem = _problem(400, named or error.detail, "invalid_input", "See /schema for what this call takes.")
    problem.errors = [{k: e[k] for k in ("key", "message", "source") if k in e} for e in extra]
    return problem


def _response(problem: Problem, headers: Any = None) -> Response[Problem]:
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers or {})
