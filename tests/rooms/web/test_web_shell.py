"""The shell: headers, host, bounds, compression, ETags, cursors, the log, the OpenAPI document."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st

from siyu.foundation.errors import InvalidError
from siyu.foundation.http import decode_cursor, encode_cursor
from siyu.foundation.stores import Stores
from siyu.team.access import declared_by, require
from siyu.team.routes import router as team_router
from siyu.web.application import build_application
from tests.rooms.web.shop import PHONE, client, open_shop

if TYPE_CHECKING:
    from starlette.testclient import TestClient

REPORT = "/api/v1/shop/report"


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/nothing", "/api/v1/shop/crash"])
def test_security_headers_are_on_every_answer(web: TestClient, path: str) -> None:
    headers = web.get(path).headers
    policy = headers["content-security-policy"]
    for rule in ("default-src 'self'", "script-src 'self';", "frame-ancestors 'none'", "connect-src 'self'"):
        assert rule in policy
    assert "img-src 'self' data: blob:" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in headers
    assert headers["cache-control"] == "no-store"


def test_https_is_insisted_on_only_where_it_is_served(tmp_path: Path) -> None:
    app = open_shop(tmp_path, public_url="https://siyu.example.com")
    headers = client(app).get("/health").headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    app.state.stores.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8760", 200),
        ("LOCALHOST.", 200),
        ("127.0.0.1", 200),
        ("[::1]:8760", 200),
        ("siyu.example.com", 200),
        ("evil.example.com", 421),
        ("localhost.evil.example.com", 421),
        ("127.0.0.1.evil.example.com:8760", 421),
        ("", 421),
    ],
)
def test_a_loopback_server_answers_only_for_its_own_names(tmp_path: Path, host: str, status: int) -> None:
    app = open_shop(tmp_path, public_url="http://siyu.example.com:8080/")
    answer = client(app).get("/health", headers={"Host": host})
    assert answer.status_code == status
    if status == 421:
        assert answer.json()["way_out"]
    app.state.stores.close()


def test_a_server_on_the_network_answers_for_any_name(tmp_path: Path) -> None:
    app = open_shop(tmp_path, host="0.0.0.0")
    assert client(app).get("/health", headers={"Host": "siyu.shop.example"}).status_code == 200
    app.state.stores.close()


def test_addresses_with_nul_are_refused(web: TestClient) -> None:
    assert web.get("/api/v1/shop/numbers?kind=a%00b").status_code == 422
    assert web.get("/api/v1/shop/orders/1/a%00b").status_code == 422


def test_a_json_body_is_at_most_one_megabyte(web: TestClient) -> None:
    json = {"Content-Type": "application/json"}
    declared = web.post("/api/v1/shop/orders", content=b" " * 1_000_001, headers=json)
    assert (declared.status_code, declared.json()["code"]) == (413, "too_large")
    assert web.post("/api/v1/shop/orders", content=b" " * 1_000_000, headers=json).status_code == 422

    def parts() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    undeclared = web.post("/api/v1/shop/orders", content=parts(), headers=json)
    assert (undeclared.status_code, undeclared.json()["code"]) == (413, "too_large")


def test_an_upload_may_ask_for_more_and_is_bounded_there(web: TestClient) -> None:
    assert web.put("/api/v1/shop/file", content=b"x" * 2_500_000).json()["text"] == "2500000"
    answer = web.put("/api/v1/shop/file?most=2000000", content=b"x" * 2_500_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_large_answers_are_compressed_for_those_who_ask(web: TestClient) -> None:
    packed = web.get(REPORT, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 1000
    assert packed.json()["text"] == "大" * 5000
    assert "content-encoding" not in web.get(REPORT, headers={"Accept-Encoding": "identity"}).headers
    assert "content-encoding" not in web.get("/health", headers={"Accept-Encoding": "gzip"}).headers


def test_a_report_is_not_sent_twice(web: TestClient) -> None:
    first = web.get(REPORT)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    assert first.headers["cache-control"] == "private, no-cache"
    for held in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = web.get(REPORT, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert web.get(REPORT, headers={"If-None-Match": '"other"'}).status_code == 200


def test_an_etag_knows_data_question_and_language(web: TestClient) -> None:
    tags = {
        web.get(REPORT).headers["etag"],
        web.get(REPORT, params={"key": "position 8"}).headers["etag"],
        web.get(REPORT, params={"key": "position 7"}).headers["etag"],
        web.get(REPORT, headers={"Accept-Language": "en"}).headers["etag"],
    }
    assert len(tags) == 4


def test_pages_follow_their_cursor_and_refuse_a_foreign_one(web: TestClient) -> None:
    path, seen, cursor = "/api/v1/shop/numbers", [], None
    while True:
        page = web.get(path, params={"cursor": cursor} if cursor else {}).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            break
        answer = web.get(path, params={"cursor": cursor, "kind": "odd"})
        assert [fault["field"] for fault in answer.json()["errors"]] == ["cursor"]
    assert seen == list(range(1, 11))
    assert web.get(path, params={"cursor": "x" * 2001}).json()["errors"][0]["field"] == "cursor"


@pytest.fixture(scope="module")
def module_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    app = open_shop(tmp_path_factory.mktemp("home"))
    yield app
    app.state.stores.close()


@given(
    st.lists(
        st.none()
        | st.booleans()
        | st.integers(-(2**62), 2**62)
        | st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_a_cursor_gives_back_its_position(module_app: FastAPI, position: list[object]) -> None:
    stores = module_app.state.stores
    assert decode_cursor(stores, "list", encode_cursor(stores, "list", *position)) == position


@given(st.text(max_size=80), st.integers(0, 200))
def test_no_altered_cursor_is_read(module_app: FastAPI, junk: str, at: int) -> None:
    stores = module_app.state.stores
    cursor = encode_cursor(stores, "list", 7, "客户")
    at %= len(cursor)
    for altered in (junk, cursor[:at] + junk, cursor[:at], junk + cursor):
        # The same bytes can be written otherwise (padding, the last letter's spare bits): no harm in it.
        assert _read(stores, altered) in ("refused", None, [7, "客户"])
        assert altered == "" or _read(stores, altered) is not None


def _read(stores: Stores, cursor: str) -> object:
    try:
        return decode_cursor(stores, "list", cursor)
    except InvalidError as error:
        return "refused" if [fault.field for fault in error.faults] == ["cursor"] else error


def test_the_log_has_one_line_a_request_without_personal_data(
    web: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "siyu.web.requests"):
        web.get(f"/api/v1/shop/orders/7/{PHONE}", params={"day": "2026-10-01"})
        web.get(f"/somewhere/{PHONE}?q={PHONE}")
        web.get(f"/api/v1/nothing/{PHONE}")
    lines = [record.getMessage() for record in caplog.records if record.name == "siyu.web.requests"]
    assert lines[0].startswith("GET /api/v1/shop/orders/{id}/{note} 200 ")
    assert lines[1].startswith("GET - 200 ")
    assert lines[2].startswith("GET - 404 ")
    assert PHONE not in "".join(lines)
    assert len(lines) == 3


def test_the_api_document_is_typed(web: TestClient) -> None:
    document = web.get("/api/v1/openapi.json").json()
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert "shop_add_order" in names
    assert "system_health" in names
    assert len(names) == len(set(names))
    for operation in operations:
        problem = operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
        assert problem == {"$ref": "#/components/schemas/Problem"}
        assert "422" not in operation["responses"]
    assert "code" in document["components"]["schemas"]["Problem"]["required"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_there_are_no_pages_that_load_scripts_from_elsewhere(web: TestClient) -> None:
    for path in ("/docs", "/redoc"):
        assert "swagger" not in web.get(path).text.lower()


def test_every_route_declares_exactly_one_permission(app: FastAPI) -> None:
    whole = build_application(app.state.stores, [team_router], title="Siyu", version="1")
    seen = {}
    for route in iter_route_contexts(whole.routes):
        if hasattr(route.original_route, "dependant"):
            declared = declared_by(route.dependant)
            assert len(declared) == 1, route.path
            seen[route.path] = declared[0]
    assert seen["/api/v1/team/audit"] == "audit.read"
    assert seen["/api/v1/health"] == "anyone"
    assert len(seen) >= 8


def test_an_unknown_permission_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="unknown permission"):
        require("customers.everything")


def test_lifespan_runs_around_the_application(app: FastAPI) -> None:
    told: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        told.append("started")
        yield
        told.append("stopped")

    whole = build_application(app.state.stores, [APIRouter()], title="Siyu", version="1", lifespan=lifespan)
    with client(whole) as running:
        assert running.get("/health").status_code == 200
        assert told == ["started"]
    assert told == ["started", "stopped"]
