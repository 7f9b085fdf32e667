"""Errors: problem+json in the reader's language, every fault at once, and nothing told that is not theirs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, get_args

import pytest
from fastapi import FastAPI
from pydantic_core import core_schema
from sqlalchemy.exc import OperationalError

from siyu.foundation.database import Ledger
from siyu.web.sentences import _SENTENCES, sentence
from tests.rooms.web.shop import PHONE, client

if TYPE_CHECKING:
    from starlette.testclient import TestClient

EN = {"Accept-Language": "en"}
ORDERS = "/api/v1/shop/orders"
GOOD: dict[str, Any] = {"lines": [{"sku": "ABC", "quantity": 1}], "paid_at": "2026-10-01T08:00:00Z"}


def test_an_error_of_a_room_is_a_problem(web: TestClient) -> None:
    answer = web.get("/api/v1/shop/taken")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "zh-CN"
    assert answer.json() == {
        "type": "urn:siyu:problem:conflict",
        "title": "有冲突",
        "status": 409,
        "detail": "名称冲突",
        "code": "conflict",
        "errors": [{"field": "name", "message": "已被使用"}],
        "way_out": "换一个",
    }


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("", "有冲突"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "有冲突"),
        ("en-GB,en;q=0.9,zh;q=0.8", "Conflict"),
        ("zh;q=0.3, en;q=0.7", "Conflict"),
        ("fr, en;q=0.2", "Conflict"),
        ("fr", "有冲突"),
        ("en;q=0", "有冲突"),
        ("*", "有冲突"),
        (";;q=,,en;q=x", "有冲突"),
    ],
)
def test_language(web: TestClient, header: str, title: str) -> None:
    assert web.get("/api/v1/shop/taken", headers={"Accept-Language": header}).json()["title"] == title


def test_every_fault_of_a_body_is_told_at_once(web: TestClient) -> None:
    bad = {
        "lines": [{"sku": "a", "quantity": 0}, {"sku": "TOOLONG", "quantity": 1.5}, 7],
        "paid_at": "2026-10-01T08:00:00",
        "ship_on": "tomorrow",
        "kind": "loan",
        "weight": "heavy",
        "pairs": 3,
        "fragile": "perhaps",
        "nonsense": PHONE,
    }
    answer = web.post(ORDERS, json=bad, headers=EN)
    assert answer.status_code == 422
    faults = {fault["field"]: fault["message"] for fault in answer.json()["errors"]}
    assert faults == {
        "lines.0.sku": "must have at least 2 character(s)",
        "lines.0.quantity": "must be more than 0",
        "lines.1.sku": "must have at most 5 character(s)",
        "lines.1.quantity": "must be a whole number",
        "lines.2": "must be an object",
        "paid_at": "must carry a time zone, such as Z or +08:00 at its end",
        "ship_on": "must be a date such as 2026-10-01",
        "kind": "must be 'gift' or 'own'",
        "weight": "must be a number",
        "pairs": "must be even",
        "fragile": "must be true or false",
        "nonsense": "there is no such field",
    }
    assert answer.json()["detail"] == "12 thing(s) are not valid"
    assert PHONE not in answer.text, "an answer never repeats the input"


def test_faults_in_chinese(web: TestClient) -> None:
    bad = {"lines": [{"sku": "abc", "quantity": 11}] * 4, "kind": "loan", "pairs": 3}
    answer = web.post(ORDERS, json=bad).json()
    messages = {fault["field"]: fault["message"] for fault in answer["errors"]}
    assert messages["lines"] == "最多 3 项"
    assert messages["paid_at"] == "必填"
    assert messages["kind"] == "只能是 'gift' 或 'own'"
    assert messages["pairs"] == "要是偶数"
    assert answer["detail"] == "有 4 处内容不对"


@pytest.mark.parametrize("body", ["{", "", "[]", "null", '"x"', "\ud800"])
def test_what_is_no_object_is_a_fault_of_the_body(web: TestClient, body: str) -> None:
    raw = body.encode(errors="surrogatepass")
    answer = web.post(ORDERS, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["field"] == "body"


def test_faults_of_path_and_query(web: TestClient) -> None:
    answer = web.get(f"{ORDERS}/x/note", params={"day": "x"}, headers=EN).json()
    assert {fault["field"] for fault in answer["errors"]} == {"id", "day"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("POST", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1", 404, "not_found"),
        ("GET", "/api/v1/shop/orders/", 404, "not_found"),
        ("POST", "/somewhere", 404, "not_found"),
        ("DELETE", "/api/v1/shop/taken", 405, "method_not_allowed"),
        ("PUT", "/api/v1/shop/bounded-by-room", 413, "too_large"),
    ],
)
def test_addresses_and_methods(web: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = web.request(method, path, headers=EN)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_unforeseen_is_told_by_its_id_only(web: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "siyu"):
        answer = web.get("/api/v1/shop/crash")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "internal")
    assert body["error_id"] in body["detail"]
    assert "RuntimeError" not in answer.text
    logged = caplog.text
    assert body["error_id"] in logged
    assert "builtins.RuntimeError" in logged
    assert "builtins.LookupError" in logged
    assert "in crash" in logged, "the place is told"
    for personal in (PHONE, "hunter2"):
        assert personal not in answer.text
        # Code lines are told as they stand in the source, messages with their values are not.
        assert f"phone {personal}" not in logged
        assert f"about {personal}" not in logged


def test_an_unreachable_ledger_is_told_as_such(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_ledger: Ledger) -> None:
        raise OperationalError("select 1", {"phone": PHONE}, Exception("server closed the connection"))

    monkeypatch.setattr(Ledger, "read", unreachable)
    answer = client(app).get("/api/v1/health")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert PHONE not in answer.text


def test_sentences_are_for_real_error_types() -> None:
    kinds = set(get_args(core_schema.ErrorType))
    assert set(_SENTENCES) <= kinds


def test_a_type_without_a_sentence_still_says_something() -> None:
    assert sentence("brand_new_type", {"error": ValueError(PHONE)}).en == "is not valid"
    assert sentence("greater_than", {}).en == "is not valid"
