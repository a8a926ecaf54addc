"""`docvault reconcile`: the comparison of store and database, for people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docvault.database import open_database
from docvault.server.doctor import servers
from docvault.server.migrate import check_migrated
from docvault.settings import Settings
from docvault.storage.factory import open_store
from ingestion.reconcile import BEYOND, KINDS, UNMENDED, Report, reconcile


async def report(settings: Settings, console: Console | None = None, *, repair: bool = True) -> bool:
    """Print what was found and done. False when something is left to do."""
    say = console or Console(highlight=False, soft_wrap=True)
    async with servers(settings) as (found, where):
        say.print(where, markup=False)
        database, store = open_database(found), await open_store(found)
        try:
            await check_migrated(database)
            done = await reconcile(database, store, found, repair=repair)
        finally:
            await store.close()
            await database.close()
    _print(say, done, repair=repair)
    return done.fine


def _print(say: Console, done: Report, *, repair: bool) -> None:
    say.print(f"Compared {done.objects:,} stored files with {done.documents:,} documents.")
    if not done.found:
        say.print("Everything is as it should be.")
        return
    table = Table("what was found", "how many", "put right", box=None, pad_edge=False)
    for kind in (kind for kind in KINDS if done.found[kind]):
        mended = "left alone" if kind in BEYOND else "not by itself" if kind in UNMENDED else f"{done.mended[kind]:,}"
        table.add_row(KINDS[kind], f"{done.found[kind]:,}", mended)
    say.print(table)
    for kind, names in done.examples.items():
        more = done.found[kind] - len(names)
        say.print(f"{KINDS[kind]}: {escape(', '.join(names))}{f' and {more:,} more' if more > 0 else ''}")
    if not done.fine:
        say.print(
            "Run it without --dry-run to put right what can be."
            if not repair
            else "Restore the missing files from a backup or upload them again; then run this once more."
        )
