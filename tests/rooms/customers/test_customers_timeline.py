"""The timeline: strands merged newest first, page by page, nothing lost and nothing twice."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.customers.activities import details, title
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY, CUSTOMERS_TRAIT
from siyu.customers.strands import strands
from siyu.customers.timeline import Entry, Line, read_timeline, taken_together
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders.facts import ORDERS_LINE
from tests.makers.cases import cases
from tests.makers.customers import put_customers, put_rows

T0 = 1_766_000_000_000


def timeline(stores: Stores, customer: int = 1, limit: int = 100, unmasked: bool = False, kinds: set[str] | None = None, **more: Any) -> list[Entry]:
    """All entries, read page by page."""
    chosen = {kind: strand for kind, strand in strands("CNY", unmasked=unmasked, **more).items() if kinds is None or kind in kinds}
    found: list[Entry] = []
    place = None
    with stores.warehouse.read() as session:
        while True:
            page, place = read_timeline(session, customer, chosen, before=place, limit=limit)
            found += page
            if place is None:
                return found
            assert len(page) == limit


def activity(key: int, name: str, at_ms: int, customer: int = 1) -> dict[str, Any]:
    return {"event_key": key, "identity_key": 1, "customer_id": customer, "name": name, "at_ms": at_ms}


def setting(path: str, text: str, at_ms: int, sequence: int) -> dict[str, Any]:
    return {"event_key": sequence, "identity_key": 1, "customer_id": 1, "path": path, "text": text, "set_ms": at_ms, "sequence": sequence}


def line(order: int, kind: str, *, fen: int = 0, refund: int = 0, number: int = 1, quantity: int = 1) -> dict[str, Any]:
    return {
        "line_key": order * 10 + number, "order_key": order, "customer_id": 1, "source": "taobao", "order_no": f"T{order}", "ordered_ms": T0 + order,
        "sku": f"S{number}", "product_name": "岩茶", "quantity": quantity, "amount_fen": fen, "refund_fen": refund, "kind": kind,
    }  # fmt: skip


def test_an_order_comes_with_all_its_lines(stores: Stores) -> None:
    put_rows(stores, ORDERS_LINE, [line(1, "sale", fen=5000, quantity=2), line(1, "sale", fen=900, number=2), line(2, "sale", fen=1)])
    newest, order = timeline(stores)
    assert (newest.key, order.key) == (2, 1)
    assert (order.title, order.amount_fen) == (Text("下单 3 件", "Ordered 3 pieces"), 5900)
    assert order.lines == (Line("S1", "岩茶", 2, 5000), Line("S2", "岩茶", 1, 900))
    assert order.detail == Text("订单 taobao T1", "order taobao T1")


def test_refunds_and_cancellations_are_told_apart(stores: Stores) -> None:
    put_rows(
        stores,
        ORDERS_LINE,
        [line(1, "sale", fen=5000, refund=2000), line(2, "refund", refund=700, quantity=-1), line(3, "cancelled"), line(4, "gift", quantity=2)],
    )
    gift, cancelled, refund, partly = timeline(stores)
    assert (gift.title.en, gift.amount_fen) == ("Got 2 pieces for free", None)
    assert (cancelled.title.en, cancelled.amount_fen) == ("Order cancelled", None)
    assert (refund.title.en, refund.amount_fen, refund.lines) == ("Refund", -700, (Line("S1", "岩茶", -1, -700),))
    assert (partly.amount_fen, partly.detail) == (5000, Text("订单 taobao T1，已退款 ¥20.00", "order taobao T1, refunded ¥20.00"))


def test_activities_have_readable_titles_and_their_properties(stores: Stores) -> None:
    put_rows(stores, CUSTOMERS_ACTIVITY, [activity(1, "page_viewed", T0), activity(2, "tea_ceremony_attended", T0 + 1), activity(3, "page_viewed", T0, 2)])
    put_rows(stores, CUSTOMERS_PROPERTY, [{"event_key": 1, "identity_key": 1, "customer_id": 1, "path": "page", "text": "/home"}])
    unknown, viewed = timeline(stores)
    assert (unknown.title, unknown.detail) == (Text("tea_ceremony_attended", "tea_ceremony_attended"), None)
    assert (viewed.title, viewed.detail) == (Text("浏览页面", "Viewed a page"), Text("页面：/home", "page: /home"))


def test_an_instant_is_told_by_the_brands_clock(stores: Stores) -> None:
    put_rows(stores, CUSTOMERS_TRAIT, [setting("registered_at", "2025-01-02T18:04:05+00:00", T0, 1)])
    (entry,) = timeline(stores, zone=ZoneInfo("Asia/Shanghai"))
    assert entry.detail == Text("注册时间：2025-01-03 02:04", "registration: 2025-01-03 02:04")


def test_details_name_known_properties_first_and_leave_objects_out() -> None:
    said = details({"zeta": "1", "sku": "A1", "box": "{}", "page": "/p", "alpha": "2", "beta": "3"}, {})
    assert said == Text("页面：/p；商品编码：A1；alpha：2；beta：3", "page: /p; SKU: A1; alpha: 2; beta: 3")
    assert details({}, {}) is None
    assert details({"staff": "lin"}, {"lin": "林小满"}) == Text("员工：林小满", "staff: 林小满")
    assert title("message_sent").zh == "收到触达"


def test_operations_on_attributes_are_told_as_what_they_do(stores: Stores) -> None:
    done = [("increment", "points", "5"), ("append", "likes", '["茶"]'), ("unset", "city", None), ("once", "origin", "ad"), ("delete", "", None)]
    rows = [{**setting(path, text or "", T0 + place, place), "text": text, "op": op} for place, (op, path, text) in enumerate(done)]
    put_rows(stores, CUSTOMERS_TRAIT, rows)
    said = [entry.detail.en for entry in timeline(stores) if entry.kind == "profile" and entry.detail]
    assert said == ["all attributes removed", "origin: ad (only if there was none)", "city: removed", "likes: 茶 put into the list", "points: 5 added"]


def test_setting_the_same_value_again_is_no_entry(stores: Stores) -> None:
    put_rows(stores, CUSTOMERS_TRAIT, [setting("city", "杭州", T0, 1), setting("city", "杭州", T0 + 5, 2), setting("city", "上海", T0 + 9, 3)])
    assert [entry.detail for entry in timeline(stores) if entry.kind == "profile"] == [
        Text("城市：杭州 → 上海", "city: 杭州 → 上海"),
        Text("城市：杭州", "city: 杭州"),
    ]


def test_what_was_set_together_is_one_entry(stores: Stores) -> None:
    put_rows(stores, CUSTOMERS_TRAIT, [setting("name", "林晓", T0, 1), setting("city", "杭州", T0, 2), setting("tier", "金卡", T0 + 1, 3)])
    tier, both = taken_together(timeline(stores))
    assert tier.detail == Text("会员等级：金卡", "tier: 金卡")
    assert both.detail == Text("姓名：林晓；城市：杭州", "name: 林晓; city: 杭州")


@pytest.mark.parametrize("path", ["phone", "contact.mobile", "email"])
def test_a_phone_that_was_set_as_an_attribute_is_masked(stores: Stores, path: str) -> None:
    value = "lin@example.com" if path == "email" else "13812345678"
    put_rows(stores, CUSTOMERS_TRAIT, [setting(path, value, T0, 1)])
    (masked,), (plain,) = timeline(stores), timeline(stores, unmasked=True)
    assert value not in str(masked.detail)
    assert value in str(plain.detail)


def test_tags_tell_the_newest_change(stores: Stores) -> None:
    put_customers(stores, [{"id": 1, "tags": ["老客", "VIP"]}])
    first, second = timeline(stores)
    assert {first.title.zh, second.title.zh} == {"打上标签「老客」", "打上标签「VIP」"}
    assert first.detail == Text("由 Alice", "by Alice")


def test_only_the_kinds_that_are_asked_for(stores: Stores) -> None:
    put_rows(stores, ORDERS_LINE, [line(1, "sale", fen=1)])
    put_rows(stores, CUSTOMERS_ACTIVITY, [activity(1, "page_viewed", T0)])
    assert [entry.kind for entry in timeline(stores, kinds={"event"})] == ["event"]


WORLD = st.lists(st.tuples(st.sampled_from(["order", "event", "profile"]), st.integers(0, 3)), max_size=14)


@settings(max_examples=cases(15, 150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=WORLD, limit=st.integers(1, 6))
def test_pages_of_any_size_put_together_are_the_whole_timeline(stores: Stores, world: list[tuple[str, int]], limit: int) -> None:
    with stores.warehouse.engine.write() as session:
        for fact in (ORDERS_LINE, CUSTOMERS_ACTIVITY, CUSTOMERS_TRAIT):
            session.clear(fact)
    numbered = list(enumerate(world, start=1))
    put_rows(stores, ORDERS_LINE, [{**line(n, "sale", fen=1), "ordered_ms": T0 + at} for n, (kind, at) in numbered if kind == "order"])
    put_rows(stores, CUSTOMERS_ACTIVITY, [activity(n, "page_viewed", T0 + at) for n, (kind, at) in numbered if kind == "event"])
    put_rows(stores, CUSTOMERS_TRAIT, [setting(f"p{n}", "x", T0 + at, n) for n, (kind, at) in numbered if kind == "profile"])
    wanted = sorted(((T0 + at, kind, n) for n, (kind, at) in numbered), reverse=True)
    assert [tuple(entry.place) for entry in timeline(stores, limit=limit)] == wanted
