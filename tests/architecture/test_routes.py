"""Every route says who may call it, and how it is called in the document."""

from __future__ import annotations

import re

import pytest
from starlette.routing import compile_path

from siyu.team.access import ANYONE, declared_by
from tools import reference

PUBLIC = {
    ("POST", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("GET", "/api/v1/health"),
    # Carriers log in by signing what they say.
    ("GET", "/api/v1/callbacks/{callback_key}"),
    ("POST", "/api/v1/callbacks/{callback_key}"),
}


@pytest.fixture(scope="module")
def routes() -> list[tuple[str, str, object]]:
    return reference.routes()


def test_every_route_declares_exactly_one_permission(routes: list) -> None:
    assert len(routes) > 50
    assert not [(method, path) for method, path, route in routes if len(declared_by(route.dependant)) != 1]


def test_only_logging_in_and_out_health_and_callbacks_are_public(routes: list) -> None:
    assert {(method, path) for method, path, route in routes if declared_by(route.dependant) == [ANYONE]} == PUBLIC


def test_every_route_says_what_it_does(routes: list) -> None:
    assert not [(method, path) for method, path, route in routes if not reference._summary(route)]


def test_every_route_is_reached_by_its_own_address() -> None:
    """`/segments/quality` after `/segments/{segment_id}` would ask for the segment called quality."""
    before: list[tuple[str, str, re.Pattern[str]]] = []
    hidden = []
    for method, path, _ in reference.served():
        own = re.sub(r"\{[^}]+\}", "1", path)
        hidden += [f"{method} {path} behind {other}" for verb, other, pattern in before if verb == method and pattern.match(own)]
        before.append((method, path, compile_path(path)[0]))
    assert not hidden
