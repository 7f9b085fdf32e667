"""The page of one customer: complete, masked for those who may not read identifiers, and their timeline."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert

from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_ATTRIBUTE
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.segments.facts import SEGMENTS_CHANGE, SEGMENTS_MEMBER
from siyu.segments.segments import create_segment
from tests.makers.customers import Desk, days_ago_ms, open_desk, put_customers, put_identifier, put_rows

PHONE = "13812345678"


@pytest.fixture
def desk(stores: Stores) -> Desk:
    put_customers(
        stores,
        [
            {"id": 1, "name": "林晓", "gender": "F", "birthday_ms": 699_667_200_000, "tags": ["老客"], "phone": PHONE,
             "orders": [(days_ago_ms(stores, 9), 20_000), (days_ago_ms(stores, 40), 30_000)], "r": 5, "f": 4, "m": 5, "stage": "slowing", "value_fen": 12_345},
            {"id": 2},
        ],
    )  # fmt: skip
    put_identifier(stores, 1, "account:taobao", "linxiao88")
    values = [("skin.type", "敏感"), ("children", "2"), ("likes", '["茶","花"]'), ("vip", "true"), ("card", "0012"), ("name", "林晓"), ("phone", PHONE)]
    put_rows(stores, CUSTOMERS_ATTRIBUTE, [{"customer_id": 1, "path": p, "text": t, "set_ms": 1, "held_since_ms": 1} for p, t in values])
    return open_desk(stores)


def read(desk: Desk, customer: int = 1, who: str = "alice", language: str = "zh-CN") -> Any:
    answer = desk.as_(who, language).get(f"/api/v1/customers/{customer}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def report(stores: Stores, name: str, payload: dict[str, Any]) -> None:
    row = {"name": name, "as_of_on": "2026-01-01", "position": 0, "computed_at": stores.now(), "payload": payload}
    with stores.ledger.begin() as tx:
        tx.execute(insert(metadata.tables["segments_report"]).values(**row))


def test_everything_that_is_known(desk: Desk) -> None:
    found = read(desk)
    assert (found["name"], found["birthday"], found["rfm"], found["spend_fen"], found["tags"]) == ("林晓", "1992-03-04", "545", 50_000, ["老客"])
    assert found["rfm_detail"] == {"r": 5, "f": 4, "m": 5, "recency_days": 10, "frequency": 2, "monetary_fen": 50_000, "version": None}
    assert found["tags_detail"] == [{"tag": "老客", "tagged_at": "2026-01-01T12:00:00Z", "by": "Alice"}]
    assert found["value"]["predicted_value_fen"] == 12_345
    attributes = {each["path"]: each["value"] for each in found["attributes"]}
    assert attributes == {"card": "0012", "children": 2, "likes": ["茶", "花"], "phone": PHONE, "skin.type": "敏感", "vip": True}


def test_what_reports_say_is_told_with_it(desk: Desk, stores: Stores) -> None:
    report(stores, "rfm", {"version": "ab12cd34"})
    report(stores, "lifecycle", {"clock": {"cuts": {"slowing": 0.25}}})
    report(stores, "value", {"model": "bg_nbd", "horizon_days": 90, "flags": [{"code": "x", "message": {"zh": "历史不足", "en": "short history"}}]})
    found = read(desk, language="en")
    assert found["rfm_detail"]["version"] == "ab12cd34"
    assert (found["value"]["model"], found["value"]["horizon_days"], found["value"]["flags"]) == ("bg_nbd", 90, ["short history"])
    # The last order was on 2025-12-23; more than 0.25 × 20 days of silence began six days later.
    assert found["stage_detail"] == {"stage": "slowing", "gap_days": 10.0, "expected_gap_days": 20.0, "since_on": "2025-12-29"}
    assert read(desk)["value"]["flags"] == ["历史不足"]


def test_somebody_of_whom_nothing_is_known(desk: Desk) -> None:
    found = read(desk, 2)
    assert (found["stage"], found["order_count"]) == ("prospect", 0)
    assert [found[name] for name in ("rfm_detail", "stage_detail", "value", "birthday")] == [None] * 4
    assert [found[name] for name in ("identifiers", "attributes", "segments", "tags_detail")] == [[]] * 4


def test_a_guide_sees_masked_identifiers_only(desk: Desk) -> None:
    for who in ("bob", "olga", "ann"):
        found = read(desk, who=who)
        assert [(each["value"], each["value_masked"]) for each in found["identifiers"]] == [(None, "li***88"), (None, "138****5678")]
        assert PHONE not in json.dumps(found)
        assert "linxiao88" not in json.dumps(found)
    assert desk.audited() == []


def test_reading_whole_identifiers_is_written_down(desk: Desk) -> None:
    found = read(desk)
    assert [each["value"] for each in found["identifiers"]] == ["linxiao88", PHONE]
    assert found["identifiers"][0]["namespace_name"] == {"zh": "店铺账号(taobao)", "en": "Shop account (taobao)"}
    assert desk.audited() == [("alice", "customer.identifiers_read", {"namespaces": ["account:taobao", "phone"]})]
    assert PHONE not in json.dumps(desk.audited())


def test_segments_are_those_the_customer_is_in_now(desk: Desk, stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        made = [create_segment(tx, name=name, description=None, rule={"kind": "everyone"}, by=None, now=stores.now()).id for name in "甲乙丙"]
    rows = [{"segment_id": made[n], "customer_id": 1, "entered": entered, "at_ms": at} for n, (entered, at) in enumerate([(True, 1000), (False, 2000), (True, 3000)])]
    put_rows(stores, SEGMENTS_MEMBER, rows)
    assert read(desk)["segments"] == [
        {"id": made[2], "name": "丙", "since_at": "1970-01-01T00:00:03Z"},
        {"id": made[0], "name": "甲", "since_at": "1970-01-01T00:00:01Z"},
    ]


def test_nobody_and_nothing(desk: Desk) -> None:
    for path in ("/api/v1/customers/1", "/api/v1/customers/1/timeline"):
        assert desk.as_("charlie").get(path).status_code == 401
        assert desk.nobody().get(path).status_code == 401
    for path in ("/api/v1/customers/99", "/api/v1/customers/99/timeline"):
        answer = desk.as_("alice").get(path)
        assert (answer.status_code, answer.json()["detail"]) == (404, "没有编号为 99 的客户")
    assert desk.as_("alice").get("/api/v1/customers/9223372036854775808").status_code == 422


def entries(desk: Desk, who: str = "alice", **query: Any) -> list[dict[str, Any]]:
    """The whole timeline, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        answer = desk.as_(who).get("/api/v1/customers/1/timeline", params=query)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        query["cursor"] = answer.json()["next_cursor"]
        if query["cursor"] is None:
            return found


def test_the_timeline_merges_orders_activities_tags_and_segments(desk: Desk, stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        segment = create_segment(tx, name="高价值", description=None, rule={"kind": "everyone"}, by=None, now=stores.now())
    moves = [(segment.id, True, 20), (segment.id, False, 5), (77, True, 30)]
    put_rows(stores, SEGMENTS_CHANGE, [{"segment_id": s, "customer_id": 1, "entered": e, "at_ms": days_ago_ms(stores, d)} for s, e, d in moves])
    put_rows(stores, CUSTOMERS_ACTIVITY, [{"event_key": 1, "identity_key": 1, "customer_id": 1, "name": "message_sent", "at_ms": days_ago_ms(stores, 7)}])
    found = entries(desk, limit=2)
    assert [(each["kind"], each["title"]["zh"]) for each in found] == [
        ("tag", "打上标签「老客」"),
        ("segment", "离开分群「高价值」"),
        ("event", "收到触达"),
        ("order", "下单 1 件"),
        ("segment", "进入分群「高价值」"),
        ("segment", "进入分群「77」"),
        ("order", "下单 1 件"),
    ]
    assert found[3]["lines"] == [{"sku": "A1", "name": "山茶洁面", "quantity": 1, "amount_fen": 20_000}]
    assert found[3]["amount_fen"] == 20_000
    assert [each["kind"] for each in entries(desk, kinds="order,event")] == ["event", "order", "order"]


def test_a_cursor_of_the_timeline_belongs_to_its_customer_and_kinds(desk: Desk) -> None:
    client = desk.as_("bob")
    cursor = client.get("/api/v1/customers/1/timeline", params={"limit": 1}).json()["next_cursor"]
    assert client.get("/api/v1/customers/2/timeline", params={"cursor": cursor}).status_code == 422
    assert client.get("/api/v1/customers/1/timeline", params={"cursor": cursor, "kinds": "tag"}).status_code == 422
    assert client.get("/api/v1/customers/1/timeline", params={"kinds": "weather"}).status_code == 422
