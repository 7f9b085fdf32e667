"""Whatever is asked of any route, as the API document describes it or against it: never a 5xx, except where somebody else is to blame.

A request of each kind a route in every run; ANY_REQUESTS=100 asks each a hundred times in both ways.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from siyu.team.tokens import local_token_of
from tests.makers.running import Shop, running_shop

DOCUMENT = Path(__file__).parents[2] / "console" / "openapi.json"
OPERATIONS = {
    f"{one.method.upper()} {one.path}": one for one in (found.ok() for found in schemathesis.openapi.from_path(DOCUMENT).get_all_operations())
}
SAMPLE = "POST /api/v1/system/sample"
"""Makes a whole brand; it takes no body that could be wrong."""
LONGEST_HEAD = 16_000
"""Who sends a longer head is refused before it is read to its end, and may find the line cut."""
CALM = settings(
    max_examples=int(os.environ.get("ANY_REQUESTS", "1")), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("any")) as running:
        running.api("POST", "/feeds", {"name": "H5", "kind": "web"}, status=201)
        yield running


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {SAMPLE}))
def test_no_request_breaks_a_route(shop: Shop, name: str) -> None:
    bearer = {"Authorization": f"Bearer {local_token_of(shop.stores.secrets)}"}
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @CALM
        @given(OPERATIONS[name].as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            try:
                answer = case.call(base_url=shop.url, headers=bearer, timeout=60)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                assert len(case.as_curl_command()) > LONGEST_HEAD, "the server hung up"
                return
            # Of a carrier that is not there, 502 to 504 say so in words.
            fine = answer.status_code < 500 or (answer.status_code in (502, 503, 504) and "errors" in answer.text)
            assert fine, f"{case.method} {case.formatted_path}: {answer.status_code} {answer.text[:300]}"

        with suppress(Unsatisfiable):  # a route without anything to fill in cannot be asked against its document
            ask()


def test_every_whole_number_that_is_asked_for_has_a_greatest() -> None:
    """No ledger holds a greater one than 2**63 - 1, and says so with an error of its own."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    schemas, boundless = document["components"]["schemas"], []

    def look(node: Any, place: str, seen: frozenset[str] = frozenset()) -> None:
        if isinstance(node, list):
            for one in node:
                look(one, place, seen)
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).rsplit("/", 1)[-1]
            if name and name not in seen:
                look(schemas[name], f"{place} {name}", seen | {name})
            if node.get("type") == "integer" and not {"maximum", "exclusiveMaximum", "const", "enum"} & node.keys():
                boundless.append(place)
            for key, value in node.items():
                look(value, f"{place}.{key}", seen)

    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            look([operation.get("parameters"), operation.get("requestBody")], f"{method} {path}")
    assert not boundless


def test_the_whole_document_is_asked() -> None:
    assert len(OPERATIONS) > 200
