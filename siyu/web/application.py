"""Application 应用: the rooms' routes, the shell around them, and the console, as one ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Lifespan

from siyu.foundation.database import check_ledger
from siyu.foundation.http import API_PREFIX, SCHEMAS, Problem, Router
from siyu.foundation.stores import Stores
from siyu.team.access import anyone
from siyu.team.looks import Looks
from siyu.web.console import Console
from siyu.web.middleware import Admission, BodyBound, Headers, RequestLog, allowed_hosts
from siyu.web.problems import install_problem_handlers


class Health(BaseModel):
    status: str


class Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            problem = Problem.model_json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
            schemas.update(problem.pop("$defs", {}))
            schemas["Problem"] = problem
        return document


def _none(_stores: Stores) -> str | None:
    return None


def build_application(
    stores: Stores,
    routers: Sequence[APIRouter],
    *,
    title: str,
    version: str,
    lifespan: Lifespan[Any] | None = None,
    sample_name: Callable[[Stores], str | None] = _none,
    console: Console | None = None,
    pages: Sequence[APIRouter] = (),
) -> FastAPI:
    """Every room's routes, the pages for customers, and the console everywhere else.

    `lifespan` starts and stops what runs beside the requests (the job runner). `sample_name` gives the
    sample brand's name while it is loaded (shown in the session). `console` is for tests: another folder of built pages.
    """
    app = Application(
        title=title,
        version=version,
        lifespan=lifespan,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.stores = stores
    app.state.sample_name = sample_name
    app.state.looks = Looks(stores)
    for router in (*routers, _health_router(), *pages):
        app.routes.extend(router.routes)
    app.add_api_route("/health", _read_health, include_in_schema=False)
    app.router.default = console or Console()
    install_problem_handlers(app)
    _wrap(app, stores)
    return app


def _wrap(app: FastAPI, stores: Stores) -> None:
    """The shell, innermost first."""
    settings = stores.settings
    app.add_middleware(BodyBound)
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=5)
    app.add_middleware(Admission, hosts=allowed_hosts(settings))
    app.add_middleware(RequestLog)
    app.add_middleware(Headers, https=(settings.public_url or "").lower().startswith("https://"))


def _read_health(stores: Annotated[Stores, Depends(anyone())]) -> Health:
    check_ledger(stores.ledger)
    return Health(status="ok")


def _health_router() -> Router:
    router = Router(tags=["system"])
    router.add_api_route(
        "/health", _read_health, name="health", summary="Whether the server and its ledger answer"
    )
    return router
