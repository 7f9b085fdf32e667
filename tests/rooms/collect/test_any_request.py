"""Whatever is asked of the routes of feeds, plan, live stream and quarantine, as their document describes it or against it: never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from siyu.team.tokens import local_token_of
from tests.makers.running import Shop, running_shop

DOCUMENT = Path(__file__).parents[3] / "console" / "openapi.json"
MINE = schemathesis.openapi.from_path(DOCUMENT).include(path_regex=r"^/api/v1/(feeds|events)")
OPERATIONS = {f"{one.method.upper()} {one.path}": one for one in (found.ok() for found in MINE.get_all_operations())}
CALM = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("any")) as running:
        running.api("POST", "/feeds", {"name": "H5", "kind": "web"}, status=201)
        yield running


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_no_request_breaks_a_route(shop: Shop, name: str) -> None:
    bearer = {"Authorization": f"Bearer {local_token_of(shop.stores.secrets)}"}
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @CALM
        @given(OPERATIONS[name].as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            answer = case.call(base_url=shop.url, headers=bearer)
            assert answer.status_code < 500, f"{case.method} {case.formatted_path}: {answer.status_code} {answer.text[:300]}"

        ask()


def test_every_route_of_the_room_is_asked() -> None:
    assert len(OPERATIONS) > 18
