"""What a browser may do with an answer: the security headers that every one carries, errors and streams too."""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders

PAGE_POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",  # pdf.js decodes some pictures in WebAssembly
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",  # fonts inside PDFs
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
))  # fmt: skip
"""Content-Security-Policy of the page and of its scripts: a worker obeys that of the file it was made from."""
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Of everything else: nothing there is meant to be shown as a page. Handlers may set one that is stricter still."""

UNUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
SECURITY_HEADERS = {
    "Content-Security-Policy": DATA_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # addresses of the page name documents and hold questions
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"
"""A year. Neighbouring names are not ours to speak for."""


def secure(headers: MutableScopeHeaders, *, https: bool) -> None:
    """Add what the handler did not set. `https` is for vaults that are reached in no other way."""
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if https:
        headers.setdefault("Strict-Transport-Security", HSTS)
