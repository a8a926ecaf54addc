"""`docvault up`: everything on this machine, from one command, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import httpx
import msgspec
from rich.console import Console

from docvault import __version__
from docvault.ai.embeddings import prepare_embedder
from docvault.errors import ConfigurationError
from docvault.local.home import Home, any_port, check_port, open_home
from docvault.local.processes import Child, Program, Supervisor, stop_orphans
from docvault.local.stack import LocalStack, embedder_address, environment, running_servers
from docvault.local.welcome import ACCOUNT, sign_in_link, welcome
from docvault.settings import Settings

READY_SECONDS = 120.0
FEW_RESTARTS = 3
"""A child that keeps ending before the first request was answered will not heal by itself."""

COMMAND = (sys.executable, "-m", "docvault.server.cli")


async def up(settings: Settings, *, ask: bool = True, console: Console | None = None) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then stop every child. A second signal kills them.

    On a home's first start, sample documents are imported and, with `ask`, a first question is answered.
    Raises `ConfigurationError` with one sentence when the home or the port cannot be had, or a part does not start.
    """
    say = console or Console(highlight=False, soft_wrap=True)
    home = open_home(settings.home)
    with home.locked(), contextlib.suppress(asyncio.CancelledError):
        stop_orphans(home)
        check_port(settings.host, settings.port)
        settings = settings if settings.port else msgspec.structs.replace(settings, port=any_port())
        say.print(f"DocVault {__version__} keeps its data in {home.path}", markup=False)
        supervisor = Supervisor(lambda line: say.print(line, style="yellow", markup=False))
        with _signals(supervisor, say):
            await _serve(settings, home, supervisor, say, ask)
    say.print("Stopped. The next start finds everything as it was.")


async def _serve(settings: Settings, home: Home, supervisor: Supervisor, say: Console, ask: bool) -> None:
    async with everything(settings, home, supervisor, lambda line: say.print(line, markup=False)) as (stack, watching):
        async with httpx.AsyncClient(base_url=address(stack.settings), timeout=60.0) as client:
            await welcome(client, home, say, ask=ask)
            link = await sign_in_link(client)
        _tell_where(stack, say, link)
        await watching


@asynccontextmanager
async def everything(
    settings: Settings, home: Home, supervisor: Supervisor, tell: Callable[[str], None]
) -> AsyncGenerator[tuple[LocalStack, asyncio.Task[None]]]:
    """Servers, tables, embedder, worker and API, ready and watched while the block runs; `tell` hears how far it is.

    For who holds the home's lock. Raises `ConfigurationError` when a part does not start.
    """
    began = time.monotonic()
    settings = msgspec.structs.replace(settings, local_account=True)
    async with running_servers(settings, home) as stack, _watched(supervisor, stack) as watching:
        tell(f"The database and the queue run ({time.monotonic() - began:.1f} s)")
        await _migrate(stack)
        await prepare_embedder(stack.settings, lambda step: tell(f"  {step}"))
        stack = _with_embedder(stack, supervisor)
        supervisor.add(_child(stack, "worker", "work", stop_seconds=20.0))
        supervisor.add(_child(stack, "api", "serve", stop_seconds=15.0))
        await _until_ready(stack.settings, supervisor)
        home.note_address(address(stack.settings))
        tell(f"The API and a worker run ({time.monotonic() - began:.1f} s since the start)")
        yield stack, watching


@asynccontextmanager
async def _watched(supervisor: Supervisor, stack: LocalStack) -> AsyncGenerator[asyncio.Task[None]]:
    for server in stack.servers:
        supervisor.add(server)
    watching = asyncio.create_task(supervisor.watch())
    try:
        yield watching
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await supervisor.stop()


@contextmanager
def _signals(supervisor: Supervisor, say: Console) -> Generator[None]:
    """The first signal cancels what this task is doing; a second one kills the children instead of asking them."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    heard: list[int] = []

    def stop(number: int) -> None:
        heard.append(number)
        if len(heard) == 1 and task is not None:
            say.print("Stopping")
            task.cancel()
        else:
            for child in supervisor.children:
                child.kill()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def address(settings: Settings) -> str:
    """Where this machine reaches the API: an API on all addresses is reached by loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _child(stack: LocalStack, name: str, command: str, stop_seconds: float) -> Child:
    program = Program(name, [*COMMAND, command], environment(stack.settings), stop_seconds=stop_seconds)
    return Child(program, stack.home)


def _with_embedder(stack: LocalStack, supervisor: Supervisor) -> LocalStack:
    """Start the one process that holds the model, unless another one is to be asked, and tell all others of it."""
    asked = embedder_address(stack.settings, 0)
    if asked == stack.settings.embedder:
        return stack
    if asked.endswith(":0"):
        asked = embedder_address(stack.settings, stack.home.port("embedder"))
    stack = replace(stack, settings=msgspec.structs.replace(stack.settings, embedder=asked))
    supervisor.add(_child(stack, "embedder", "embed", stop_seconds=10.0))
    return stack


async def _migrate(stack: LocalStack) -> None:
    """In a process of its own: it alone knows the owner of the tables, and what it imports goes with it."""
    program = Program("migrate", [*COMMAND, "migrate"], environment(stack.settings, owner=True))
    child = Child(program, stack.home)
    child.start()
    try:
        if await child.ended():
            raise ConfigurationError(f"The database could not be brought up to date:\n{child.last_lines()}")
    finally:
        child.stop()


async def _until_ready(settings: Settings, supervisor: Supervisor) -> None:
    """Until the API says it can serve. Raises `ConfigurationError` with a child's last words when one keeps ending."""
    until = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(base_url=address(settings), timeout=5.0) as client:
        while not await _is_ready(client):
            broken = [
                child for child in supervisor.children if supervisor.restarts.get(child.program.name, 0) >= FEW_RESTARTS
            ]
            if broken or time.monotonic() > until:
                child = (broken or supervisor.children[-1:])[0]
                raise ConfigurationError(
                    f"The {child.program.name} did not start. Its last words:\n{child.last_lines()}"
                )
            await asyncio.sleep(0.05)


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        answer = await client.get("/health/ready")
        return answer.status_code == 200 and answer.json()["status"] == "ok"
    except httpx.HTTPError:
        return False


def _tell_where(stack: LocalStack, say: Console, link: str | None) -> None:
    say.print()
    say.print(f"DocVault serves at {address(stack.settings)}", style="bold", markup=False)
    if link:
        minutes = stack.settings.sign_in_link_seconds // 60
        say.print(f"  open      {address(stack.settings)}{link}", markup=False)
        say.print(f"            signs you in, once, within {minutes} minutes; another: docvault open", markup=False)
    say.print(f"  account   {ACCOUNT}", markup=False)
    say.print(f"  password  account_password in {stack.home.path / 'secrets.json'}", markup=False)
    say.print(f"  logs      {stack.home.path / 'logs'}", markup=False)
    say.print("Ctrl-C stops it.")
