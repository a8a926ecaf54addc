"""The API: every feature's routes under one roof."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Request
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.prometheus import PrometheusConfig

import docvault
from docvault.accounts.routes import accounts_routes
from docvault.admin.routes import admin_routes
from docvault.errors import InvalidInput
from docvault.export.routes import export_routes
from docvault.library.routes import library_routes
from docvault.resources import Resources, open_resources
from docvault.server import health
from docvault.server.authentication import AuthenticationMiddleware
from docvault.server.dependencies import DEPENDENCIES
from docvault.server.migrate import check_migrated
from docvault.server.pages import page_routes
from docvault.server.problems import on_error
from docvault.settings import Settings
from docvault.webhooks.routes import webhooks_routes
from ingestion.routes import ingestion_routes
from ingestion.tus import EXPOSED, name_version, tus_routes
from search.routes import search_routes

Open = Callable[[Settings], AbstractAsyncContextManager[Resources]]


class ServedRequest(Request[Any, Any, Any]):
    async def json(self) -> Any:
        """Raises `InvalidInput` for what the framework takes for an error of our own: bytes that are no UTF-8, and
        lists in lists without an end."""
        try:
            return await super().json()
        except UnicodeDecodeError:
            raise InvalidInput("The body is not UTF-8 text.") from None
        except RecursionError:
            raise InvalidInput("The body has too many lists or objects in each other.") from None


def create_app(settings: Settings, resources: Open = open_resources) -> Litestar:
    """The whole API. Nothing is opened before the application starts; then `resources` is, and closed at its end."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with resources(settings) as opened:
            await opened.database.check_role()
            await check_migrated(opened.database)
            app.state.resources = opened
            yield

    return Litestar(
        route_handlers=[
            *accounts_routes, *library_routes, *webhooks_routes, *ingestion_routes, *tus_routes, *search_routes,
            *export_routes, *admin_routes,
            health.live, health.ready, health.metrics, *page_routes(),
        ],
        lifespan=[lifespan],
        request_class=ServedRequest,
        dependencies=DEPENDENCIES,
        exception_handlers={Exception: on_error},
        before_send=[name_version],
        middleware=[
            PrometheusConfig(app_name="docvault", prefix="docvault", group_path=True).middleware,
            DefineMiddleware(AuthenticationMiddleware),
        ],
        cors_config=_cors(settings),
        compression_config=CompressionConfig(backend="gzip", minimum_size=1024, exclude_opt_key="uncompressed"),
        openapi_config=_openapi(),
        request_max_body_size=2 * 1024 * 1024,  # uploads set their own
        logging_config=None,  # the process's entry has set up logging; the framework would undo it
    )  # fmt: skip


def _cors(settings: Settings) -> CORSConfig | None:
    if not settings.cors_origins:
        return None
    named = "*" not in settings.cors_origins  # with it the framework would let every page send the cookie
    return CORSConfig(
        allow_origins=settings.cors_origins, allow_credentials=named, expose_headers=["X-Request-ID", *EXPOSED]
    )


def _openapi() -> OpenAPIConfig:
    bearer: Any = SecurityScheme(type="http", scheme="bearer", description="An access token, or an API key `dv_…`.")
    return OpenAPIConfig(
        title="DocVault",
        version=docvault.__version__,
        path="/schema",
        render_plugins=[JsonRenderPlugin()],
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
        use_handler_docstrings=True,
    )
