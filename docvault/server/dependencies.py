"""What a route handler may ask for by name, and how it is made for each request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from docvault.resources import Resources
from docvault.security.access import Identity
from docvault.unit_of_work import UnitOfWork, unit_of_work


async def provide_resources(state: State) -> Resources:
    return state.resources


async def provide_identity(request: Request[Identity, Any, Any]) -> Identity:
    return request.user


async def provide_unit(
    resources: NamedDependency[Resources], identity: NamedDependency[Identity]
) -> AsyncGenerator[UnitOfWork, None]:
    """The request's one transaction. Litestar ends this generator before it answers: a failed commit is an error.

    It is the only generator among the dependencies: Litestar ends several at the same time.
    """
    async with unit_of_work(resources.database, resources.queue, resources.cache, identity.owner_id) as unit:
        yield unit


DEPENDENCIES = {
    "resources": Provide(provide_resources),
    "identity": Provide(provide_identity),
    "unit": Provide(provide_unit),
}
