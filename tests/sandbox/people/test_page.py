"""The page of the sandbox names every control route, action and table of truth."""

from __future__ import annotations

import re
from pathlib import Path

from siyu_sandbox.control import CORE
from siyu_sandbox.people.truth import TABLES
from siyu_sandbox.products import PRODUCTS

PAGE = (Path(__file__).parents[3] / "docs" / "rooms" / "sandbox.md").read_text(encoding="utf-8")


def test_every_control_route_is_on_the_page() -> None:
    routes = [*CORE, *(route for product in PRODUCTS for route in product.control)]
    paths = {re.sub(r":int", "", route.path) for route in routes}
    assert not [path for path in sorted(paths) if f"{path}`" not in PAGE]


def test_every_action_of_a_phone_is_on_the_page() -> None:
    actions = {name for product in PRODUCTS for name in product.actions}
    assert not [name for name in sorted(actions) if f"`{name}`" not in PAGE]


def test_every_table_of_the_peoples_truth_is_on_the_page() -> None:
    assert not [name for name in TABLES if f"`{name}`" not in PAGE]


def test_people_have_no_address_of_a_vendor() -> None:
    people = next(product for product in PRODUCTS if product.name == "people")
    assert not people.endpoints
    assert all(route.path.startswith("/sandbox/") for route in people.control)
