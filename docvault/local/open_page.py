"""`docvault open`: the page, with this home's account signed in."""

from __future__ import annotations

import webbrowser

from rich.console import Console

from docvault.errors import DocVaultError
from docvault.local.connect import connected
from docvault.local.welcome import sign_in_link
from docvault.settings import Settings


async def open_page(settings: Settings, *, browser: bool = True, console: Console | None = None) -> None:
    """Print a link that signs in once, and open it with `browser`. Raises `DocVaultError` when nothing runs here."""
    say = console or Console(highlight=False, soft_wrap=True)
    async with connected(settings, None, say, start=False) as connection:
        link = await sign_in_link(connection.client)
        if link is None:
            raise DocVaultError("DocVault gave no link.", code="unreachable", hint="Sign in with your password.")
        url = f"{str(connection.client.base_url).rstrip('/')}{link}"
    say.print(url, markup=False)
    if browser and not webbrowser.open(url):
        say.print("No browser could be opened: open the link yourself.")
