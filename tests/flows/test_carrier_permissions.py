"""Who may do what with carriers: Alice owns, Bob analyses, Charlie serves in a shop; every route, whichever are added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from siyu.team.access import declared_by
from siyu.team.roles import permissions_of
from tests.makers.carriers import wecom_account
from tests.makers.running import Shop, running_shop
from tools import reference

PARTS = ("/carriers", "/team/staff", "/team/stores", "/customers/{id}/relations")
People = dict[str, httpx.Client]
ROLES = {"alice": "owner", "bob": "analyst", "charlie": "guide"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, People]]:
    with running_shop(tmp_path_factory.mktemp("permissions")) as shop:
        wecom_account(shop.stores)
        yield shop, {name: shop.log_in(name, role) for name, role in ROLES.items()}


def routes() -> list[tuple[str, str, str]]:
    """(method, path, permission) of every route of carriers, staff and stores."""
    found = []
    for method, path, route in reference.routes():
        if any(path.removeprefix("/api/v1").startswith(part) for part in PARTS):
            (permission,) = declared_by(route.dependant)
            found.append((method, path, str(permission)))
    return found


def call(browser: httpx.Client, method: str, path: str) -> httpx.Response:
    """The call with numbers that name nothing and no body: whoever may is told that, whoever may not that."""
    filled = path
    while "{" in filled:
        filled = filled[: filled.index("{")] + "987654" + filled[filled.index("}") + 1 :]
    body: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": {}}
    return browser.request(method, filled, **body)


def test_everyone_is_let_in_exactly_where_the_role_says(town: tuple[Shop, People]) -> None:
    _, people = town
    wrong = []
    for method, path, permission in routes():
        for name, browser in people.items():
            is_let_in = call(browser, method, path).status_code != 403
            if is_let_in != (permission in permissions_of(ROLES[name])):
                wrong.append((name, method, path))
    assert wrong == []


def test_bob_reads_and_changes_nothing_and_charlie_sees_no_carriers(town: tuple[Shop, People]) -> None:
    _, people = town
    carriers = [(method, path) for method, path, _ in routes() if path.startswith(("/api/v1/carriers", "/api/v1/team"))]
    assert len(carriers) > 50
    for method, path in carriers:
        assert call(people["charlie"], method, path).status_code == 403, (method, path)
        answer = call(people["bob"], method, path)
        reads_people = path.startswith("/api/v1/team") and answer.status_code == 403
        assert (answer.status_code == 403) == (method != "GET") or reads_people, (method, path, answer.text)


def test_strangers_and_broken_calls_are_told_so_without_a_traceback(town: tuple[Shop, People]) -> None:
    shop, people = town
    with httpx.Client(base_url=shop.url, headers={"X-Siyu-Request": "console"}, trust_env=False) as stranger:
        for method, path, _ in routes():
            assert call(stranger, method, path).status_code == 401, (method, path)
            assert call(people["alice"], method, path).status_code < 500, (method, path)
