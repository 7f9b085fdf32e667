"""Measurement over HTTP: who may, JSON, CSV, ETag."""

from __future__ import annotations

import csv
import io
import warnings
from datetime import date
from typing import Any

import pytest

from siyu.foundation.stores import Stores
from siyu.measurement.metrics import METRICS
from siyu.measurement.routes import router
from siyu.team.audit import SYSTEM
from siyu.team.roles import ROLES
from siyu.team.tokens import add_token
from siyu.web.application import build_application
from tests.makers.orders import Order, lay_orders

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

REPORTS = ("overview", "monthly", "cohorts", "concentration")
PATHS = [f"/api/v1/measurement/{name}" for name in ("metrics", *REPORTS)]


def client(stores: Stores, role: str | None = "analyst") -> TestClient:
    app = build_application(stores, [router], title="Siyu", version="0.0.test")
    if role is None:
        return TestClient(app, base_url="http://localhost")
    secret, _ = add_token(stores, SYSTEM, None, name=role, role=role, expires_at=None)
    return TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def analyst(stores: Stores) -> TestClient:
    lay_orders(
        stores,
        [
            Order(1, date(2025, 11, 3), 100_05),
            Order(1, date(2025, 12, 3), 50),
            Order(2, date(2025, 12, 31), 1),
        ],
    )
    return client(stores)


def get(browser: TestClient, path: str, **query: str) -> Any:
    answer = browser.get(f"/api/v1/measurement/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", PATHS)
def test_only_who_may_read_reports(stores: Stores, path: str) -> None:
    assert client(stores, None).get(path).status_code == 401
    for role, known in ROLES.items():
        expected = 200 if "reports.read" in known.permissions else 403
        assert client(stores, role).get(path).status_code == expected, role


def test_metrics_are_named_and_defined_in_both_languages(analyst: TestClient) -> None:
    items = get(analyst, "metrics")["items"]
    assert [item["key"] for item in items] == list(METRICS)
    for item in items:
        assert all(item[part][language] for part in ("name", "definition") for language in ("zh", "en"))
        assert item["unit"] in ("count", "fen", "rate")


def test_overview(analyst: TestClient) -> None:
    found = get(analyst, "overview", grain="month", as_of="2025-12-31")
    assert found["period"] == {"from_on": "2025-12-01", "to_on": "2025-12-31"}
    assert found["previous"] == {"from_on": "2025-11-01", "to_on": "2025-11-30"}
    card = found["cards"][0]
    assert (card["metric"], card["value"], card["previous"]) == ("revenue_fen", 51, 10005)
    assert card["change_rate"] == pytest.approx((51 - 10005) / 10005)
    assert len(card["series"]) == len(found["series"]) == 24
    assert set(found["series"][0]["metrics"]) == set(METRICS)
    assert found["totals"]["average_order_fen"] == 3352
    assert found["fresh_at"].startswith("2026-01-01T12:00:00")


def test_the_other_reports(analyst: TestClient) -> None:
    months = get(analyst, "monthly", as_of="2025-12-31")["items"]
    assert [month["month"] for month in months] == ["2025-11", "2025-12"]
    cohorts = get(analyst, "cohorts", measure="revenue_fen", as_of="2025-12-31")
    assert cohorts["measure"] == "revenue_fen"
    assert [cell["value"] for cell in cohorts["cohorts"][0]["cells"]] == [10005, 50]
    concentration = get(analyst, "concentration", as_of="2025-12-31")
    assert concentration["buyers"] == 2
    assert len(concentration["curve"]) == 101


@pytest.mark.parametrize("name", REPORTS)
def test_what_the_caller_holds_is_not_sent_again(stores: Stores, analyst: TestClient, name: str) -> None:
    path = f"/api/v1/measurement/{name}"
    tag = analyst.get(path).headers["etag"]
    again = analyst.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert (
        analyst.get(path, params={"as_of": "2025-12-30"}, headers={"If-None-Match": tag}).status_code == 200
    )
    lay_orders(stores, [Order(3, date(2025, 12, 30))])
    assert analyst.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize(("language", "month"), [("zh-CN", "月份"), ("en", "Month")])
def test_every_report_is_a_file_in_the_reader_s_language(
    analyst: TestClient, name: str, language: str, month: str
) -> None:
    headers = {"Accept-Language": language}
    answer = analyst.get(f"/api/v1/measurement/{name}", params={"format": "csv"}, headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}-2026-01-01.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 1
    if name == "monthly":
        assert rows[0][0] == month
        assert rows[1][:2] == ["2025-11", "1"]
        assert "100.05" in rows[1]


def test_wrong_questions_are_problems(analyst: TestClient) -> None:
    for query in ({"grain": "year"}, {"as_of": "yesterday"}, {"as_of": "2026-01-02"}, {"format": "xml"}):
        answer = analyst.get("/api/v1/measurement/overview", params=query)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["field"] in query
