"""What a page must know before anybody has logged in."""

from __future__ import annotations

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

import docvault
from docvault.accounts import queries
from docvault.resources import Resources
from docvault.settings import Settings

FRESH = 5
"""Seconds for which the answer may be kept."""


class Limits(msgspec.Struct):
    """Bytes, counts and characters, as the settings of the same names have them."""

    max_file_bytes: int
    max_request_bytes: int
    max_request_files: int
    max_tags: int
    max_question_chars: int
    max_models: int
    max_top_k: int
    trash_days: int | None = None


class About(msgspec.Struct):
    """`first_run`: nobody is registered, and whoever is first administers. (The account that `docvault up` makes for
    the command line of its machine does not count.) `registration_open` is true then, too."""

    version: str
    first_run: bool
    registration_open: bool
    password_min_length: int
    limits: Limits


@get("/api/about", opt={"public": True}, tags=["accounts"])
async def about(resources: NamedDependency[Resources]) -> Response[About]:
    """What this vault is, and what it takes."""
    settings = resources.settings
    async with resources.database.lookup() as connection:
        first_run = not await queries.any_person(connection)
    told = About(
        docvault.__version__,
        first_run,
        settings.registration_open or first_run,
        settings.password_min_length,
        limits(settings),
    )
    return Response(told, headers={"Cache-Control": f"public, max-age={FRESH}"})


def limits(settings: Settings) -> Limits:
    given = {name: getattr(settings, name, None) for name in Limits.__struct_fields__}
    return msgspec.convert(given, Limits)
