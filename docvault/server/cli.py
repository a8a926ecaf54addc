"""The command `docvault`. Every command imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

import docvault
from docvault.errors import DocVaultError
from docvault.settings import Settings, load_settings

EPILOG = """\b
Begin with:
  docvault up                              everything on this machine, nothing to set up
  docvault ask report.pdf "What changed?"  one question, answered with citations
\b
Settings are environment variables (or docvault.toml in the home):
  DOCVAULT_HOME   where everything is kept (~/.docvault)
  DOCVAULT_PORT   the port of the API (8000)
\b
Exit codes: 0 done, 1 it failed, 2 used or set up wrongly."""


class Group(click.Group):
    """Turns DocVault's own errors into one sentence, its hint, and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DocVaultError as error:
            click.secho(error.detail, fg="red", err=True)
            if error.hint:
                click.echo(error.hint, err=True)
            sys.exit(2 if error.code == "configuration" else 1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order a newcomer meets them, not of the alphabet


@click.group(cls=Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(docvault.__version__, prog_name="docvault")
def main() -> None:
    """A vault for documents that answers questions, with citations you can check."""


@main.command()
@click.option("--ask/--no-ask", default=True, help="On the very first start, ask the sample documents one question.")
def up(ask: bool) -> None:
    """Start everything on this machine: PostgreSQL, Redis, storage, the API and a worker.

    The first start makes the home and puts a few sample documents into it. Ctrl-C stops everything; the next start
    finds it all as it was. It can be reached from this machine only.
    """
    from docvault.local.up import up as run_up

    _run(run_up(_settings("console"), ask=ask))


@main.command()
def serve() -> None:
    """Run the API on servers of your own (DATABASE_URL, REDIS_URL, S3_*)."""
    settings = _settings()
    from docvault.server.serve import serve as run_server

    _run(run_server(settings))


@main.command()
def work() -> None:
    """Run a worker, which reads what was uploaded. Start as many as you like."""
    settings = _settings()
    from docvault.server.worker import work as run_worker

    _run(run_worker(settings))


@main.command()
def embed() -> None:
    """Run the embedder, which computes vectors for all workers and APIs with DOCVAULT_EMBEDDER set to it.

    It listens where DOCVAULT_EMBEDDER says: a socket or host:port. Unset: embedder.sock in the home.
    """
    settings = _settings()
    from docvault.server.embed import embed as run_embedder

    _run(run_embedder(settings))


@main.command()
def migrate() -> None:
    """Bring the database (DATABASE_OWNER_URL) to the tables of this version. Safe to run again."""
    settings = _settings()
    from docvault.server.migrate import migrate as run_migrations

    _run(run_migrations(settings))
    click.echo("The database is at this version.")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("question")
@click.option("--model", default="extractive", show_default=True, help="The model that answers.")
@click.option("--url", envvar="DOCVAULT_URL", help="Address of a DocVault that runs. Also: DOCVAULT_URL.")
@click.option("--api-key", envvar="DOCVAULT_API_KEY", help="Its API key. Better set as DOCVAULT_API_KEY.")
def ask(files: tuple[Path, ...], question: str, model: str, url: str | None, api_key: str | None) -> None:
    """Put FILES into the vault, ask the QUESTION about them, print the cited answer.

    Uses the DocVault at DOCVAULT_URL with DOCVAULT_API_KEY when they are set; otherwise the one in your home, which
    is started for the question when it is not running.
    """
    from docvault.local.ask import ask as run_ask

    sys.exit(0 if _run(run_ask(_settings("console", "error"), files, question, model, _remote(url, api_key))) else 1)


@main.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--folder", "into", help="The vault's folder to put it in. [default: one called as FOLDER]")
@click.option("--tag", "tags", multiple=True, help="A tag for every document. May be given several times.")
@click.option("--wait/--no-wait", default=True, help="Whether to wait until all is read.")
@click.option("--retry", is_flag=True, help="Have those read again that are there and failed.")
@click.option("--url", envvar="DOCVAULT_URL", help="Address of a DocVault that runs. Also: DOCVAULT_URL.")
@click.option("--api-key", envvar="DOCVAULT_API_KEY", help="Its API key. Better set as DOCVAULT_API_KEY.")
def import_(
    folder: Path,
    into: str | None,
    tags: tuple[str, ...],
    wait: bool,
    retry: bool,
    url: str | None,
    api_key: str | None,
) -> None:
    """Put a whole FOLDER into the vault, with the folders in it, and follow it until all is read.

    What is there already is not sent again: after Ctrl-C, or when files were added, run the same command once more. A
    file that changed becomes a new revision. Hidden files and those that systems leave behind are passed by. Exits
    with 1 when a file failed.
    """
    from docvault.local.import_folder import Wanted, import_folder

    wanted = Wanted(folder, into, tags, wait, retry)
    sys.exit(0 if _run(import_folder(_settings("console", "error"), wanted, _remote(url, api_key))) else 1)


@main.command("open")
@click.option("--browser/--no-browser", default=True, help="Whether to open it in the browser too.")
def open_page(browser: bool) -> None:
    """Print a link to the page that signs you in to this home's account, once, and open it."""
    from docvault.local.open_page import open_page as run_open

    _run(run_open(_settings("console", "error"), browser=browser))


@main.command()
@click.option("--watch", is_flag=True, help="Go on showing it, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("--url", envvar="DOCVAULT_URL", help="Address of a DocVault that runs. Also: DOCVAULT_URL.")
@click.option("--api-key", envvar="DOCVAULT_API_KEY", help="Its API key. Better set as DOCVAULT_API_KEY.")
def status(watch: bool, as_json: bool, url: str | None, api_key: str | None) -> None:
    """Show what is being read, what waits, what failed and why, and how long it will take."""
    from docvault.local.status import status as run_status

    settings = _settings("console", "error")
    _run(run_status(settings, _remote(url, api_key), watch=watch, as_json=as_json))


@main.command()
@click.option("--repair/--dry-run", default=True, help="Whether to put right what is found.  [default: repair]")
def reconcile(repair: bool) -> None:
    """Compare the stored files with the database, both ways, and put right what can be.

    Workers do the same every DOCVAULT_RECONCILE_EVERY seconds. Uploads and deletions may go on meanwhile. Ends with 1
    when something is left that only you can put right, or, with --dry-run, when anything was found.
    """
    from docvault.server.reconcile import report

    sys.exit(0 if _run(report(_settings("console", "error"), repair=repair)) else 1)


@main.command()
def doctor() -> None:
    """Check every part, and say what to do about those that fail."""
    from docvault.server.doctor import report

    sys.exit(0 if _run(report(_settings("console", "error"))) else 1)


def _remote(url: str | None, api_key: str | None) -> Any:
    from docvault.local.connect import Remote

    return Remote(url, api_key or "") if url else None


def _settings(log_format: str | None = None, level: str | None = None) -> Settings:
    """Read the settings and start logging. Commands that people watch log readable lines, and fewer."""
    from docvault.logging import setup_logging

    settings = load_settings()
    setup_logging(level or settings.log_level, "console" if log_format == "console" else settings.log_format)
    return settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
