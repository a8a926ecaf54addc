"""Every error DocVault raises on purpose, in one tree.

    DocVaultError
    ├── RequestError            answered as RFC 9457 problem details with `status` and `code`
    │   ├── InvalidInput 400 · Unauthenticated 401 · Forbidden 403 · NotFound 404 · Conflict 409
    │   ├── PreconditionFailed 412 · TooLarge 413 · UnsupportedType 415 · Locked 423 · TooManyRequests 429
    │   ├── ChecksumMismatch 460 · ClientGone 499
    │   └── Unavailable 503
    ├── DocumentError           why one document could not be read; kept on its row for its owner
    ├── ModelError              why one language model did not answer; an `error` event in its stream
    └── ConfigurationError      DocVault cannot start; the command line prints it and exits with 2

Messages say what happened in the words of the person who reads them; `hint` says what to do about it.
"""

from __future__ import annotations


class DocVaultError(Exception):
    """`code` is stable and machine readable, `detail` a sentence for people, `hint` what to do next."""

    code = "internal"

    def __init__(self, detail: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        if code is not None:
            self.code = code


class RequestError(DocVaultError):
    """A request that is answered with `status`; `headers` go out with the answer."""

    status = 500

    def __init__(
        self, detail: str, *, code: str | None = None, hint: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail, code=code, hint=hint)
        self.headers = headers or {}


class InvalidInput(RequestError):
    status, code = 400, "invalid_input"


class Unauthenticated(RequestError):
    status, code = 401, "unauthenticated"


class Forbidden(RequestError):
    status, code = 403, "forbidden"


class NotFound(RequestError):
    """Not there and not yours look exactly alike."""

    status, code = 404, "not_found"


class Conflict(RequestError):
    status, code = 409, "conflict"


class PreconditionFailed(RequestError):
    status, code = 412, "precondition_failed"


class TooLarge(RequestError):
    status, code = 413, "too_large"


class UnsupportedType(RequestError):
    status, code = 415, "unsupported_type"


class Locked(RequestError):
    """Somebody else is at it. `retry_after` is in seconds."""

    status, code = 423, "locked"

    def __init__(self, detail: str, *, retry_after: int, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(detail, code=code, hint=hint, headers={"Retry-After": str(retry_after)})


class TooManyRequests(RequestError):
    """`retry_after` is in seconds."""

    status, code = 429, "too_many_requests"

    def __init__(self, detail: str, *, retry_after: int, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(detail, code=code, hint=hint, headers={"Retry-After": str(retry_after)})


class ChecksumMismatch(RequestError):
    """The bytes are not those that the client sent. The status is the tus protocol's own."""

    status, code = 460, "checksum_mismatch"


class ClientGone(RequestError):
    """The client left before its request was whole. Nobody reads the answer; the log does."""

    status, code = 499, "client_gone"


class Unavailable(RequestError):
    status, code = 503, "unavailable"


class DocumentError(DocVaultError):
    """Why a document could not be read. `permanent` ones are not tried again."""

    code = "unreadable"

    def __init__(
        self, detail: str, *, code: str | None = None, hint: str | None = None, permanent: bool = True
    ) -> None:
        super().__init__(detail, code=code, hint=hint)
        self.permanent = permanent


class ModelError(DocVaultError):
    """A language model that refused, stalled or broke off."""

    code = "model_failed"


class ConfigurationError(DocVaultError):
    code = "configuration"
