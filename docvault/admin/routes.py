"""People, health and failures, for administrators who are logged in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from docvault.accounts.queries import NEWEST_FIRST
from docvault.admin import operations, queries
from docvault.admin.failures import meaning
from docvault.admin.health import details
from docvault.admin.schemas import (
    FailuresView,
    FailureView,
    HealthDetails,
    NewPassword,
    PersonCreate,
    PersonPatch,
    PersonView,
    RetriedView,
)
from docvault.pagination import CursorPage, cursor_page, decode_cursor, encode_cursor
from docvault.resources import Resources
from docvault.security.access import Identity, administrators_only
from docvault.unit_of_work import UnitOfWork

Limit = Annotated[int, QueryParameter(ge=1, le=500)]


class AdminController(Controller):
    path = "/api/admin"
    tags = ["admin"]  # noqa: RUF012
    guards = [administrators_only]  # noqa: RUF012

    @get("/people")
    async def list_people(
        self, unit: NamedDependency[UnitOfWork], cursor: FromQuery[str | None] = None, limit: Limit = 50
    ) -> CursorPage[PersonView]:
        """Who has an account, newest first."""
        found = await queries.people(unit.session, decode_cursor(cursor, NEWEST_FIRST), limit + 1)
        return cursor_page(
            found, limit, lambda one: one, lambda one: encode_cursor(NEWEST_FIRST, one.created_at, one.id)
        )

    @post("/people")
    async def add_person(
        self,
        resources: NamedDependency[Resources],
        identity: NamedDependency[Identity],
        data: JSONBody[PersonCreate],
    ) -> PersonView:
        """Make an account for somebody, whether or not registration is open."""
        return await operations.add_person(resources, identity.owner_id, data)

    @patch("/people/{person_id:uuid}")
    async def patch_person(
        self, unit: NamedDependency[UnitOfWork], person_id: FromPath[UUID], data: JSONBody[PersonPatch]
    ) -> PersonView:
        """Disable somebody, which ends their sessions and API keys at once, or say who administers."""
        return await operations.change_person(unit.session, unit.owner_id, person_id, data)

    @post("/people/{person_id:uuid}/password", status_code=204)
    async def set_password(
        self,
        resources: NamedDependency[Resources],
        identity: NamedDependency[Identity],
        person_id: FromPath[UUID],
        data: JSONBody[NewPassword],
    ) -> None:
        """Give somebody a new password. Their sessions end."""
        await operations.set_password(resources, identity.owner_id, person_id, data.password)

    @get("/health")
    async def health(self, resources: NamedDependency[Resources]) -> HealthDetails:
        """How the vault is: parts, versions, queue, workers, room."""
        return await details(resources)

    @get("/failures")
    async def failures(self, unit: NamedDependency[UnitOfWork]) -> FailuresView:
        """Why documents failed, everybody's counted together."""
        found = await queries.failures(unit.session)
        return FailuresView([FailureView(f.code, f.documents, meaning(f.code), f.oldest, f.owners) for f in found])

    @post("/failures/retry", status_code=202)
    async def retry(
        self,
        resources: NamedDependency[Resources],
        identity: NamedDependency[Identity],
        code: FromQuery[str | None] = None,
    ) -> RetriedView:
        """Read everybody's failed documents again, or only those that failed with `code`."""
        return RetriedView(await operations.retry_failed(resources, identity.owner_id, code))


admin_routes = [AdminController]
